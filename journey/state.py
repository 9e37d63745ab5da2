"""A customer's journey as it is kept: packed, versioned, bounded. Instants are epoch milliseconds, 0 is never.

`Head` is everything known after the newest touchpoint and the newest fired deadline. `Journey` adds what a late
touchpoint needs to correct it: the head as it was before the recent touchpoints, and those.
"""

from typing import Any, Final

from mypy_extensions import mypyc_attr

from journey.part import NOBODY, Claim, ClockRun, Contact, DealRun, Lead, OpenOverlap, Stall, Stay
from journey.recent import Recents
from journey.record import Record

NEVER: Final = -1


@mypyc_attr(acyclic=True)
class Head(Record):
    """Everything the rules know of a customer at one moment of event time. `persona` is its number in the policy.

    `agreed` is the day from which the policy is in force in whose terms it is written (epoch ms; 0 is the first one).
    `held` is of an account only: its people whom another team than the first one has taken on, and which.
    `touched` is how many milliseconds before `last` each team of the policy had to do with the customer, NEVER for not
    yet: small numbers pack small. `placed...` is what positions say as of `placed`: engagement in hundredths, and
    `touched` before `placed`.
    """

    def __init__(
        self,
        stays: list[Stay],
        counters: list[list[int]],
        owner: str,
        seen: int = 0,
        first: int = 0,
        last: int = 0,
        last_source: str = "",
        last_id: str = "",
        fired: int = 0,
        due: int = 0,
        owner_actor: str | None = None,
        owner_since: int = 0,
        offered: int = 0,
        counted: int = 0,
        counted_source: str = "",
        counted_id: str = "",
        engagement: float = 0.0,
        scored: int = 0,
        fit: float = 0.0,
        traits: dict[str, Any] | None = None,
        quote: Contact | None = None,
        teams_out: dict[str, int] | None = None,
        outbound: list[int] | None = None,
        contacts: list[Contact] | None = None,
        inbound_on: dict[str, int] | None = None,
        claims: list[Claim] | None = None,
        clocks: list[ClockRun] | None = None,
        overlaps: list[OpenOverlap] | None = None,
        stalls: list[Stall] | None = None,
        persona: int = NOBODY,
        held: dict[str, str] | None = None,
        campaign: str | None = None,
        content: str | None = None,
        lead: Lead | None = None,
        deals: list[DealRun] | None = None,
        touched: list[int] | None = None,
        placed: int = 0,
        placed_engagement: int = 0,
        placed_touched: list[int] | None = None,
        agreed: int = 0,
    ) -> None:
        self.stays = stays
        self.counters = counters
        self.owner = owner
        self.seen = seen
        self.first = first
        self.last = last
        self.last_source = last_source
        self.last_id = last_id
        self.fired = fired
        self.due = due
        self.owner_actor = owner_actor
        self.owner_since = owner_since
        self.offered = offered
        self.counted = counted
        self.counted_source = counted_source
        self.counted_id = counted_id
        self.engagement = engagement
        self.scored = scored
        self.fit = fit
        self.traits = traits
        self.quote = quote
        self.teams_out: dict[str, int] = teams_out if teams_out is not None else {}
        self.outbound: list[int] = outbound if outbound is not None else []
        self.contacts: list[Contact] = contacts if contacts is not None else []
        self.inbound_on: dict[str, int] = inbound_on if inbound_on is not None else {}
        self.claims: list[Claim] = claims if claims is not None else []
        self.clocks: list[ClockRun] = clocks if clocks is not None else []
        self.overlaps: list[OpenOverlap] = overlaps if overlaps is not None else []
        self.stalls: list[Stall] = stalls if stalls is not None else []
        self.persona = persona
        self.held: dict[str, str] = held if held is not None else {}
        self.campaign = campaign
        self.content = content
        self.lead = lead
        self.deals: list[DealRun] = deals if deals is not None else []
        self.touched: list[int] = touched if touched is not None else []
        self.placed = placed
        self.placed_engagement = placed_engagement
        self.placed_touched: list[int] = placed_touched if placed_touched is not None else []
        self.agreed = agreed

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            [each.fields() for each in self.stays],
            self.counters,
            self.owner,
            self.seen,
            self.first,
            self.last,
            self.last_source,
            self.last_id,
            self.fired,
            self.due,
            self.owner_actor,
            self.owner_since,
            self.offered,
            self.counted,
            self.counted_source,
            self.counted_id,
            self.engagement,
            self.scored,
            self.fit,
            self.traits,
            self.quote.fields() if self.quote is not None else None,
            self.teams_out,
            self.outbound,
            [each.fields() for each in self.contacts],
            self.inbound_on,
            [each.fields() for each in self.claims],
            [each.fields() for each in self.clocks],
            [each.fields() for each in self.overlaps],
            [each.fields() for each in self.stalls],
            self.persona,
            self.held,
            self.campaign,
            self.content,
            self.lead.fields() if self.lead is not None else None,
            [each.fields() for each in self.deals],
            self.touched,
            self.placed,
            self.placed_engagement,
            self.placed_touched,
            self.agreed,
        ]


@mypyc_attr(acyclic=True)
class Meanwhile(Record):
    """Touchpoints in their order of arrival, each with its input offset."""

    def __init__(
        self,
        offsets: list[int] | None = None,
        touches: Recents | None = None,
    ) -> None:
        self.offsets: list[int] = offsets if offsets is not None else []
        self.touches: Recents = touches if touches is not None else Recents()

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.offsets,
            self.touches.fields(),
        ]


@mypyc_attr(acyclic=True)
class Journey(Record):
    """One customer's state. `recents` are the touchpoints that `base`, a packed head, does not contain yet. By `known`
    duplicates of older ones are told (`journey.duplicate`).

    `redirect` is the customer that this one belongs to ("" itself) by the identity decision numbered `decided`;
    `members` are derived ids that belong to this one, `released` former members whose own partition has not said yet
    that it knows, each with its decision's number; no number of those forgotten since is above `forgotten`.
    `account` tells an account, whose touchpoints are its people's.
    `rebuild` is the input offset up to which a history must reach for the rebuild that is wanted (0: none is),
    `meanwhile` what has arrived after that, in time or not; `rebuilt` counts.
    """

    def __init__(
        self,
        policy: str,
        head: Head,
        version: int = 0,
        corrections: int = 0,
        too_late: int = 0,
        base: bytes = b"",
        recents: Recents | None = None,
        known: bytes = b"",
        redirect: str = "",
        decided: int = 0,
        members: dict[str, int] | None = None,
        released: dict[str, int] | None = None,
        rebuild: int = 0,
        meanwhile: Meanwhile | None = None,
        rebuilt: int = 0,
        account: bool = False,
        forgotten: int = 0,
    ) -> None:
        self.policy = policy
        self.head = head
        self.version = version
        self.corrections = corrections
        self.too_late = too_late
        self.base = base
        self.recents: Recents = recents if recents is not None else Recents()
        self.known = known
        self.redirect = redirect
        self.decided = decided
        self.members: dict[str, int] = members if members is not None else {}
        self.released: dict[str, int] = released if released is not None else {}
        self.rebuild = rebuild
        self.meanwhile = meanwhile
        self.rebuilt = rebuilt
        self.account = account
        self.forgotten = forgotten

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.policy,
            self.head.fields(),
            self.version,
            self.corrections,
            self.too_late,
            self.base,
            self.recents.fields(),
            self.known,
            self.redirect,
            self.decided,
            self.members,
            self.released,
            self.rebuild,
            self.meanwhile.fields() if self.meanwhile is not None else None,
            self.rebuilt,
            self.account,
            self.forgotten,
        ]


NO_BASE: Final = b""
