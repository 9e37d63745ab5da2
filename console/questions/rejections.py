"""Records that were not accepted, as their emitters sent them."""

from typing import Any

from console.analyst import Analyst


def rejections(analyst: Analyst, reason: str | None, limit: int) -> list[dict[str, Any]]:
    """The latest rejected records, without their bytes."""
    sql = """
        SELECT origin, reason, detail, pointer, received_at, bytes
        FROM v_rejected
        WHERE {reason:String} IN ('', reason)
        ORDER BY received_at DESC, offset DESC
        LIMIT {limit:UInt32}
    """
    return analyst.ask(sql, {"reason": reason or "", "limit": limit})


def rejection(analyst: Analyst, origin: str) -> dict[str, Any] | None:
    """One rejected record by its origin, topic/partition/offset; None where nothing from there was rejected."""
    sql = """
        SELECT origin, reason, detail, pointer, received_at, bytes, value
        FROM v_rejected WHERE origin = {origin:String} LIMIT 1
    """
    return next(iter(analyst.ask(sql, {"origin": origin})), None)
