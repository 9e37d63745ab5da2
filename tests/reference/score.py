"""Fit and engagement by adding up the whole list anew."""

from typing import Any

from tests.reference.line import DAY, Touch, number, said

POINTS = {
    "email.opened": 1, "email.clicked": 3, "page.viewed": 1, "content.downloaded": 5, "webinar.attended": 10,
    "form.submitted": 15, "demo.requested": 30,
}  # fmt: skip
# The default policy file's markets; the text leaves them to the policy.
MARKETS = {
    "US", "CA", "GB", "IE", "DE", "FR", "NL", "BE", "AT", "CH", "ES", "IT", "SE", "DK", "NO", "FI", "BR",
}  # fmt: skip


def engagement(line: list[Touch], at: int) -> float:
    """Points of everything in `line`, each halved for every 14 days since."""
    return sum(POINTS.get(one["type"], 0) * 2.0 ** (-(at - one["at"]) / (14 * DAY)) for one in line)


def traits(line: list[Touch]) -> dict[str, Any]:
    """The latest value known of each trait."""
    known: dict[str, Any] = {}
    for one in line:
        given = said(one, "traits")
        if isinstance(given, dict):
            known.update({name: value for name, value in given.items() if value is not None})
    return known


def fit(line: list[Touch]) -> int:
    known = traits(line)
    points = 30 if known.get("seniority") in ("director", "vp", "chief") else 0
    size = number(known.get("company_size"))
    points += 20 if size is not None and size >= 50 else 0
    return points + (10 if known.get("country") in MARKETS else 0)


def ready(line: list[Touch], touch: Touch) -> bool:
    """fit >= 40 and engagement >= 50, the touchpoint's own points and traits included.

    Reading: a sum that is 50 but for the rounding of its halvings is 50.
    """
    known = line[: touch["n"] + 1]
    return fit(known) >= 40 and engagement(known, touch["at"]) >= 50 - 1e-9
