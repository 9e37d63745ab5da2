"""The agreement, section by section, from the policy alone."""

from console.paper.aims import aims, attribution, definitions, personas
from console.paper.form import Paper, Section, Signature
from console.paper.handling import clocks, feedback, hours, overlaps, ownership, routes, stalls, subjects, windows
from console.paper.lifecycle import score, tracks
from journey.policy.document import Policy
from journey.policy.english import both, readable


def paper_of(policy: Policy) -> Paper:
    """The document that the teams read and sign."""
    agreement = policy.agreement
    names = {party.team: party.name or readable(party.team).capitalize() for party in agreement.parties}
    teams = [names.get(team, readable(team).capitalize()) for team in policy.teams]
    facts = [("Version", policy.label), ("Parties", both(teams))]
    facts += [("In force from", agreement.in_force_from)] if agreement.in_force_from else []
    facts += [("Review", agreement.review)] if agreement.review else []
    roles = {party.team: party.signed_by for party in agreement.parties}
    signatures = [
        Signature(names.get(team, readable(team).capitalize()), team, role)
        for team in policy.teams
        for role in roles.get(team) or ["for the team"]
    ]
    return Paper(
        agreement.title or f"The agreement of {both(teams)}",
        policy.label,
        facts,
        agreement.purpose or "",
        [section for section in _sections(policy) if section.grids or section.closing],
        signatures,
        policy.teams,
    )


def _sections(policy: Policy) -> list[Section]:
    return [
        aims(policy),
        definitions(policy),
        personas(policy),
        *tracks(policy),
        score(policy),
        ownership(policy),
        subjects(policy),
        clocks(policy),
        hours(policy),
        overlaps(policy),
        stalls(policy),
        feedback(policy),
        attribution(policy),
        routes(policy),
        windows(policy),
    ]
