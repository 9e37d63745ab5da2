"""A whole instance gets its customers' past after their present, and ends as if all had come in order."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.backfill import Volume, measure, past, recent
from schemas.settings import Run
from schemas.touchpoint import Touchpoint
from tests.instance import ask, running, say


def test_the_measured_past_is_touchpoints_that_are_all_too_late() -> None:
    volume, now_ms = Volume(500, 20), 1_772_000_000_000
    old = [Touchpoint.model_validate_json(value).occurred_at for _, value in past(volume, now_ms)]
    new = [Touchpoint.model_validate_json(value).occurred_at for _, value in recent(volume, now_ms)]
    assert (len(old), len(new)) == (500, 100)
    assert new == sorted(new)
    assert (min(new) - max(old)).days >= 23
    assert old != sorted(old)


@pytest.mark.timeout(400)
def test_a_backfill_onto_existing_customers_ends_exact_and_wakes_nobody_though_the_rebuilder_is_killed(
    tmp_path: Path, port_base: int
) -> None:
    volume = Volume(touchpoints=3000, customers=120, live=4, companies=False, kills=3)
    with running(tmp_path / "data", port_base) as data:
        run = Run.read(data)
        assert run is not None
        result = measure(data, run, volume, print)
        (tmp_path / "result.json").write_text(json.dumps(result.first_differences))
        assert result.exact, result
        assert result.rebuilds >= volume.customers
        (stored,) = ask(data, "sql", "SELECT count() AS touchpoints FROM v_touchpoints")
        assert stored["touchpoints"] == volume.touchpoints + volume.customers * volume.live
        restarts = {part["name"]: part["restarts"] for part in ask(data, "status", codes=(0, 1))["parts"]}
        assert [name for name, count in restarts.items() if count] == ["rebuilder"]
        verdict = ask(data, "verify")
        assert (verdict["ok"], verdict["rebuilding"]) == (True, 0)


@pytest.mark.timeout(300)
def test_the_history_of_whoever_turned_out_to_be_one_person_is_folded_as_one(tmp_path: Path, port_base: int) -> None:
    now = datetime.now(UTC)

    def told(number: int, days_ago: float, kind: str, **customer: str) -> str:
        at = (now - timedelta(days=days_ago)).isoformat()
        named = {"id": f"t{number}", "source": "site", "type": kind, "team": "marketing", "direction": "inbound"}
        return json.dumps({**named, "occurred_at": at, "customer": customer})

    browser, person = {"anonymous_id": "browser-1"}, {"email": "ann@gmail.com"}
    first = [told(number, 5 - number, "page.viewed", **browser) for number in range(3)]
    first += [told(10 + number, 5.5 - number, "form.submitted", **person) for number in range(3)]
    past = [told(20 + number, 200 + number, "content.downloaded", **browser) for number in range(5)]
    past += [told(30 + number, 300 - number, "trial.started", **person) for number in range(5)]
    with running(tmp_path / "data", port_base) as data:
        for lines in (first, past, [told(40, 0.1, "page.viewed", **browser, **person)]):
            say(data, "emit", text="\n".join(lines))
            verdict = ask(data, "verify")
            assert (verdict["ok"], verdict["rebuilding"]) == (True, 0), verdict
        timeline = ask(data, "customer", "ann@gmail.com")["timeline"]
        assert len([entry for entry in timeline if entry["type"] != "time.passed"]) == 17
        assert ask(data, "rebuild", "--all", "--dry-run")["differing"] == 0
        assert ask(data, "rebuild", "ann@gmail.com", "--wait")["rebuilt"] == 1
        assert ask(data, "verify")["ok"]
