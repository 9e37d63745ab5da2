"""What a head is made of, each as the rules left it. Instants are epoch milliseconds, 0 is never."""

from typing import Final

from mypy_extensions import mypyc_attr

from journey.record import Record

NOWHERE: Final = -1
NOBODY: Final = -1


@mypyc_attr(acyclic=True)
class Stay(Record):
    """Where the customer is on one track. A place is a stage's index; detours follow the stages."""

    def __init__(
        self,
        visits: dict[int, int],
        dwell: dict[int, int],
        place: int = NOWHERE,
        entered: int = 0,
        furthest: int = NOWHERE,
    ) -> None:
        self.visits = visits
        self.dwell = dwell
        self.place = place
        self.entered = entered
        self.furthest = furthest

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.visits,
            self.dwell,
            self.place,
            self.entered,
            self.furthest,
        ]


@mypyc_attr(acyclic=True)
class ClockRun(Record):
    """The latest run of one clock."""

    def __init__(
        self,
        clock: int,
        started: int,
        due: int,
        source: str,
        id: str,
        state: int = 0,
        stopped: int = 0,
        stop_source: str = "",
        stop_id: str = "",
    ) -> None:
        self.clock = clock
        self.started = started
        self.due = due
        self.source = source
        self.id = id
        self.state = state
        self.stopped = stopped
        self.stop_source = stop_source
        self.stop_id = stop_id

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.clock,
            self.started,
            self.due,
            self.source,
            self.id,
            self.state,
            self.stopped,
            self.stop_source,
            self.stop_id,
        ]


RUNNING: Final = 0
MET: Final = 1
BREACHED: Final = 2
CANCELLED: Final = 3
CLOCK_STATES: Final = ("running", "met", "breached", "cancelled")


@mypyc_attr(acyclic=True)
class OpenOverlap(Record):
    """An overlap that nobody has resolved yet. `refs` are (source, id) of its touchpoints, the opening one first."""

    def __init__(
        self,
        kind: str,
        subject: str | None,
        opened: int,
        last: int,
        teams: list[str],
        precedence: str,
        rule: str,
        refs: list[tuple[str, str]],
    ) -> None:
        self.kind = kind
        self.subject = subject
        self.opened = opened
        self.last = last
        self.teams = teams
        self.precedence = precedence
        self.rule = rule
        self.refs = refs

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.kind,
            self.subject,
            self.opened,
            self.last,
            self.teams,
            self.precedence,
            self.rule,
            self.refs,
        ]


@mypyc_attr(acyclic=True)
class Stall(Record):
    """An open stall; what was the last counted touch is kept as it was when it opened."""

    def __init__(
        self,
        kind: str,
        track: int,
        since: int,
        entered: int,
        team: str,
        counted: int,
        source: str,
        id: str,
        escalated: int = 0,
    ) -> None:
        self.kind = kind
        self.track = track
        self.since = since
        self.entered = entered
        self.team = team
        self.counted = counted
        self.source = source
        self.id = id
        self.escalated = escalated

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.kind,
            self.track,
            self.since,
            self.entered,
            self.team,
            self.counted,
            self.source,
            self.id,
            self.escalated,
        ]


@mypyc_attr(acyclic=True)
class Claim(Record):
    """A team's precedence on one subject, or ("") on the whole customer."""

    def __init__(
        self,
        subject: str,
        team: str,
        until: int,
        source: str,
        id: str,
    ) -> None:
        self.subject = subject
        self.team = team
        self.until = until
        self.source = source
        self.id = id

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.subject,
            self.team,
            self.until,
            self.source,
            self.id,
        ]


@mypyc_attr(acyclic=True)
class Contact(Record):
    """A team's latest outbound touchpoint on a watched subject; in an account, `of` is the person it reached."""

    def __init__(
        self,
        subject: str,
        team: str,
        at: int,
        source: str,
        id: str,
        of: str = "",
    ) -> None:
        self.subject = subject
        self.team = team
        self.at = at
        self.source = source
        self.id = id
        self.of = of

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.subject,
            self.team,
            self.at,
            self.source,
            self.id,
            self.of,
        ]


@mypyc_attr(acyclic=True)
class Lead(Record):
    """How the customer last became a lead: by which rule of which policy, and what had led there."""

    def __init__(
        self,
        at: int,
        rule: str,
        policy: str,
        campaign: str | None,
        content: str | None,
        persona: int,
    ) -> None:
        self.at = at
        self.rule = rule
        self.policy = policy
        self.campaign = campaign
        self.content = content
        self.persona = persona

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.at,
            self.rule,
            self.policy,
            self.campaign,
            self.content,
            self.persona,
        ]


@mypyc_attr(acyclic=True)
class DealRun(Record):
    """A deal as it stands. The amount in ten-thousandths; `points` is the engagement that winning it gave."""

    def __init__(
        self,
        key: str,
        owner: str,
        actor: str | None,
        at: int = 0,
        source: str = "",
        id: str = "",
        status: int = 0,
        amount: int | None = None,
        currency: str | None = None,
        created: int = 0,
        expected: int = 0,
        closed: int = 0,
        reopened: int = 0,
        points: float = 0.0,
    ) -> None:
        self.key = key
        self.owner = owner
        self.actor = actor
        self.at = at
        self.source = source
        self.id = id
        self.status = status
        self.amount = amount
        self.currency = currency
        self.created = created
        self.expected = expected
        self.closed = closed
        self.reopened = reopened
        self.points = points

    def fields(self) -> list[object]:
        """As they stand above."""
        return [
            self.key,
            self.owner,
            self.actor,
            self.at,
            self.source,
            self.id,
            self.status,
            self.amount,
            self.currency,
            self.created,
            self.expected,
            self.closed,
            self.reopened,
            self.points,
        ]


DEAL_OPEN: Final = 0
DEAL_WON: Final = 1
DEAL_LOST: Final = 2
DEAL_STATES: Final = ("open", "won", "lost")
