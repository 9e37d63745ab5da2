"""What the teams aim at and the words they share: goals, quotas, terms, personas, credit for deals."""

from console.paper.form import Grid, Section
from journey.policy.aims import Goal, Quota, Shares
from journey.policy.document import Policy
from journey.policy.english import both, readable, sentence, span, tests

_UNITS = {"speed_to_lead": " hours", "cycle": " days", "payback": " months"}
_AMOUNTS = frozenset({"sales_velocity", "average_deal_size", "cac", "pipeline_coverage", "attainment"})
_MODELS = {
    "first": "all to the first touch",
    "last": "all to the last touch",
    "linear": "equal parts",
    "time_decay": "half as much for every half-life before the deal",
    "markov": "by how many deals fewer there would be without it",
}


def aims(policy: Policy) -> Section:
    """Goals and quotas."""
    goals = [
        (
            goal.means,
            readable(goal.metric) if goal.metric else "-",
            _target(goal),
            both(map(readable, goal.teams or policy.teams)),
        )
        for goal in policy.goals
    ]
    quotas = [(readable(quota.team), _counted(quota), _amount(quota), quota.period) for quota in policy.quotas]
    grids = [Grid(("goal", "measured by", "target", "whose"), list(goals))] if goals else []
    grids += [Grid(("team", "brings in", "how much", "each"), list(quotas), "Quotas")] if quotas else []
    return Section("What both teams aim at", "", grids)


def definitions(policy: Policy) -> Section:
    """Terms that both teams use."""
    rows = []
    for definition in policy.definitions:
        reached = definition.reached
        place = f"{readable(reached.track)}: {readable(reached.stage)}" if reached else "-"
        rule = f", rule {definition.rule}" if definition.rule else ""
        rows.append((definition.term, definition.name or "-", definition.means, place + rule))
    grid = Grid(("term", "stands for", "means", "carried out by"), list(rows))
    return Section("Words that both teams use in one sense", "", [grid] if rows else [])


def personas(policy: Policy) -> Section:
    """Kinds of buyers."""
    rows = [
        (
            persona.title or readable(persona.persona),
            persona.means or "-",
            [tests(entry) if entry else "any other whose traits are known" for entry in persona.when],
        )
        for persona in policy.personas
    ]
    opening = "The first that fits, by the latest traits known, is the customer's persona."
    return Section("Personas", opening, [Grid(("persona", "means", "told by"), list(rows))] if rows else [])


def attribution(policy: Policy) -> Section:
    """Credit for deals."""
    told = policy.attribution
    models = {
        **_MODELS,
        "position": _shares(told.position),
        "w_shaped": _shares(told.w_shaped),
        "time_decay": f"half as much for every {span(told.half_life)} before the deal",
    }
    default = told.default or told.models[0]
    rows = [(readable(model) + (" (shown first)" if model == default else ""), models[model]) for model in told.models]
    credited = f"Touches of {span(told.lookback)} before a deal are credited: {sentence(told.credited)}."
    return Section("Credit for a deal", credited, [Grid(("model", "credit"), list(rows))])


def _shares(shares: Shares) -> str:
    named = {
        "the first touch": shares.first,
        "the one that made the lead": shares.lead,
        "the one that made the deal": shares.opportunity,
        "the last": shares.last,
        "all others in equal parts": shares.middle,
    }
    return both(f"{share} % to {name}" for name, share in named.items() if share)


def _target(goal: Goal) -> str:
    bounds = (("at least", goal.at_least), ("at most", goal.at_most))
    return both(f"{word} {_figure(goal.metric or '', bound)}" for word, bound in bounds if bound is not None) or "-"


def _figure(metric: str, value: float) -> str:
    if metric in _UNITS:
        return f"{value:,g}{_UNITS[metric]}"
    return f"{value:,g}" if metric in _AMOUNTS else f"{value * 100:g} %"


def _counted(quota: Quota) -> str:
    if quota.entered is not None:
        return f"customers that enter {readable(quota.entered.stage)} ({readable(quota.entered.track)})"
    if quota.when is not None:
        return f"touchpoints: {sentence(quota.when)}"
    return {"deals_won": "deals won", "revenue": "revenue won"}[quota.metric]


def _amount(quota: Quota) -> str:
    return f"{quota.amount:,g}{f' {quota.currency}' if quota.currency else ''}"
