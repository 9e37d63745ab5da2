"""A raw touchpoint as intake reads it: at once where it is plain, by the model where it is not, or why it is none."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import ValidationError

from schemas.rejection import Rejection
from schemas.touchpoint import MAX_TOUCHPOINT_BYTES, WITHOUT_CUSTOMER, Channel, Direction, Touchpoint, default_channel

# Deeper than this the model's parser and ours may differ.
_MOST_BRACKETS = 100
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
_NAME = r"[a-z][a-z0-9_]*"
_TWO = "[0-9]{2}"
_INSTANT = rf"\A[0-9]{{4}}-{_TWO}-{_TWO}T{_TWO}:{_TWO}:{_TWO}(\.[0-9]{{1,6}})?(Z|[+-]{_TWO}:{_TWO})\Z"


class RawCustomer(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """As schemas.touchpoint.Customer."""

    customer_id: _Text | None = None
    crm_id: _Text | None = None
    email: _Text | None = None
    phone: _Text | None = None
    anonymous_id: _Text | None = None
    account: _Text | None = None


class RawMoney(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """As schemas.touchpoint.Money."""

    amount: str
    currency: str


class RawTouchpoint(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """As schemas.touchpoint.Touchpoint: what is one of these and `is_plain` is one of those, and means the same."""

    id: _Text
    source: _Text
    type: Annotated[str, msgspec.Meta(pattern=rf"\A{_NAME}(\.{_NAME})+\Z", max_length=64)]
    team: Annotated[str, msgspec.Meta(pattern=rf"\A{_NAME}\Z", max_length=32)]
    occurred_at: Annotated[str, msgspec.Meta(pattern=_INSTANT)]
    direction: Direction
    customer: RawCustomer | None = None
    channel: Channel | None = None
    actor: _Text | None = None
    subject: _Text | None = None
    campaign: _Text | None = None
    content: _Text | None = None
    value: RawMoney | None = None
    cost: RawMoney | None = None
    properties: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is in it of which only the model can say what it is worth."""
        who = self.customer
        return self.value is None and self.cost is None and (
            self.type in WITHOUT_CUSTOMER
            if who is None
            else bool(who.customer_id or who.crm_id or who.email or who.phone or who.anonymous_id)
        )  # fmt: skip


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(RawTouchpoint).decode


def read(value: bytes) -> tuple[RawTouchpoint, datetime] | Rejection:
    """A raw value's touchpoint with its channel, and when it occurred; or why there is none."""
    try:
        if len(value) <= MAX_TOUCHPOINT_BYTES and value.count(b"{") + value.count(b"[") < _MOST_BRACKETS:
            raw = _decode(value)
            if raw.is_plain:
                if raw.channel is None:
                    raw.channel = default_channel(raw.type)
                return raw, datetime.fromisoformat(raw.occurred_at)
    except (msgspec.MsgspecError, ValueError):
        pass
    parsed = parse(value)
    if isinstance(parsed, Rejection):
        return parsed
    return _decode(parsed.model_dump_json(exclude_none=True)), parsed.occurred_at


def parse(value: bytes) -> Touchpoint | Rejection:
    """The touchpoint in a raw value, or why there is none. Confluent's 5-byte framing before JSON is taken off."""
    if value[:1] == b"\x00":
        if value[5:6] not in (b"{", b"["):
            return Rejection("framing", "a schema-registry framing of Avro or Protobuf; send JSON")
        value = value[5:]
    if not value.strip():
        return Rejection("empty", "the value has no bytes; send a touchpoint as JSON")
    if len(value) > MAX_TOUCHPOINT_BYTES:
        detail = f"{len(value)} bytes; a touchpoint has at most {MAX_TOUCHPOINT_BYTES}: shorten properties"
        return Rejection("too_large", detail)
    try:
        return Touchpoint.model_validate_json(value)
    except ValidationError as error:
        return _why(error)


def _why(error: ValidationError) -> Rejection:
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return Rejection("not_json", f"{first['msg']}; send one JSON object in UTF-8")
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if not isinstance(first.get("input"), dict | list):
        message = f"{message}; it is {first['input']!r}"
    more = error.error_count() - 1
    return Rejection("not_a_touchpoint", message + (f" (and {more} more)" if more else ""), pointer)
