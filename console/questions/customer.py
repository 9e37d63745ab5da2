"""Everything known of one customer: position on each track, owner, what is open, and the timeline."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import msgspec

from console.analyst import AT_ONCE, Analyst
from console.questions.people import derived_ids_of
from journey.account import account_id_of

Row = dict[str, Any]
_OF_A_TRACK = (
    "stage",
    "entered_at",
    "furthest",
    "visits",
    "dwell_ms",
    "stage_open_ms",
    "stage_total_ms",
    "probability",
)
_TIMELINE = """
    SELECT source, id, type, team, actor, channel, direction, subject, campaign, content, occurred_at, received_at,
        crm_id, email, phone, anonymous_id, account, value_amount, value_currency, cost_amount, cost_currency,
        properties
    FROM v_touchpoints
    WHERE derived_id IN {ids:Array(String)}
    ORDER BY occurred_at, source, id
"""


# View -> the order of its rows.
_ORDERS = {
    "v_positions": "track",
    "v_transitions": "at, track",
    "v_deals": "status != 'open', at DESC",
    "v_feedback": "at DESC",
    "v_overlaps": "status != 'open', opened_at DESC",
    "v_clocks": "state != 'running', stopped_at IS NOT NULL, started_at DESC",
    "v_stalled": "since DESC",
    "v_handoffs": "at DESC",
}


def story(analyst: Analyst, customer_id: str) -> dict[str, Any]:
    """The customer as `throughline customer --json` prints it.

    `overlaps` and `clocks` hold every one with its status or state, the open ones first; `stalled` only open ones, and
    `account_overlaps` the open ones of the customer's account, which are between the teams and any of its people.
    `persona` and `score` are as of the latest position (`as_of`). `deals` are open ones first, `feedback` latest first.
    `timeline` is in event time; `moves` of an entry are the transitions that it made, `at` is when it happened.
    """
    one = {"id": customer_id}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = pool.submit(_touchpoints, analyst, customer_id)
        named = pool.submit(_identifiers, analyst, customer_id)
        asked = {name: pool.submit(_rows, analyst, name, order, one) for name, order in _ORDERS.items()}
        touchpoints = told.result()
        account = next((row["account"] for row in reversed(touchpoints) if row["account"]), None)
        of_account = pool.submit(_of_account, analyst, account)
        facts = {name: rows.result() for name, rows in asked.items()}
        identifiers, account_overlaps = named.result(), of_account.result()
    positions = facts["v_positions"]
    return {
        "customer_id": customer_id,
        "identifiers": identifiers,
        "account": account,
        "tracks": {row["track"]: _position(row) for row in positions},
        "owner": _owner(positions),
        "persona": _latest(positions).get("persona"),
        "score": _score(positions),
        "last_touch": _last_touches(touchpoints),
        "deals": _facts(facts["v_deals"]),
        "feedback": _facts(facts["v_feedback"]),
        "overlaps": _facts(facts["v_overlaps"]),
        "account_overlaps": _facts(account_overlaps),
        "clocks": _facts(facts["v_clocks"]),
        "stalled": [row for row in _facts(facts["v_stalled"]) if row["status"] == "open"],
        "handoffs": _facts(facts["v_handoffs"]),
        "timeline": _timeline(touchpoints, facts["v_transitions"]),
    }


def _touchpoints(analyst: Analyst, customer_id: str) -> list[Row]:
    return analyst.ask(_TIMELINE, {"ids": derived_ids_of(analyst, customer_id)})


def _of_account(analyst: Analyst, account: str | None) -> list[Row]:
    """What is open between the teams across all people of the account."""
    if account is None:
        return []
    found = _rows(analyst, "v_overlaps", "opened_at DESC", {"id": account_id_of(account)})
    return [row for row in found if row["status"] == "open"]


def _identifiers(analyst: Analyst, customer_id: str) -> dict[str, list[str]]:
    sql = """
        SELECT kind, value FROM v_identifiers_of(customers = {ids:Array(String)})
        WHERE kind != 'customer_id' AND belongs ORDER BY kind, value
    """
    found: dict[str, list[str]] = {}
    for row in analyst.ask(sql, {"ids": [customer_id]}):
        found.setdefault(row["kind"], []).append(row["value"])
    return found


def _position(row: Row) -> Row:
    return {name: row[name] for name in _OF_A_TRACK}


def _latest(positions: list[Row]) -> Row:
    return max(positions, key=lambda row: (row["at"], row["recorded_at"]), default={})


def _score(positions: list[Row]) -> Row | None:
    latest = _latest(positions)
    return {"fit": latest["fit"], "engagement": latest["engagement"], "as_of": latest["at"]} if latest else None


def _owner(positions: list[Row]) -> Row | None:
    if not positions:
        return None
    latest = max(positions, key=lambda row: row["recorded_at"])
    return {"team": latest["owner_team"], "actor": latest["owner_actor"], "since": latest["owner_since"]}


def _last_touches(touchpoints: list[Row]) -> dict[str, Row]:
    last: dict[str, Row] = {}
    for row in touchpoints:
        last[row["team"]] = {
            "at": row["occurred_at"], "type": row["type"], "direction": row["direction"], "actor": row["actor"],
            "source": row["source"], "id": row["id"],
        }  # fmt: skip
    return last


def _rows(analyst: Analyst, view: str, order: str, one: dict[str, str]) -> list[Row]:
    return analyst.ask(f"SELECT * FROM {view} WHERE customer_id = {{id:String}} ORDER BY {order}", one)  # noqa: S608


def _facts(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name not in {"customer_id", "version"}} for row in rows]


def _timeline(touchpoints: list[Row], moves: list[Row]) -> list[Row]:
    by_touchpoint: dict[tuple[str, str], list[Row]] = {}
    by_time: list[Row] = []
    for move in moves:
        told = {name: move[name] for name in ("track", "kind", "from_stage", "to_stage", "dwell_ms", "rule")}
        if move["touchpoint_id"] is None:
            by_time.append({"at": move["at"], "type": "time.passed", "moves": [told]})
        else:
            by_touchpoint.setdefault((move["source"], move["touchpoint_id"]), []).append(told)
    entries = [_entry(row, by_touchpoint.get((row["source"], row["id"]), [])) for row in touchpoints]
    return sorted(entries + by_time, key=_at)


def _at(entry: Row) -> datetime:
    moment: datetime = entry["at"]
    return moment


def _entry(row: Row, moves: list[Row]) -> Row:
    told = {
        name: value for name, value in row.items() if value is not None and not name.startswith(("value_", "cost_"))
    }
    told["properties"] = msgspec.json.decode(row["properties"] or "{}")
    for kind in ("value", "cost"):
        if row[f"{kind}_amount"] is not None:
            told[kind] = {"amount": str(row[f"{kind}_amount"]), "currency": row[f"{kind}_currency"]}
    return {"at": row["occurred_at"], **told, "moves": moves}
