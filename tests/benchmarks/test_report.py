"""What is published of a measurement: spreads, ratios round by round, and the table that the README embeds."""

from pathlib import Path

from benchmarks.page import BEGIN, END, PAGE, README, embedded
from benchmarks.report import TIMES, Figure, Report, ratio

OURS = Figure("Throughline: all", "touchpoints/s", [20_000, 10_000, 30_000])
PEER = Figure("peer: less", "touchpoints/s", [10_000, 10_000, 10_000])
REPORT = Report("n", "make it", [OURS, PEER], [ratio("one / other", OURS, PEER)], ["So."], "a machine", "2026-01-01")


def test_a_spread_is_minimum_median_and_maximum() -> None:
    assert OURS.spread == (10_000, 20_000, 30_000)


def test_a_ratio_is_taken_of_the_two_runs_of_each_round() -> None:
    assert ratio("it", OURS, PEER) == Figure("it", TIMES, [2, 1, 3])


def test_a_table_has_a_row_for_each_figure_and_ratio_all_of_one_width() -> None:
    lines = REPORT.table().splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["Throughline: all", "peer: less", "one / other"]
    assert "20,000" in lines[2]
    assert "**2.00**" in lines[4]


def test_the_readme_is_given_each_peers_pace_and_ours_against_it() -> None:
    assert "| peer: less " in embedded(REPORT)
    assert "10,000 (10,000 to 10,000)" in embedded(REPORT)
    assert "2.00 (1.00 to 3.00) times" in embedded(REPORT)


def test_what_the_readme_embeds_is_on_the_benchmarks_page() -> None:
    shown = README.read_text().partition(BEGIN)[2].partition(END)[0]
    medians = [row.split("|")[2].split("(")[0].strip(" *") for row in shown.splitlines()[3:] if row.startswith("|")]
    rows = [[cell.strip() for cell in row.split("|")] for row in Path(PAGE).read_text().splitlines() if "|" in row]
    assert len(medians) == 4
    assert set(medians) <= {row[5] for row in rows}
