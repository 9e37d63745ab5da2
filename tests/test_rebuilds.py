"""A whole instance gets its customers' past after their present, and ends as if all had come in order."""

import json
from pathlib import Path

import pytest

from benchmarks.backfill import Volume, measure, past, recent
from schemas.settings import Run
from schemas.touchpoint import Touchpoint
from tests.instance import ask, running


def test_the_measured_past_is_touchpoints_that_are_all_too_late() -> None:
    volume, now_ms = Volume(500, 20), 1_772_000_000_000
    old = [Touchpoint.model_validate_json(value).occurred_at for _, value in past(volume, now_ms)]
    new = [Touchpoint.model_validate_json(value).occurred_at for _, value in recent(volume, now_ms)]
    assert (len(old), len(new)) == (500, 100)
    assert new == sorted(new)
    assert (min(new) - max(old)).days >= 23
    assert old != sorted(old)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kills", [0, 3])
def test_a_backfill_onto_existing_customers_ends_exact_and_wakes_nobody(
    tmp_path: Path, port_base: int, kills: int
) -> None:
    volume = Volume(touchpoints=3000, customers=120, live=4, companies=False, kills=kills)
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
        assert (restarts["rebuilder"] > 0) == (kills > 0)
        verdict = ask(data, "verify")
        assert (verdict["ok"], verdict["rebuilding"]) == (True, 0)
