"""Results as people read them: docs/benchmarks.md with every figure, and what the README embeds of it."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Report, table

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- figures of make bench -->", "<!-- end of figures -->"


def write(sections: Sequence[tuple[str, Report]]) -> list[Path]:
    """Both, from reports of one go under their headings; returns their paths."""
    first = sections[0][1]
    parts = [
        f"# Benchmarks\n\nWritten by `{first.command}` on {first.date}; run it to have your machine's own figures.\n",
        f"Machine: {first.machine}.\n",
    ]
    for heading, report in sections:
        notes = "\n".join(f"- {note}" for note in report.notes)
        parts.append(f"## {heading}\n\n{report.table()}\n\n{notes}\n")
    PAGE.write_text("\n".join(parts))
    readme = README.read_text()
    shown = f"{BEGIN}\n{embedded(first)}\n{END}"
    README.write_text(re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: shown, readme, flags=re.DOTALL))
    return [PAGE, README]


def embedded(report: Report) -> str:
    """The paces of all contenders and ours as a ratio, with the machine and the command."""
    rows = [("one process, the same touchpoints", "touchpoints/s", "Throughline against it")]
    ours, *peers = [each for each in report.figures if each.unit == "touchpoints/s"]
    rows.append((f"**{ours.name}**", _spread(ours.spread, 0), ""))
    rows += [
        (peer.name, _spread(peer.spread, 0), f"{_spread(ratio.spread, 2)} times")
        for peer, ratio in zip(peers, report.ratios, strict=True)
    ]
    return f"{table(rows, 1)}\n\nMedian (minimum to maximum) of {len(ours.values)} runs on {report.machine}."


def _spread(spread: tuple[float, float, float], digits: int) -> str:
    lowest, middle, highest = (f"{value:,.{digits}f}" for value in spread)
    return f"{middle} ({lowest} to {highest})"
