"""The console in a real browser: nothing our own policy forbids, nothing on the console, search leads to a customer."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from schemas.settings import Run
from tests.console.conftest import JO
from tests.console.web_console import running_console

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
RENEWED_WITHIN_MS = 6_000
WIDTHS = {"desktop": 1440, "tablet": 800, "phone": 360}


@pytest.fixture(scope="module")
def console(
    run: Run, free_ports: Callable[[int], list[int]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with running_console(run, free_ports(1)[0], tmp_path_factory.mktemp("console") / "console.log") as (url, _):
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page that notes every complaint of the browser: blocked by the policy, errors, warnings."""
    context = browser.new_context()
    opened = context.new_page()

    def note(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()


def test_a_search_leads_from_the_overview_to_a_customer(page: Page, console: str, complaints: list[str]) -> None:
    page.goto(console)
    expect(page.get_by_role("heading", name="Where everybody stands")).to_be_visible()
    page.get_by_label("Find a customer").fill("jo@acme.example")
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url(f"{console}/customers/{JO}")
    expect(page.get_by_role("heading", name="jo@acme.example")).to_be_visible()
    expect(page.locator("[aria-current=step]")).to_have_text(["evaluation", "MQL"])
    move = page.locator(".move", has_text="intent").first
    move.scroll_into_view_if_needed()
    expect(move).to_be_in_viewport()
    assert complaints == []


def test_a_stalled_prospect_is_one_click_away(page: Page, console: str, complaints: list[str]) -> None:
    page.goto(console)
    page.get_by_role("region", name="Stalled prospects").get_by_role("link", name="bo@acme.example").click()
    expect(page.get_by_text("no activity in consideration")).to_be_visible()
    assert complaints == []


def test_the_page_renews_itself_and_says_when_the_console_is_gone(
    page: Page, run: Run, free_ports: Callable[[int], list[int]], tmp_path: Path
) -> None:
    with running_console(run, free_ports(1)[0], tmp_path / "console.log") as (url, process):
        page.clock.install()
        page.goto(url)
        page.evaluate("document.querySelector('h1').textContent = 'old'")
        page.clock.fast_forward(RENEWED_WITHIN_MS)
        expect(page.get_by_role("heading", name="Where everybody stands")).to_be_visible()
        process.terminate()
        process.wait(10)
        page.clock.fast_forward(RENEWED_WITHIN_MS)
        expect(page.get_by_role("status")).to_contain_text("does not answer")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_every_page_fits_its_width_and_is_readable(browser: Browser, console: str, width: int, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    for path in ("/", f"/customers/{JO}", "/search?q=acme", "/nowhere"):
        page.goto(console + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(TOO_FAINT) == [], path
    context.close()


# The texts whose contrast with the nearest opaque background is below 4.5:1 (WCAG 2.2, 1.4.3).
TOO_FAINT = """() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const colour = numbers(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")]
    .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()))
    .filter((node) => !node.closest(".unseen, .skip, [hidden], svg"))
    .map((node) => {
      const [a, b] = [light(numbers(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), node.textContent.trim().slice(0, 40)];
    })
    .filter(([contrast]) => contrast < 4.5);
}"""
