"""The gateway when Kafka is away: it never says yes to what is not written."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from deploy.kafka.broker import Broker
from deploy.kafka.topics import create_topics
from tests.gateway.conftest import OwnBroker, running_gateway
from tests.gateway.test_server import Make, post
from tests.process import answers, eventually


def test_a_paused_broker_gives_503_and_then_works_again(
    own_broker: OwnBroker, free_ports: Callable[[int], list[int]], tmp_path: Path, touchpoint: Make
) -> None:
    with running_gateway(own_broker.bootstrap, free_ports(1)[0], tmp_path / "gateway.log") as (url, _):
        eventually(lambda: answers(f"{url}/readyz", 200))
        assert post(url, touchpoint()).status_code == 200
        own_broker.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        paused = post(url, touchpoint(id="m-2"))
        assert (paused.status_code, paused.headers["retry-after"]) == (503, "2")
        assert 3 < time.monotonic() - started < 6
        time.sleep(0.5)
        started = time.monotonic()
        assert post(url, touchpoint(id="m-3")).status_code == 503
        assert time.monotonic() - started < 1, "while Kafka is known to be away the answer is quick"
        assert answers(f"{url}/readyz", 503)
        assert answers(f"{url}/healthz", 200)
        assert "in_flight_bytes 0.0\n" not in httpx.get(f"{url}/metrics").text, "what Kafka may still write holds room"
        own_broker.process.send_signal(signal.SIGCONT)
        eventually(lambda: post(url, touchpoint(id="m-2")).status_code == 200)
        eventually(lambda: "in_flight_bytes 0.0\n" in httpx.get(f"{url}/metrics").text)


def test_a_killed_broker_gives_503_until_it_is_back(
    own_broker: OwnBroker, free_ports: Callable[[int], list[int]], tmp_path: Path, touchpoint: Make
) -> None:
    with running_gateway(own_broker.bootstrap, free_ports(1)[0], tmp_path / "gateway.log") as (url, _):
        eventually(lambda: answers(f"{url}/readyz", 200))
        assert post(url, [touchpoint(id=str(number)) for number in range(100)]).status_code == 200
        own_broker.kill()
        assert post(url, touchpoint(id="m-2")).status_code == 503
        own_broker.start()
        eventually(lambda: post(url, touchpoint(id="m-2")).status_code == 200)


def test_the_gateway_waits_for_a_broker_that_is_not_there_yet(
    free_ports: Callable[[int], list[int]], tmp_path: Path, touchpoint: Make
) -> None:
    broker = Broker(tmp_path / "kafka", *free_ports(2))
    broker.prepare()
    with running_gateway(broker.bootstrap, free_ports(1)[0], tmp_path / "gateway.log") as (url, _):
        eventually(lambda: answers(f"{url}/healthz", 200))
        assert answers(f"{url}/readyz", 503)
        assert post(url, touchpoint()).status_code == 503
        running = OwnBroker(broker)
        try:
            create_topics(running.bootstrap, partitions=4)
            eventually(lambda: answers(f"{url}/readyz", 200))
            assert post(url, touchpoint()).status_code == 200
        finally:
            running.kill()
