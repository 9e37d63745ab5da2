"""Every cell: one kind of trouble each, drawn anew by a seed."""

from sinks.crash import PLACES
from tests.faults.inputs import mistakes, recreated
from tests.faults.network import network
from tests.faults.offsets import offsets
from tests.faults.processes import (
    away,
    broker_killed,
    clock,
    crash,
    descriptors,
    everything,
    kill,
    rebalances,
    rolling,
    scaling,
    term,
    third,
    zombie,
)  # fmt: skip
from tests.faults.releases import control_unknown, rebuilder_skewed, workers_skewed
from tests.faults.shapes import hot, poisoned, repeated, sized
from tests.faults.storage import SCHEMAS, full, read_only, wrong_schema
from tests.faults.trouble import Cell, calm

# A command on an instance that is stopped: `tests/test_repartition.py` kills it there.
_APART = {place for place in PLACES if place.startswith("repartition")}

CELLS = (
    Cell("calm", calm),
    Cell("poison", calm, shape=poisoned),
    Cell("sizes of 1 B to 10 MB", calm, shape=sized),
    Cell("repeats at the window's edges", kill(), shape=repeated),
    Cell("hot key", kill(), shape=hot),
    Cell("kill worker", kill()),
    *(
        Cell(f"crash {place}", crash(place), gateway=place.startswith("gateway"))
        for place in PLACES
        if place not in _APART
    ),
    Cell("kill writer", kill("writer")),
    Cell("kill rebuilder", kill("rebuilder")),
    Cell("kill notifier", kill("notifier")),
    Cell("kill gateway", kill("gateway"), gateway=True),
    Cell("kill clickhouse", kill("clickhouse")),
    Cell("kill everything", everything, gateway=True),
    Cell("term, term, kill", term),
    Cell("zombie", zombie, pace=130.0),
    Cell("offsets lost", offsets("lost")),
    Cell("offsets ahead", offsets("ahead")),
    Cell("offsets behind", offsets("behind")),
    Cell("rebalance", rebalances),
    Cell("rolling restart", rolling),
    Cell("workers 1, 2, 3, 1", scaling, pace=80.0),
    Cell("third worker", third, pace=130.0),
    Cell("broker killed in commit", broker_killed("commit"), pace=130.0),
    Cell("broker killed in rebalance", broker_killed("rebalance"), pace=130.0),
    Cell("broker killed in restore", broker_killed("restore"), pace=130.0),
    Cell("clock a day ahead", clock("ahead"), pace=200.0),
    Cell("clock a day behind", clock("behind"), pace=200.0),
    Cell("clock jumping", clock("jumping"), pace=130.0),
    Cell("no file descriptors", descriptors),
    Cell("disk of broker full", full("kafka"), disks=True),
    Cell("disk of clickhouse full", full("clickhouse"), disks=True),
    Cell("disk of logs full", full("logs"), disks=True),
    Cell("wrong settings", mistakes),
    Cell("input re-created", recreated),
    Cell("rebuilder of the next release", rebuilder_skewed),
    Cell("worker of the next release", workers_skewed, pace=30.0, last=True),
    Cell("control of a later release", control_unknown, pace=60.0, last=True),
    Cell("clickhouse read-only", read_only),
    *(Cell(f"clickhouse: {how}", wrong_schema(how)) for how in SCHEMAS),
    Cell("broker away 5 s", away("kafka", 3, 6)),
    Cell("broker away 60 s", away("kafka", 55, 65), quick=False),
    Cell("broker away 10 min", away("kafka", 600, 600), quick=False),
    Cell("clickhouse away 10 min", away("clickhouse", 600, 600), quick=False),
    Cell("clickhouse away 5 s", away("clickhouse", 3, 6)),
    Cell("clickhouse away 60 s", away("clickhouse", 55, 65), quick=False),
    Cell("broker cut", network("kafka", "cut", 1, 6)),
    Cell("broker slow", network("kafka", "slow", 3, 8)),
    Cell("broker silent", network("kafka", "silent", 2, 6)),
    Cell("broker answers lost", network("kafka", "deaf", 1, 4)),
    Cell("clickhouse cut", network("clickhouse", "cut", 1, 6)),
    Cell("clickhouse slow", network("clickhouse", "slow", 3, 8)),
    Cell("clickhouse answers lost", network("clickhouse", "deaf", 1, 4)),
)
