"""The tracks that a customer moves on, and the score."""

from collections.abc import Iterator

from console.paper.form import Grid, Section
from journey.policy.document import Policy
from journey.policy.english import either, readable, sentence, span, test
from journey.policy.lifecycle import Detour, Stage, Track

_KINDS = {"inventory": "stock", "gate": "gate", "sla": "limit"}


def tracks(policy: Policy) -> Iterator[Section]:
    """Each track: its stages, the ways back, the detours."""
    for name, track in policy.tracks.items():
        opening = (
            "A touchpoint moves the customer up to the highest stage whose rule it fulfils. Kinds: "
            "stock has no limit, a gate checks, a limit must be kept."
        )
        grids = [_stages(track)]
        if track.regress:
            rows = [
                (sentence(rule.when), either(map(readable, rule.from_stages)), readable(rule.to))
                for rule in track.regress
            ]
            grids.append(Grid(("a touchpoint", "leads back from", "to"), list(rows), "Back among the stages"))
        if track.detours:
            detours = [_detour(detour, track) for detour in track.detours]
            grids.append(Grid(("detour", "entered by", "comes back by"), list(detours), "Beside the stages"))
        yield Section(f"The {readable(name)} track", opening, grids)


def score(policy: Policy) -> Section:
    """Engagement and fit."""
    told = policy.score
    rows = [(sentence(points.when), f"{points.points:+g}") for points in told.engagement.points]
    fit = [(readable(points.trait), test(points.test), f"{points.points:+g}") for points in told.fit]
    half = (
        f"Engagement halves every {span(told.engagement.half_life)}. Fit follows the latest value known of each trait."
    )
    grids = [Grid(("a touchpoint", "points"), list(rows), "Engagement")] if rows else []
    grids += [Grid(("trait", "is", "points"), list(fit), "Fit")] if fit else []
    return Section("Score", half, grids)


def _stages(track: Track) -> Grid:
    chances = any(stage.probability is not None for stage in track.stages)
    head = ("stage", "kind", "team", "entered by", *(("chance to win",) if chances else ()))
    return Grid(head, [_stage(number, stage, chances) for number, stage in enumerate(track.stages, start=1)])


def _stage(number: int, stage: Stage, chances: bool) -> tuple[str | list[str], ...]:
    entries = [sentence(condition) for condition in stage.enter] or ["by a way back only"]
    row = (f"{number}. {readable(stage.stage)}", _KINDS[stage.kind], readable(stage.team or "-"), entries)
    chance = "-" if stage.probability is None else f"{stage.probability * 100:g} %"
    return (*row, chance) if chances else row


def _detour(detour: Detour, track: Track) -> tuple[str | list[str], ...]:
    entered = [sentence(condition) for condition in detour.when]
    if detour.after is not None:
        stages = _stretch(detour.after.stages, track)
        entered.append(f"{span(detour.after.no_activity)} without counted activity, in {stages}")
    backs = []
    for back in detour.back:
        where = f", to {readable(back.to)}" if back.to else ""
        where = f", that enters {_stretch(back.stages, track)}" if back.stages else where
        backs.append(sentence(back.when) + where)
    name = readable(detour.detour) + (", which ends running clocks" if detour.cancels_clocks else "")
    return name, entered, backs or ["never"]


def _stretch(stages: list[str], track: Track) -> str:
    """Stages of a track in words; as a stretch where they follow each other."""
    order = [stage.stage for stage in track.stages]
    first = order.index(stages[0])
    if len(stages) > 2 and order[first : first + len(stages)] == stages:
        return f"{readable(stages[0])} to {readable(stages[-1])}"
    return either(map(readable, stages))
