"""One row -> the touchpoints it gives, or why it is rejected. Pure: the same row gives the same ids every time."""

import json
import math
from collections.abc import Mapping as Row
from dataclasses import dataclass
from string import Formatter
from typing import Any

from pydantic import ValidationError

from gateway.importing.mapping import Cell, Mapping, MoneyMapping, Scalar, TouchpointMapping
from gateway.importing.moment import UnreadableError, instant
from gateway.problem import problems_of
from gateway.record import record_of
from schemas.rejection import Rejection
from schemas.touchpoint import Touchpoint

TEXTS = ("id", "source", "type", "team", "direction", "channel", "actor", "subject", "campaign", "content")
_BOOLEANS = {"true": True, "yes": True, "1": True, "t": True, "y": True, "false": False, "no": False, "0": False}
_BOOLEANS |= {"f": False, "n": False}
_MISSING = object()


@dataclass(frozen=True)
class RowRejection:
    """Why a row is not imported: the touchpoint's field, the value, a message with the remedy."""

    field: str
    value: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" + (f' (got "{self.value}")' if self.value else "")


class _Refused(Exception):  # noqa: N818 (control flow inside this module: becomes a RowRejection value)
    def __init__(self, value: object, message: str) -> None:
        super().__init__(message)
        self.value = value


def touchpoints_of(mapping: Mapping, row: Row[str, Any], phone_region: str = "US") -> list[Touchpoint] | RowRejection:
    """The touchpoints of one row, none where every one is skipped; all of them or a rejection, never a part."""
    found = []
    for wanted in mapping.touchpoints:
        if not _applies(wanted, row):
            continue
        touchpoint = _touchpoint(mapping, wanted, row, phone_region)
        if isinstance(touchpoint, RowRejection):
            return touchpoint
        found.append(touchpoint)
    return found


def look_up(row: Row[str, Any], column: str) -> Any:
    """The value of a column; in nested JSON a dotted path. None where it is absent."""
    if column in row:
        return row[column]
    node: Any = row
    for part in column.split("."):
        if not isinstance(node, dict) or part not in node:
            return None
        node = node[part]
    return node


def _applies(wanted: TouchpointMapping, row: Row[str, Any]) -> bool:
    if any(_is_empty(look_up(row, column)) for column in wanted.skip_if_empty):
        return False
    return all(_text(look_up(row, column)) in values for column, values in wanted.only_if.items())


def _touchpoint(
    mapping: Mapping, wanted: TouchpointMapping, row: Row[str, Any], region: str
) -> Touchpoint | RowRejection:
    given: dict[str, Any] = {}
    field = ""
    try:
        for field in TEXTS:
            cell = getattr(wanted, field)
            if cell is not None and (value := _value(cell, row)) is not _MISSING:
                given[field] = _text(value)
        given.setdefault("source", mapping.source)
        field = "occurred_at"
        given[field] = _occurred_at(wanted, row)
        for field in ("value", "cost"):
            if money := _money(getattr(wanted, field), row):
                given[field] = money
        field = "customer"
        given |= _customer(wanted, row)
        field = "properties"
        given[field] = _group(wanted.properties, row)
    except _Refused as refused:
        return RowRejection(field, _text(refused.value), str(refused))
    return _validated(given, region)


def _validated(given: dict[str, Any], region: str) -> Touchpoint | RowRejection:
    try:
        touchpoint = Touchpoint.model_validate(given)
    except ValidationError as error:
        problem = problems_of(error)[0]
        return RowRejection(problem.field, problem.value.strip('"'), f"{problem.message}; {problem.remedy}")
    record = record_of(touchpoint, touchpoint.model_dump_json(exclude_none=True).encode(), region)
    if isinstance(record, Rejection):
        field, _, message = record.detail.partition(": ")
        return RowRejection(field, "", message)
    return touchpoint


def _occurred_at(wanted: TouchpointMapping, row: Row[str, Any]) -> Any:
    written = look_up(row, wanted.occurred_at.column)
    if _is_empty(written):
        raise _Refused("", f"column {wanted.occurred_at.column} is empty; fill it, or add it to skip_if_empty")
    try:
        return instant(wanted.occurred_at, _text(written))
    except UnreadableError as error:
        raise _Refused(written, str(error)) from error


def _money(wanted: MoneyMapping | None, row: Row[str, Any]) -> dict[str, str] | None:
    if wanted is None or (amount := _value(wanted.amount, row)) is _MISSING:
        return None
    currency = _value(wanted.currency, row)
    if currency is _MISSING:
        raise _Refused("", "the currency is empty; give it by if_empty")
    return {"amount": _text(amount), "currency": _text(currency)}


def _customer(wanted: TouchpointMapping, row: Row[str, Any]) -> dict[str, Any]:
    found = {kind: _text(value) for kind, value in _group(wanted.customer, row).items()}  # type: ignore[arg-type]
    return {"customer": found} if wanted.customer else {}


def _group(cells: dict[str, Cell], row: Row[str, Any]) -> dict[str, Any]:
    values = {name: _value(cell, row) for name, cell in cells.items()}
    return {name: value for name, value in values.items() if value is not _MISSING}


def _value(cell: Cell, row: Row[str, Any]) -> Any:
    if cell.constant is not None:
        return cell.constant
    raw = look_up(row, cell.column) if cell.column is not None else _rendered(cell.template or "", row)
    if _is_empty(raw):
        if cell.required:
            raise _Refused("", f"column {', '.join(cell.columns())} is empty; fill it, or give if_empty")
        return _MISSING if cell.if_empty is None else cell.if_empty
    if isinstance(raw, str):
        raw = raw.strip().lower() if cell.lower else raw.strip()
    return _mapped(cell, raw) if cell.map is not None else _converted(cell, raw)


def _mapped(cell: Cell, raw: Any) -> Scalar:
    assert cell.map is not None
    found = cell.map.get(_text(raw), cell.otherwise)
    if found is None:
        raise _Refused(raw, f"not among the values of map for {', '.join(cell.columns())}; add it, or give otherwise")
    return found


def _converted(cell: Cell, raw: Any) -> Any:
    try:
        match cell.convert:
            case "integer":
                return int(_text(raw))
            case "number":
                return _finite(float(_text(raw)))
            case "boolean":
                return raw if isinstance(raw, bool) else _BOOLEANS[_text(raw).lower()]
            case "json":
                return json.loads(raw) if isinstance(raw, str) else raw
            case "text":
                return _text(raw)
            case None:
                return raw
    except (ValueError, KeyError) as error:
        raise _Refused(
            raw, f"column {', '.join(cell.columns())} is no {cell.convert}; mend it, or drop `as`"
        ) from error


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("JSON has no such number")
    return number


def _rendered(template: str, row: Row[str, Any]) -> str | None:
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            value = look_up(row, name)
            if _is_empty(value):
                return None
            parts.append(_text(value).strip())
    return "".join(parts)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, (dict, list)) else str(value)
