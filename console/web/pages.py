"""The pages: a request in, a rendered template out. Every question is asked in a thread, answers are shared briefly."""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.analyst import Analyst, QuestionError
from console.questions.people import customers_named
from console.web.customer import customer_page
from console.web.lag import waiting_records
from console.web.lifecycle import Track
from console.web.overview import Overview, overview
from console.web.search import found_like
from console.web.words import FILTERS
from console.workspace import UnreachableError

FOLDER = Path(__file__).parent
# An answer is shared by all viewers for this long, and for ten times as long as it took to find.
FRESH_SECONDS = 1.5
SHARE_OF_TIME = 10
# ClickHouse's codes for a table and a database that are not there: the writer makes them when it starts.
_NOT_THERE_YET = {60, 81}


class Pages:
    """The handlers. `analyst()` connects to ClickHouse; it raises UnreachableError while ClickHouse is away."""

    def __init__(
        self,
        analyst: Callable[[], Analyst],
        tracks: tuple[Track, ...],
        phone_region: str,
        metrics_urls: list[str],
        *,
        can_leave: bool = False,
    ) -> None:
        self._connect = analyst
        self._tracks = tracks
        self._phone_region = phone_region
        self._metrics_urls = metrics_urls
        self._can_leave = can_leave
        self._analyst: Analyst | None = None
        self._overview: tuple[float, Overview, int | None] | None = None
        self._asking = asyncio.Lock()
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._templates.filters |= FILTERS

    async def overview(self, request: Request) -> Response:
        """`/`: where everybody stands."""
        try:
            found, waiting = await self._shared_overview()
        except (UnreachableError, QuestionError) as error:
            return self._away(request, error)
        page = "welcome" if found.is_empty else "overview"
        return self._page(request, page, overview=found, waiting=waiting, now=datetime.now(UTC))

    async def customer(self, request: Request) -> Response:
        """`/customers/{name}`: one customer, by customer_id or any identifier."""
        name = request.path_params["name"]
        everything = "all" in request.query_params
        try:
            ids = await self._ask(lambda analyst: customers_named(analyst, name, self._phone_region))
            if not ids:
                return await self._found(request, name, 404)
            if ids[0] != name and len(ids) == 1:
                return RedirectResponse(f"/customers/{quote(ids[0], safe='')}", 303)
            if len(ids) > 1:
                return await self._found(request, name, 200)
            page = await self._ask(lambda analyst: customer_page(analyst, ids[0], self._tracks, everything))
        except (UnreachableError, QuestionError) as error:
            return self._away(request, error)
        return self._page(request, "customer", customer=page, now=page.at)

    async def search(self, request: Request) -> Response:
        """`/search?q=`: to the customer, or to a choice."""
        wanted = request.query_params.get("q", "").strip()[:256]
        if not wanted:
            return RedirectResponse("/", 303)
        try:
            ids = await self._ask(lambda analyst: customers_named(analyst, wanted, self._phone_region))
            if len(ids) == 1:
                return RedirectResponse(f"/customers/{quote(ids[0], safe='')}", 303)
            return await self._found(request, wanted, 200)
        except (UnreachableError, QuestionError) as error:
            return self._away(request, error)

    def not_found(self, request: Request) -> Response:
        """Any other path."""
        return self._page(request, "not_found", 404)

    def login(self, request: Request, status: int = 200, next_path: str = "/", message: str = "") -> Response:
        """The form that asks for the token."""
        page = self._page(request, "login", status, next_path=next_path, message=message)
        # With no-referrer a browser sends `Origin: null` along with a form: our own check would refuse it.
        page.headers["referrer-policy"] = "same-origin"
        return page

    async def _found(self, request: Request, wanted: str, status: int) -> Response:
        rows = await self._ask(lambda analyst: found_like(analyst, wanted))
        return self._page(request, "search", status if rows else 404, wanted=wanted, rows=rows, now=datetime.now(UTC))

    async def _shared_overview(self) -> tuple[Overview, int | None]:
        async with self._asking:
            if self._overview is not None and time.monotonic() < self._overview[0]:
                return self._overview[1], self._overview[2]
            started = time.monotonic()
            found = await self._ask(lambda analyst: overview(analyst, self._tracks))
            waiting = await run_in_threadpool(waiting_records, self._metrics_urls)
            ended = time.monotonic()
            fresh_until = ended + max(FRESH_SECONDS, SHARE_OF_TIME * (ended - started))
            self._overview = (fresh_until, found, waiting)
            return found, waiting

    async def _ask(self, question: Callable[[Analyst], Any]) -> Any:
        def ask() -> Any:
            self._analyst = self._analyst or self._connect()
            return question(self._analyst)

        return await run_in_threadpool(ask)

    def _away(self, request: Request, error: Exception) -> Response:
        reason = str(error).splitlines()[0][:300]
        found = re.search(r"\b[Cc]ode: (\d+)\b", reason)
        state = "away" if found is None else "unfinished" if int(found.group(1)) in _NOT_THERE_YET else "refused"
        return self._page(request, "away", 503, reason=reason, state=state)

    def _page(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """The whole page, or only its main part where the refreshing script asks for it."""
        part = request.headers.get("x-fragment") == "main"
        layout = "fragment.html" if part else "layout.html"
        common = {
            "layout": layout,
            "query": request.query_params.get("q", ""),
            "path": request.url.path,
            "can_leave": self._can_leave,
        }
        text = self._templates.get_template(f"{name}.html").render(**common, **values)
        return HTMLResponse(text, status, {"vary": "X-Fragment"})
