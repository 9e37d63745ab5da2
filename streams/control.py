"""Control records on journey.touchpoints: what else than touchpoints moves a customer's journey, in the same order.

A record with the header `throughline-control` is one of these as JSON (the header's value is its kind); or, of kind
`forwarded`, a touchpoint that another customer's partition passed on; or, of kind `account`, a touchpoint as it matters
to an account: `customer_id` is the account's then, `derived_id` the person's. Nothing but the log moves a journey: so a
journey folded anew from the log ends the same.
"""

from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from journey.fact import AnyFact
from journey.touch import Touch
from schemas.control import HEADER

FORWARDED = b"forwarded"
ACCOUNT = b"account"


class Control(msgspec.Struct, tag_field="control", kw_only=True, gc=False):
    """What every control record carries: the customer that is the record's key."""

    customer_id: str


class Assign(Control, tag="assign"):
    """The derived id `customer_id` belongs to the customer `to` from now on; to itself, where a merge was undone.

    `number` is the identity decision's: decisions on one id come in rising numbers. `at` is when what decided it
    happened (epoch ms). `together`: its former customer goes the same way, and brings along what it has of this id;
    false where the former customer stays, or there was none but itself.
    """

    to: str
    number: int
    at: int
    together: bool = False


class Release(Control, tag="release"):
    """`member` does not belong to `customer_id`, its former customer, any more, by the decision `number`.

    For each derived id that goes another way than its former customer. It comes before that decision's assignments, and
    once more from the derived id's own partition (`is_known`), behind all that this one sent there before.
    """

    member: str
    number: int
    is_known: bool = False


class Moved(Control, tag="moved"):
    """What belongs to `customer_id`: derived ids, each by the decision of this number, and touchpoints of theirs.

    `complete` is false where older touchpoints are in the history only. What does not belong there any more is sent on
    to the derived id's own partition, which knows where it belongs. `sender` is the customer that sent it, where its
    own derived id is among them.
    """

    members: dict[str, int]
    touches: list[Touch]
    complete: bool
    sender: str = ""


class Ask(Control, tag="ask"):
    """A person wants the customer's journey folded anew."""

    reason: str = "asked"


class Rebuilt(Control, tag="rebuilt"):
    """A journey folded from the whole history, which holds every touchpoint of the partition below `upto`.

    `members` are the request's: the derived ids besides the customer's own. `journey` is packed, `facts` is everything
    that the fold says, `rules` the digest of the policy that it was made by.
    """

    upto: int
    members: list[str]
    reason: str
    rules: str
    touchpoints: int
    journey: bytes
    facts: list[AnyFact]


class Adopt(Control, tag="adopt"):
    """A policy is in force from the event time `since` (epoch ms) on."""

    since: int
    yaml: str


class RebuildRequest(msgspec.Struct, gc=False):
    """What the journey stage writes to journey.rebuilds: fold the history of these derived ids into one journey.

    `account`: of the account's touchpoints, as its rules see them. `offset`: the history must reach at least so far.
    """

    customer_id: str
    members: list[str]
    reason: str
    offset: int
    account: bool = False
    schema_version: int = 1


AnyControl = Assign | Release | Moved | Ask | Rebuilt | Adopt


def _told(touch: Touch) -> list[object]:
    """A touchpoint, all that msgspec does not know itself, as its fields in a row."""
    return touch.fields()


def _touch(kind: type[Touch], told: list[Any]) -> Touch:
    return kind(*told)


_decode = msgspec.json.Decoder(AnyControl, dec_hook=_touch).decode
_KINDS = frozenset(str(each.__struct_config__.tag).encode() for each in get_args(AnyControl))
encode_control = msgspec.json.Encoder(enc_hook=_told).encode
encode_request = msgspec.json.Encoder().encode
decode_request = msgspec.json.Decoder(RebuildRequest).decode


def headers_of(kind: bytes) -> list[tuple[str, bytes]]:
    """The headers that mark a control record of this kind."""
    return [(HEADER, kind)]


def kind_of(headers: Iterable[tuple[str, bytes]]) -> bytes:
    """A record's kind of control; b"" of a touchpoint as intake wrote it."""
    return next((value for name, value in headers if name == HEADER), b"")


def is_of_another_release(kind: bytes) -> bool:
    """Whether a record says it is a control of a kind that this program does not know."""
    return kind not in _KINDS


def decode_control(value: bytes) -> Any:
    """The control in a record's value. Raises msgspec.MsgspecError where there is none."""
    return _decode(value)


def output_of(control: Control) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of a control record."""
    kind = type(control).__struct_config__.tag
    return control.customer_id.encode(), encode_control(control), headers_of(str(kind).encode())
