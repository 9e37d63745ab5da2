"""A touchpoint as a record of a raw topic: which topic, which key, which bytes. Never talks to Kafka."""

from typing import NamedTuple

from pydantic import ValidationError

from gateway.problem import problems_of
from journey.identity import identifiers_of
from schemas.rejection import Rejection
from schemas.topic import RAW_MARKETING, RAW_SALES
from schemas.touchpoint import MAX_TOUCHPOINT_BYTES, Customer, Touchpoint

IDENTIFIERS = ("customer_id", "crm_id", "email", "phone", "anonymous_id")


class Record(NamedTuple):
    """What goes to Kafka, with the identity (`source`, `id`) that answers and metrics name."""

    topic: str
    key: bytes | None
    value: bytes
    source: str
    id: str
    team: str


def topic_of(team: str) -> str:
    """The raw topic of a team: sales has its own, every other team shares marketing's."""
    return RAW_SALES if team == "sales" else RAW_MARKETING


def key_of(customer: Customer | None, region: str) -> bytes | Rejection | None:
    """The strongest usable identifier, normalised, as the record's key; None for a touchpoint without a customer."""
    if customer is None:
        return None
    usable = identifiers_of(customer, region)
    if usable:
        return usable[0].value.encode()
    given = next(kind for kind in IDENTIFIERS if getattr(customer, kind))
    detail = f"customer.{given}: no identifier can be used; correct it or add another one"
    return Rejection("identifier", detail, f"/customer/{given}")


def record_of(touchpoint: Touchpoint, value: bytes, region: str) -> Record | Rejection:
    """The record of a valid touchpoint whose JSON is `value`."""
    if len(value) > MAX_TOUCHPOINT_BYTES:
        return too_large(len(value))
    key = key_of(touchpoint.customer, region)
    if isinstance(key, Rejection):
        return key
    return Record(topic_of(touchpoint.team), key, value, touchpoint.source, touchpoint.id, touchpoint.team)


def record_of_json(value: bytes, region: str) -> Record | Rejection:
    """Validate one JSON document and keep its bytes as they came."""
    if len(value) > MAX_TOUCHPOINT_BYTES:
        return too_large(len(value))
    try:
        touchpoint = Touchpoint.model_validate_json(value)
    except ValidationError as error:
        problem = problems_of(error)[0]
        broken = error.errors(include_url=False)[0]["type"] == "json_invalid"
        return Rejection("not_json" if broken else "not_a_touchpoint", str(problem), problem.pointer)
    return record_of(touchpoint, value, region)


def too_large(size: int) -> Rejection:
    """The rejection of a document of `size` bytes."""
    limit = MAX_TOUCHPOINT_BYTES
    return Rejection("too_large", f"touchpoint: {size} bytes, {limit} at most; move bulk out of properties")
