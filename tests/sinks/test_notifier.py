"""The notifier against a real broker and a real receiver: each alert is told once, and never forgotten."""

import asyncio
import signal
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from schemas import topic
from schemas.settings import Settings
from sinks.alert import Alert, decode_alert
from sinks.channels.journal import Delivery, Journal
from sinks.channels.lane import Lane, Switch
from sinks.channels.outcome import Delivered, Failed, Gone, Outcome
from sinks.channels.retry import Retry
from sinks.metrics import NotifierMetrics
from streams.placement import partition_of
from tests.process import eventually
from tests.sinks import examples
from tests.sinks.conftest import figure, health, keyed, produce, running
from tests.sinks.receiver import Receiver, Request, receiving

NOTIFIER = "sinks.notifier"
PORT = 5
PARTITIONS = 2
TOLD = "throughline_alerts_total"


@pytest.fixture
def receiver():
    with receiving() as started:
        yield started


@pytest.fixture
def here(settings: Settings, own_kafka: str, receiver: Receiver) -> Settings:
    """Settings of a notifier that delivers to the receiver."""
    return settings.model_copy(update={"kafka": own_kafka, "webhook_url": receiver.url, "webhook_allow_private": True})


def settled(settings: Settings) -> bool:
    said = health(settings, PORT)
    return said.get("status") == "ok" and said.get("lag") == 0 and said.get("pending") == 0


def say(here: Settings, *alerts: object) -> None:
    produce(here.kafka, topic.ALERTS, [keyed(alert) for alert in alerts])


def test_an_alert_is_told_once_even_when_it_is_said_twice(here: Settings, receiver: Receiver):
    alert = examples.alert()
    with running(NOTIFIER, here) as notifier:
        say(here, alert)
        eventually(lambda: alert.id in receiver.ids())
        say(here, alert, last := examples.alert(customer_id=alert.customer_id))
        eventually(lambda: last.id in receiver.ids() and settled(here))
        assert notifier.stop() == 0
    with running(NOTIFIER, here):
        eventually(lambda: settled(here))
    assert receiver.ids().count(alert.id) == receiver.ids().count(last.id) == 1


def test_an_alert_of_the_past_is_counted_and_not_sent(here: Settings, receiver: Receiver):
    past = examples.alert(at=datetime.now(UTC) - timedelta(hours=25))
    recent = examples.alert(at=datetime.now(UTC) - timedelta(hours=23), customer_id=past.customer_id)
    with running(NOTIFIER, here):
        say(here, past, recent)
        eventually(lambda: recent.id in receiver.ids())
        assert past.id not in receiver.ids()
        assert figure(here, PORT, TOLD, channel="webhook", outcome="past") >= 1


def test_a_failure_is_tried_again_with_the_same_id_and_holds_nobody_up(here: Settings, receiver: Receiver):
    refused = examples.alert()

    def once(request: Request) -> tuple[int, dict[str, str]]:
        mine = request.headers["webhook-id"] == refused.id
        return (500 if mine and receiver.ids().count(refused.id) == 1 else 200), {}

    receiver.answer = once
    with running(NOTIFIER, here):
        eventually(lambda: settled(here))
        receiver.requests.clear()
        say(here, refused)
        eventually(lambda: refused.id in receiver.ids())
        say(here, other := examples.alert())
        eventually(lambda: other.id in receiver.ids(), 4)
        eventually(lambda: receiver.ids().count(refused.id) == 2, 12)
        eventually(lambda: settled(here))
        assert figure(here, PORT, TOLD, channel="webhook", outcome="failed") == 1


def test_what_waits_for_another_attempt_survives_a_kill(here: Settings, receiver: Receiver):
    refused = examples.alert()
    receiver.answer = lambda request: (503 if request.headers["webhook-id"] == refused.id else 200, {})
    with running(NOTIFIER, here) as notifier:
        say(here, refused)
        eventually(lambda: refused.id in receiver.ids())
        eventually(lambda: health(here, PORT).get("pending") == 1)
        notifier.stop(signal.SIGKILL)
    before = list(receiver.ids())
    receiver.answer = lambda request: (200, {})
    with running(NOTIFIER, here):
        eventually(lambda: receiver.ids().count(refused.id) == 2, 15)
        eventually(lambda: settled(here))
    assert receiver.ids()[len(before) :] == [refused.id]


def slowly(request: object) -> tuple[int, dict[str, str]]:
    time.sleep(0.1)
    return 200, {}


def test_a_kill_in_the_middle_repeats_at_most_one_delivery_of_each_partition(here: Settings, receiver: Receiver):
    receiver.answer = slowly
    alerts = [examples.alert() for _ in range(40)]
    with running(NOTIFIER, here) as notifier:
        say(here, *alerts)
        eventually(lambda: len({alert.id for alert in alerts} & set(receiver.ids())) >= 10)
        notifier.stop(signal.SIGKILL)
    with running(NOTIFIER, here):
        eventually(lambda: {alert.id for alert in alerts} <= set(receiver.ids()), 30)
        eventually(lambda: settled(here))
    repeats = [alert.id for alert in alerts if receiver.ids().count(alert.id) > 1]
    assert len(repeats) <= PARTITIONS


def test_partitions_are_told_at_once_and_each_customer_in_order(here: Settings, receiver: Receiver):
    at_once, most = [0], [0]

    def counting(request: object) -> tuple[int, dict[str, str]]:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.02)
        at_once[0] -= 1
        return 200, {}

    receiver.answer = counting
    customers = [str(uuid.UUID(int=number)) for number in range(8)]
    assert {partition_of(customer, PARTITIONS) for customer in customers} == {0, 1}
    alerts = [examples.alert(customer_id=customer) for _ in range(6) for customer in customers]
    with running(NOTIFIER, here):
        say(here, *alerts)
        eventually(lambda: {alert.id for alert in alerts} <= set(receiver.ids()), 30)
    told = {id: place for place, id in enumerate(receiver.ids())}
    for customer in customers:
        places = [told[alert.id] for alert in alerts if alert.customer_id == customer]
        assert places == sorted(places)
    assert most[0] == PARTITIONS


def test_a_second_notifier_takes_over_without_telling_anything_twice(
    here: Settings, receiver: Receiver, tmp_path: Path, free_ports: Callable[[int], list[int]]
):
    receiver.answer = slowly
    (tmp_path / "second").mkdir()
    changes = {"worker_id": "second", "port_base": free_ports(1)[0] - PORT, "data": tmp_path / "second"}
    second = here.model_copy(update=changes)
    alerts = [examples.alert() for _ in range(120)]
    mine = {alert.id for alert in alerts}
    with running(NOTIFIER, here):
        say(here, *alerts)
        eventually(lambda: mine & set(receiver.ids()))
        with running(NOTIFIER, second):
            eventually(lambda: health(second, PORT).get("partitions") == 1 and mine - set(receiver.ids()), 20)
            eventually(lambda: mine <= set(receiver.ids()), 30)
            eventually(lambda: settled(here) and settled(second))
    assert sorted(id for id in receiver.ids() if id in mine) == sorted(mine)


def test_410_switches_the_channel_off_for_good(here: Settings, receiver: Receiver):
    receiver.answer = lambda request: (410, {})
    with running(NOTIFIER, here) as notifier:
        say(here, gone := examples.alert(), examples.alert(customer_id=gone.customer_id))
        eventually(lambda: figure(here, PORT, TOLD, channel="webhook", outcome="disabled") >= 2)
        say(here, *[examples.alert() for _ in range(6)])
        eventually(lambda: figure(here, PORT, TOLD, channel="webhook", outcome="disabled") >= 8)
        eventually(lambda: settled(here))
        notifier.stop(signal.SIGKILL)
    sent = len(receiver.requests)
    assert sent == 1
    receiver.answer = lambda request: (200, {})
    with running(NOTIFIER, here):
        eventually(lambda: settled(here))
        say(here, *[examples.alert() for _ in range(6)])
        eventually(lambda: figure(here, PORT, TOLD, channel="webhook", outcome="disabled") >= 6)
    assert len(receiver.requests) == sent
    elsewhere = here.model_copy(update={"webhook_url": receiver.url + "/new"})
    with running(NOTIFIER, elsewhere):
        say(here, later := examples.alert())
        eventually(lambda: later.id in receiver.ids())


def test_without_a_webhook_alerts_are_counted_and_passed(here: Settings, receiver: Receiver):
    with running(NOTIFIER, here.model_copy(update={"webhook_url": "", "webhook_secret": SecretStr("")})):
        say(here, examples.alert(), examples.alert())
        eventually(lambda: figure(here, PORT, TOLD, channel="none", outcome="unrouted") >= 2)
    assert receiver.requests == []


def test_a_record_that_is_no_alert_is_counted_and_passed(here: Settings, receiver: Receiver):
    with running(NOTIFIER, here):
        key = uuid.uuid4().hex.encode()
        produce(here.kafka, topic.ALERTS, [{"key": key, "value": b"{"}, {"key": key, "value": None}])
        produce(here.kafka, topic.ALERTS, [keyed(after := examples.alert())])
        eventually(lambda: after.id in receiver.ids())
        eventually(lambda: figure(here, PORT, TOLD, channel="none", outcome="unreadable") >= 2)


def test_a_secret_that_cannot_be_used_ends_the_process_with_a_reason(here: Settings):
    with running(NOTIFIER, here.model_copy(update={"webhook_secret": SecretStr("")})) as notifier:
        assert notifier.process is not None
        assert notifier.process.wait(20) == 2
        assert "THROUGHLINE_WEBHOOK_SECRET" in notifier.said()


class ScriptedChannel:
    """A channel that gives the outcomes it was told to, then confirms everything."""

    target = "script"

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.name = f"script-{uuid.uuid4().hex[:8]}"
        self.outcomes = list(outcomes)
        self.told: list[str] = []

    async def deliver(self, alert: Alert) -> Outcome:
        self.told.append(alert.id)
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def through_a_lane(
    bootstrap: str, channel: ScriptedChannel, schedule: tuple[float, ...], alerts: int
) -> dict[str, Delivery]:
    """Offer alerts to a lane until nothing is pending; what the journal knows of the channel afterwards."""

    async def go() -> dict[str, Delivery]:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
            journal = Journal(bootstrap, producer)
            lane = Lane(Switch(channel), 1, journal, NotifierMetrics(), Retry(schedule=schedule, jitter=0))
            running = asyncio.create_task(lane.run())
            for _ in range(alerts):
                raw = examples.alert().model_dump_json().encode()
                await lane.offer(decode_alert(raw), raw)
            async with asyncio.timeout(20):
                while lane.pending:
                    await asyncio.sleep(0.02)
            await lane.stop()
            running.cancel()
            known = await journal.read([0, 1])
            return {key: delivery for key, delivery in known.items() if delivery.channel == channel.name}

    return asyncio.run(go())


def test_when_the_schedule_is_used_up_it_gives_up_and_remembers(own_kafka: str):
    channel = ScriptedChannel(Failed("no"), Failed("no"), Failed("no"))
    known = through_a_lane(own_kafka, channel, (0.05, 0.1), 1)
    assert len(channel.told) == 3
    assert [(delivery.state, delivery.failures) for delivery in known.values()] == [("gave_up", 2)]


def test_a_channel_that_raises_counts_as_failed(own_kafka: str):
    channel = ScriptedChannel(RuntimeError("broken"))
    known = through_a_lane(own_kafka, channel, (0.05,), 1)
    assert [delivery.state for delivery in known.values()] == ["delivered"]


def test_an_answer_of_gone_settles_what_waits_behind_it(own_kafka: str):
    channel = ScriptedChannel(Gone())
    known = through_a_lane(own_kafka, channel, (0.05,), 3)
    assert len(channel.told) == 1
    assert {delivery.state for delivery in known.values()} <= {"disabled", "channel_disabled"}
