"""What reports compute with, of each policy: written to the table `policies` by whoever knows policies and ClickHouse.

Definitions only: which touchpoint fulfils what is decided in journey/, never here. A row is written whole, so a report
never sees half a policy; what is there already is not written again.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.client import Client

from journey.policy.aims import Shares
from journey.policy.condition import Condition
from journey.policy.document import Policy
from journey.rules import Rules
from sinks.clickhouse.connection import reason_of
from sinks.waiting import happens
from streams.agreement import Agreement

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# What a report can hold a touchpoint against; a condition that asks more is no whole one.
_FIELDS = {"type": "types", "team": "teams", "channel": "channels", "direction": "directions", "subject": "subjects"}
# ISO 4217: the currencies whose minor unit is no hundredth.
_NO_DIGITS = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
              "XOF", "XPF")  # fmt: skip
_THREE_DIGITS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_DIGITS = dict.fromkeys(_NO_DIGITS, 0) | dict.fromkeys(_THREE_DIGITS, 3)

Row = dict[str, Any]


def terms_of(rules: Rules, currency: str) -> Iterator[Row]:
    """A row of `policies` for each version, the latest first; `currency` (ISO 4217) is what reports are in.

    `since` is aware; durations are milliseconds; stages count from 1, detours go on after them.
    """
    at: Rules | None = rules
    while at is not None:
        yield _row(at.policy, datetime.fromtimestamp(at.since / 1000, UTC), currency)
        at = at.before


def write_terms(client: Client, rules: Rules, currency: str) -> list[str]:
    """Write what is not there as it is. Returns the labels written. Raises clickhouse_connect's errors."""
    held = client.query("SELECT toUnixTimestamp64Milli(since), checksum FROM policies FINAL").result_rows
    known = {(int(since), str(checksum)) for since, checksum in held}
    rows = [row for row in terms_of(rules, currency) if _key(row) not in known]
    for row in rows:
        client.insert("policies", [list({**row, "written_at": datetime.now(UTC)}.values())], [*row, "written_at"])
    return [row["policy"] for row in rows]


async def keep_terms(
    agreement: Agreement, connect: Callable[[], Client], currency: str, stopping: asyncio.Event
) -> None:
    """Until `stopping`: write each policy as it is adopted, and all of them where ClickHouse has lost them."""
    client: Client | None = None
    while not stopping.is_set():
        try:
            rules = await agreement.read()
            client = client or await asyncio.to_thread(connect)
            for label in await asyncio.to_thread(write_terms, client, rules, currency):
                log.info("reports compute by policy %s", label)
        except Exception as error:
            # Kafka or ClickHouse is away, or the tables are not made yet: both come back.
            client = None
            log.debug("the policy is not in ClickHouse yet: %s", reason_of(error))
        await happens(stopping, EVERY_SECONDS)


def _key(row: Row) -> tuple[int, str]:
    return round(row["since"].timestamp() * 1000), row["checksum"]


def _row(policy: Policy, since: datetime, currency: str) -> Row:
    office = policy.calendars[policy.owners.calendar]
    made = policy.feedback.lead if policy.feedback else policy.owners.offered_on
    row: Row = {
        "since": since,
        "policy": policy.label,
        "currency": currency,
        "digits": _DIGITS.get(currency, 2),
        "zone": office.zone,
        "open_days": [number for number, day in enumerate(_WEEKDAYS, 1) if office.hours.get(day)],  # type: ignore[call-overload]
        "holidays": [date.fromisoformat(day) for day in office.holidays],
        "lead_track": made.track if made else "",
        "lead_stage": made.stage if made else "",
        "lookback_ms": policy.attribution.lookback.ms,
        "half_life_ms": policy.attribution.half_life.ms,
        "models": list(policy.attribution.models),
        "shares": [
            _shares("position", policy.attribution.position),
            _shares("w_shaped", policy.attribution.w_shaped),
        ],
        "credited": tuple(_fields(policy.attribution.credited).values()),
        "stages": list(_stages(policy)),
        "quotas": list(_quotas(policy)),
        "goals": [(goal.goal, goal.metric, goal.at_least, goal.at_most) for goal in policy.goals if goal.metric],
    }
    text = json.dumps(row, default=str, sort_keys=True)
    return {**row, "checksum": hashlib.sha256(text.encode()).hexdigest()[:16]}


def _shares(model: str, shares: Shares) -> tuple[Any, ...]:
    return (model, shares.first, shares.lead, shares.opportunity, shares.last, shares.middle)


def _stages(policy: Policy) -> Iterator[tuple[Any, ...]]:
    for name, track in policy.tracks.items():
        rank = 0
        for rank, stage in enumerate(track.stages, 1):
            yield (name, stage.stage, rank, 0, stage.team or "", stage.probability)
        for more, detour in enumerate(track.detours, rank + 1):
            yield (name, detour.detour, more, 1, "", None)


def _quotas(policy: Policy) -> Iterator[tuple[Any, ...]]:
    for quota in policy.quotas:
        entered = quota.entered
        yield (
            quota.quota,
            quota.team,
            quota.metric,
            entered.track if entered else "",
            entered.stage if entered else "",
            quota.period,
            Decimal(str(quota.amount)),
            quota.currency or "",
            *_fields(quota.when or Condition()).values(),
        )


def _fields(condition: Condition) -> Mapping[str, Any]:
    """The values of each field that a touchpoint may have, none for any; and whether that is all that is asked."""
    asked = condition.model_fields_set
    values: dict[str, Any] = {name: getattr(condition, field) or [] for field, name in _FIELDS.items()}
    wildcards = any("*" in value for value in values["types"])
    return {**values, "whole": int(asked <= set(_FIELDS) and not wildcards)}
