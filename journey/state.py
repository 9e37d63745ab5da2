"""A customer's journey as it is kept: packed, versioned, bounded. Instants are epoch milliseconds, 0 is never.

`Head` is everything known after the newest touchpoint and the newest fired deadline. `Journey` adds what a late
touchpoint needs to correct it: the head as it was before the recent touchpoints, and those.
"""

from typing import Any, Final

import msgspec

from journey.recent import Recents

NOWHERE: Final = -1
NOBODY: Final = -1
NEVER: Final = -1


class Stay(msgspec.Struct, array_like=True, gc=False):
    """Where the customer is on one track. A place is a stage's index; detours follow the stages."""

    visits: dict[int, int]
    dwell: dict[int, int]
    place: int = NOWHERE
    entered: int = 0
    furthest: int = NOWHERE


class ClockRun(msgspec.Struct, array_like=True, gc=False):
    """The latest run of one clock."""

    clock: int
    started: int
    due: int
    source: str
    id: str
    state: int = 0
    stopped: int = 0
    stop_source: str = ""
    stop_id: str = ""


RUNNING: Final = 0
MET: Final = 1
BREACHED: Final = 2
CANCELLED: Final = 3
CLOCK_STATES: Final = ("running", "met", "breached", "cancelled")


class OpenOverlap(msgspec.Struct, array_like=True, gc=False):
    """An overlap that nobody has resolved yet. `refs` are (source, id) of its touchpoints, the opening one first."""

    kind: str
    subject: str | None
    opened: int
    last: int
    teams: list[str]
    precedence: str
    rule: str
    refs: list[tuple[str, str]]


class Stall(msgspec.Struct, array_like=True, gc=False):
    """An open stall; what was the last counted touch is kept as it was when it opened."""

    kind: str
    track: int
    since: int
    entered: int
    team: str
    counted: int
    source: str
    id: str
    escalated: int = 0


class Claim(msgspec.Struct, array_like=True, gc=False):
    """A team's precedence on one subject, or ("") on the whole customer."""

    subject: str
    team: str
    until: int
    source: str
    id: str


class Contact(msgspec.Struct, array_like=True, gc=False):
    """A team's latest outbound touchpoint on a watched subject; in an account, `of` is the person it reached."""

    subject: str
    team: str
    at: int
    source: str
    id: str
    of: str = ""


class Lead(msgspec.Struct, array_like=True, gc=False):
    """How the customer last became a lead: by which rule of which policy, and what had led there."""

    at: int
    rule: str
    policy: str
    campaign: str | None
    content: str | None
    persona: int


class DealRun(msgspec.Struct, array_like=True, gc=False):
    """A deal as it stands. The amount in ten-thousandths; `points` is the engagement that winning it gave."""

    key: str
    owner: str
    actor: str | None
    at: int = 0
    source: str = ""
    id: str = ""
    status: int = 0
    amount: int | None = None
    currency: str | None = None
    created: int = 0
    expected: int = 0
    closed: int = 0
    reopened: int = 0
    points: float = 0.0


DEAL_OPEN: Final = 0
DEAL_WON: Final = 1
DEAL_LOST: Final = 2
DEAL_STATES: Final = ("open", "won", "lost")


class Head(msgspec.Struct, array_like=True, gc=False):
    """Everything the rules know of a customer at one moment of event time. `persona` is its number in the policy.

    `agreed` is the day from which the policy is in force in whose terms it is written (epoch ms; 0 is the first one).
    `held` is of an account only: its people whom another team than the first one has taken on, and which.
    `touched` is how many milliseconds before `last` each team of the policy had to do with the customer, NEVER for not
    yet: small numbers pack small. `placed...` is what positions say as of `placed`: engagement in hundredths, and
    `touched` before `placed`.
    """

    stays: list[Stay]
    counters: list[list[int]]
    owner: str
    seen: int = 0
    first: int = 0
    last: int = 0
    last_source: str = ""
    last_id: str = ""
    fired: int = 0
    due: int = 0
    owner_actor: str | None = None
    owner_since: int = 0
    offered: int = 0
    counted: int = 0
    counted_source: str = ""
    counted_id: str = ""
    engagement: float = 0.0
    scored: int = 0
    fit: float = 0.0
    traits: dict[str, Any] | None = None
    quote: Contact | None = None
    teams_out: dict[str, int] = {}
    outbound: list[int] = []
    contacts: list[Contact] = []
    inbound_on: dict[str, int] = {}
    claims: list[Claim] = []
    clocks: list[ClockRun] = []
    overlaps: list[OpenOverlap] = []
    stalls: list[Stall] = []
    persona: int = NOBODY
    held: dict[str, str] = {}
    campaign: str | None = None
    content: str | None = None
    lead: Lead | None = None
    deals: list[DealRun] = []
    touched: list[int] = []
    placed: int = 0
    placed_engagement: int = 0
    placed_touched: list[int] = []
    agreed: int = 0


class Meanwhile(msgspec.Struct, array_like=True, gc=False):
    """Touchpoints in their order of arrival, each with its input offset."""

    offsets: list[int] = msgspec.field(default_factory=list)
    touches: Recents = msgspec.field(default_factory=Recents)


class Journey(msgspec.Struct, array_like=True, gc=False):
    """One customer's state. `recents` are the touchpoints that `base`, a packed head, does not contain yet. By `known`
    duplicates of older ones are told (`journey.duplicate`).

    `redirect` is the customer that this one belongs to ("" itself) by the identity decision numbered `decided`;
    `members` are derived ids that belong to this one, `released` former members whose own partition has not said yet
    that it knows, each with its decision's number; no number of those forgotten since is above `forgotten`.
    `account` tells an account, whose touchpoints are its people's.
    `rebuild` is the input offset up to which a history must reach for the rebuild that is wanted (0: none is),
    `meanwhile` what has arrived after that, in time or not; `rebuilt` counts.
    """

    policy: str
    head: Head
    version: int = 0
    corrections: int = 0
    too_late: int = 0
    base: bytes = b""
    recents: Recents = msgspec.field(default_factory=Recents)
    known: bytes = b""
    redirect: str = ""
    decided: int = 0
    members: dict[str, int] = {}
    released: dict[str, int] = {}
    rebuild: int = 0
    meanwhile: Meanwhile | None = None
    rebuilt: int = 0
    account: bool = False
    forgotten: int = 0


NO_BASE: Final = b""
