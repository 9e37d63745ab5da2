"""Makes docs/olist.md and its pictures: both files through the product's own stages into ClickHouse, and asked there.

    .venv/bin/python examples/olist/page.py FOLDER

FOLDER has marketing_qualified_leads.csv and closed_deals.csv, under these names or as Kaggle calls them.
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.reports.charts.marks import labelled, parts
from console.reports.style import ACCENT, OPEN, QUIET, WIDTH, draw, styled
from deploy.address import with_addresses
from deploy.instance import up
from deploy.part import parts_of
from gateway.importing.importer import outcomes
from gateway.importing.mapping import Mapping as FileMapping
from gateway.importing.mapping_file import load_mapping
from gateway.record import topic_of
from journey.policy.reading import read
from journey.rules import Rules
from schemas.settings import Settings
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate
from sinks.clickhouse.writer import TOPICS
from streams.memory import MemoryLine
from streams.terms import write_terms

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs"
FILES = {
    "leads": ("marketing_qualified_leads.csv", "olist_marketing_qualified_leads_dataset.csv"),
    "deals": ("closed_deals.csv", "olist_closed_deals_dataset.csv"),
}
# After the last deal: until when the leads that were never won count as open.
AS_OF = datetime(2018, 12, 1, tzinfo=UTC)
_MOST, _LONGEST_DAYS, _BIN_DAYS = 12, 300, 10
Row = dict[str, Any]
Answers = dict[str, list[Row]]


def load(settings: Settings, folder: Path) -> None:
    """Fold both files by the example's policy, and write all of it into the database that the settings name."""
    rules = Rules(read((HERE / "policy.yaml").read_text()))
    line, batch, wall = MemoryLine(rules, settings), Batch(), int(AS_OF.timestamp() * 1000)
    for name, called in FILES.items():
        file = next(folder / one for one in called if (folder / one).exists())
        line.take(list(_raw(file, name)), wall)
    for topic, records in line.written():
        if topic in TOPICS:
            batch.add(topic, records)
    client = connect(settings)
    migrate(client)
    write_terms(client, rules, settings.currency)
    Insertion(client).insert(batch, lambda table, rows: None)


def ask(settings: Settings) -> Answers:
    """The rows of every question, and of the two views of reports."""
    client = connect(settings)
    moment = f"{AS_OF:%Y-%m-%d %H:%M:%S}"
    questions = {path.stem: path.read_text() for path in (HERE / "questions").glob("*.sql")}
    questions["stages"] = f"SELECT * FROM v_time_in_stage(track = 'funnel', at = '{moment}')"  # noqa: S608
    questions["times"] = (
        f"SELECT * FROM v_time_to_convert(track = 'funnel', since = '2017-01-01 00:00:00', until = '{moment}')"  # noqa: S608
    )
    found = {}
    for name, sql in questions.items():
        answer = client.query(sql)
        found[name] = [dict(zip(answer.column_names, row, strict=True)) for row in answer.result_rows]
    return found


def pictures(found: Answers) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, picture) of each."""
    yield (
        "conversion",
        styled(
            labelled(
                [
                    {
                        "name": row["origin"].replace("_", " "),
                        "size": row["conversion_percent"],
                        "label": f"{row['conversion_percent']:.1f} % · {row['won']} of {row['leads']:,}",
                    }
                    for row in sorted(found["conversion_by_origin"], key=lambda row: -row["conversion_percent"])
                ]
            ),
            "What converts, by origin",
            "deals won / leads of the origin, 2017-06 to 2018-11",
        ),
    )
    (days,) = found["days_to_won"]
    yield (
        "days",
        styled(
            _histogram(found["days_of_each_deal"], {"median": days["median_days"], "nine in ten": days["p90_days"]}),
            "Days from first contact to deal",
            f"{days['won']} deals; those after day {_LONGEST_DAYS} are in the last bar, the one won before its first"
            " contact is in the first",
        ),
    )
    for name, question, title in (
        ("sales", "representatives", "Deals per sales representative"),
        ("development", "development_representatives", "Deals per sales development representative"),
    ):
        rows = found[question]
        bars = [{"name": next(iter(row.values()))[:6], "size": row["won"], "label": f"{row['won']}"} for row in rows]
        shown = f"the first {_MOST} of {len(rows)}, " if len(rows) > _MOST else ""
        yield name, styled(labelled(bars[:_MOST]), title, f"{shown}by the first letters of their ids")
    values = [
        {"name": row["month"], "part": part, "size": row["leads"] - row["open"] if part == "won" else row["open"]}
        for row in found["open_age"]
        for part in ("won", "never won")
    ]
    labels = [
        {"name": row["month"], "size": row["leads"], "label": f"open for {row['median_days']:.0f} days"}
        for row in found["open_age"]
    ]
    yield (
        "open",
        styled(
            parts(values, {"won": ACCENT, "never won": OPEN}, labels, "leads"),
            "Leads by the month of their first contact",
            f"the age of those never won: the median on {AS_OF:%-d %B %Y}",
        ),
    )


def page(found: Answers) -> str:
    """The page, in Markdown."""
    (days,) = found["days_to_won"]
    leads, won = (sum(row[name] for row in found["conversion_by_origin"]) for name in ("leads", "won"))
    (stage,) = [row for row in found["stages"] if row["stage"] == "intent"]
    (step,) = [row for row in found["times"] if (row["from_stage"], row["to_stage"]) == ("intent", "purchase")]
    return f"""# Real leads: Olist's marketing funnel

{leads:,} leads that asked Olist, a Brazilian marketplace, for contact between June 2017 and May 2018, and the {won} of
them that became sellers. Each figure answers a question of the [example](../examples/olist/README.md), over touchpoints
that intake, resolver and journeys have seen. Written by `.venv/bin/python examples/olist/page.py FOLDER`, which takes
the folder of the data set's two files.

Data: "Marketing Funnel by Olist" by Olist and André Sionek, CC BY-NC-SA 4.0; what is shown are counts made from it.

## Conversion by origin

{_table(found["conversion_by_origin"])}

![Conversion by origin](images/olist-conversion.svg)

## Days from first contact to deal

Median **{days["median_days"]} days**, nine in ten within **{days["p90_days"]}**. {days["before_contact"]} deal was won
before the first contact that marketing knows of: it counts as it is.

![Days from first contact to deal](images/olist-days.svg)

`v_time_to_convert` counts the {step["converted"]} deals after the lead: median {_days(step["p50_ms"])} days, nine in
ten within {_days(step["p90_ms"])}; {step["open"]:,} leads are open, and no part of that.

## Deals per representative

{len(found["representatives"])} sales representatives closed them; {len(found["development_representatives"])} sales
development representatives had worked the leads.

![Deals per sales representative](images/olist-sales.svg)

![Deals per sales development representative](images/olist-development.svg)

## Leads never won

{stage["open"]:,} leads are still at `intent` on {AS_OF:%-d %B %Y}, by `v_time_in_stage`: half of them for more than
**{_days(stage["open_p50_ms"])} days**, a tenth for more than {_days(stage["open_p90_ms"])}. An average over the closed
ones alone, {_days(stage["closed_mean_ms"])} days, says nothing of them.

![Leads by the month of their first contact](images/olist-open.svg)
"""


def _raw(file: Path, name: str) -> Iterator[tuple[str, bytes | None, bytes | None]]:
    mapping = load_mapping(HERE / f"{name}.yaml")
    assert isinstance(mapping, FileMapping), mapping
    for outcome in outcomes(mapping, file, "BR"):
        assert not outcome.reason, outcome
        for touchpoint in outcome.touchpoints:
            yield topic_of(touchpoint.team), None, touchpoint.model_dump_json(exclude_none=True).encode()


def _histogram(rows: list[Row], marks: Mapping[str, float]) -> dict[str, Any]:
    by_bin: dict[int, int] = {}
    for row in rows:
        start = min(max(row["days"], 0), _LONGEST_DAYS) // _BIN_DAYS * _BIN_DAYS
        by_bin[start] = by_bin.get(start, 0) + row["won"]
    values = [{"from": start, "to": start + _BIN_DAYS, "won": won} for start, won in sorted(by_bin.items())]
    x = {"type": "quantitative", "title": "days", "axis": {"grid": False, "tickCount": 16}}
    y = {"field": "won", "type": "quantitative", "title": "deals"}
    lines = [{"at": at, "label": f"{name}: {at:.0f} days"} for name, at in marks.items()]
    return {
        "width": WIDTH,
        "height": 240,
        "layer": [
            {
                "data": {"values": values},
                "mark": {"type": "bar", "color": ACCENT, "binSpacing": 1},
                "encoding": {"x": {"field": "from", "bin": {"binned": True}, **x}, "x2": {"field": "to"}, "y": y},
            },
            {
                "data": {"values": lines},
                "mark": {"type": "rule", "color": QUIET, "strokeDash": [4, 3]},
                "encoding": {"x": {"field": "at", **x}},
            },
            {
                "data": {"values": lines},
                "mark": {"type": "text", "align": "left", "dx": 5, "dy": 6, "baseline": "top"},
                "encoding": {"x": {"field": "at", **x}, "y": {"value": 0}, "text": {"field": "label"}},
            },
        ],
    }


def _table(rows: list[Row]) -> str:
    lines = ["| origin | leads | won | conversion |", "|---|---:|---:|---:|"]
    lines += [
        f"| {row['origin'].replace('_', ' ')} | {row['leads']:,} | {row['won']} | {row['conversion_percent']:.2f} % |"
        for row in rows
    ]
    return "\n".join(lines)


def _days(ms: float) -> str:
    return f"{ms / 86_400_000:,.1f}"


def main() -> None:
    """Write the page and its pictures."""
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        settings = Settings(data=Path(data), port_base=29090)
        alone = [part for part in parts_of(settings) if part.name == "clickhouse"]
        with up(settings, parts=alone, with_topics=False) as instance:
            reached = with_addresses(instance.settings)
            load(reached, folder)
            found = ask(reached)
    for name, picture in pictures(found):
        draw(picture, DOCS / "images" / f"olist-{name}.svg")
    (DOCS / "olist.md").write_text(page(found))


if __name__ == "__main__":
    main()
