"""What is wrong with a touchpoint, said to the person who can mend it: field, value, remedy."""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

_REMEDIES = {
    "missing": "add it",
    "extra_forbidden": "remove it, or move it under properties",
    "timezone_aware": "add the zone, as in 2026-03-01T09:00:00Z or +01:00",
    "datetime_type": "write it as RFC 3339 with a zone: 2026-03-01T09:00:00Z",
    "datetime_parsing": "write it as RFC 3339 with a zone: 2026-03-01T09:00:00Z",
    "datetime_from_date_parsing": "write it as RFC 3339 with a zone: 2026-03-01T09:00:00Z",
    "decimal_parsing": 'write a decimal number in quotes, as in "1200.50"',
    "decimal_max_places": "round it to 4 decimal places",
    "decimal_max_digits": "keep it within 18 digits",
    "string_type": "write it as a text in quotes",
    "string_too_short": "fill it, or leave the field out",
    "string_too_long": "shorten it",
    "dict_type": "write it as an object in braces",
    "model_type": "write it as an object in braces",
    "json_invalid": "send JSON in UTF-8",
}
_REMEDY_BY_FIELD = {
    "type": "use lower-case words joined by dots, past tense: email.opened",
    "team": "use a lower-case word such as marketing or sales",
    "currency": "use the three capital letters of ISO 4217, as in EUR",
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `pointer` is an RFC 6901 JSON pointer; "" is the whole touchpoint."""

    pointer: str
    field: str
    value: str
    message: str
    remedy: str

    def __str__(self) -> str:
        shown = f" (got {self.value})" if self.value else ""
        return f"{self.field}: {self.message}{shown}; {self.remedy}"


def problems_of(error: ValidationError) -> list[Problem]:
    """Every problem of a failed validation, in the order of the model's fields."""
    return [_problem(dict(detail)) for detail in error.errors(include_url=False)]


def pointer_of(path: tuple[int | str, ...]) -> str:
    """An RFC 6901 JSON pointer of a path of keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _problem(detail: dict[str, Any]) -> Problem:
    path, kind = detail["loc"], detail["type"]
    field = ".".join(str(part) for part in path) or "touchpoint"
    value = "" if kind in {"missing", "json_invalid"} or not path else _shown(detail.get("input"))
    return Problem(pointer_of(path), field, value, _message(detail), _remedy(kind, path, detail.get("ctx") or {}))


def _message(detail: dict[str, Any]) -> str:
    return str(detail["msg"]).removeprefix("Value error, ").removeprefix("customer: ")


def _remedy(kind: str, path: tuple[int | str, ...], context: dict[str, Any]) -> str:
    if kind == "literal_error":
        return f"use one of {context.get('expected', 'the values in the reference')}"
    if kind == "string_pattern_mismatch" and path:
        return _REMEDY_BY_FIELD.get(str(path[-1]), f"match {context.get('pattern', 'the pattern')}")
    return _REMEDIES.get(kind, "see the touchpoint's fields in the README")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    shown = text if len(text) <= 80 else text[:77] + "..."
    return f'"{shown}"' if isinstance(value, str) else shown
