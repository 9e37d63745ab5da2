"""Merges, un-merges and rebuilds end in the same journeys and facts, in any order and whatever comes between."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journey.fact import Correction, TooLate
from journey.packed import pack_head
from journey.touch import Touch
from streams.control import decode_control, output_of
from streams.placement import partition_of
from streams.stored import VERSION
from tests.journey.journeys import touches
from tests.journey.telling import DAY, HOUR, MINUTE, START, Story, touch
from tests.journey.test_agreement import STRICTER
from tests.streams.cluster import VOIDED, Cluster, is_forwarded

NOW = START + 200 * DAY
IDS = ["a", "b", "c", "d"]


def expected(cluster: Cluster, customer_id: str) -> Story:
    """The customer as if all its touchpoints had come in order."""
    own = [derived for derived in IDS if cluster.customers.get(derived, derived) == customer_id]
    story = Story(customer=customer_id, rules=cluster.rules)
    for one in sorted(cluster.history(own, customer_id), key=lambda one: one.key):
        story.arrive([one])
    story.arrive([], NOW)
    return story


def check(cluster: Cluster) -> None:
    for customer_id in IDS:
        belongs = cluster.customers.get(customer_id, customer_id)
        story, live = expected(cluster, customer_id), cluster.journey(customer_id)
        assert live is None or (live.redirect, live.released) == ("" if belongs == customer_id else belongs, {})
        wanted = {
            fact.id: json.loads(_plain(fact)) for fact in story.current() if not isinstance(fact, Correction | TooLate)
        }
        found = {key: json.loads(content) for key, content in cluster.facts(customer_id).items()}
        assert found == wanted
        if story.journey.head.seen:
            assert live is not None
            assert pack_head(live.head) == pack_head(story.journey.head)
            assert (live.too_late, live.rebuild) == (0, 0)


def _plain(fact: object) -> bytes:
    import msgspec

    built = msgspec.to_builtins(fact)
    assert built["fact"] in VOIDED
    return msgspec.json.encode({name: built[name] for name in sorted(built) if name not in ("version", "recorded_at")})


def merged(first: list[Touch], second: list[Touch]) -> Cluster:
    cluster = Cluster()
    for derived, told in (("a", first), ("b", second)):
        for one in told:
            cluster.emit(derived, one)
    cluster.settle(NOW)
    cluster.decide({"b": "a"}, START)
    cluster.settle(NOW)
    return cluster


def test_an_anonymous_visitor_becomes_the_customer_without_a_look_into_history() -> None:
    cluster = Cluster()
    cluster.emit("b", touch("w1", START, "page.viewed"))
    cluster.emit("a", touch("w2", START + HOUR, "form.submitted"))
    cluster.decide({"b": "a"}, START + HOUR)
    cluster.settle(START + 2 * HOUR)
    found = cluster.journey("a")
    assert found is not None
    assert (found.head.seen, found.members, found.rebuilt) == (2, {"b": 1}, 0)
    assert [fact for fact in cluster.said.values() if fact["customer_id"] == "b" and fact["fact"] in VOIDED] == []


def test_a_touchpoint_by_an_old_identity_is_passed_on() -> None:
    cluster = merged([touch("t1", START, "page.viewed")], [touch("t2", START, "ad.clicked")])
    cluster.emit("b", touch("t3", START + HOUR, "form.submitted"), fresh=False)
    cluster.settle(NOW)
    assert sum(is_forwarded(record) for log in cluster.logs for record in log) == 1
    check(cluster)


def test_a_merge_names_the_customer_that_it_leads_to_now() -> None:
    cluster = merged([touch("t1", START, "page.viewed")], [touch("t2", START, "ad.clicked")])
    cluster.decide({"a": "c", "b": "c"}, START)
    cluster.settle(NOW)
    merges = {fact["customer_id"]: fact["into"] for fact in cluster.said.values() if fact["fact"] == "merge"}
    assert merges == {"a": "c", "b": "c"}
    check(cluster)


def test_months_of_history_move_by_a_rebuild() -> None:
    told = [touch(f"a{n}", START + n * 9 * DAY, "email.clicked") for n in range(8)]
    other = [touch(f"b{n}", START + n * 7 * DAY, "call.logged", "sales", "outbound") for n in range(9)]
    cluster = merged(told, other)
    check(cluster)
    found = cluster.journey("a")
    assert found is not None
    assert found.rebuilt == 1


def test_nobody_is_told_of_the_past_when_a_journey_is_rebuilt() -> None:
    cluster = Cluster()
    cluster.emit("a", touch("new", START + 60 * DAY, "form.submitted"))
    cluster.settle(START + 60 * DAY)
    before = len(cluster.alerts)
    for number in range(20):
        cluster.emit("a", touch(f"old{number}", START + number * DAY, "quote.sent", "sales", "outbound"))
    cluster.settle(START + 60 * DAY)
    assert cluster.alerts[before:] == []
    found = cluster.journey("a")
    assert found is not None
    assert (found.head.seen, found.too_late) == (21, 0)


def test_what_arrived_and_was_folded_away_while_a_history_was_read_is_not_lost() -> None:
    cluster = Cluster()
    for number, day in enumerate((60, 1)):
        cluster.emit("a", touch(f"t{number}", START + day * DAY, "page.viewed"))
    cluster.step(0, 10, NOW), cluster.step(1, 10, NOW), cluster.step(2, 10, NOW)
    cluster.look()
    for day in range(61, 140):
        cluster.emit("a", touch(f"m{day}", START + day * DAY, "page.viewed"))
        for partition in range(cluster.partitions):
            cluster.step(partition, 10, NOW)
    cluster.answer()
    cluster.settle(NOW)
    check(cluster)
    found = cluster.journey("a")
    assert found is not None
    assert (found.head.seen, found.rebuilt) == (81, 1)


def test_what_is_kept_for_a_rebuild_that_nobody_does_has_a_bound() -> None:
    cluster = Cluster()
    for number in range(1500):
        cluster.emit("a", touch(f"t{number}", START + (100 * DAY if number == 0 else number * MINUTE), "page.viewed"))
    for _ in range(16):
        for partition in range(cluster.partitions):
            cluster.step(partition, 100, NOW)
        if not cluster.looked and cluster.pending:
            cluster.look()
            cluster.looked[0] = cluster.looked[0]._replace(upto=100, touches=cluster.looked[0].touches[:100])
    found = cluster.journey("a")
    assert found is not None
    assert found.meanwhile is not None
    assert 0 < len(found.meanwhile.offsets) <= 600
    assert found.rebuild > 600
    cluster.settle(NOW)
    check(cluster)


def test_who_was_let_go_is_forgotten_when_its_own_partition_knows_and_what_others_bring_later_goes_there() -> None:
    cluster = Cluster(partitions=7)
    cluster.emit("b", touch("t", START, "page.viewed"))
    cluster.settle(NOW)
    cluster.decide({"b": "c"}, START)
    cluster.settle(NOW)
    cluster.decide({"b": "a", "c": "a"}, START)
    cluster.decide({"c": "a"}, START)
    a, b, c = (partition_of(customer, cluster.partitions) for customer in "abc")
    assert len({a, b, c}) == 3
    cluster.step(a, 10, NOW)
    before = cluster.journey("a")
    assert before is not None
    assert (before.released, before.forgotten) == ({"b": 3}, 0)
    cluster.step(b, 10, NOW), cluster.step(a, 10, NOW)
    after = cluster.journey("a")
    assert after is not None
    assert (after.members, after.released, after.forgotten) == ({}, {}, 3)
    cluster.step(c, 10, NOW), cluster.step(a, 10, NOW)
    late = cluster.journey("a")
    assert late is not None
    assert late.members == {"c": 2}
    cluster.settle(NOW)
    check(cluster)


def test_a_journey_rebuilt_by_another_release_is_asked_for_again() -> None:
    cluster = Cluster()
    for day in (60, 1):
        cluster.emit("a", touch(f"t{day}", START + day * DAY, "page.viewed"))
        for partition in range(cluster.partitions):
            cluster.step(partition, 10, NOW)
    cluster.rebuild()
    answer = cluster.logs[partition_of("a", cluster.partitions)][-1]
    assert answer.value is not None
    control = decode_control(answer.value)
    control.journey = bytes([VERSION - 1]) + control.journey[1:]
    answer.value = output_of(control)[1]
    cluster.settle(NOW)
    found = cluster.journey("a")
    assert found is not None
    assert (found.rebuilt, found.head.seen) == (1, 2)


def test_a_customer_whose_late_touchpoints_never_pause_is_rebuilt_all_the_same() -> None:
    cluster = Cluster()
    cluster.emit("a", touch("new", START + 100 * DAY, "page.viewed"))
    for number in range(60):
        cluster.emit("a", touch(f"late{number}", START + number * DAY, "page.viewed"))
        for partition in range(cluster.partitions):
            cluster.step(partition, 10, NOW)
        if cluster.looked:
            cluster.answer()
        if cluster.pending:
            cluster.look()
    found = cluster.journey("a")
    assert found is not None
    assert found.rebuilt > 20
    assert found.head.seen > 50
    cluster.settle(NOW)
    check(cluster)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_touchpoints_merges_and_unmerges_in_any_interleaving_end_as_in_order(data: st.DataObject) -> None:
    cluster = Cluster()
    told = data.draw(touches(most=30, days=data.draw(st.sampled_from([5, 40]))))
    owners = data.draw(st.lists(st.sampled_from(IDS), min_size=len(told), max_size=len(told)))
    shuffled = data.draw(st.permutations(list(zip(owners, told, strict=True))))
    decisions = data.draw(st.lists(st.sampled_from(MAPPINGS), max_size=5))
    events: list[tuple[str, Any]] = [
        *(("emit", pair) for pair in shuffled),
        *(("decide", mapping) for mapping in decisions),
        *(("adopt", START + day * DAY) for day in data.draw(st.lists(st.integers(0, 40), max_size=1))),
    ]
    now = START
    for kind, what in data.draw(st.permutations(events)):
        if kind == "decide":
            cluster.decide(what, now)
        elif kind == "adopt":
            cluster.adopt(STRICTER, what)
        else:
            cluster.emit(what[0], what[1], fresh=data.draw(st.booleans()))
        for _ in range(data.draw(st.integers(0, 3))):
            cluster.step(data.draw(st.integers(0, 2)), data.draw(st.integers(1, 5)), NOW)
        if cluster.pending and data.draw(st.booleans()):
            cluster.look(data.draw(st.integers(0, len(cluster.pending) - 1)))
        if cluster.looked and data.draw(st.booleans()):
            cluster.answer(data.draw(st.integers(0, len(cluster.looked) - 1)), data.draw(st.booleans()))
    cluster.settle(NOW, data.draw(st.integers(1, 10)))
    check(cluster)


MAPPINGS: list[dict[str, str]] = [
    {}, {"b": "a"}, {"b": "a", "c": "a"}, {"a": "b", "c": "b"}, {"c": "d"}, {"b": "a", "d": "c"},
    {"a": "d", "b": "d", "c": "d"}, {"a": "c", "b": "d"}, {"a": "b"},
]  # fmt: skip
