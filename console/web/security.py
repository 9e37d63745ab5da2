"""Who may look, and what a browser may do with our pages. Loopback needs no token; anything else does."""

import hashlib
import hmac
import ipaddress
import time
from collections import deque
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "throughline_session"
SESSION_SECONDS = 12 * 3600
# Guessing: so many wrong tokens a minute, from everywhere together.
MOST_WRONG = 10
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reachable from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Secured:
    """Security headers on every answer; on loopback, only requests that name this machine.

    The second keeps a page elsewhere from reading us through a name that it lets point here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = {"127.0.0.1", "localhost", "::1", host} if is_loopback(host) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        app = self._app if self._is_for_us(Headers(scope=scope).get("host", "")) else _NOT_US
        await app(scope, receive, secured)

    def _is_for_us(self, host: str) -> bool:
        return self._names is None or (urlsplit(f"//{host}").hostname or "") in self._names


_NOT_US = PlainTextResponse("This console answers to 127.0.0.1 and localhost only.\n", 421)


class Session:
    """Signed cookies of people who gave the token. Without a token (loopback) everybody is in."""

    def __init__(self, token: str) -> None:
        self._key = hashlib.sha256(b"console session:" + token.encode()).digest() if token else b""
        self._digest = hashlib.sha256(token.encode()).digest()
        self._wrong: deque[float] = deque()

    @property
    def is_demanded(self) -> bool:
        """Whether a token is needed to look."""
        return bool(self._key)

    def holds(self, request: Request) -> bool:
        """Whether the request may look."""
        if not self.is_demanded:
            return True
        expires, _, signature = request.cookies.get(COOKIE, "").partition(".")
        genuine = hmac.compare_digest(signature, self._sign(expires))
        return genuine and expires.isdigit() and int(expires) > time.time()

    def issue(self) -> str:
        """A new cookie's value."""
        expires = str(int(time.time()) + SESSION_SECONDS)
        return f"{expires}.{self._sign(expires)}"

    def accepts(self, given: str) -> bool:
        """Whether `given` is the token. False also while too many wrong ones came in the last minute."""
        now = time.monotonic()
        while self._wrong and self._wrong[0] < now - 60:
            self._wrong.popleft()
        if len(self._wrong) >= MOST_WRONG:
            return False
        right = hmac.compare_digest(hashlib.sha256(given.encode()).digest(), self._digest)
        if not right:
            self._wrong.append(now)
        return right

    def _sign(self, expires: str) -> str:
        return hmac.new(self._key, expires.encode(), "sha256").hexdigest()


def is_same_origin(request: Request) -> bool:
    """Whether a POST comes from a page of ours, by its Origin.

    Our pages send no referrer, and then browsers write `Origin: null`; what they say of the fetch itself decides.
    """
    given = request.headers.get("origin", "null")
    if given == "null":
        return request.headers.get("sec-fetch-site") == "same-origin"
    return urlsplit(given).netloc == request.headers.get("host")


def local_path(given: str) -> str:
    """A path of ours to go on to after the login; anything else is the first page."""
    parsed = urlsplit(given)
    safe = given.startswith("/") and not given.startswith(("//", "/\\")) and not parsed.scheme and not parsed.netloc
    return given if safe and "\n" not in given and "\r" not in given else "/"
