"""The console's pages, from a real ClickHouse, as a browser without scripts would get them."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from clickhouse_connect.driver.client import Client
from pydantic import SecretStr

from journey.identity import customer_id_of
from schemas.settings import Run, Settings
from sinks.clickhouse.connection import connect
from sinks.clickhouse.migration import migrate
from tests.console.conftest import JO
from tests.console.web_console import running_console

Ports = Callable[[int], list[int]]


@pytest.fixture(scope="module")
def console(run: Run, free_ports: Ports, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_console(run, free_ports(1)[0], tmp_path_factory.mktemp("console") / "console.log") as (url, _):
        yield url


def writer(run: Run, database: str) -> Client:
    """The writer's client of a database of the test's own."""
    return connect(
        Settings(
            clickhouse_url=run.clickhouse.url,
            clickhouse_database=database,
            clickhouse_user=run.clickhouse.user,
            clickhouse_password=SecretStr(run.clickhouse.password),
        )
    )


def in_database(run: Run, database: str) -> Run:
    return run.model_copy(update={"clickhouse": run.clickhouse.model_copy(update={"database": database})})


def words(page: httpx.Response) -> str:
    """What a reader sees, on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2]))


def test_the_overview_counts_customers_per_stage_on_both_tracks_with_what_stalls(console: str) -> None:
    page = httpx.get(console)
    assert page.status_code == 200
    assert re.search(r"consideration 1 1 stalled", words(page))
    assert re.search(r"evaluation 1 ", words(page))
    assert re.search(r"MQL 1 ", words(page))
    assert page.text.index(">awareness<") < page.text.index(">advocacy<") < page.text.index(">inactive<")


def test_the_overview_names_stalled_prospects_overlaps_handoffs_clocks_and_rejections(console: str) -> None:
    seen = words(httpx.get(console))
    assert re.search(r"bo@acme.example consideration .* activity never marketing", seen)
    assert re.search(r"jo@acme.example conflict promotion high sales owns the subject", seen)
    assert re.search(r"Calendar time 2 h 55 min", seen.replace("\u00a0", " "))
    assert re.search(r"MQL → answered 0.% 1", seen)
    assert "not JSON 1" in seen


def test_a_customers_page_tells_position_owner_what_is_open_and_the_timeline(console: str) -> None:
    seen = words(httpx.get(f"{console}/customers/{JO}"))
    assert "owned by sales rep-1" in seen
    assert "Funnel in evaluation" in seen and "Lead in MQL" in seen
    assert "conflict on promotion" in seen and "MQL → answered; sales" in seen
    assert "start → to intent enter" in seen
    assert seen.index("email.sent") < seen.index("quote.sent") < seen.index("page.viewed"), "newest first"
    assert "1 200.50 EUR" in seen
    assert re.search(r"open d-7, 1.200\.50.EUR", seen)
    assert "accepted" in seen and "campaign spring, by lead.mql.enter.1 of default@1" in seen
    assert "no activity" in seen, "what time alone moved is in the timeline too"


def test_every_identifier_leads_to_the_customer(console: str) -> None:
    for name in ("jo@acme.example", "Jo@Acme.Example", "b-1"):
        answer = httpx.get(f"{console}/search", params={"q": name})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/customers/{JO}"), name
    assert httpx.get(f"{console}/customers/jo@acme.example").headers["location"] == f"/customers/{JO}"


def test_a_part_of_an_identifier_gives_a_choice_and_nonsense_an_explanation(console: str) -> None:
    choice = words(httpx.get(f"{console}/search", params={"q": "ACME"}))
    assert "jo@acme.example" in choice and "bo@acme.example" in choice
    nothing = httpx.get(f"{console}/search", params={"q": "<script>alert(1)</script>"})
    assert nothing.status_code == 404
    assert "<script>alert" not in nothing.text and "&lt;script&gt;alert" in nothing.text
    assert httpx.get(f"{console}/customers/nobody").status_code == 404
    assert "There is no such page" in httpx.get(f"{console}/nowhere").text


def test_the_refreshing_script_gets_the_main_part_alone(console: str) -> None:
    part = httpx.get(console, headers={"x-fragment": "main"})
    assert "<html" not in part.text and "Where everybody stands" in part.text
    assert part.headers["vary"] == "X-Fragment"


@pytest.mark.parametrize(
    "path", ["/", f"/customers/{JO}", "/search?q=acme", "/nowhere", "/static/console.css", "/healthz"]
)
def test_every_answer_forbids_what_our_pages_do_not_need(console: str, path: str) -> None:
    answer = httpx.get(f"{console}{path}")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers
    if "html" in answer.headers["content-type"]:
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", answer.text)


def test_on_loopback_a_foreign_host_name_is_not_answered(console: str) -> None:
    assert httpx.get(console, headers={"host": "attacker.example"}).status_code == 421
    assert httpx.get(console.replace("127.0.0.1", "localhost")).status_code == 200


def test_what_tools_sent_is_text_and_never_markup(run: Run, free_ports: Ports, tmp_path: Path) -> None:
    client = writer(run, "hostile")
    migrate(client)
    bad = "<img src=x onerror=alert(1)>"
    columns = ["customer_id", "source", "id", "type", "team", "email", "campaign", "actor", "properties", "occurred_at"]
    somebody = customer_id_of("email", "a@b.example")
    row = [somebody, bad, "1", bad, bad, "a@b.example", bad, bad, '{"path": "<b>"}', 1_700_000_000_000]
    client.insert("touchpoints", [row], column_names=columns)
    with running_console(in_database(run, "hostile"), free_ports(1)[0], tmp_path / "console.log") as (url, _):
        for path in ("/", f"/customers/{somebody}", "/search?q=b.example"):
            page = httpx.get(url + path, follow_redirects=True)
            assert page.status_code == 200
            assert "<img" not in page.text and "<b>&lt;" not in page.text


def test_an_empty_instance_says_how_to_fill_it(run: Run, free_ports: Ports, tmp_path: Path) -> None:
    migrate(writer(run, "vacant"))
    with running_console(in_database(run, "vacant"), free_ports(1)[0], tmp_path / "console.log") as (url, _):
        page = httpx.get(url)
        assert page.status_code == 200
        assert "Nothing has arrived yet" in page.text and "throughline import" in page.text


def test_tables_that_are_not_there_yet_and_a_clickhouse_that_is_away_are_explained(
    run: Run, free_ports: Ports, tmp_path: Path
) -> None:
    with running_console(in_database(run, "not_there"), free_ports(1)[0], tmp_path / "console.log") as (url, _):
        page = httpx.get(url)
        assert page.status_code == 503 and "The tables are being made" in page.text
    with running_console(run, free_ports(1)[0], tmp_path / "console.log", clickhouse_url="http://127.0.0.1:9") as (
        url,
        _,
    ):
        page = httpx.get(url)
        assert page.status_code == 503
        assert "ClickHouse does not answer" in page.text and "throughline status" in page.text


@pytest.fixture(scope="module")
def guarded(run: Run, free_ports: Ports, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console on every address, which asks for a token."""
    log = tmp_path_factory.mktemp("console") / "console.log"
    with running_console(run, free_ports(1)[0], log, host="0.0.0.0", console_token="open-sesame") as (url, _):
        yield url


class TestBeyondLoopback:
    """A console that listens on every address."""

    def test_it_does_not_start_without_a_token(self, run: Run, free_ports: Ports, tmp_path: Path) -> None:
        with (
            pytest.raises(AssertionError, match="set THROUGHLINE_CONSOLE_TOKEN"),
            running_console(run, free_ports(1)[0], tmp_path / "console.log", host="0.0.0.0"),
        ):
            pass

    @pytest.mark.parametrize("path", ["/", f"/customers/{JO}", "/search?q=jo", "/nowhere"])
    def test_no_page_is_shown_without_the_token(self, guarded: str, path: str) -> None:
        page = httpx.get(f"{guarded}{path}")
        assert page.status_code == 401
        assert "Sign in" in page.text and "acme" not in page.text

    def test_the_token_opens_it_with_a_strict_cookie_and_leads_on(self, guarded: str) -> None:
        with httpx.Client(base_url=guarded, headers={"origin": guarded}) as browser:
            answer = browser.post("/login", data={"token": "open-sesame", "next": f"/customers/{JO}"})
            assert (answer.status_code, answer.headers["location"]) == (303, f"/customers/{JO}")
            cookie = answer.headers["set-cookie"].lower()
            assert "httponly" in cookie and "samesite=strict" in cookie
            assert browser.get("/").status_code == 200
            assert browser.post("/logout").status_code == 303
            assert browser.get("/").status_code == 401

    def test_a_forged_cookie_opens_nothing(self, guarded: str) -> None:
        forged = httpx.get(guarded, cookies={"throughline_session": f"99999999999.{'0' * 64}"})
        assert forged.status_code == 401

    @pytest.mark.parametrize(
        "headers", [{}, {"origin": "http://attacker.example"}, {"origin": "null", "sec-fetch-site": "cross-site"}]
    )
    def test_a_form_from_elsewhere_is_refused(self, guarded: str, headers: dict[str, str]) -> None:
        answer = httpx.post(f"{guarded}/login", data={"token": "open-sesame"}, headers=headers)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers

    @pytest.mark.parametrize("elsewhere", ["https://attacker.example", "//attacker.example", "/\\attacker.example", ""])
    def test_the_login_leads_nowhere_else(self, guarded: str, elsewhere: str) -> None:
        given = {"token": "open-sesame", "next": elsewhere}
        answer = httpx.post(f"{guarded}/login", data=given, headers={"origin": guarded})
        assert answer.headers["location"] == "/"

    def test_guessing_is_slowed_down(self, guarded: str) -> None:
        for _ in range(10):
            assert httpx.post(f"{guarded}/login", data={"token": "x"}, headers={"origin": guarded}).status_code == 401
        right = httpx.post(f"{guarded}/login", data={"token": "open-sesame"}, headers={"origin": guarded})
        assert right.status_code == 401
