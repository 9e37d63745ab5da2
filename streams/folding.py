"""One chunk of journey.touchpoints on its way through a partition's journeys: touchpoints and control records in order.

Each customer's touchpoints of a chunk are folded at once, where a control record comes between before it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from journey.agreement import expect, is_outdated
from journey.alert import alerts
from journey.correction import Outcome, arrive, begin
from journey.merge import come_back, depart, let_go, note, swap, take_in, turn, want_rebuild
from journey.rules import Rules
from journey.saying import instant
from journey.state import Journey
from journey.touch import Touch
from schemas import topic
from schemas.rejection import Rejection
from streams.control import (
    ACCOUNT,
    FORWARDED,
    Adopt,
    AnyControl,
    Ask,
    Assign,
    Control,
    Moved,
    RebuildRequest,
    Rebuilt,
    Release,
    decode_control,
    encode_request,
    headers_of,
    is_of_another_release,
    kind_of,
    output_of,
)
from streams.effects import Effects, Pieces
from streams.placement import partition_of
from streams.policies import under
from streams.position import POLICIES_KEY, pack_policies
from streams.stored import BrokenStateError, UnknownVersionError, is_redirect, pack, unpack
from streams.touches import touch_of
from streams.wire import decode, with_customer

_MOST_MEANWHILE = 512
_PIECE = 64
_TOUCHPOINTS = (b"", FORWARDED, ACCOUNT)
_encode = msgspec.json.Encoder().encode


# A touchpoint and the record that brought it.
Arrival = tuple[Touch, Any]


class Folding:
    """Collects effects; `kept` gives a customer's packed journey as it was before the chunk."""

    def __init__(
        self,
        kept: Callable[[str], bytes | None],
        rules: Rules,
        adopted: list[tuple[int, str]],
        place: tuple[int, int],
        wall_ms: int,
        watermark: int,
    ) -> None:
        """`adopted` are the policies after the first as they are kept; `place` the partition and how many there are."""
        self.effects = Effects()
        self._kept = kept
        self.rules = rules
        self._adopted = adopted
        self._partition, self._partitions = place
        self._wall_ms = wall_ms
        self._watermark = watermark
        self._recorded_at: datetime = instant(wall_ms)
        self._arrivals: dict[str, list[Arrival]] = {}
        self._accounts: set[str] = set()
        self._offset = 0
        self._folded = 0

    def chunk(self, records: Sequence[Any]) -> Pieces:
        """Fold all records of a chunk; nothing is changed but the effects."""
        effects = self.effects
        effects.taken = len(records)
        for first in range(0, len(records), _PIECE):
            for record in records[first : first + _PIECE]:
                self._take(record)
            yield None
        for customer_id, arrivals in self._arrivals.items():
            self._arrive(customer_id, arrivals)
            yield None
        if self._folded:
            effects.count("folded", by=self._folded)
        effects.watermark = self.now
        yield effects

    def _take(self, record: Any) -> None:
        """Put a touchpoint to its customer's, or do what is to be done first."""
        if record.value is None:
            return
        self._offset = record.offset
        kind = kind_of(record.headers) if record.headers else b""
        if kind not in _TOUCHPOINTS:
            if is_of_another_release(kind):
                raise UnknownVersionError(
                    f"{record.topic}/{record.partition}/{record.offset} is a control record of the kind "
                    f"{kind.decode(errors='replace')!r}, which this program does not know: upgrade every worker"
                )
            self._control(record)
            return
        try:
            wire = decode(record.value)
        except msgspec.MsgspecError as error:
            self._reject(record, str(error))
            return
        touch = touch_of(wire, self.rules.names_read)
        self._watermark = max(self._watermark, touch.at)
        customer_id = wire.customer_id
        if not customer_id:
            return
        value = self._value(customer_id)
        if value is not None and is_redirect(value):
            self._forward(record, touch.of or unpack(value).redirect)
            return
        if kind == ACCOUNT:
            self._accounts.add(customer_id)
        self._arrivals.setdefault(customer_id, []).append((touch, record))

    def due(self, customer_id: str, now: int) -> None:
        """Do what time alone does to a customer."""
        journey = self._journey(customer_id)
        self._keep_up(customer_id, journey)
        outcome = arrive(journey, customer_id, [], now, self._rules_of(journey))
        self._keep(customer_id, journey, outcome)

    @property
    def now(self) -> int:
        """The newest event time so far, never ahead of the wall clock."""
        return min(self._watermark, self._wall_ms)

    def _value(self, customer_id: str) -> bytes | None:
        return self.effects.state.get(customer_id) or self._kept(customer_id)

    def _journey(self, customer_id: str) -> Journey:
        value = self._value(customer_id)
        if value is not None:
            try:
                return unpack(value)
            except BrokenStateError as error:
                raise BrokenStateError(f"customer {customer_id}: {error}") from error
        return begin(self.rules.accounts if customer_id in self._accounts else self.rules)

    def _rules_of(self, journey: Journey) -> Rules:
        return self.rules.accounts if journey.account else self.rules

    def _control(self, record: Any) -> None:
        """Carry a control record out, after what came before it for the same customer."""
        try:
            control = decode_control(record.value)
        except msgspec.MsgspecError as error:
            self._reject(record, str(error))
            return
        waiting = self._arrivals.pop(control.customer_id, None)
        if waiting:
            self._arrive(control.customer_id, waiting)
        self._do(control)

    def _do(self, control: AnyControl) -> None:
        customer_id = control.customer_id
        if customer_id and partition_of(customer_id, self._partitions) != self._partition:
            # Sent by who did not know of more partitions yet. A rebuilt journey tells of offsets that are not ours.
            if not isinstance(control, Rebuilt):
                self._send(control)
            return
        journey = self._journey(customer_id)
        if isinstance(control, Assign):
            self._assign(control, journey)
        elif isinstance(control, Adopt):
            self._adopt(control)
        elif isinstance(control, Moved):
            self._take_in(control, journey)
        elif journey.redirect:
            if isinstance(control, Ask):
                self._send(Ask(customer_id=journey.redirect, reason=control.reason))
        elif isinstance(control, Release):
            if let_go(journey, control.member, control.number, control.is_known):
                self._ask(customer_id, journey, "unmerge")
            self._keep(customer_id, journey, Outcome())
        elif isinstance(control, Ask):
            self._ask(customer_id, journey, control.reason)
            self._keep(customer_id, journey, Outcome())
        elif isinstance(control, Rebuilt):
            self._swap(control, journey)

    def _adopt(self, control: Adopt) -> None:
        """Go on under another policy from its day on. Who is past that day already is looked for by the stage."""
        if control.since <= self.rules.since:
            return
        self.rules = under(self.rules, [(control.since, control.yaml)])
        self._adopted = [*self._adopted, (control.since, control.yaml)]
        self.effects.state[POLICIES_KEY.decode()] = pack_policies(self._adopted)

    def review(self, customer_id: str) -> None:
        """Bring a customer under the adopted policies; have it folded anew where it went past the day of one."""
        journey = self._journey(customer_id)
        if journey.redirect or journey.rebuild:
            return
        rules = self._rules_of(journey)
        self._keep_up(customer_id, journey)
        if journey.rebuild or expect(journey.head, rules):
            self._keep(customer_id, journey, arrive(journey, customer_id, [], self.now, rules))

    def _keep_up(self, customer_id: str, journey: Journey) -> None:
        if self._adopted and not journey.rebuild and is_outdated(journey.head, self._rules_of(journey)):
            self._ask(customer_id, journey, "policy")

    def _assign(self, control: Assign, journey: Journey) -> None:
        customer_id, to, number = control.customer_id, control.to, control.number
        if number <= journey.decided:
            return
        if journey.redirect and not control.together:
            former = journey.redirect
            self._send(Release(customer_id=former, member=customer_id, number=number, is_known=True))
        if to == customer_id:
            own, outcome = come_back(journey, customer_id, number, control.at, self.rules)
            self._ask(customer_id, own, "unmerge")
            self._keep(customer_id, own, outcome)
        elif journey.redirect:
            self._keep(customer_id, journey, turn(journey, customer_id, to, number, control.at, self.rules))
            self._move(to, {customer_id: number}, [], control.together, customer_id)
        else:
            gone = depart(journey, customer_id, to, number, control.at, self.rules)
            self._keep(customer_id, gone.journey, gone.outcome)
            self._move(to, gone.members, gone.touches, gone.complete, customer_id)

    def _take_in(self, control: Moved, journey: Journey) -> None:
        customer_id = control.customer_id
        if journey.redirect:
            astray = list(control.members)
            if customer_id in control.members:
                # Its own partition it is, and it belongs elsewhere.
                touches = [touch for touch in control.touches if touch.of == customer_id]
                mine = {customer_id: journey.decided}
                self._move(journey.redirect, mine, touches, control.complete, customer_id)
                astray.remove(customer_id)
        else:
            self._keep_up(customer_id, journey)
            outcome, astray = take_in(
                journey, customer_id, control.members, control.touches, self.now, self.rules, control.sender
            )
            if len(astray) < len(control.members):
                if not control.complete or journey.rebuild:
                    self._ask(customer_id, journey, "merge")
                self._keep(customer_id, journey, outcome)
        for member in astray:
            touches = [touch for touch in control.touches if touch.of == member]
            self._move(member, {member: control.members[member]}, touches, control.complete)

    def _move(self, to: str, members: dict[str, int], touches: list[Touch], complete: bool, sender: str = "") -> None:
        self._send(Moved(customer_id=to, members=members, touches=touches, complete=complete, sender=sender))

    def _swap(self, control: Rebuilt, journey: Journey) -> None:
        customer_id = control.customer_id
        if not journey.rebuild:
            return
        fits = (control.rules, sorted(control.members)) == (self.rules.digest, sorted(journey.members))
        if control.upto < journey.rebuild or not fits:
            self._request(customer_id, journey, control.reason)
            return
        try:
            rebuilt = unpack(control.journey)
        except UnknownVersionError:
            # A rebuilder of another release answered.
            self._request(customer_id, journey, control.reason)
            return
        swapped, outcome = swap(
            journey,
            rebuilt,
            list(control.facts),
            customer_id,
            control.reason,
            control.touchpoints,
            control.upto,
            self.now,
            self._rules_of(journey),
        )
        self.effects.count("rebuilt", control.reason)
        self._keep(customer_id, swapped, outcome)

    def _arrive(self, customer_id: str, arrivals: list[Arrival]) -> None:
        journey = self._journey(customer_id)
        touches = []
        for touch, record in arrivals:
            if touch.of is not None and touch.of not in journey.members and not journey.account:
                # Its own partition knows where it belongs, and has said so here before it passes anything on.
                self._forward(record, touch.of)
            else:
                touches.append(touch)
                if journey.rebuild:
                    note(journey, record.offset, touch)
        self._keep_up(customer_id, journey)
        outcome = arrive(journey, customer_id, touches, self.now, self._rules_of(journey))
        if not journey.account:
            self._folded += len(touches)
        self._keep(customer_id, journey, outcome)

    def _keep(self, customer_id: str, journey: Journey, outcome: Outcome) -> None:
        """Note what became of a customer: its journey, what is said, what people hear, what has to be rebuilt."""
        if outcome.too_late and not journey.rebuild:
            self._ask(customer_id, journey, "too_late")
        elif journey.meanwhile is not None and len(journey.meanwhile.offsets) > _MOST_MEANWHILE:
            want_rebuild(journey, self._offset)
        self.effects.state[customer_id] = pack(journey)
        if outcome.facts:
            self._say(customer_id.encode(), journey.version, outcome)
        if journey.account:
            # Each is one of a customer, where it is counted.
            return
        if outcome.duplicates:
            self.effects.count("duplicates", by=outcome.duplicates)
        if outcome.too_late:
            self.effects.count("too_late", by=outcome.too_late)

    def _say(self, key: bytes, version: int, outcome: Outcome) -> None:
        facts = self.effects.outputs.setdefault((topic.FACTS, self._partition), [])
        for fact in outcome.facts:
            fact.version, fact.recorded_at = version, self._recorded_at
            facts.append((key, _encode(fact), []))
        for alert in alerts(outcome, self._recorded_at):
            self.effects.write(topic.ALERTS, self._partition, key, _encode(alert), [])

    def _ask(self, customer_id: str, journey: Journey, reason: str) -> None:
        if want_rebuild(journey, self._offset):
            self._request(customer_id, journey, reason)

    def _request(self, customer_id: str, journey: Journey, reason: str) -> None:
        request = RebuildRequest(customer_id, sorted(journey.members), reason, journey.rebuild, journey.account)
        self.effects.write(topic.REBUILDS, self._partition, customer_id.encode(), encode_request(request), [])

    def _send(self, control: Control) -> None:
        partition = partition_of(control.customer_id, self._partitions)
        self.effects.write(topic.TOUCHPOINTS, partition, *output_of(control))

    def _forward(self, record: Any, to: str) -> None:
        partition = partition_of(to, self._partitions)
        value = with_customer(record.value, to)
        self.effects.write(topic.TOUCHPOINTS, partition, to.encode(), value, headers_of(FORWARDED))
        self.effects.count("forwarded")

    def _reject(self, record: Any, detail: str) -> None:
        why = Rejection("not_a_touchpoint", f"on {record.topic}: {detail}")
        self.effects.reject(record, why, self._recorded_at.isoformat())
