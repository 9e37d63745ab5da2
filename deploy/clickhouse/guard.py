"""What may not be run over HTTP, decided on the engine's own rewriting of the statement, never on the text as sent.

chDB is clickhouse-local inside: `readonly` alone leaves it `INTO OUTFILE`, the function `file()`, `DESCRIBE file()`,
several statements in one. ClickHouse's server has none of them.
"""

import re
from itertools import pairwise

from deploy.clickhouse.failure import NOT_IMPLEMENTED, READONLY, QueryError, refusal
from deploy.clickhouse.statement import words

READING = frozenset({"SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "USE", "SET"})
# Table functions that touch nothing but their arguments or the tables one may read anyway.
HARMLESS_TABLE_FUNCTIONS = words(
    "format generateseries generate_series merge null numbers numbers_mt primes values view zeros zeros_mt"
)
FORBIDDEN_FUNCTIONS = frozenset({"file", "sleep", "sleepeachrow", "getclienthttpheader", "eval"})
_FORBIDDEN_PREFIXES = ("ai", "filesystem")
# The engine writes strings with backslash escapes, quotes identifiers with backticks, and leaves no comments.
_TOKEN = re.compile(r"(?P<text>'(?:[^'\\]|\\.)*')|`(?P<quoted>(?:[^`\\]|\\.)*)`|(?P<word>\w+)|(?P<mark>\S)", re.DOTALL)


def refused(canonical: str, readonly: bool, table_functions: frozenset[str]) -> QueryError | None:
    """Why a statement may not run, or None. `canonical` is the engine's formatQuery of it."""
    tokens = _tokens(canonical)
    plain = [word for word, kind in tokens if kind == "word"]
    if any(pair == ("INTO", "OUTFILE") for pair in pairwise(plain)):
        return refusal(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "INTO OUTFILE is not available over HTTP")
    if not readonly:
        return None
    if not plain or plain[0] not in READING:
        return _read_only("Cannot execute query in readonly mode.")
    for name in _called(tokens):
        lowered = name.lower()
        if lowered in FORBIDDEN_FUNCTIONS or lowered.startswith(_FORBIDDEN_PREFIXES):
            return _read_only(f"Function {name} is not allowed to a readonly user.")
        if lowered in table_functions and lowered not in HARMLESS_TABLE_FUNCTIONS:
            return _read_only(f"Table function {name} is not allowed to a readonly user.")
    return None


def _tokens(canonical: str) -> list[tuple[str, str]]:
    return [
        (token.group(token.lastgroup or 0), token.lastgroup or "")
        for token in _TOKEN.finditer(canonical)
        if token.lastgroup
    ]


def _called(tokens: list[tuple[str, str]]) -> list[str]:
    """Names before a bracket, and names after APPLY, which calls without one."""
    called = []
    for place, (name, kind) in enumerate(tokens):
        if kind in {"word", "quoted"}:
            before = tokens[place - 1][0].upper() if place else ""
            after = tokens[place + 1][0] if place + 1 < len(tokens) else ""
            if after == "(" or before == "APPLY" or (before == "(" and place > 1 and tokens[place - 2][0] == "APPLY"):
                called.append(name)
    return called


def _read_only(message: str) -> QueryError:
    return refusal(READONLY, "READONLY", message)
