"""The Python emitter, in front of a real broker."""

import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from gateway.emitter import DeliveryError, Emitter, InvalidTouchpointError
from schemas.touchpoint import Customer, Touchpoint
from tests.gateway.conftest import OwnBroker
from tests.gateway.test_server import Make, RawRecords


def test_leaving_the_block_means_that_kafka_has_everything(
    product_topics: str, touchpoint: Make, raw_records: RawRecords
) -> None:
    with Emitter(product_topics) as emitter:
        for number in range(5000):
            emitter.emit(touchpoint(id=f"e-{number}", team="sales" if number % 2 else "marketing"))
    written = raw_records()
    assert {topic: len(records) for topic, records in written.items()} == {
        "touchpoints.marketing": 2500,
        "touchpoints.sales": 2500,
    }
    key, value = written["touchpoints.sales"][0]
    assert key == b"jo@acme.example"
    assert Touchpoint.model_validate_json(value).channel == "email"


def test_a_touchpoint_model_is_emitted_as_it_is(product_topics: str, raw_records: RawRecords) -> None:
    given = Touchpoint.model_validate(
        {
            "id": "s-1",
            "source": "ads",
            "type": "spend.recorded",
            "team": "marketing",
            "occurred_at": datetime(2026, 3, 1, tzinfo=UTC),
            "direction": "internal",
            "cost": {"amount": "1200.50", "currency": "EUR"},
        }
    )
    with Emitter(product_topics) as emitter:
        emitter.emit(given)
    ((key, value),) = raw_records()["touchpoints.marketing"]
    assert key is None, "spend has no customer, so any partition will do"
    assert Touchpoint.model_validate_json(value) == given
    assert json.loads(value)["cost"]["amount"] == "1200.50"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"occurred_at": "2026-03-01T09:00:00"}, 'occurred_at: Input should have timezone info (got "2026-03-01T09'),
        ({"type": "Opened"}, "use lower-case words joined by dots"),
        ({"colour": "red"}, 'colour: Extra inputs are not permitted (got "red"); remove it, or move it under'),
        ({"customer": {"account": "acme"}}, "name at least one of customer_id, crm_id, email"),
        ({"customer": {"phone": "12"}}, "customer.phone: no identifier can be used; correct it or add another one"),
        ({"properties": {"text": "x" * 33_000}}, "32768 at most; move bulk out of properties"),
    ],
)
def test_what_is_no_touchpoint_is_refused_at_once_with_field_value_and_remedy(
    product_topics: str, touchpoint: Make, raw_records: RawRecords, changes: dict[str, object], message: str
) -> None:
    with Emitter(product_topics) as emitter:
        with pytest.raises(InvalidTouchpointError) as raised:
            emitter.emit(touchpoint(**changes))
        assert message in str(raised.value)
    assert sum(map(len, raw_records().values())) == 0


def test_a_broker_that_is_not_there_is_named_with_the_remedy(free_ports: Callable[[int], list[int]]) -> None:
    (port,) = free_ports(1)
    with pytest.raises(DeliveryError, match=f"Kafka at 127.0.0.1:{port} cannot be reached.*throughline status"):
        Emitter(f"127.0.0.1:{port}", timeout_seconds=1)


def test_what_kafka_does_not_confirm_is_raised_at_flush_with_its_ids(own_broker: OwnBroker, touchpoint: Make) -> None:
    emitter = Emitter(own_broker.bootstrap, timeout_seconds=10)
    emitter.emit(touchpoint(id="written"))
    emitter.flush()
    own_broker.process.send_signal(signal.SIGSTOP)
    emitter.emit(touchpoint(id="lost-1"))
    emitter.emit(touchpoint(id="lost-2"))
    with pytest.raises(DeliveryError) as raised:
        emitter.flush(timeout=2)
    assert raised.value.ids == [("mailer", "lost-1"), ("mailer", "lost-2")]
    own_broker.process.send_signal(signal.SIGCONT)
    emitter.emit(touchpoint(id="lost-1"))
    emitter.close()


def test_an_exception_in_the_block_is_not_hidden(product_topics: str, touchpoint: Make) -> None:
    with pytest.raises(ZeroDivisionError), Emitter(product_topics) as emitter:
        emitter.emit(touchpoint())
        raise ZeroDivisionError


def test_a_customer_given_as_a_model_keeps_its_strongest_identifier_as_key(
    product_topics: str, touchpoint: Make, raw_records: RawRecords
) -> None:
    person = Customer.model_validate({"anonymous_id": "b-1", "phone": "(212) 555-0100"})
    with Emitter(product_topics) as emitter:
        emitter.emit(touchpoint(customer=person))
    assert [key for key, _ in raw_records()["touchpoints.marketing"]] == [b"+12125550100"]
