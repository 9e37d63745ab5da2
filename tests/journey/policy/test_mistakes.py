"""Broken policy files: every mistake is told, with its line, its column and what was probably meant."""

from collections.abc import Callable

import pytest

from journey.policy.reading import PolicyError, read
from journey.rules import Rules
from tests.journey.policies import changed
from tests.journey.policy.broken import TEXT, Tree, line_of, mistakes, places, replaced
from tests.journey.telling import START, Story, touch

STAGE = "tracks.funnel.stages"
CASES: list[tuple[str, Callable[[Tree], object], str]] = [
    ("a field that is misspelt", lambda t: t["clocks"][0].update(limt="1bh"),
     "clocks.0.limt: unknown field 'limt'; did you mean 'limit'?"),
    ("a field inside of one that is called as the code calls it",
     lambda t: t["owners"]["claim"].update(all_of=[{"typ": "a.b"}]),
     "owners.claim.all_of.0.typ: unknown field 'typ'; did you mean 'type'?"),
    ("a field of another part", lambda t: t["windows"].update(half_life="7d"),
     "windows.half_life: unknown field 'half_life'; it is one of correction, deduplication, future"),
    ("a section that is missing", lambda t: t.pop("clocks"), "clocks: clocks is missing; add clocks:"),
    ("a field that is missing", lambda t: t["owners"].pop("first"),
     "owners.first: first is missing; add first: (the team that owns a new customer)"),
    ("no duration", lambda t: t["windows"].update(correction="7 days"),
     "windows.correction: '7 days' is no duration: write a whole number and s, m, h, d or bh, like 7d or 4bh"),
    ("a section with nothing in it", lambda t: t.update(teams=None),
     "teams: there is nothing behind the colon; write a value, or remove the line"),
    ("nothing behind a colon", lambda t: t["clocks"][0].update(limit=None),
     "clocks.0.limit: None is no duration: write a whole number and s, m, h, d or bh, like 7d or 4bh"),
    ("no list", lambda t: t.update(teams="marketing"),
     "teams: Input should be a valid list; it is 'marketing'; write a list, each entry behind a dash or in brackets"),
    ("too few", lambda t: t.update(teams=["marketing"]),
     "teams: List should have at least 2 items after validation, not 1; add an entry"),
    ("no version", lambda t: t.update(version="one"),
     "version: Input should be a valid integer, unable to parse string as an integer; it is 'one'; "
     "write a whole number"),
    ("no name", lambda t: t["clocks"][0].update(clock="MQL routed"),
     "clocks.0.clock: 'MQL routed' is not written as it must be; a name has small letters, digits and _, "
     "and begins with a letter"),
    ("no such kind", lambda t: t["tracks"]["funnel"]["stages"][0].update(kind="gates"),
     f"{STAGE}.0.kind: 'gates' is not known here; did you mean 'gate'?"),
    ("no such weekday", lambda t: t["calendars"]["office"]["hours"].update(monday=["09:00-17:00"]),
     "calendars.office.hours.monday: 'monday' is not known here; did you mean 'mon'?"),
    ("within without count", lambda t: t["tracks"]["funnel"]["stages"][1]["enter"].append({"within": "7d"}),
     f"{STAGE}.1.enter.2: within: says nothing without count; add count: 2 or more"),
    ("bounds the wrong way round", lambda t: t["score"]["fit"][1].update(test={"at_least": 5, "at_most": 1}),
     "score.fit.1.test: no number is at least 5 and at most 1; swap them"),
    ("a probability above one", lambda t: t["tracks"]["funnel"]["stages"][0].update(probability=25),
     f"{STAGE}.0.probability: Input should be less than or equal to 1; it is 25; write a smaller number"),
    ("an unknown team", lambda t: t["clocks"][1].update(team="slaes"),
     "clocks.1.team: 'slaes' is no team; did you mean 'sales'?"),
    ("an unknown team in a condition", lambda t: t["overlaps"]["conflict_by"].update(team="market"),
     "overlaps.conflict_by.team: 'market' is no team; did you mean 'marketing'?"),
    ("an unknown direction", lambda t: t["overlaps"]["conflict_by"].update(direction="outbond"),
     "overlaps.conflict_by.direction: 'outbond' is no direction; did you mean 'outbound'?"),
    ("an unknown channel", lambda t: t["overlaps"]["conflict_by"].update(channel="mail"),
     "overlaps.conflict_by.channel: 'mail' is no channel; did you mean 'email'?"),
    ("a type that no touchpoint has", lambda t: t["owners"]["claim"].update(type="Owner claimed"),
     "owners.claim.type: 'Owner claimed' is no type of touchpoints; write it like deal.won, or deal.* for all"),
    ("an unknown subject in a condition", lambda t: t["overlaps"]["conflict_by"].update(subject="promotions"),
     "overlaps.conflict_by.subject: no subject is called 'promotions'; did you mean 'promotion'?"),
    ("a watched subject without an owner", lambda t: t["subjects"]["watched"].append("prices"),
     "subjects.watched: 'prices' is no subject that has an owner; did you mean 'pricing'?"),
    ("an unknown subject in a detour", lambda t: t["subjects"]["in_detour"].update(contracts="sales"),
     "subjects.in_detour.contracts: 'contracts' is no subject that has an owner; did you mean 'contract'?"),
    ("two owners from one stage", lambda t: t["subjects"]["owners"]["targeting"].append({"team": "sales"}),
     "subjects.owners.targeting.1: the start 'the beginning' stands twice; the first is number 1: rename one"),
    ("an unknown stage", lambda t: t["owners"].update(offered_on={"track": "lead", "stage": "mqls"}),
     "owners.offered_on.stage: 'mqls' is no stage or detour; did you mean 'mql'?"),
    ("an unknown track", lambda t: t["subjects"].update(track="funnels"),
     "subjects.track: 'funnels' is no track; did you mean 'funnel'?"),
    ("a detour that is furthest", lambda t: t["owners"]["claim"].update(furthest={"lead": "lost"}),
     "owners.claim.furthest.lead: 'lost' is no stage; it is one of inquiry, mql, sal, sql, opportunity, customer"),
    ("an unknown calendar", lambda t: t["clocks"][0].update(calendar="ofice"),
     "clocks.0.calendar: 'ofice' is no calendar; did you mean 'office'?"),
    ("an unknown persona", lambda t: t["owners"]["claim"].update(persona="chef"),
     "owners.claim.persona: 'chef' is no persona; "),
    ("a stage twice", lambda t: t["tracks"]["lead"]["stages"].append({"stage": "mql", "enter": [{"type": "a.b"}]}),
     "tracks.lead.stages.6: stage 'mql' stands twice; the first is number 2: rename one"),
    ("a detour named as a stage", lambda t: t["tracks"]["lead"]["detours"][0].update(detour="sql"),
     "tracks.lead.detours.0: place 'sql' stands twice in this track; a detour needs a name of its own"),
    ("a clock twice", lambda t: t["clocks"][1].update(clock="mql_routed"),
     "clocks.1: clock 'mql_routed' stands twice; the first is number 1: rename one"),
    ("business hours without a calendar", lambda t: t["clocks"][0].pop("calendar"),
     "clocks.0.limit: business time needs a calendar; add calendar: NAME"),
    ("business hours where none run", lambda t: t["tracks"]["funnel"]["stages"][0].update(no_activity="40bh"),
     f"{STAGE}.0.no_activity: 40bh: business hours are for the limit of a clock; write calendar time, as 1d"),
    ("no time at all", lambda t: t["tracks"]["funnel"]["stages"][0].update(no_activity="0d"),
     f"{STAGE}.0.no_activity: 0d is no time at all; write at least 1s, or remove the line"),
    ("a half-life of nothing", lambda t: t["score"]["engagement"].update(half_life="0d"),
     "score.engagement.half_life: 0d is no time at all; write at least 1s, or remove the line"),
    ("duplicates forgotten too soon", lambda t: t["windows"].update(deduplication="1d"),
     "windows.deduplication: shorter than correction: a late touchpoint that is sent twice could count twice; "
     "write 7d at least"),
    ("a zone misspelt", lambda t: t["calendars"]["office"].update(zone="Europe/Berln"),
     "calendars.office.zone: 'Europe/Berln' is no time zone; did you mean 'Europe/Berlin'?"),
    ("a city for a zone", lambda t: t["calendars"]["office"].update(zone="berlin"),
     "calendars.office.zone: 'berlin' is no time zone; did you mean 'Europe/Berlin'?"),
    ("no zone at all", lambda t: t["calendars"]["office"].update(zone="at home"),
     "calendars.office.zone: 'at home' is no time zone; write an IANA zone, as Europe/Berlin"),
    ("no such day", lambda t: t["calendars"]["office"].update(holidays=["2026-02-30"]),
     "calendars.office.holidays.0: '2026-02-30' is no date; write year-month-day, as 2026-12-25"),
    ("a day written otherwise", lambda t: t["calendars"]["office"].update(holidays=["2026-12-25", "25.12.2026"]),
     "calendars.office.holidays.1: '25.12.2026' is no date; write year-month-day, as 2026-12-25"),
    ("hours that are none", lambda t: t["calendars"]["office"]["hours"].update(mon=["9-17"]),
     "calendars.office.hours.mon.0: '9-17' is no interval; write it like 09:00-17:00"),
    ("hours past midnight", lambda t: t["calendars"]["office"]["hours"].update(mon=["22:00-06:00"]),
     "calendars.office.hours.mon.0: '22:00-06:00' closes before it opens; split it at midnight"),
    ("hours that overlap", lambda t: t["calendars"]["office"]["hours"].update(mon=["09:00-13:00", "12:00-17:00"]),
     "calendars.office.hours.mon.1: 09:00-13:00 and 12:00-17:00 are open at once; an hour would count twice: "
     "join them"),
    ("never open", lambda t: t["calendars"]["office"].update(hours={"mon": []}),
     "calendars.office.hours: a calendar that never opens can never be met; give one weekday an interval"),
    ("a clock that nothing starts", lambda t: t["clocks"][0].update(start={}),
     "clocks.0.start: nothing starts it; add enter, when or stopped"),
    ("a clock that nothing stops", lambda t: t["clocks"][0].update(stop={}),
     "clocks.0.stop: nothing stops it; add when or leave"),
    ("a clock started by itself", lambda t: t["clocks"][3].update(start={"stopped": "two_way"}),
     "clocks.3.start.stopped: clocks that start each other never start: two_way waits for two_way; break it"),
    ("clocks in a circle", lambda t: t["clocks"][2].update(start={"stopped": "two_way"}),
     "clocks.2.start.stopped: clocks that start each other never start: "
     "first_attempt waits for two_way waits for first_attempt; break it"),
    ("an unknown clock", lambda t: t["clocks"][3].update(start={"stopped": "first_atempt"}),
     "clocks.3.start.stopped: 'first_atempt' is no clock; did you mean 'first_attempt'?"),
    ("nobody takes an offer", lambda t: t["owners"].update(moves=t["owners"]["moves"][1:]),
     "owners.moves: nobody can take what is offered; add a move that is called: accepted"),
    ("a kind of overlap without severity", lambda t: t["overlaps"]["severity"].pop("account"),
     "overlaps.severity: give a severity to account: low, medium or high"),
    ("no owner of the rest", lambda t: t["subjects"]["in_detour"].pop("else"),
     "subjects.in_detour: say who owns all other subjects in a detour; add else: TEAM"),
    ("a stage that nothing enters", lambda t: t["tracks"]["lead"]["stages"][3].pop("enter"),
     "tracks.lead.stages.3: nothing ever enters 'sql'; add enter: with a condition"),
    ("a detour that nothing leads to", lambda t: t["tracks"]["lead"]["detours"][1].pop("when"),
     "tracks.lead.detours.1: nothing ever leads to 'recycled'; add when, or after"),
    ("a rule twice", lambda t: t["tracks"]["lead"]["stages"][4]["enter"].append({"type": "deal.created"}),
     "tracks.lead.stages.4.enter.1: says the same as number 1; remove one of them"),
    ("a rule beside {}", lambda t: t["tracks"]["funnel"]["stages"][0]["enter"].append({"type": "a.b"}),
     f"{STAGE}.0.enter.1: never decides anything: {{}} beside it holds always; remove one of them"),
    ("a rule of two stages", lambda t: t["tracks"]["lead"]["stages"][3]["enter"].append({"type": "deal.won"}),
     "tracks.lead.stages.3.enter.1: what fulfils this enters 'customer', further up, instead; remove one"),
    ("a stage above all that everything enters", lambda t: t["tracks"]["lead"]["stages"][5].update(enter=[{}]),
     "tracks.lead.stages.0.enter.0: what fulfils this enters 'customer', further up, instead; remove one"),
    ("a detour for everything", lambda t: t["tracks"]["lead"]["detours"][2].update(when=[{}]),
     "tracks.lead.detours.2.when.0: every touchpoint leads here: nobody can be in a stage; say which ones"),
    ("a detour that another one takes",
     lambda t: t["tracks"]["lead"]["detours"][2].update(when=[{"type": "lead.recycled"}]),
     "tracks.lead.detours.2.when.0: a detour above is entered by the same; remove one of them"),
    ("a move that never decides",
     lambda t: t["owners"]["moves"].insert(0, {"when": {}, "to": "sales", "called": "accepted"}),
     "owners.moves.1: never decides anything: number 1 holds first; swap or remove them"),
    ("a condition that never holds", lambda t: t["owners"]["claim"].update(all=[{"type": "owner.released"}]),
     "owners.claim: can never hold: type cannot be owner.claimed and owner.released; use any, or one list"),
    ("a score out of reach",
     lambda t: t["tracks"]["lead"]["stages"][1]["enter"][2]["score"].update(fit={"at_least": 90}),
     "tracks.lead.stages.1.enter.2.score.fit: can never hold: fit is 60 at most; lower it, or add points"),
    ("a condition that nothing fulfils", lambda t: t["owners"]["claim"].update({"not": {}}),
     "owners.claim.not: can never hold: not {} is never true; remove it, or say what must not be"),
    ("a score that no points lead to", lambda t: t["score"]["engagement"].update(points=[]),
     "tracks.lead.stages.1.enter.2.score.engagement: can never hold: engagement is 0 at most; lower it, or add points"),
    ("two ways out of a stage by time", lambda t: t["tracks"]["funnel"]["detours"].append(
        {"detour": "asleep", "move": "exit", "after": {"no_activity": "90d", "stages": ["interest"]}}),
     "tracks.funnel.detours.4.after.stages: 'interest' is left for 'inactive' by time already; a stage has one such "
     "way"),
    ("amounts the wrong way round", lambda t: t["owners"]["claim"].update(value={"at_least": 5, "at_most": 1}),
     "owners.claim.value: no amount is at least 5 and at most 1; swap them"),
    ("a stage in absent", lambda t: t["owners"]["claim"].update(absent={"when": {"stage": {"lead": ["mql"]}}}),
     "owners.claim.absent.when.stage: stage is about the journey; here only the touchpoint itself can be asked"),
    ("an unknown trait test", lambda t: t["score"]["fit"][0].update(test={"bigger": 3}),
     "score.fit.0.test.bigger: unknown field 'bigger'; it is one of equals, in, starts_with, "),
    ("a test on a list of nothing", lambda t: t["score"]["fit"][0].update(test=[]),
     "score.fit.0.test.in: List should have at least 1 item after validation, not 0; add an entry"),
    ("an empty test", lambda t: t["score"]["fit"][0].update(test={}),
     "score.fit.0.test: a test that tests nothing; write a value, a list, or at_least, starts_with, exists"),
    ("a persona that another takes", lambda t: t.update(personas=[
        {"persona": "a", "when": [{}]}, {"persona": "b", "when": [{"x": 1}]}]),
     "personas.1: 'a' fits first; put 'b' above it, or tell them apart"),
    ("a term twice", lambda t: t.update(definitions=[{"term": "MQL", "means": "x"}, {"term": "MQL", "means": "y"}]),
     "definitions.1: term 'MQL' stands twice; the first is number 1: rename one"),
    ("a rule that the stage lacks", lambda t: t.update(definitions=[
        {"term": "SAL", "means": "x", "reached": {"track": "lead", "stage": "sal"}, "rule": 2}]),
     "definitions.0.rule: 'sal' has no entry rule 2; the last one is 1"),
    ("a rule of no stage", lambda t: t.update(definitions=[{"term": "SAL", "means": "x", "rule": 1}]),
     "definitions.0.rule: a rule is one of a stage's; add reached: with track and stage"),
    ("a track without a stage", lambda t: t.update(definitions=[
        {"term": "SAL", "means": "x", "reached": {"track": "lead"}}]),
     "definitions.0.reached.stage: stage is missing; add stage:"),
    ("shares that do not sum", lambda t: t.update(attribution={"position": {"first": 40, "middle": 20, "last": 50}}),
     "attribution.position: the shares sum to 110, not 100; take 10 away"),
    ("shares of another model", lambda t: t.update(attribution={"position": {"first": 40, "lead": 60, "middle": 0}}),
     "attribution.position: position has shares for first, middle and last; w_shaped has the others"),
    ("a default that is not computed", lambda t: t.update(attribution={"models": ["first"], "default": "last"}),
     "attribution.default: 'last' is no model of this policy; it is one of first"),
    ("a quota of nothing", lambda t: t.update(quotas=[
        {"quota": "q", "team": "sales", "metric": "revenue", "period": "monthly", "amount": 5}]),
     "quotas.0: metric: revenue needs currency; add it"),
    ("a quota of another metric", lambda t: t.update(quotas=[
        {"quota": "q", "team": "sales", "metric": "deals_won", "period": "monthly", "amount": 5, "currency": "EUR"}]),
     "quotas.0: currency belongs to metric: revenue; remove it, or change the metric"),
    ("no such currency", lambda t: t.update(quotas=[
        {"quota": "q", "team": "sales", "metric": "revenue", "period": "monthly", "amount": 5, "currency": "euro"}]),
     "quotas.0.currency: 'euro' is not written as it must be; write three capital letters, as EUR"),
    ("no such period", lambda t: t.update(quotas=[
        {"quota": "q", "team": "sales", "metric": "deals_won", "period": "month", "amount": 5}]),
     "quotas.0.period: 'month' is not known here; did you mean 'monthly'?"),
    ("a goal without a target", lambda t: t.update(goals=[{"goal": "g", "means": "x", "metric": "win_rate"}]),
     "goals.0: a metric says nothing without a target; add at_least or at_most"),
    ("a target of nothing", lambda t: t.update(goals=[{"goal": "g", "means": "x", "at_least": 1}]),
     "goals.0: a target says nothing without a metric; add metric, or leave at_least and at_most out"),
    ("an unknown channel of alerts", lambda t: t.update(alerts={"channels": {"desk": "webhook"}, "routes": [
        {"route": "r", "to": ["desks"]}]}),
     "alerts.routes.0.to: 'desks' is no channel; did you mean 'desk'?"),
    ("an unknown type of alerts",
     lambda t: t.update(alerts={"routes": [{"route": "r", "type": "clock.breach", "to": []}]}),
     "alerts.routes.0.type: 'clock.breach' is no type of alerts; did you mean 'clock.breached'?"),
    ("a route that nothing reaches", lambda t: t.update(alerts={"routes": [
        {"route": "all", "to": []}, {"route": "clocks", "type": "clock.*", "to": []}]}),
     "alerts.routes.1: no alert comes this far: 'all' takes them; swap them"),
    ("a severity of clocks", lambda t: t.update(alerts={"routes": [
        {"route": "r", "type": "clock.*", "severity": ["high"], "to": []}]}),
     "alerts.routes.0.severity: only overlaps have a severity; remove it, or add type: overlap.*"),
    ("a digest that is never sent", lambda t: t.update(alerts={"routes": [{"route": "r", "to": [], "how": "digest"}]}),
     'alerts.routes.0.how: there is no digest; add alerts: digest: at: ["08:00"]'),
    ("no time of day", lambda t: t.update(alerts={"quiet_hours": {"from": "8pm", "to": "07:00"}}),
     "alerts.quiet_hours.from: '8pm' is not written as it must be; write a time of day in quotes, as \"08:00\""),
    ("a signatory of no team", lambda t: t.update(agreement={"parties": [{"team": "finance"}]}),
     "agreement.parties.0.team: 'finance' is no team; it is one of marketing, sales"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_mistake_is_told_with_its_path_and_a_remedy(change: Callable[[Tree], object], told: str) -> None:
    found = mistakes(changed(lambda tree: change(tree) and None))
    assert any(mistake.startswith(told) for mistake in found), found


def test_form_and_meaning_are_told_together_in_the_order_of_the_file() -> None:
    text = replaced("correction: 7d", "correction: soon")
    text = text.replace("zone: UTC", "zone: Mars", 1).replace("        team: marketing", "        team: marketeers", 1)
    text = text.replace("escalate_at: 2", "escalate_at: 1", 1)
    found = mistakes(text)
    assert [mistake.split(":")[0] for mistake in found] == [
        "windows.correction",
        "calendars.office.zone",
        "tracks.funnel.stages.0.team",
        "stalled.escalate_at",
    ]
    assert [line for line, _ in places(text)] == sorted(line for line, _ in places(text))


def test_what_a_broken_part_names_is_not_called_unknown() -> None:
    text = replaced("- stage: sal\n        kind: sla", "- stage: sal\n        kind: salsa")
    assert [mistake.split(":")[0] for mistake in mistakes(text)] == ["tracks.lead.stages.2.kind"]
    text = replaced("clock: first_attempt", "clock: first_attempt\n    colour: red")
    assert mistakes(text) == [
        "clocks.2.colour: unknown field 'colour'; it is one of clock, start, stop, limit, calendar, team"
    ]


def test_a_missing_section_is_the_only_mistake_there_is() -> None:
    for section in ("calendars", "tracks", "teams", "subjects", "owners"):
        found = mistakes(changed(lambda tree, section=section: tree.pop(section) and None))
        assert found == [f"{section}: {section} is missing; add {section}:"]


def test_an_item_that_is_taken_out_leaves_the_places_of_the_others() -> None:
    def change(tree: Tree) -> None:
        tree["clocks"][0] = {"clock": "x"}
        tree["clocks"][1] = "nonsense"
        tree["clocks"][4]["team"] = "slaes"

    found = mistakes(changed(change))
    assert "clocks.4.team: 'slaes' is no team; did you mean 'sales'?" in found
    assert {mistake.split(":")[0].rpartition(".")[0] for mistake in found} == {"clocks", "clocks.0", "clocks.4"}


def test_nothing_of_a_file_with_mistakes_is_used() -> None:
    with pytest.raises(PolicyError) as caught:
        read(replaced("version: 1", "version: 0"))
    assert str(caught.value).startswith(f"line {line_of(TEXT, 'version: 1')}, column 1: version: ")


def test_clocks_may_stand_in_any_order() -> None:
    def change(tree: Tree) -> None:
        tree["clocks"].reverse()

    story = Story(Rules(read(changed(change))))
    story.arrive(
        [
            touch("s1", START, "lead.accepted", "sales", "internal"),
            touch("s2", START + 60_000, "call.logged", "sales", "outbound", properties={"outcome": "connected"}),
        ]
    )
    from journey.fact import Clock

    assert {clock.name: clock.state for clock in story.current(Clock)} == {"first_attempt": "met", "two_way": "met"}


def test_owners_of_a_subject_may_stand_in_any_order() -> None:
    from journey.fact import Overlap

    def change(tree: Tree) -> None:
        tree["subjects"]["owners"]["pricing"].reverse()

    story = Story(Rules(read(changed(change))))
    story.arrive(
        [
            touch("a", START, "page.viewed"),
            touch("b", START + 1, "email.sent", "sales", "outbound", subject="pricing"),
        ]
    )
    assert [(fact.kind, fact.precedence) for fact in story.current(Overlap)] == [("off_turf", "marketing")]
