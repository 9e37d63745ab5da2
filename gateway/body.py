"""The bytes of a request, read and decompressed within limits, and the items in them. Never validates an item."""

import asyncio
import zlib
from dataclasses import dataclass

import msgspec
from starlette.requests import ClientDisconnect, Request

from gateway.admission import Lease

MOST_REQUEST_BYTES = 4 * 1024 * 1024
READ_SECONDS = 30.0
JSON = "application/json"
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_GZIP = 31  # zlib's window bits for a gzip member
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_WHITESPACE = b" \t\r\n"


@dataclass(frozen=True)
class Refusal:
    """A whole request that is not taken: its HTTP status, a stable word, a sentence with the remedy."""

    status: int
    error: str
    detail: str
    retry_after_seconds: int | None = None


TOO_LARGE = Refusal(413, "too_large", f"a request holds {MOST_REQUEST_BYTES} bytes at most, unpacked; split it")
OVERLOAD = Refusal(429, "overload", "too much is in flight; send the same request again later", 1)


async def read_body(request: Request, lease: Lease) -> bytes | Refusal:
    """The request's body, unpacked; MOST_REQUEST_BYTES at most both on the wire and unpacked."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        return Refusal(415, "content_encoding", f"content-encoding {encoding} is not taken; send gzip or identity")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MOST_REQUEST_BYTES:
        return TOO_LARGE
    wire = await _read(request, lease)
    if isinstance(wire, Refusal) or encoding == "identity":
        return wire
    body = unpack(wire, MOST_REQUEST_BYTES)
    if isinstance(body, Refusal):
        return body
    return body if lease.take(len(body)) else OVERLOAD


async def _read(request: Request, lease: Lease) -> bytes | Refusal:
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await _collect(request, lease)
    except TimeoutError:
        return Refusal(408, "slow", f"the body did not arrive within {READ_SECONDS:g} seconds; send smaller requests")
    except ClientDisconnect:
        return Refusal(400, "disconnected", "the client went away before the body was complete")


async def _collect(request: Request, lease: Lease) -> bytes | Refusal:
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_REQUEST_BYTES:
            return TOO_LARGE
        if not lease.take(len(chunk)):
            return OVERLOAD
        parts.append(chunk)
    return b"".join(parts)


def unpack(packed: bytes, most: int) -> bytes | Refusal:
    """Gunzip `packed`, one or several members, never holding more than `most` bytes of the result."""
    parts: list[bytes] = []
    size = 0
    while packed:
        member = zlib.decompressobj(_GZIP)
        try:
            part = member.decompress(packed, most - size + 1)
        except zlib.error:
            return Refusal(400, "not_gzip", "content-encoding is gzip, but the body is not")
        size += len(part)
        if size > most:
            return TOO_LARGE
        if not member.eof:
            return Refusal(400, "not_gzip", "the gzip body is cut short; send it again whole")
        parts.append(part)
        packed = member.unused_data
    return b"".join(parts)


def split(body: bytes, media_type: str) -> list[bytes] | Refusal:
    """The items of a body: an object is one, an array its elements, NDJSON its lines. Bytes stay as they came."""
    if media_type in NDJSON:
        return [line for line in (line.strip(_WHITESPACE) for line in body.split(b"\n")) if line]
    stripped = body.strip(_WHITESPACE)
    if stripped[:1] == b"{":
        return [stripped]
    if stripped[:1] != b"[":
        return Refusal(400, "not_json", "the body is neither a JSON object nor an array of them")
    try:
        return [bytes(item) for item in _ARRAY.decode(stripped)]
    except (msgspec.DecodeError, RecursionError) as error:
        return Refusal(400, "not_json", f"the body is not a JSON array: {error}")
