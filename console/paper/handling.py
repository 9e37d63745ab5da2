"""How the teams handle a customer: who owns what, who answers by when, what is an overlap, who hears of it."""

from collections.abc import Mapping

from console.paper.form import Grid, Section
from journey.policy.document import Policy
from journey.policy.english import both, either, readable, sentence, span
from journey.policy.part import Entering
from journey.policy.routing import Route
from journey.policy.teamwork import Clock

_WEEKDAYS = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
             "sat": "Saturday", "sun": "Sunday"}  # fmt: skip


def ownership(policy: Policy) -> Section:
    """Who owns the customer."""
    owners = policy.owners
    rows = []
    for move in owners.moves:
        team = "the team that it names" if move.to == "properties.team" else readable(move.to)
        person = {"property": "the owner that it names", "actor": "who did it"}
        rows.append(
            (
                sentence(move.when),
                readable(move.called),
                team,
                either(person[who] for who in move.owner) or "nobody yet",
            )
        )
    opening = (
        f"{readable(owners.first).capitalize()} owns a new customer. Entering {_place(owners.offered_on)} offers the "
        "customer; the time of a hand-off runs from there."
    )
    claims = (
        f"A claim ({sentence(owners.claim)}) gives a team precedence on its subject, or without one on the whole "
        f"customer, for {span(owners.claim_lasts)}; a release ({sentence(owners.release)}) ends it."
    )
    return Section(
        "Who owns the customer", opening, [Grid(("a touchpoint", "is called", "to", "person"), list(rows))], [claims]
    )


def subjects(policy: Policy) -> Section:
    """The matrix of subjects and stages."""
    told = policy.subjects
    stages = [stage.stage for stage in policy.tracks[told.track].stages]
    rows: list[tuple[str | list[str], ...]] = []
    for subject, turfs in told.owners.items():
        starts = {turf.start or stages[0]: turf.team for turf in turfs}
        cells, owner = [], "-"
        for stage in stages:
            owner = starts.get(stage, owner)
            cells.append("the owner" if owner == "owner" else readable(owner))
        beside = told.in_detour.get(subject, told.in_detour["else"])
        watched = " *" if subject in told.watched else ""
        rows.append((readable(subject) + watched, *cells, "the owner" if beside == "owner" else readable(beside)))
    opening = f"By the stage of the {readable(told.track)} track. On subjects with * both teams at once are an overlap."
    head = ("subject", *map(readable, stages), "in a detour")
    return Section("Who owns a subject", opening, [Grid(head, rows, matrix=True)])


def clocks(policy: Policy) -> Section:
    """Response limits."""
    rows = [
        (
            readable(clock.clock),
            readable(clock.team),
            _starts(clock),
            _stops(clock),
            span(clock.limit) + (f" ({readable(clock.calendar)})" if clock.limit.business and clock.calendar else ""),
        )
        for clock in policy.clocks
    ]
    opening = "A stop at the limit itself is in time. A later one leaves the clock breached and says how late it was."
    head = ("clock", "answers", "starts with", "stops with", "limit")
    return Section("How fast each side answers", opening, [Grid(head, list(rows))] if rows else [])


def hours(policy: Policy) -> Section:
    """Calendars."""
    rows: list[tuple[str | list[str], ...]] = []
    for name, calendar in policy.calendars.items():
        days: dict[str, list[str]] = {}
        for day, weekday in _WEEKDAYS.items():
            open_at = ", ".join(calendar.hours.get(day, [])) or "closed"  # type: ignore[call-overload]
            days.setdefault(open_at, []).append(weekday)
        told = [f"{_days(which)}: {open_at}" for open_at, which in days.items()]
        rows.append((readable(name), calendar.zone, told, calendar.holidays or ["none"]))
    return Section("Business hours", "", [Grid(("calendar", "zone", "open", "holidays"), rows)] if rows else [])


def overlaps(policy: Policy) -> Section:
    """When both teams are on one thing."""
    told = policy.overlaps
    watched = either(map(readable, policy.subjects.watched))
    opens = {
        "subject": f"outbound touchpoints of two teams about one of {watched} within {span(told.subject_within)}",
        "conflict": f"{sentence(told.conflict_by)}, while this is open: {sentence(told.conflict.opened_by)} in the "
        f"last {span(told.conflict.within)}, and since then no {sentence(told.conflict.closed_by)}",
        "off_turf": f"an outbound touchpoint about one of {watched} by a team that does not own it at that stage; "
        f"no answer ({sentence(told.reply)}), nor within {span(told.reply_within)} of the customer's own word on it",
        "double_owner": "a claim while another team's claim on the same is active",
        "pressure": f"more than {told.pressure_more_than} outbound touchpoints in {span(told.pressure_within)}, of two "
        "teams at least",
        "account": "as subject, with different people of one account",
    }
    rows = [(readable(kind), opens[kind], str(severity)) for kind, severity in told.severity.items()]
    closing = [
        "Precedence has the team with an active claim; without one, the owner of the subject.",
        f"An overlap ends by a claim, a release, a decision ({sentence(told.decision)}), or when nobody has touched it "
        f"for {span(told.expire_after)}.",
    ]
    return Section(
        "When both teams are on one thing", "", [Grid(("overlap", "opens with", "severity"), list(rows))], closing
    )


def stalls(policy: Policy) -> Section:
    """Stages in which nothing happens for too long."""
    rows = [
        (
            f"{readable(name)}: {readable(stage.stage)}",
            span(stage.no_activity) if stage.no_activity else "-",
            span(stage.no_progress) if stage.no_progress else "-",
        )
        for name, track in policy.tracks.items()
        for stage in track.stages
        if stage.no_activity or stage.no_progress
    ]
    opening = f"Activity that counts: {sentence(policy.stalled.counted)}."
    closing = [f"A stall is raised once more at {policy.stalled.escalate_at} times its limit."] if rows else []
    grid = Grid(("stage", "without activity", "in the stage"), list(rows))
    return Section("When a customer stands still", opening, [grid] if rows else [], closing)


def feedback(policy: Policy) -> Section:
    """What sales answers."""
    if policy.feedback is None:
        return Section("")
    rows = [
        (readable(answer), sentence(told.when), ", ".join(map(readable, told.reasons)) or "-")
        for answer, told in policy.feedback.dispositions.items()
    ]
    opening = "Each answer is counted for the campaign, the content, the persona and the rule that made the lead."
    return Section("What sales says of a lead", opening, [Grid(("answer", "said by", "reasons"), list(rows))])


def routes(policy: Policy) -> Section:
    """Who hears of what."""
    alerts = policy.alerts
    rows = [(readable(route.route), _about(route), _to(route, alerts.channels)) for route in alerts.routes]
    closing = []
    if alerts.digest is not None:
        days = _days([_WEEKDAYS[day] for day in alerts.digest.days])
        closing.append(f"The digest goes out {days} at {both(alerts.digest.at)} ({alerts.digest.zone}).")
    if alerts.quiet_hours is not None:
        quiet = alerts.quiet_hours
        days = f", and all day {_days([_WEEKDAYS[day] for day in quiet.days])}" if quiet.days else ""
        closing.append(f"It is quiet from {quiet.start} to {quiet.end} ({quiet.zone}){days}: alerts wait.")
    opening = "Of several routes the first that fits."
    return Section(
        "Who hears of it", opening, [Grid(("route", "alerts", "go to"), list(rows))] if rows else [], closing
    )


def windows(policy: Policy) -> Section:
    """How late things may come."""
    told = policy.windows
    return Section(
        "How time is kept",
        "",
        [],
        [
            f"What counts is when a thing happened. What is told up to {span(told.correction)} late corrects the "
            "record at once; what comes later has the whole record made anew.",
            f"The same touchpoint sent twice counts once, for {span(told.deduplication)}. Dates more than "
            f"{span(told.future)} ahead are refused.",
            "A window is closed at its start: exactly seven days later is within seven days.",
        ],
    )


def _place(entering: Entering) -> str:
    return f"{readable(entering.stage)} on the {readable(entering.track)} track"


def _starts(clock: Clock) -> list[str]:
    start = clock.start
    told = [f"entering {_place(start.enter)}"] if start.enter else []
    told += [sentence(start.when)] if start.when else []
    return told + ([f"what stops {readable(start.stopped)}"] if start.stopped else [])


def _stops(clock: Clock) -> list[str]:
    told = [sentence(clock.stop.when)] if clock.stop.when else []
    return told + ([f"leaving {_place(clock.stop.leave)}"] if clock.stop.leave else [])


def _days(names: list[str]) -> str:
    """Days of a week in order as a range where they are one."""
    week = list(_WEEKDAYS.values())
    first = week.index(names[0])
    if len(names) > 2 and week[first : first + len(names)] == names:
        return f"{names[0]} to {names[-1]}"
    return both(names)


def _about(route: Route) -> str:
    kinds = either(readable(kind) for kind in route.type) if route.type else "all"
    severity = f", severity {either(route.severity)}" if route.severity else ""
    return kinds + severity + (f", for {either(map(readable, route.team))}" if route.team else "")


def _to(route: Route, channels: Mapping[str, str]) -> str:
    told = both(f"{readable(name)} ({readable(channels.get(name, '?'))})" for name in route.to) or "the console alone"
    when = " in the digest" if route.how == "digest" else " at once" if route.to else ""
    return told + when + (", in quiet hours too" if route.in_quiet_hours else "")
