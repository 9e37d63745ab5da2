"""What must hold when the parts are whole again, told from what was sent and from the rules' second reading alone.

Nothing of the product decides here: each customer's touchpoints are put in order and every rule is asked of them by
`tests.reference`; topics are read by kafka-python, ClickHouse by HTTP. Only packed state is opened by its own reader.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from kafka import KafkaConsumer, TopicPartition

from streams.position import POSITION_KEY
from streams.stored import VERSION, unpack
from tests.faults.house import PARTITIONS, PASSWORD, House
from tests.faults.traffic import Customer, Traffic
from tests.reference.agreement import differences
from tests.reference.outcome import follow

_TOLD = 12
_FACTS = ("transitions", "overlaps", "clocks", "stalls", "handoffs")
_CONTENT = ("tracks", "owner", *_FACTS)
# Younger alerts than this have to be delivered; the product spares people those of more than a day ago.
_RECENT = timedelta(hours=23)
Topics = dict[str, list[Any]]


@dataclass
class Verdict:
    """What is wrong, in words, by kind: lost, doubled, diverged."""

    lost: int = 0
    doubled: int = 0
    diverged: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.diverged)

    def say(self, kind: str, what: str, count: int = 1) -> None:
        """Count something that is wrong."""
        setattr(self, kind, getattr(self, kind) + count)
        if len(self.told) < _TOLD:
            self.told.append(f"{kind}: {what}")


@dataclass(frozen=True)
class World:
    """Everything that can be seen from outside, as read at one moment."""

    rows: dict[str, list[dict[str, Any]]]
    topics: Topics
    received: list[str]

    def of(self, table: str) -> list[dict[str, Any]]:
        return self.rows[table]


TABLES = {
    "touchpoints": "SELECT customer_id, derived_id, source, id, email, anonymous_id FROM v_touchpoints",
    "raw": "SELECT partition, offset, source, id, count() AS copies FROM touchpoints"
    " WHERE topic = 'journey.touchpoints' GROUP BY partition, offset, source, id",
    "tracks": "SELECT customer_id, track, stage, entered_at, furthest, visits FROM v_positions",
    "owner": "SELECT DISTINCT customer_id, owner_team AS team, owner_actor AS actor, owner_since AS since"
    " FROM v_positions",
    "transitions": "SELECT id, customer_id, track, from_stage AS `from`, to_stage AS `to`, kind, at, source,"
    " touchpoint_id FROM v_transitions",
    "overlaps": "SELECT id, customer_id, kind, subject, status, severity, precedence, opened_at, last_at AS last,"
    " resolution, resolved_at FROM v_overlaps",
    "clocks": "SELECT id, customer_id, name, state, started_at, due_at, stopped_at FROM v_clocks",
    "stalls": "SELECT id, customer_id, kind, track, stage, since, escalated_at, resolved_at AS resolved FROM v_stalled",
    "handoffs": "SELECT id, customer_id, kind, at, source, touchpoint_id, reason, latency_ms,"
    " offered_at AS offered FROM v_handoffs",
    "rejected": "SELECT origin, reason FROM v_rejected",
    "alerts": "SELECT id FROM v_alerts",
}  # fmt: skip
_ARRIVED = (
    "SELECT (SELECT count() FROM v_touchpoints) AS touchpoints, (SELECT uniqExact(origin) FROM v_rejected) AS refused"
)


def look(house: House) -> World:
    """Read everything."""
    received = house.receiver.ids() if house.receiver else []
    return seen(house.bootstrap, house.clickhouse_url, received)


def seen(bootstrap: str, clickhouse_url: str, received: list[str], partitions: int = PARTITIONS) -> World:
    """The same of any instance with this many partitions, whose alerts somebody has received."""
    with httpx.Client(timeout=60) as client:
        rows = {name: ask(client, clickhouse_url, sql) for name, sql in TABLES.items()}
    names = ("journey.state", "journey.touchpoints", "journey.alerts", "touchpoints.rejected")
    return World(rows, {name: dump(bootstrap, name, partitions) for name in names}, received)


def arriving(clickhouse_url: str, rounds: Sequence[Traffic]) -> Verdict:
    """What has not even arrived in ClickHouse, by two counts: while there is such, nobody needs to look closer."""
    verdict = Verdict()
    with httpx.Client(timeout=60) as client:
        (found,) = ask(client, clickhouse_url, _ARRIVED)
    counts = {
        "touchpoints": sum(len(customer.touches) for traffic in rounds for customer in traffic.customers),
        "refused": sum(traffic.poison for traffic in rounds),
    }
    for what, sent in counts.items():
        if (count := int(found[what])) < sent:
            verdict.say("lost", f"{count} of {sent} {what} have arrived in ClickHouse", sent - count)
    return verdict


def judge(world: World, rounds: Sequence[Traffic], now: datetime, *, hasty: bool = False) -> Verdict:
    """Hold the world against what was sent. `now` is until when time has done what it does.

    A `hasty` look ends with the first customer who is wrong, the newest ones first: the second reading of the rules
    takes long. What it calls right was looked at whole.
    """
    verdict = Verdict()
    customers = [customer for traffic in reversed(rounds) for customer in traffic.customers]
    whose = _touchpoints(world, customers, verdict)
    _state(world, customers, whose, verdict)
    _rejections(world, sum(traffic.poison for traffic in rounds), verdict)
    _alerts(world, now, verdict)
    if verdict.ok or not hasty:
        _journeys(world, customers, whose, now, verdict, hasty)
    return verdict


def _touchpoints(world: World, customers: Sequence[Customer], verdict: Verdict) -> dict[str, str]:
    """Every touchpoint once, all of a customer under one customer_id; which one, by the customer's e-mail."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in world.of("touchpoints"):
        found[row["email"] or row["anonymous_id"], row["source"], row["id"]].append(row["customer_id"])
    whose: dict[str, str] = {}
    for customer in customers:
        ids: Counter[str] = Counter()
        for touch in customer.touches:
            name = (touch["customer"].get("email") or customer.anonymous, touch["source"], touch["id"])
            rows = found.pop(name, [])
            if not rows:
                verdict.say("lost", f"touchpoint {name} is not in ClickHouse")
            if len(rows) > 1:
                verdict.say("doubled", f"touchpoint {name} is {len(rows)} times in ClickHouse")
            ids.update(rows)
        if len(ids) > 1:
            verdict.say("diverged", f"{customer.email} is told as {dict(ids)}")
        if ids:
            whose[customer.email] = ids.most_common(1)[0][0]
    for name in list(found)[:_TOLD]:
        verdict.say("doubled", f"touchpoint {name} was never sent")
    for customer_id, count in Counter(whose.values()).items():
        if count > 1:
            verdict.say("diverged", f"{count} people are told as {customer_id}")
    # Each record of the topic is a row, however often it was inserted; the table collapses repeats by that name.
    offsets = Counter((row["partition"], row["offset"]) for row in world.of("raw"))
    for place, count in offsets.items():
        if count > 1:
            verdict.say("doubled", f"journey.touchpoints{place} stands for {count} touchpoints in ClickHouse")
    return whose


def _journeys(
    world: World,
    customers: Sequence[Customer],
    whose: dict[str, str],
    now: datetime,
    verdict: Verdict,
    hasty: bool,
) -> None:
    told = {name: _by_customer(world.of(name)) for name in _CONTENT}
    for name in _FACTS:
        for fact, count in Counter(row["id"] for row in world.of(name)).items():
            if count > 1:
                verdict.say("doubled", f"{name} says {fact} {count} times")
    at = _ms(now.isoformat())
    assert at is not None
    for customer in customers:
        if hasty and not verdict.ok:
            return
        customer_id = whose.get(customer.email)
        if customer_id is None:
            continue
        expected = follow(customer.touches, at)
        found = _answer({name: told[name].get(customer_id, []) for name in _CONTENT})
        if not found["tracks"]:
            # Nobody's owner is told of who is on no track.
            found["owner"] = expected["owner"]
        for line in differences(found, {name: expected[name] for name in _CONTENT}):
            verdict.say("diverged", f"{customer_id} ({customer.email}): {line}")
    known = set(whose.values())
    for name in _CONTENT:
        for customer_id in set(told[name]) - known:
            verdict.say("diverged", f"{name} of {customer_id}, whom nobody sent")


def _answer(rows: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Rows of the views in the words of `tests.reference.outcome.follow`."""
    owner = rows["owner"][0] if rows["owner"] else {"team": "", "actor": None, "since": None}
    return {
        "tracks": {
            row["track"]: {
                "stage": row["stage"], "entered_at": _ms(row["entered_at"]), "furthest": row["furthest"],
                "visits": {stage: int(count) for stage, count in row["visits"].items()},
            }
            for row in rows["tracks"]
        },
        "transitions": [
            {
                "track": row["track"], "from": row["from"], "to": row["to"], "kind": row["kind"], "at": _ms(row["at"]),
                "touchpoint": _named(row),
            }
            for row in rows["transitions"]
        ],
        "overlaps": [
            {**_only(row, "kind", "subject", "status", "severity", "precedence", "resolution"),
             **_times(row, "opened_at", "last", "resolved_at")}
            for row in rows["overlaps"]
        ],
        "clocks": [
            {**_only(row, "name", "state"), **_times(row, "started_at", "due_at", "stopped_at")}
            for row in rows["clocks"]
        ],
        "stalls": [
            {**_only(row, "kind", "track", "stage"), **_times(row, "since", "escalated_at", "resolved")}
            for row in rows["stalls"]
        ],
        "handoffs": [
            {
                "kind": row["kind"], "at": _ms(row["at"]), "touchpoint": _named(row), "reason": row["reason"],
                "offered": _ms(row["offered"]) if row["latency_ms"] is not None else None,
            }
            for row in rows["handoffs"]
        ],
        "owner": {"team": owner["team"], "actor": owner["actor"], "since": _ms(owner["since"]) or None},
    }  # fmt: skip


def _state(world: World, customers: Sequence[Customer], whose: dict[str, str], verdict: Verdict) -> None:
    """journey.state folded: every customer has counted each touchpoint once; no position is beyond its input."""
    newest: dict[bytes, dict[int, Any]] = defaultdict(dict)
    positions: dict[int, Any] = {}
    for record in world.topics["journey.state"]:
        if record.key == POSITION_KEY:
            positions[record.partition] = record.value
        else:
            newest[record.key][record.partition] = record.value
    for customer in customers:
        customer_id = whose.get(customer.email)
        if customer_id is None:
            continue
        values = [value for value in newest[customer_id.encode()].values() if value is not None]
        if len(values) != 1:
            verdict.say("doubled" if values else "lost", f"{customer_id} ({customer.email}) has {len(values)} states")
            continue
        # Whichever release's it is: the cells of releases change nothing but the number.
        journey = unpack(bytes([VERSION | values[0][0] & 0x80]) + values[0][1:])
        seen, sent = journey.head.seen, len(customer.touches)
        if journey.redirect or journey.rebuild:
            verdict.say("diverged", f"{customer_id}: redirect {journey.redirect!r}, rebuild {journey.rebuild}")
        elif seen != sent:
            verdict.say("lost" if seen < sent else "doubled", f"{customer_id} has counted {seen} of {sent}")


def _rejections(world: World, sent: int, verdict: Verdict) -> None:
    """What was refused, once each: on the topic and in ClickHouse."""
    topic = [dict(record.headers)["throughline-origin"].decode() for record in world.topics["touchpoints.rejected"]]
    for origins, what in (
        (topic, "on touchpoints.rejected"),
        ([row["origin"] for row in world.of("rejected")], "in ClickHouse"),
    ):
        once = len(set(origins))
        if once < sent:
            verdict.say("lost", f"{once} of {sent} refused {what}", sent - once)
        if len(origins) > once or once > sent:
            verdict.say("doubled", f"{len(origins)} refusals of {once} {what}, {sent} were sent")


def _alerts(world: World, now: datetime, verdict: Verdict) -> None:
    """Each alert is on the topic once, in ClickHouse, delivered where it is recent, and nothing else is delivered."""
    alerts = [json.loads(record.value) for record in world.topics["journey.alerts"]]
    written, received = Counter(alert["id"] for alert in alerts), set(world.received)
    for alert in alerts:
        if now - datetime.fromisoformat(alert["at"]) < _RECENT and alert["id"] not in received:
            verdict.say("lost", f"alert {alert['id']} of {alert['at']} was not delivered")
    for alert, count in written.items():
        if count > 1:
            verdict.say("doubled", f"alert {alert} is {count} times on its topic")
    rows = Counter(row["id"] for row in world.of("alerts"))
    for alert in written.keys() - rows.keys():
        verdict.say("lost", f"alert {alert} is not in ClickHouse")
    for alert in rows.keys() - written.keys():
        verdict.say("doubled", f"alert {alert} is in ClickHouse only")
    for alert in received - written.keys():
        verdict.say("doubled", f"alert {alert} was delivered and is on no topic")


def _by_customer(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["customer_id"]].append(row)
    return found


def _only(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _times(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: _ms(row[name]) for name in names}


def _named(row: dict[str, Any]) -> tuple[str, str] | None:
    return (row["source"], row["touchpoint_id"]) if row["touchpoint_id"] else None


def _ms(text: str | None) -> int | None:
    if not text or text.startswith("1970-01-01 00:00:00"):
        return None
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def ask(client: httpx.Client, url: str, sql: str) -> list[dict[str, Any]]:
    """The rows of a query."""
    answer = client.post(
        f"{url}/",
        params={"user": "throughline", "password": PASSWORD, "database": "throughline"},
        content=f"{sql} FORMAT JSONEachRow".encode(),
    )
    if answer.is_error:
        # What ClickHouse says is what there is to know of it: the status alone says nothing.
        raise httpx.HTTPStatusError(answer.text[:1000], request=answer.request, response=answer)
    return [json.loads(line) for line in answer.text.splitlines()]


def dump(bootstrap: str, name: str, partitions: int = PARTITIONS) -> list[Any]:
    """Every committed record of a topic, in order by partition."""
    return list(read(bootstrap, name, partitions))


def read(bootstrap: str, name: str, partitions: int = PARTITIONS) -> Iterator[Any]:
    """The same, one by one."""
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False, check_crcs=False,
        # A broker that is not back yet is looked for at the next look.
        bootstrap_timeout_ms=5000,
    )  # fmt: skip
    try:
        places = [TopicPartition(name, number) for number in sorted(consumer.partitions_for_topic(name) or ())]
        assert len(places) in (1, partitions)
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning()
        while any(consumer.position(place) < ends[place] for place in places):
            for found in consumer.poll(timeout_ms=500, max_records=5000).values():
                yield from found
    finally:
        consumer.close()
