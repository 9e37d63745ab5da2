"""The webhook channel: one POST per alert, signed by Standard Webhooks. No redirects, no proxies, no cookies."""

import asyncio
import hashlib
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpcore
import msgspec
from standardwebhooks import Webhook as Signer

from sinks.alert import Alert
from sinks.channels.address import CheckedBackend
from sinks.channels.outcome import Delivered, Failed, Gone, Outcome
from sinks.channels.retry import retry_after_seconds

_SECONDS = {"connect": 5.0, "read": 10.0, "write": 10.0, "pool": 5.0}
_SECONDS_IN_ALL = 15.0
_GONE = 410
_AT_ONCE = 8
_ANSWER_BYTES = 65_536
_ANSWER_SECONDS = 1.0
_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)


class Webhook:
    """Posts to one URL. `secret` is `whsec_` and base64. Raises ValueError for another URL or secret."""

    name = "webhook"

    def __init__(self, url: str, secret: str, *, allow_private: bool = False) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError("THROUGHLINE_WEBHOOK_URL: expected http(s)://host/path")
        self._url = url
        self._signer = _signer(secret)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            # Shorter than the five seconds after which common servers close an idle connection.
            keepalive_expiry=4.0,
            network_backend=CheckedBackend(allow_private=allow_private),
        )
        self._turn = asyncio.Semaphore(_AT_ONCE)

    @property
    def target(self) -> str:
        """A fingerprint of the URL: what was switched off by its receiver stays off until the URL changes."""
        return hashlib.sha256(self._url.encode()).hexdigest()[:16]

    async def deliver(self, alert: Alert) -> Outcome:
        """One attempt. Redirects and every status but 2xx and 410 are failures, whatever the answer's body says.

        A receiver gets eight requests at a time; more wait here, before their seconds and their timestamps begin.
        """
        async with self._turn:
            return await self._attempted(alert)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def _attempted(self, alert: Alert) -> Outcome:
        body = body_of(alert)
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": "throughline",
            "webhook-id": alert.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(alert.id, now, body.decode()),
        }
        try:
            async with asyncio.timeout(_SECONDS_IN_ALL):
                return await self._post(headers, body, now)
        except TimeoutError:
            return Failed(f"no answer within {_SECONDS_IN_ALL:.0f} s")
        except _BROKEN as error:
            return Failed(f"{type(error).__name__}: {error}")

    async def _post(self, headers: dict[str, str], body: bytes, now: datetime) -> Outcome:
        given = list(headers.items())
        async with self._pool.stream(
            "POST", self._url, headers=given, content=body, extensions={"timeout": _SECONDS}
        ) as answer:
            await _pass_over(answer)
            if 200 <= answer.status < 300:
                return Delivered()
            if answer.status == _GONE:
                return Gone()
            return Failed(f"HTTP {answer.status}", retry_after_seconds(_header(answer.headers, b"retry-after"), now))


async def _pass_over(answer: httpcore.Response) -> None:
    """Read a short body to its end, or else its connection could not carry the next alert."""
    size = 0
    with suppress(TimeoutError, *_BROKEN):
        async with asyncio.timeout(_ANSWER_SECONDS):
            async for part in answer.aiter_stream():
                size += len(part)
                if size > _ANSWER_BYTES:
                    return


def _header(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name.lower() == wanted), None)


def body_of(alert: Alert) -> bytes:
    """The body of Standard Webhooks: type, the time of the event, and the alert with its fact as `data.fact`."""
    data = {
        "id": alert.id,
        "customer_id": alert.customer_id,
        "fact_id": alert.fact_id,
        "policy": alert.policy,
        "recorded_at": alert.recorded_at,
        "fact": alert.data,
    }
    return msgspec.json.encode({"type": alert.type, "timestamp": alert.at, "data": data})


def _signer(secret: str) -> Signer:
    try:
        return Signer(secret)
    except Exception as error:
        raise ValueError("THROUGHLINE_WEBHOOK_SECRET: expected whsec_ and base64") from error
