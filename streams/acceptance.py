"""One raw record: accepted onto journey.touchpoints under its customer's id, or rejected with a reason."""

from collections.abc import Callable
from typing import Any

from journey.account import account_id_of, account_of, matters
from journey.identity import Identifier, identifiers_of
from journey.linking import SEEN, STATEMENTS
from schemas import topic
from schemas.rejection import Rejection
from schemas.touchpoint import EARLIEST, END
from streams.control import ACCOUNT, headers_of
from streams.effects import Effects, Headers
from streams.gate import Gate
from streams.links import RecentLinks, link_of
from streams.links import encode as encode_link
from streams.placement import partition_of
from streams.raw import RawTouchpoint, encode
from streams.raw_reader import read

# A touchpoint, the identifiers that name its customer, its account's id, and when it occurred.
Accepted = tuple[RawTouchpoint, tuple[Identifier, ...], str, int]


class Acceptance:
    """What becomes of each record; `recent` are the links told lately, `generation` what envelopes say of it."""

    def __init__(
        self, partitions: int, future_ms: int, region: str, free: frozenset[str], customer_of: Callable[[str], str]
    ) -> None:
        self._partitions = partitions
        self._future_ms = future_ms
        self._region = region
        self._free = free
        self._customer_of = customer_of
        self.recent = RecentLinks()
        self.generation = ""

    def take(self, record: Any, wall_ms: int, received_at: str, gate: Gate | None, effects: Effects) -> bool:
        """Accept or reject a record; whether the gate lets it pass."""
        if record.value is None:
            effects.count("ignored", "null")
            return True
        found = self._accept(record.value, wall_ms + self._future_ms)
        if isinstance(found, Rejection):
            effects.reject(record, found, received_at)
            return True
        touchpoint, named, account_id, occurred_ms = found
        if gate is not None and not gate(record.timestamp, occurred_ms):
            return False
        effects.watermark = max(effects.watermark, occurred_ms)
        origin = f"{record.topic}/{record.partition}/{record.offset}"
        since = f'"received_at":"{received_at}","origin":"{origin}",'
        derived_id = named[0].derived_id if named else ""
        self._write(derived_id, account_id, since, encode(touchpoint)[1:], matters(touchpoint), effects)
        self._link(touchpoint, named, occurred_ms, effects)
        effects.count("accepted", touchpoint.source, touchpoint.team)
        return True

    def _write(
        self, derived_id: str, account_id: str, since: str, rest: bytes, matters_to_account: bool, effects: Effects
    ) -> None:
        """The envelope for the customer, and one more for the account where that has to know."""
        known = (f',"account_id":"{account_id}"' if account_id else "") + self.generation
        customer_id = self._customer_of(derived_id) if derived_id else ""
        who = f'"customer_id":"{customer_id}","derived_id":"{derived_id}"{known},{since}'
        self._envelope(customer_id, who, rest, [], effects)
        if account_id and matters_to_account:
            who = f'"customer_id":"{account_id}","derived_id":"{derived_id}"{known},{since}'
            self._envelope(account_id, who, rest, headers_of(ACCOUNT), effects)

    def _envelope(self, key: str, who: str, rest: bytes, headers: Headers, effects: Effects) -> None:
        value = f'{{"schema_version":1,{who}'.encode() + rest
        effects.write(topic.TOUCHPOINTS, partition_of(key, self._partitions), key.encode(), value, headers)

    def _link(
        self, touchpoint: RawTouchpoint, named: tuple[Identifier, ...], occurred_ms: int, effects: Effects
    ) -> None:
        """Tell the resolver of identifiers that are named together, unless that was told lately."""
        statement = STATEMENTS.get(touchpoint.type, SEEN)
        if len(named) < 2 or not self.recent.is_news(named, statement, occurred_ms):
            return
        link = link_of(named, statement, (occurred_ms, touchpoint.source, touchpoint.id))
        effects.write(topic.LINKS, 0, named[0].derived_id.encode(), encode_link(link), [])
        effects.count("links")

    def _accept(self, value: bytes, latest_ms: int) -> Accepted | Rejection:
        found = read(value)
        if isinstance(found, Rejection):
            return found
        touchpoint, occurred_at = found
        exactly_ms = occurred_at.timestamp() * 1000
        if exactly_ms > latest_ms:
            hours = self._future_ms // 3_600_000
            detail = f"occurred_at {occurred_at.isoformat()} is more than {hours} h ahead; check the clock"
            return Rejection("future", detail, "/occurred_at")
        if occurred_at >= END:
            detail = f"occurred_at {occurred_at.isoformat()} is after {END.year - 1}; send when it happened"
            return Rejection("future", detail, "/occurred_at")
        if occurred_at < EARLIEST:
            detail = f"occurred_at {occurred_at.isoformat()} is before {EARLIEST.year}; send when it happened"
            return Rejection("past", detail, "/occurred_at")
        customer = touchpoint.customer
        if customer is None:
            return touchpoint, (), "", int(exactly_ms)
        named = identifiers_of(customer, self._region)
        if not named:
            detail = "none of the identifiers can be used; send a valid e-mail, a phone with country code, or an id"
            return Rejection("identifier", detail, "/customer")
        if len(named) < 2 and touchpoint.type in STATEMENTS:
            detail = f"{touchpoint.type} names two or more identifiers that can be used"
            return Rejection("identifier", detail, "/customer")
        for kind, normal in named:
            if kind != "customer_id":
                setattr(customer, kind, normal)
        account = account_of(customer, self._free)
        if account is not None:
            customer.account = account
        return touchpoint, named, "" if account is None else account_id_of(account), int(exactly_ms)
