"""`python -m benchmarks.stages`: each stage's own pace, and the whole way's, beside stock Faust on the same machine."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import intake, journeys, receiving, way, writing
from benchmarks.journeys import STOCK, Plan, contending
from benchmarks.report import Figure, Report, ratio
from benchmarks.touchpoints import Volume

NAMES = ("intake", "writer", "gateway", "way")


@dataclass(frozen=True)
class Volumes:
    """How many touchpoints each stage is given, ten of each customer's."""

    intake: int = 400_000
    writer: int = 200_000
    way: int = 200_000
    gateway: int = 20_000
    gateway_seconds: float = 5.0
    stock: int = 15_000
    repetitions: int = 3


def measure(command: str, names: tuple[str, ...] = NAMES, volumes: Volumes | None = None) -> Report:
    """One stage after the other, then stock Faust, whose pace the ratios are taken by."""
    given = volumes or Volumes()
    measured: dict[str, Callable[[], list[Figure]]] = {
        "intake": lambda: intake.measure(_volume(given.intake), given.repetitions),
        "writer": lambda: writing.measure(_volume(given.writer), given.repetitions),
        "gateway": lambda: receiving.measure(_volume(given.gateway), given.repetitions, given.gateway_seconds),
        "way": lambda: way.measure(_volume(given.way), given.repetitions),
    }
    figures = [figure for name in names for figure in measured[name]()]
    stock = _stock(given)
    paces = [figure for figure in figures if figure.unit.endswith("/s")]
    return Report(
        "stages",
        command,
        [*figures, stock],
        [ratio(f"{figure.name.partition(':')[0]}: {figure.unit} / {STOCK}'s", figure, stock) for figure in paces],
        [
            f"Intake: {given.intake:,} raw touchpoints in Kafka, a worker that reads nothing else.",
            f"Writer: {given.writer:,} touchpoints and the facts of them, from Kafka into empty tables of "
            "the embedded ClickHouse, which shares the processors; a row counts when its insert is acknowledged.",
            f"Gateway: {receiving.BATCHES_AT_ONCE} connections with requests of {receiving.BATCH} touchpoints, "
            f"{receiving.SINGLES_AT_ONCE} with requests of one, answered with acks=all. Clients share the processors.",
            f"The whole way: {given.way:,} raw touchpoints in Kafka, and every part of an instance running "
            "beside the broker; a touchpoint counts when its row is acknowledged, and all facts go the same way.",
            "Pace: from a tenth of the data to nine tenths. Stock Faust does its simpler job, as on the journey stage.",
        ],
    )  # fmt: skip


def _volume(touchpoints: int) -> Volume:
    return Volume(touchpoints, touchpoints // 10)


def _stock(given: Volumes) -> Figure:
    plan = Plan("stock", "", _volume(given.stock * 2), given.repetitions, given.stock)
    return journeys.measure(plan, [each for each in contending(plan) if each.name == STOCK]).figures[0]


def main() -> None:
    """Print a table, and write it to benchmarks/results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="|".join(NAMES), help="only these")
    names = tuple(parser.parse_args().names)
    if set(names) - set(NAMES):
        parser.error(f"there are {', '.join(NAMES)}")
    report = measure("python -m benchmarks.stages", names)
    report.write()
    print(report.table())


if __name__ == "__main__":
    main()
