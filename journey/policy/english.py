"""Conditions and durations of a policy in plain English, for the agreement that people sign."""

from collections.abc import Iterable, Sequence
from typing import Any

from journey.policy.condition import Absent, Amount, Condition, Match
from journey.policy.duration import Duration

_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "bh": "business hour"}
_ANY = "any touchpoint"


def sentence(condition: Condition) -> str:
    """What a touchpoint, and the journey so far, must be like: `quote sent, for the 2nd time within 7 days`."""
    if _only_alternatives(condition):
        return either([sentence(part) for part in condition.any_of])
    parts = [_what(condition), *_which(condition), *_when(condition)]
    parts += [_beside(part) for part in condition.all_of]
    if parts == [_ANY] and condition.any_of:
        parts = [either([sentence(part) for part in condition.any_of])]
    elif condition.any_of:
        parts.append(f"that is {either([_beside(part) for part in condition.any_of])}")
    if condition.none_of is not None:
        parts.append(f"unless {_unless(condition.none_of)}")
    return ("; " if any(";" in part for part in parts) else ", ").join(parts)


def span(duration: Duration) -> str:
    """A duration in words: `24 business hours`, `1 day`."""
    unit = duration.text.lstrip("0123456789 ")
    number = int(duration.text[: -len(unit)])
    return f"{number} {_UNITS[unit]}{'' if number == 1 else 's'}"


def either(words: Iterable[str]) -> str:
    """`a, b or c`; with semicolons where a part has a comma of its own."""
    return _joined(list(words), "or")


def both(words: Iterable[str]) -> str:
    """`a, b and c`."""
    return _joined(list(words), "and")


def readable(name: str) -> str:
    """A name without underscores and dots; `email.*` is any email."""
    return f"any {name[:-2]}" if name.endswith(".*") else name.replace("_", " ").replace(".", " ")


def test(match: Match) -> str:
    """A test on a value in words: `at least 4`."""
    words = []
    if match.equals is not None:
        words.append(_value(match.equals))
    if match.one_of is not None:
        words.append(either(map(_value, match.one_of)))
    if match.starts_with is not None:
        words.append(f"beginning with {match.starts_with}")
    if match.at_least is not None:
        words.append(f"at least {match.at_least:,g}")
    if match.at_most is not None:
        words.append(f"at most {match.at_most:,g}")
    if match.exists is not None:
        words.append("given" if match.exists else "not given")
    return both(words)


def tests(matches: dict[str, Match]) -> str:
    """Tests on several named values: `seniority vp or chief and company size at least 50`."""
    return both(f"{readable(name)} {test(match)}" for name, match in matches.items())


def ordinal(number: int) -> str:
    """`2nd`."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _joined(words: Sequence[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    comma = ";" if any("," in word for word in words) else ","
    return f"{f'{comma} '.join(words[:-1])}{comma if comma == ';' else ''} {last} {words[-1]}"


def _only_alternatives(condition: Condition) -> bool:
    return bool(condition.any_of) and condition.model_fields_set <= {"any_of"}


def _what(condition: Condition) -> str:
    kind = either(map(readable, condition.type)) if condition.type else ""
    direction = either(condition.direction) if condition.direction else ""
    if not kind:
        return f"any {direction} touchpoint" if direction else _ANY
    return f"{kind} ({direction})" if direction else kind


def _which(condition: Condition) -> list[str]:
    words = [
        f"{before} {either(map(readable, wanted))}"
        for before, wanted in (
            ("of", condition.team),
            ("by", condition.channel),
            ("about", condition.subject),
            ("of campaign", condition.campaign),
            ("with content", condition.content),
            ("by", condition.actor),
            ("from", condition.source),
        )
        if wanted
    ]
    words += [_property(path, match) for path, match in condition.properties.items()]
    return [*words, *([_amount(condition.value)] if condition.value is not None else [])]


def _property(path: str, match: Match) -> str:
    if match.equals is True:
        return f"marked as {readable(path)}"
    return f"with {readable(path)} {test(match)}"


def _amount(amount: Amount) -> str:
    bounds = [f"at least {amount.at_least:,g}"] if amount.at_least is not None else []
    bounds += [f"at most {amount.at_most:,g}"] if amount.at_most is not None else []
    currency = f" {either(amount.currency)}" if amount.currency else ""
    return f"worth {both(bounds)}{currency}" if bounds else f"with a value{f' in{currency}' if currency else ''}"


def _when(condition: Condition) -> list[str]:
    words = []
    if condition.count is not None:
        within = f" within {span(condition.within)}" if condition.within else ""
        words.append(f"for the {ordinal(condition.count)} time{within}")
    if condition.absent is not None:
        words.append(_absent(condition.absent))
    return words + _standing(condition)


def _absent(absent: Absent) -> str:
    before = f"in the {span(absent.within)} before" if absent.within else "ever before"
    return f"with no {sentence(absent.when).removeprefix('any ')} {before}"


def _standing(condition: Condition) -> list[str]:
    """What the customer must be at the touchpoint."""
    words = [f"where the persona is {either(map(readable, condition.persona))}"] if condition.persona else []
    scores = [f"{part} {test(match)}" for part, match in condition.score.items()]
    words += [f"with {both(scores)}"] if scores else []
    words += [f"while {readable(track)} is at {either(map(readable, at))}" for track, at in condition.stage.items()]
    words += [f"once {readable(track)} has reached {readable(at)}" for track, at in condition.furthest.items()]
    return words


def _beside(condition: Condition) -> str:
    """A condition inside of another one: without the touchpoint that is spoken of already."""
    if condition.model_fields_set == {"direction"} and condition.direction:
        return either(condition.direction)
    return sentence(condition).removeprefix(f"{_ANY}, ")


def _unless(condition: Condition) -> str:
    if _only_alternatives(condition):
        return either([_unless(part) for part in condition.any_of])
    told = _beside(condition)
    for opening in ("while ", "once ", "where "):
        if told.startswith(opening):
            return told.removeprefix(opening)
    if condition.type:
        return told
    return f"it comes {told}" if told.startswith("with ") else f"it is {told}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,g}" if isinstance(value, int | float) else readable(str(value)) if _is_name(value) else str(value)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value.islower() and "." not in value and "/" not in value
