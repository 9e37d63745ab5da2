"""`python -m console.server`: the web pages. The composition root of the console's process."""

import logging
import sys
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from console.analyst import Analyst
from console.web.lifecycle import Track, tracks_of
from console.web.pages import FOLDER, Pages
from console.web.security import COOKIE, SESSION_SECONDS, Secured, Session, is_loopback, is_same_origin, local_path
from gateway.serving import serve
from journey.policy.reading import PolicyError, read
from schemas.settings import ClickHouseRun, Settings

PORT, WORKER, WRITER = 7, 3, 4
DRAIN_SECONDS = 3
MOST_FORM_BYTES = 4096
log = logging.getLogger(__name__)


def build_app(settings: Settings, tracks: tuple[Track, ...], analyst: Callable[[], Analyst]) -> Starlette:
    """The console: `/`, `/customers/{name}`, `/search`, `/login`, `/logout`, `/healthz`, `/static`.

    Raises ValueError when it is to leave loopback without a token.
    """
    token = "" if is_loopback(settings.host) else settings.console_token.get_secret_value()
    if not token and not is_loopback(settings.host):
        raise ValueError(
            f"the console is to listen on {settings.host}, which others can reach: set THROUGHLINE_CONSOLE_TOKEN to a"
            " long random text, or THROUGHLINE_HOST to 127.0.0.1"
        )
    session = Session(token)
    metrics = [f"http://127.0.0.1:{settings.port_base + port}/metrics" for port in (WORKER, WRITER)]
    pages = Pages(analyst, tracks, settings.phone_region, metrics, can_leave=session.is_demanded)
    guarded = _Guarded(pages, session)

    async def not_found(request: Request, _: Exception) -> Response:
        return pages.not_found(request) if session.holds(request) else pages.login(request, 401)

    return Starlette(
        routes=[
            Route("/", guarded.page(pages.overview)),
            Route("/customers/{name:path}", guarded.page(pages.customer)),
            Route("/search", guarded.page(pages.search)),
            Route("/login", guarded.enter, methods=["GET", "POST"]),
            Route("/logout", guarded.leave, methods=["POST"]),
            Route("/healthz", _healthy),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ],
        middleware=[Middleware(Secured, host=settings.host)],
        exception_handlers={404: not_found},
    )


class _Guarded:
    """Pages behind the token."""

    def __init__(self, pages: Pages, session: Session) -> None:
        self._pages = pages
        self._session = session

    def page(self, handler: Callable[[Request], object]) -> Callable[[Request], object]:
        async def guarded(request: Request) -> Response:
            if not self._session.holds(request):
                path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return self._pages.login(request, 401, path)
            answer: Response = await handler(request)  # type: ignore[misc]
            return answer

        return guarded

    async def enter(self, request: Request) -> Response:
        if request.method == "GET" or not self._session.is_demanded:
            return RedirectResponse("/", 303) if self._session.holds(request) else self._pages.login(request)
        if not is_same_origin(request):
            return self._pages.login(request, 403, message="This form was not sent from this console. Try again here.")
        form = await _form(request)
        if not self._session.accepts(form.get("token", "")):
            return self._pages.login(
                request,
                401,
                local_path(form.get("next", "/")),
                "That is not the token, or too many were tried just now.",
            )
        answer = RedirectResponse(local_path(form.get("next", "/")), 303)
        answer.set_cookie(
            COOKIE,
            self._session.issue(),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    async def leave(self, request: Request) -> Response:
        if not is_same_origin(request):
            return self._pages.login(request, 403)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


async def _healthy(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def analyst_of(settings: Settings) -> Callable[[], Analyst]:
    """Connects to the settings' ClickHouse as its read-only user."""
    run = ClickHouseRun(
        url=settings.clickhouse_url,
        database=settings.clickhouse_database,
        user="",
        password="",
        readonly_user=settings.clickhouse_readonly_user,
        readonly_password=settings.clickhouse_readonly_password.get_secret_value(),
    )
    return lambda: Analyst(run)


def main() -> int:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = Settings()
    try:
        tracks = tracks_of(read(settings.policy.read_text(encoding="utf-8")))
        app = build_app(settings, tracks, analyst_of(settings))
    except (ValueError, OSError, PolicyError) as error:
        log.error("the console cannot start: %s", error)
        return 2
    serve(app, settings.host, settings.port_base + PORT, DRAIN_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
