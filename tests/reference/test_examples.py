"""The golden journeys, the specification's examples among them, by the reference: it says what the product says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.touchpoint import default_channel
from tests.journey.given_then import Golden, golden_journeys, play, told, with_decisions
from tests.journey.telling import RULES, ms
from tests.reference.agreement import by, differences
from tests.reference.outcome import follow
from tests.reference.product import answer, overlap_ids

ALONE = [journey for journey in golden_journeys() if "customers" not in journey["then"] and "policy" not in journey]


def touchpoints(journey: Golden, decided: dict[str, str]) -> list[dict[str, Any]]:
    """What is given, in the form that tools emit."""
    return [
        {
            "id": touchpoint_id, "source": "ex", "type": kind, "team": team, "direction": direction,
            "occurred_at": datetime.fromtimestamp(ms(at) / 1000, UTC).isoformat(), "channel": default_channel(kind),
            **({"properties": {"id": decided[touchpoint_id]}} if touchpoint_id in decided else {}), **more,
        }
        for touchpoint_id, at, kind, team, direction, more in (row for row in journey["given"] if row[0] != "until")
    ]  # fmt: skip


@pytest.mark.parametrize("journey", ALONE, ids=lambda journey: journey["name"])
def test_the_reference_ends_a_golden_journey_as_the_product_does(journey: Golden) -> None:
    now = ms(journey["now"])
    arrivals = with_decisions(told(journey), now, RULES)
    (story,) = play(arrivals, now).values()
    decided = {one.touch.id: str((one.touch.properties or {})["id"]) for one in arrivals if one.touch and one.decides}
    ids = overlap_ids(story)
    told_by_reference = follow(touchpoints(journey, decided), now, lambda overlap: ids.get(by(overlap)))
    assert differences(answer(story, now), told_by_reference) == []
