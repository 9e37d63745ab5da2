"""A raw touchpoint read: at once where it is plain, by the model where it is not, or why there is none."""

import re
from datetime import datetime
from typing import Final

import msgspec
from pydantic import ValidationError

from schemas.rejection import Rejection
from schemas.touchpoint import MAX_TOUCHPOINT_BYTES, WITHOUT_CUSTOMER, Touchpoint, default_channel
from streams.raw import RawTouchpoint, decode

# Deeper than this the model's parser and ours may differ.
_MOST_BRACKETS: Final = 100
_MOST_KNOWN: Final = 10_000
_NAME: Final = "[a-z][a-z0-9_]*"
_TEAM: Final = re.compile(rf"(?=.{{1,32}}\Z){_NAME}")
_TYPE: Final = re.compile(rf"(?=.{{1,64}}\Z){_NAME}(\.{_NAME})+")
_TWO: Final = "[0-9]{2}"
_INSTANT: Final = re.compile(rf"[0-9]{{4}}-{_TWO}-{_TWO}T{_TWO}:{_TWO}:{_TWO}(\.[0-9]{{1,6}})?(Z|[+-]{_TWO}:{_TWO})")
_DIGITS: Final = bytes.maketrans(b"0123456789", b"0000000000")
_types: Final[set[str]] = set()
_teams: Final[set[str]] = set()
_instants: Final[set[bytes]] = set()


def read(value: bytes) -> tuple[RawTouchpoint, datetime] | Rejection:
    """A raw value's touchpoint with its channel, and when it occurred; or why there is none."""
    try:
        if len(value) <= MAX_TOUCHPOINT_BYTES and value.count(b"{") + value.count(b"[") < _MOST_BRACKETS:
            raw = decode(value)
            if _is_plain(raw):
                if raw.channel is None:
                    raw.channel = default_channel(raw.type)
                return raw, datetime.fromisoformat(raw.occurred_at)
    except (msgspec.MsgspecError, ValueError):
        pass
    parsed = parse(value)
    if isinstance(parsed, Rejection):
        return parsed
    return decode(parsed.model_dump_json(exclude_none=True)), parsed.occurred_at


def _is_plain(raw: RawTouchpoint) -> bool:
    """Whether nothing is in it of which only the model can say what it is worth."""
    who = raw.customer
    if raw.value is not None or raw.cost is not None or not _is_instant(raw.occurred_at):
        return False
    if not (_is_known(raw.type, _types, _TYPE) and _is_known(raw.team, _teams, _TEAM)):
        return False
    if who is None:
        return raw.type in WITHOUT_CUSTOMER
    return bool(who.email or who.anonymous_id or who.crm_id or who.customer_id or who.phone)


def _is_known(name: str, known: set[str], pattern: re.Pattern[str]) -> bool:
    """Whether a name is as it must be: there are few, and each is looked at once."""
    if name in known:
        return True
    if pattern.fullmatch(name) is None:
        return False
    if len(known) < _MOST_KNOWN:
        known.add(name)
    return True


def _is_instant(text: str) -> bool:
    """Whether an instant is written as RFC 3339 says, whatever its digits are."""
    form = text.encode().translate(_DIGITS)
    if form in _instants:
        return True
    if _INSTANT.fullmatch(text) is None:
        return False
    _instants.add(form)
    return True


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
