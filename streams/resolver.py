"""The resolver stage: links in, decisions out. The one owner of who is who, by journey.identities."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from journey.fact import IdentityConflict, Ref
from journey.identities import Assignment, Changes, Conflict, Identities
from journey.saying import fact_id, instant
from schemas import topic
from schemas.rejection import Rejection
from streams.control import Assign, Control, Release, output_of
from streams.effects import Effects, Pieces
from streams.gate import Gate
from streams.links import IdentityRedirect, decode_link, encode, pack_edge, unpack_edge
from streams.placement import partition_of
from streams.position import POSITION_KEY
from streams.stage import Stage


class ResolverStage(Stage):
    """Its state is every edge; who is who follows from them.

    Unlike other stages it moves on while it folds: a lane whose transaction fails forgets it and restores it. A
    decision's number is the position in identity.links behind the chunk that led to it: it rises, and needs no state.
    """

    name = "resolver"
    state_topic = topic.IDENTITIES
    aligned = False
    policy = ""

    def __init__(self, partitions: int, label: str) -> None:
        """`label` names the policy in force, which every fact carries."""
        self._partitions = partitions
        self._label = label
        self._identities = Identities()
        self._watermark = 0

    def __len__(self) -> int:
        return len(self._identities)

    def forget(self) -> None:
        """Drop all state."""
        self._identities, self._watermark = Identities(), 0

    def restore(self, records: Iterable[Any]) -> None:
        """Take edges back."""
        for record in records:
            if record.key != POSITION_KEY and record.value is not None:
                self._identities.recall(*unpack_edge(record.value))

    def restored(self, watermark: int, generation: int = 0) -> None:
        """What the edges led to was told before."""
        self._identities.changes()
        self._watermark = watermark

    def sweep(self, now_ms: int, wall_ms: int) -> Effects | None:
        """Nothing is ever due."""
        return None

    def settle(self, effects: Effects) -> None:
        """Keep how new the newest link is."""
        self._watermark = effects.watermark

    def pieces(self, records: Sequence[Any], wall_ms: int, gate: Gate | None = None) -> Pieces:
        """Take in a chunk of links, and tell what all of them together changed: one piece, which is not given up."""
        effects, watermark = Effects(taken=len(records)), self._watermark
        for record in records:
            if record.value is None:
                continue
            try:
                link = decode_link(record.value)
            except msgspec.MsgspecError as error:
                why = Rejection("not_a_touchpoint", f"on {record.topic}: {error}")
                effects.reject(record, why, instant(wall_ms).isoformat())
                continue
            self._identities.add(link.names, link.key, link.statement)
            watermark = max(watermark, link.key[0])
        effects.watermark = min(watermark, wall_ms)
        self._tell(self._identities.changes(), records[-1].offset + 1, wall_ms, effects)
        yield effects

    def _tell(self, changes: Changes, number: int, wall_ms: int, effects: Effects) -> None:
        for edge in changes.edges:
            key, value = pack_edge(edge)
            effects.state[key] = value
        going = {one.id: one.to for one in changes.assignments}
        moved = [(one, one.former != one.id, going.get(one.former) == one.to) for one in changes.assignments]
        # First who lets go, then who goes: a customer that goes away itself takes nothing along that it has let go.
        for one, had_another, together in moved:
            if had_another and not together:
                self._control(Release(customer_id=one.former, member=one.id, number=number), effects)
        for one, had_another, together in moved:
            self._assign(one, had_another and together, number, effects)
        for customer_id in sorted({one.to for one in changes.assignments} - going.keys()):
            # Whom others belong to now is named too: who asks by it finds the identifier that it stands for.
            self._redirect(customer_id, customer_id, number, effects)
        for conflict in changes.settled:
            self._dispute(conflict, True, number, wall_ms, effects)
        for conflict in changes.conflicts:
            self._dispute(conflict, False, number, wall_ms, effects)
        effects.count("assigned", by=len(changes.assignments))
        effects.count("conflicts", by=len(changes.conflicts))

    def _assign(self, one: Assignment, together: bool, number: int, effects: Effects) -> None:
        self._redirect(one.id, one.to, number, effects)
        self._control(Assign(customer_id=one.id, to=one.to, number=number, at=one.at, together=together), effects)

    def _redirect(self, derived_id: str, to: str, number: int, effects: Effects) -> None:
        named = self._identities.named(derived_id)
        assert named is not None
        redirect = IdentityRedirect(
            derived_id=derived_id, customer_id=to, number=number, kind=named.kind, value=named.value
        )
        effects.write(topic.REDIRECTS, 0, derived_id.encode(), encode(redirect), [])

    def _control(self, control: Control, effects: Effects) -> None:
        partition = partition_of(control.customer_id, self._partitions)
        effects.write(topic.TOUCHPOINTS, partition, *output_of(control))

    def _dispute(self, it: Conflict, deleted: bool, number: int, wall_ms: int, effects: Effects) -> None:
        """Say or take back a conflict. It is filed under who was refused: that never changes, who keeps it may."""
        at, source, touchpoint_id = it.touchpoint
        fact = IdentityConflict(
            id=fact_id("identity_conflict", *it.about),
            version=number,
            deleted=deleted,
            customer_id=it.refused,
            policy=self._label,
            at=instant(at),
            recorded_at=instant(wall_ms),
            kind=it.shared.kind,
            value=it.shared.value,
            kept_by=it.kept_by,
            refused=it.refused,
            reason=it.reason,
            touchpoint=Ref(source, touchpoint_id),
        )
        partition = partition_of(it.refused, self._partitions)
        effects.write(topic.FACTS, partition, it.refused.encode(), encode(fact), [])
