"""Every golden journey ends as written, in the order given and in others."""

import itertools
import random
from collections import Counter

import pytest

from tests.journey.given_then import Golden, check, golden_journeys, play, rules_of, told, with_decisions
from tests.journey.telling import DAY, ms

JOURNEYS = golden_journeys()
WITHOUT_MERGES = [journey for journey in JOURNEYS if "customers" not in journey["then"]]


@pytest.mark.parametrize("journey", WITHOUT_MERGES, ids=lambda journey: journey["name"])
def test_a_golden_journey_ends_as_written(journey: Golden) -> None:
    rules, now = rules_of(journey), ms(journey["now"])
    (story,) = play(with_decisions(told(journey), now, rules), now, rules).values()
    check(journey["then"], story, now)
    if "corrected" in journey["then"]:
        assert bool(story.journey.corrections) == journey["then"]["corrected"]


@pytest.mark.parametrize("journey", WITHOUT_MERGES, ids=lambda journey: journey["name"])
def test_a_golden_journey_ends_the_same_in_any_order_inside_the_window(journey: Golden) -> None:
    rules, now = rules_of(journey), ms(journey["now"])
    arrivals = [arrival for arrival in with_decisions(told(journey), now, rules) if arrival.touch is not None]
    days = max(arrival.at for arrival in arrivals) - min(arrival.at for arrival in arrivals)
    orders = list(itertools.islice(itertools.permutations(arrivals), 24)) if days <= 7 * DAY else [tuple(arrivals)]
    for order in orders:
        doubled = [arrival for arrival in order for _ in range(random.Random(1).randint(1, 2))]
        (story,) = play(doubled, now, rules).values()
        check(journey["then"], story, now)


def test_every_golden_journey_has_a_name_of_its_own() -> None:
    assert Counter(journey["name"] for journey in JOURNEYS).most_common(1)[0][1] == 1
