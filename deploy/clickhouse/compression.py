"""HTTP compression both ways, in the codings that ClickHouse shares with its clients; not its own block format."""

from mmap import mmap
from types import ModuleType
from typing import Any

import cramjam

from deploy.clickhouse.failure import CANNOT_DECOMPRESS, NOT_IMPLEMENTED, TOO_MANY_BYTES, refusal

_CODINGS: dict[str, ModuleType] = {
    "lz4": cramjam.lz4,
    "zstd": cramjam.zstd,
    "gzip": cramjam.gzip,
    "deflate": cramjam.zlib,
    "br": cramjam.brotli,
}
_ALIASES = {"x-gzip": "gzip", "identity": ""}


def decompress(body: bytes, coding: str, limit: int) -> bytes:
    """The body without its Content-Encoding. Raises QueryError where it would be above `limit` bytes, or is damaged."""
    coding = _ALIASES.get(coding.strip().lower(), coding.strip().lower())
    if not coding or not body:
        return body
    if coding not in _CODINGS:
        raise refusal(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", f"Content-Encoding {coding!r} is not supported")
    # Anonymous memory costs only the pages that are written: a bound against bombs, and one copy less.
    with mmap(-1, limit) as space:
        try:
            size = _CODINGS[coding].decompress_into(body, space)
        except cramjam.DecompressionError as error:
            if "whole buffer" in str(error):
                raise refusal(TOO_MANY_BYTES, "TOO_MANY_BYTES", f"Above {limit} bytes uncompressed") from error
            raise refusal(CANNOT_DECOMPRESS, "CANNOT_DECOMPRESS", f"Not a valid {coding} body: {error}") from error
        return space[:size]


def accepted(header: str) -> str:
    """The coding to answer an Accept-Encoding with: the cheapest of those named, "" for none."""
    named = set()
    for part in header.split(","):
        name, _, parameters = part.partition(";")
        if parameters.replace(" ", "") not in {"q=0", "q=0.0"}:
            named.add(_ALIASES.get(name.strip().lower(), name.strip().lower()))
    return next((coding for coding in _CODINGS if coding in named), "")


class Packer:
    """Compresses one answer chunk by chunk; `coding` "" passes bytes through."""

    def __init__(self, coding: str) -> None:
        self._compressor: Any = _CODINGS[coding].Compressor() if coding else None

    def add(self, chunk: bytes) -> bytes:
        """What can be sent after one more chunk; may be empty."""
        if self._compressor is None:
            return chunk
        self._compressor.compress(chunk)
        return bytes(self._compressor.flush())

    def end(self) -> bytes:
        """The last bytes. Nothing may be added after."""
        return b"" if self._compressor is None else bytes(self._compressor.finish())
