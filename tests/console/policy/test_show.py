"""`policy show`: the agreement as a document; `policy check` and `policy schema` beside it."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from console.main import cli
from console.paper.document import paper_of
from journey.policy.reading import read
from journey.policy.schema import policy_schema
from tests.journey.policies import changed
from tests.journey.telling import DEFAULT

POLICY = read(DEFAULT.read_text())


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["policy", *arguments])


class Page(HTMLParser):
    """Which tags and addresses a page has, and whether every tag that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_agreement_says_everything_that_both_teams_sign() -> None:
    text = " ".join(run("show", str(DEFAULT)).stdout.split())
    for part in ("How marketing and sales work one funnel", "default@1", "Economic buyer",
                 "for the 2nd time within 14 days", "09:00-17:00", "off turf", "head of sales",
                 "intent to advocacy: sales", "Signatures"):  # fmt: skip
        assert part in text, part


def test_limits_are_told_in_business_hours() -> None:
    assert "24 business hours (office)" in run("show", str(DEFAULT), "--html").stdout


def test_every_stage_clock_and_kind_of_overlap_is_in_the_document() -> None:
    said = json.dumps([[grid.rows for grid in section.grids] for section in paper_of(POLICY).sections])
    for track in POLICY.tracks.values():
        assert all(stage.stage in said for stage in track.stages)
        assert all(detour.detour in said for detour in track.detours)
    assert all(clock.clock.replace("_", " ") in said for clock in POLICY.clocks)
    assert all(kind.replace("_", " ") in said for kind in POLICY.overlaps.severity)


def test_the_page_needs_nothing_else_and_is_well_formed() -> None:
    text = run("show", str(DEFAULT), "--html").stdout
    page = Page(text)
    assert not {"script", "img", "link", "iframe"} & page.tags
    assert all(address.startswith("#") for address in page.addresses)
    assert {address[1:] for address in page.addresses} <= set(re.findall(r'id="([^"]+)"', text))
    assert "url(" not in text and "@import" not in text and "@page" in text


def test_whatever_the_policy_says_is_escaped(tmp_path: Path) -> None:
    evil = '<script>alert("x")</script>'

    def change(tree: dict[str, Any]) -> None:
        tree["agreement"] = {"title": evil, "purpose": evil, "parties": [{"team": "sales", "signed_by": [evil]}]}
        tree["definitions"] = [{"term": evil, "means": evil}]
        tree["owners"]["claim"] = {"type": "owner.claimed", "properties": {evil: evil}}

    draft, written = tmp_path / "draft.yaml", tmp_path / "agreement.html"
    draft.write_text(changed(change))
    result = run("show", str(draft), "--html", str(written))
    assert (result.exit_code, result.stdout) == (0, "")
    text = written.read_text()
    assert "script" not in Page(text).tags
    assert "&lt;script&gt;" in text
    assert evil in run("show", str(draft)).stdout.replace("\n", "") or evil[:20] in run("show", str(draft)).stdout


def test_a_policy_without_the_paper_around_it_is_a_document_too(tmp_path: Path) -> None:
    def change(tree: dict[str, Any]) -> None:
        for section in ("agreement", "personas", "definitions", "goals", "quotas", "attribution", "alerts", "feedback"):
            tree.pop(section, None)

    draft = tmp_path / "draft.yaml"
    draft.write_text(changed(change))
    text = run("show", str(draft)).stdout
    assert text.startswith("The agreement of Marketing and Sales\n")
    assert "Personas" not in text
    assert "for the team" in text


def test_check_says_that_a_policy_is_sound() -> None:
    assert run("check", str(DEFAULT)).stdout == "default@1 is sound\n"
    assert json.loads(run("check", str(DEFAULT), "--json").stdout) == {
        "ok": True, "policy": "default@1", "mistakes": [],
    }  # fmt: skip


def test_check_tells_every_mistake_where_an_editor_finds_it(tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(DEFAULT.read_text().replace("zone: UTC", "zone: Mars", 1).replace("limit: 1bh", "limit: soon", 1))
    result = run("check", str(draft))
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(re.findall(rf"^{re.escape(str(draft))}:\d+:\d+: ", result.stderr, re.MULTILINE)) == 2
    assert "2 mistakes" in result.stderr
    told = json.loads(run("check", str(draft), "--json").stdout)
    assert (told["ok"], [mistake["path"] for mistake in told["mistakes"]]) == (
        False, ["calendars.office.zone", "clocks.0.limit"],
    )  # fmt: skip
    assert all(mistake["line"] > 1 and mistake["column"] > 1 for mistake in told["mistakes"])


def test_show_refuses_a_policy_with_mistakes(tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text("policy: x")
    result = run("show", str(draft), "--html")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "tracks is missing" in result.stderr


def test_schema_writes_the_published_one() -> None:
    assert json.loads(run("schema").stdout) == policy_schema()


def test_the_default_policy_names_its_schema_for_editors() -> None:
    first = DEFAULT.read_text().splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (DEFAULT.parent / first.partition("=")[2]).resolve().exists()
