"""Identities on a real broker: links, decisions and journeys end the same whatever is killed and when."""

import json
import signal
from typing import Any

import pytest

from gateway.simulation.engine import Record
from journey.identity import Identifier
from schemas import topic
from schemas.fact import IdentityConflict
from streams.position import POSITION_KEY, unpack_position
from tests.streams.conftest import WorkerProcess, until
from tests.streams.records import raw
from tests.streams.topics import NewWorker, emit, read

PEOPLE = 40


def named(number: int, **changes: Any) -> Record:
    value = raw(**{"id": f"w{number}", "source": "website", "type": "form.submitted", **changes})
    return Record(0, topic.RAW_MARKETING, b"any", value, False)


def visits() -> list[Record]:
    """Each person comes as a browser, signs in, and is a lead in the CRM at last; all of them used the kiosk."""
    found = []
    for number in range(PEOPLE):
        at, mail = f"2026-01-05T{10 + number // 60:02}:{number % 60:02}", f"p{number}@acme.example"
        browser = {"anonymous_id": f"b-{number}"}
        found += [
            named(4 * number, customer=browser, occurred_at=f"{at}:00Z", type="page.viewed"),
            named(4 * number + 1, customer={**browser, "email": mail}, occurred_at=f"{at}:10Z"),
            named(4 * number + 2, customer={"anonymous_id": "kiosk", "email": mail}, occurred_at=f"{at}:20Z"),
            named(4 * number + 3, customer={"crm_id": f"{number}", "email": mail}, occurred_at=f"{at}:30Z"),
        ]
    return found


def owners(bootstrap: str) -> dict[str, str]:
    """Whom the identifiers belong to that are somebody else's."""
    told = [json.loads(record.value) for record in read(bootstrap, topic.REDIRECTS, 1)]
    newest = {redirect["derived_id"]: redirect["customer_id"] for redirect in told}
    return {derived_id: owner for derived_id, owner in newest.items() if derived_id != owner}


def derived(kind: str, value: str) -> str:
    return Identifier(kind, value).derived_id


def expected() -> dict[str, str]:
    found = {}
    for number in range(PEOPLE):
        top = derived("crm_id", str(number))
        found |= {derived("anonymous_id", f"b-{number}"): top, derived("email", f"p{number}@acme.example"): top}
    return found | {derived("anonymous_id", "kiosk"): derived("crm_id", "0")}


def standing(bootstrap: str) -> list[IdentityConflict]:
    newest: dict[str, IdentityConflict] = {}
    for record in read(bootstrap, topic.FACTS):
        if b'"identity_conflict"' in record.value:
            fact = IdentityConflict.model_validate_json(record.value)
            newest[fact.id] = max(fact, newest.get(fact.id, fact), key=lambda one: one.version)
    return [fact for fact in newest.values() if not fact.deleted]


@pytest.mark.timeout(420)
def test_killed_again_and_again_everybody_is_who_the_links_say(own_kafka: str, new_worker: NewWorker) -> None:
    worker = new_worker("worker-1")
    worker.start()
    records = visits()
    for start, wait in zip(range(0, len(records), 40), (3.5, 2.0, 5.0, 0.0), strict=True):
        emit(own_kafka, records[start : start + 40])
        if wait:
            pause(wait)
            worker.stop(signal.SIGKILL)
            worker.start()
    until(lambda: owners(own_kafka) == expected(), 150, worker.log)
    until(lambda: len(standing(own_kafka)) == PEOPLE - 1, 60, worker.log)
    assert {fact.kept_by for fact in standing(own_kafka)} == {derived("email", "p0@acme.example")}
    last_touches_go_straight_to_their_customer(own_kafka, worker)
    assert worker.stop() == 0


def pause(seconds: float) -> None:
    with pytest.raises(AssertionError):
        until(lambda: False, seconds)


def last_touches_go_straight_to_their_customer(bootstrap: str, worker: WorkerProcess) -> None:
    """Intake has heard of the redirects by now, and a restored worker hears of them anew."""
    emit(bootstrap, [named(1000, customer={"anonymous_id": "b-7"}, type="page.viewed")])

    def arrived() -> list[dict[str, Any]]:
        values = [json.loads(record.value) for record in read(bootstrap, topic.TOUCHPOINTS)]
        return [value for value in values if value.get("id") == "w1000"]

    until(lambda: bool(arrived()), 60, worker.log)
    (touch, *_) = arrived()
    assert (touch["customer_id"], touch["derived_id"]) == (derived("crm_id", "7"), derived("anonymous_id", "b-7"))


@pytest.mark.timeout(420)
def test_a_person_sets_two_apart_and_a_worker_without_its_state_tells_nothing_twice(
    own_kafka: str, new_worker: NewWorker
) -> None:
    worker = new_worker("worker-1")
    worker.start()
    both = {"anonymous_id": "b-1", "email": "jo@acme.example"}
    jo, browser = derived("email", "jo@acme.example"), derived("anonymous_id", "b-1")
    emit(own_kafka, [named(1, customer=both)])
    until(lambda: owners(own_kafka) == {browser: jo}, 100, worker.log)
    emit(own_kafka, [named(2, customer=both, type="identity.unlinked", occurred_at="2026-01-05T11:00:00Z")])
    until(lambda: owners(own_kafka) == {}, 100, worker.log)
    worker.stop(signal.SIGKILL)
    told = len(read(own_kafka, topic.REDIRECTS, 1))
    worker.start()
    emit(own_kafka, [named(3, customer=both, occurred_at="2026-01-05T12:00:00Z")])
    until(lambda: len(read(own_kafka, topic.LINKS, 1)) == 3, 100, worker.log)
    last = read(own_kafka, topic.LINKS, 1)[-1].offset
    until(lambda: position(own_kafka) > last, 100, worker.log)
    assert len(read(own_kafka, topic.REDIRECTS, 1)) == told
    assert worker.stop() == 0


def position(bootstrap: str) -> int:
    """How far the resolver is, by its own state."""
    places = [record for record in read(bootstrap, topic.IDENTITIES, 1) if record.key == POSITION_KEY]
    return unpack_position(places[-1].value).offset if places else 0
