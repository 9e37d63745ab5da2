"""Where everybody stands, in one look: the questions of the first page and the shape of their answers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console.analyst import AT_ONCE, Analyst
from console.questions.handoffs import HANDOFFS
from console.questions.people import with_names
from console.web.lifecycle import Stage, Track

Row = dict[str, Any]
TOP = 12


@dataclass(frozen=True)
class StageCount:
    """One stage: customers by owning team, and how many prospects stand still there (escalated: twice the limit)."""

    stage: Stage
    by_team: dict[str, int]
    stalled: int
    escalated: int

    @property
    def customers(self) -> int:
        """Customers in the stage now."""
        return sum(self.by_team.values())


@dataclass(frozen=True)
class TrackCount:
    """One track with its stages in order, and the largest count, which scales the bars."""

    name: str
    stages: list[StageCount]

    @property
    def largest(self) -> int:
        """Customers in the fullest stage; 1 at least, to divide by."""
        return max([1, *(each.customers for each in self.stages)])


@dataclass(frozen=True)
class Overview:
    """Everything on the first page. Times are aware, spans are milliseconds."""

    at: datetime
    totals: Row
    tracks: list[TrackCount]
    stalled: list[Row]
    stalled_customers: int
    overlaps: list[Row]
    overlaps_open: int
    handoffs: Row
    clocks: list[Row]
    rejected: list[Row]

    @property
    def is_empty(self) -> bool:
        """Whether nothing has arrived yet."""
        return not self.totals["touchpoints"] and not self.rejected


def overview(analyst: Analyst, tracks: tuple[Track, ...]) -> Overview:
    """Ask everything. Raises QuestionError where ClickHouse refuses or is away."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        listed = pool.submit(_listed, analyst, tracks)
        totals, counts, still, overlaps_open, handoffs, clocks, rejected = [
            pool.submit(analyst.ask, sql)
            for sql in (_TOTALS, _BY_STAGE, _STILL, _OVERLAPS_OPEN, HANDOFFS, _CLOCKS, _REJECTED)
        ]
        stalled, overlaps = listed.result()
    by_stage = [row for row in still.result() if not row["is_everywhere"]]
    return Overview(
        at=datetime.now(UTC),
        totals=totals.result()[0],
        tracks=_tracks(tracks, counts.result(), by_stage),
        stalled=stalled,
        stalled_customers=sum(row["customers"] for row in still.result() if row["is_everywhere"]),
        overlaps=overlaps,
        overlaps_open=overlaps_open.result()[0]["open"],
        handoffs=handoffs.result()[0],
        clocks=clocks.result(),
        rejected=rejected.result(),
    )


def _listed(analyst: Analyst, tracks: tuple[Track, ...]) -> tuple[list[Row], list[Row]]:
    """Stalls and overlaps that are shown one by one, with names: of all of them at once."""
    ranks = list(dict.fromkeys(stage.name for track in tracks for stage in track.stages if not stage.is_detour))
    stalled = _with_owners(analyst, _stalled(analyst, ranks))
    named = with_names(analyst, stalled + analyst.ask(_OVERLAPS, {"top": TOP}))
    return named[: len(stalled)], named[len(stalled) :]


def _stalled(analyst: Analyst, ranks: list[str]) -> list[Row]:
    """The first stalls, each customer once in a stage; without one that was resolved between the two questions."""
    first = analyst.ask(_FIRST_STALLED, {"ranks": ranks, "top": TOP})
    found = analyst.ask(_STALLED, {"customers": sorted({row["customer"] for row in first})})
    told = {(row["customer"], row["track"], row["stage"]): row for row in found}
    keys = [(row["customer"], row["track"], row["stage"]) for row in first]
    return [told[key] for key in keys if key in told]


def _with_owners(analyst: Analyst, rows: list[Row]) -> list[Row]:
    """Stalls with the owner that their customers have on the track now."""
    found = analyst.ask(_OWNERS, {"ids": sorted({row["customer_id"] for row in rows})})
    owners = {(row["customer_id"], row["track"]): (row["owner_team"], row["owner_actor"]) for row in found}
    told = [owners.get((row["customer_id"], row["track"]), ("", None)) for row in rows]
    return [{**row, "owner_team": team, "owner_actor": actor} for row, (team, actor) in zip(rows, told, strict=True)]


def _tracks(tracks: tuple[Track, ...], counts: list[Row], still: list[Row]) -> list[TrackCount]:
    by_stage: dict[tuple[str, str], dict[str, int]] = {}
    for row in counts:
        by_stage.setdefault((row["track"], row["stage"]), {})[row["owner_team"]] = row["customers"]
    stalls = {(row["track"], row["stage"]): row for row in still}
    found = []
    for track in tracks:
        stages = [*track.stages, *_unknown(track, by_stage)]
        found.append(TrackCount(track.name, [_stage(track.name, stage, by_stage, stalls) for stage in stages]))
    return found


def _unknown(track: Track, by_stage: dict[tuple[str, str], dict[str, int]]) -> list[Stage]:
    """Stages that customers are in by an older policy: shown, lest they vanish from the sum."""
    known = {stage.name for stage in track.stages}
    return [Stage(stage, "", True) for name, stage in sorted(by_stage) if name == track.name and stage not in known]


def _stage(
    track: str, stage: Stage, counts: dict[tuple[str, str], dict[str, int]], stalls: dict[tuple[str, str], Row]
) -> StageCount:
    still = stalls.get((track, stage.name), {"customers": 0, "escalated": 0})
    return StageCount(stage, counts.get((track, stage.name), {}), still["customers"], still["escalated"])


_TOTALS = "SELECT * FROM v_totals"
# Names that a column keeps as numbers are hashed once each, and numbers are grouped: three such columns as a key are
# spelled out for every row.
_BY_STAGE = """
    SELECT any(here.track) AS track, any(here.stage) AS stage, any(here.owner_team) AS owner_team, count() AS customers
    FROM v_positions AS here
    GROUP BY sipHash64(here.track), sipHash64(here.stage), sipHash64(here.owner_team)
    ORDER BY track, stage, owner_team
"""
# By stage, and of all stages: somebody may stand still on two tracks.
_STILL = """
    SELECT
        track,
        stage,
        grouping(track) AS is_everywhere,
        uniqExact(customer) AS customers,
        uniqExactIf(customer, is_escalated) AS escalated
    FROM stalls FINAL
    WHERE is_open
    GROUP BY GROUPING SETS ((track, stage), ())
"""
# The nearest to a deal first, then who waits longest: that is where a call helps most. Of all, only numbers are read. A
# customer is open in a stage twice at most, once of each kind: the first few of all are sorted, not all.
_FIRST_STALLED = """
    SELECT customer, track, stage
    FROM
    (
        SELECT
            customer,
            track,
            stage,
            since,
            transform(stage, {ranks:Array(String)}, arrayEnumerate({ranks:Array(String)}), 0) AS rank
        FROM stalls FINAL
        WHERE is_open
        ORDER BY rank DESC, since, customer
        LIMIT {top:UInt32} * 2
    )
    GROUP BY customer, track, stage, rank
    ORDER BY rank DESC, min(since), customer
    LIMIT {top:UInt32}
"""
_STALLED = """
    SELECT
        customer,
        any(stalls.customer_id) AS customer_id,
        track,
        stage,
        min(stalls.since) AS since,
        groupUniqArray(kind) AS kinds,
        max(is_escalated) AS escalated,
        max(stalls.last_counted_at) AS last_counted_at
    FROM stalls FINAL
    PREWHERE customer IN {customers:Array(UInt64)}
    WHERE is_open
    GROUP BY customer, track, stage
"""
_OWNERS = "SELECT customer_id, track, owner_team, owner_actor FROM v_positions WHERE customer_id IN {ids:Array(String)}"
_OVERLAPS = """
    SELECT customer_id, kind, subject, severity, precedence, precedence_rule, opened_at, last_at
    FROM v_overlaps
    WHERE status = 'open'
    ORDER BY indexOf(['high', 'medium', 'low'], severity), last_at DESC, id
    LIMIT {top:UInt32}
"""
_OVERLAPS_OPEN = "SELECT count() AS open FROM v_overlaps WHERE status = 'open'"
# Compliance = met / (met + breached); NULL where none has ended.
_CLOCKS = """
    SELECT
        name,
        any(team) AS team,
        countIf(state = 'met') AS met,
        countIf(state = 'breached') AS breached,
        countIf(state = 'breached' AND stopped_at IS NULL) AS unanswered,
        countIf(state = 'running') AS running,
        met / nullIf(met + breached, 0) AS compliance
    FROM v_clocks
    GROUP BY name
    ORDER BY unanswered DESC, breached DESC, name
"""
_REJECTED = """
    SELECT reason, count() AS records, max(received_at) AS latest_at
    FROM v_rejected
    GROUP BY reason
    ORDER BY records DESC, reason
"""
