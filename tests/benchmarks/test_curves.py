"""The picture of growth: one panel a measure, one line a length, customers by tens."""

from pathlib import Path
from xml.etree import ElementTree

from benchmarks.curves import draw

SVG = "{http://www.w3.org/2000/svg}"


def _points(path: Path) -> list[list[tuple[float, float]]]:
    lines = ElementTree.parse(path).getroot().iter(f"{SVG}polyline")
    return [
        [(float(x), float(y)) for x, y in (pair.split(",") for pair in line.get("points", "").split())]
        for line in lines
    ]


def test_ten_times_the_customers_are_one_step_to_the_right_and_half_the_value_is_half_as_high(tmp_path: Path) -> None:
    flat, rising = [(10, 4.0), (100, 4.0), (1000, 4.0)], [(10, 1.0), (100, 2.0), (1000, 4.0)]
    draw([("it", "µs", {1: flat, 10: rising})], tmp_path / "it.svg")
    level, line = _points(tmp_path / "it.svg")
    assert len({y for _, y in level}) == 1
    assert line[1][0] - line[0][0] == line[2][0] - line[1][0]
    floor = line[0][1] + (line[0][1] - line[1][1])
    assert abs((floor - line[2][1]) - 2 * (floor - line[1][1])) < 0.5


def test_every_measure_has_its_panel_and_the_picture_is_for_both_schemes(tmp_path: Path) -> None:
    curve = {1: [(10, 4.0), (100, 5.0)]}
    draw([("one", "µs", curve), ("two", "bytes", curve), ("three", "ms", curve)], tmp_path / "it.svg")
    text = (tmp_path / "it.svg").read_text()
    assert [title in text for title in (">one<", ">two<", ">three<")] == [True, True, True]
    assert "prefers-color-scheme: dark" in text
