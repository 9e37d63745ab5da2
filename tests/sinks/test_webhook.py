"""The webhook channel against a real HTTP receiver."""

import asyncio
import json
import socket
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier

from sinks.alert import decode_alert
from sinks.channels.address import refusal
from sinks.channels.outcome import Delivered, Failed, Gone, Outcome
from sinks.channels.webhook import Webhook
from tests.sinks import examples
from tests.sinks.receiver import Receiver, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ALERT = decode_alert(examples.alert().model_dump_json().encode())


def deliver(url: str, *, allow_private: bool = True) -> Outcome:
    async def once() -> Outcome:
        webhook = Webhook(url, SECRET, allow_private=allow_private)
        try:
            return await webhook.deliver(ALERT)
        finally:
            await webhook.aclose()

    return asyncio.run(once())


@pytest.fixture
def receiver():
    with receiving() as started:
        yield started


def test_a_receiver_can_verify_who_sent_it(receiver: Receiver):
    assert deliver(receiver.url) == Delivered()
    (request,) = receiver.requests
    body = Verifier(SECRET).verify(request.body, request.headers)
    assert request.headers["webhook-id"] == ALERT.id
    assert body["type"] == "prospect.stalled"
    assert datetime.fromisoformat(body["timestamp"]) == ALERT.at
    assert body["data"]["customer_id"] == ALERT.customer_id
    assert body["data"]["fact"]["stage"] == "intent"


def test_the_signature_is_the_one_of_the_published_vector():
    moment = datetime.fromtimestamp(1614265330, UTC)
    signed = Verifier(SECRET).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_gone_is_gone(receiver: Receiver):
    receiver.answer = lambda request: (410, {})
    assert deliver(receiver.url) == Gone()


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_every_other_refusal_is_a_failure_to_be_tried_again(receiver: Receiver, status: int):
    receiver.answer = lambda request: (status, {"retry-after": "17"})
    assert deliver(receiver.url) == Failed(f"HTTP {status}", 17.0)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int):
    receiver.answer = lambda request: (status, {"location": receiver.url + "/elsewhere"})
    assert deliver(receiver.url) == Failed(f"HTTP {status}")
    assert [request.path for request in receiver.requests] == ["/hook"]


def test_a_receiver_that_is_not_there_is_a_failure(free_ports):
    outcome = deliver(f"http://127.0.0.1:{free_ports(1)[0]}/")
    assert isinstance(outcome, Failed)


def test_a_receiver_that_never_answers_is_given_up_after_a_while(monkeypatch):
    monkeypatch.setattr("sinks.channels.webhook._SECONDS_IN_ALL", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        outcome = deliver(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert isinstance(outcome, Failed)
    assert "no answer" in outcome.reason


def test_one_connection_carries_alerts_as_long_as_the_answers_are_short(receiver: Receiver):
    receiver.answer = lambda request: (200, {})
    receiver.body = b"{}"
    assert connections_of_two(receiver) == 1
    receiver.body = b"x" * 200_000
    assert connections_of_two(receiver) == 2


def connections_of_two(receiver: Receiver) -> int:
    receiver.requests.clear()

    async def go() -> None:
        webhook = Webhook(receiver.url, SECRET, allow_private=True)
        assert [await webhook.deliver(ALERT) for _ in range(2)] == [Delivered(), Delivered()]
        await webhook.aclose()

    asyncio.run(go())
    return len({request.connection for request in receiver.requests})


def test_an_answer_that_never_ends_is_taken_by_its_status(receiver: Receiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sinks.channels.webhook._SECONDS_IN_ALL", 3.0)
    receiver.answer = lambda request: (200, {"content-length": "1000"})
    assert deliver(receiver.url) == Delivered()


def test_a_private_address_is_never_reached_unless_allowed(receiver: Receiver):
    by_name = receiver.url.replace("127.0.0.1", "localhost")
    for url in (receiver.url, by_name):
        outcome = deliver(url, allow_private=False)
        assert isinstance(outcome, Failed)
        assert "AddressRefused" in outcome.reason
    assert receiver.requests == []


def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", receiver.url)
    monkeypatch.setenv("ALL_PROXY", receiver.url)
    outcome = deliver("http://unknown.invalid/hook")
    assert isinstance(outcome, Failed)
    assert receiver.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.1",
        "2002:7f00:0001::", "64:ff9b::10.0.0.1", "0.0.0.0", "169.254.169.254", "fe80::1%eth0", "224.0.0.1", "240.0.0.1",
    ],
)  # fmt: skip
def test_an_address_inside_is_refused(address: str):
    assert refusal(address, allow_private=False)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0", "224.0.0.1"])
def test_metadata_services_are_refused_even_where_private_addresses_are_allowed(address: str):
    assert refusal(address, allow_private=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_an_address_of_the_internet_is_reached(address: str):
    assert refusal(address, allow_private=False) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fd00::1"])
def test_a_private_address_is_reached_where_allowed(address: str):
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize(
    ("url", "secret"), [("ftp://x/", SECRET), ("nonsense", SECRET), ("http://x/", ""), ("http://x/", "whsec_")]
)
def test_a_url_or_a_secret_that_cannot_be_used_is_refused_at_the_start(url: str, secret: str):
    with pytest.raises(ValueError, match="THROUGHLINE_WEBHOOK"):
        Webhook(url, secret)


def test_the_body_is_json_with_the_three_fields_of_standard_webhooks(receiver: Receiver):
    deliver(receiver.url)
    assert list(json.loads(receiver.requests[0].body)) == ["type", "timestamp", "data"]
