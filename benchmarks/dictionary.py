"""`python -m benchmarks.dictionary`: train the dictionary that state is compressed with, or compare ways to do it.

The same bytes for the same rules and zstandard. A new dictionary is a new version of state: give `streams.stored`
another VERSION and `streams.compression` its DIGEST. The seeds are others than those that `benchmarks.state` measures.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random

import lz4.block
import zstandard

from benchmarks.state import UNTIL_MS, Told, at_length, grown, made, pace, simulated, with_uuids
from benchmarks.touchpoints import Volume
from gateway.simulation.engine import Simulation
from journey.packed import pack_journey
from journey.policy.reading import read
from journey.rules import Rules
from schemas.settings import DEFAULT_POLICY
from streams.compression import DICTIONARY, Codec
from streams.stored import BODY

_SIZE = 16 * 1024
_LONGEST, _SHARE, _OF_EACH = 30, 0.12, 1_900
_Packer = Callable[[bytes], bytes]


def samples(rules: Rules) -> list[bytes]:
    """Packed journeys of 1 to 30 touchpoints, as many of each kind of data."""
    kinds: tuple[Callable[[], Told], ...] = (
        lambda: made(Volume(30_000, 2_500, seed=7), rules),
        lambda: with_uuids(made(Volume(30_000, 2_500, seed=8), rules)),
        lambda: (each for seed in (11, 12, 13) for each in simulated(Simulation(seed, 300, 90, UNTIL_MS), rules)),
    )
    random = Random(7)
    return [each for kind in kinds for each in _some(kind(), rules, random)]


def _some(told: Told, rules: Rules, random: Random) -> list[bytes]:
    found = [
        pack_journey(journey)
        for journey in grown(told, rules)
        if journey.head.seen <= _LONGEST and random.random() < _SHARE
    ]
    random.shuffle(found)
    return found[:_OF_EACH]


def train(size: int, packed: list[bytes]) -> bytes:
    """A dictionary of `size` bytes."""
    return zstandard.train_dictionary(size, list(packed)).as_bytes()


def compare(rules: Rules) -> None:
    """Print bytes at 10 touchpoints (p50/p99 of the three data sets) and microseconds, way by way."""
    trained_on = samples(rules)
    volume = Volume(60_000, 4_000)
    sets = [
        [pack_journey(journey) for journey in at_length(told, 10, rules)]
        for told in (
            made(volume, rules),
            with_uuids(made(volume, rules)),
            simulated(Simulation(1, 400, 90, UNTIL_MS), rules),
        )
    ]
    print(f"{'':24} {'ids':>10} {'UUIDs':>10} {'simulation':>10} {'pack µs':>8} {'unpack µs':>9}")
    for name, pack, unpack in _ways(trained_on):
        sizes = [sorted(BODY + len(pack(raw)) for raw in packed) for packed in sets]
        all_raw = [raw for packed in sets for raw in packed[:300]]
        frames = [(pack(raw), len(raw)) for raw in all_raw]
        if [unpack(*frame) for frame in frames] != all_raw:
            raise AssertionError(f"{name} does not give back what it got")
        spread = " ".join(f"{f'{each[len(each) // 2]}/{each[len(each) * 99 // 100]}':>10}" for each in sizes)
        packing = pace("pack", pack, all_raw)
        unpacking = pace("unpack", partial(_of_frame, unpack), frames)
        print(f"{name:24} {spread} {min(packing.values):8.1f} {min(unpacking.values):9.1f}", flush=True)


def _of_frame(unpack: Callable[[bytes, int], bytes], frame: tuple[bytes, int]) -> bytes:
    return unpack(*frame)


def _ways(trained_on: list[bytes]) -> Iterator[tuple[str, _Packer, Callable[[bytes, int], bytes]]]:
    yield "nothing", bytes, lambda raw, size: raw
    plain = Codec(zstandard.ZstdCompressionDict(b"", dict_type=zstandard.DICT_TYPE_RAWCONTENT), 3)
    yield "zstd, level 3", plain.compress, plain.decompress
    for kibibytes in (4, 8, 16, 32, 64):
        raw = train(kibibytes * 1024, trained_on)
        for level in (-3, -1, 1, 2, 3):
            codec = Codec(zstandard.ZstdCompressionDict(raw), level)
            yield f"zstd, {kibibytes} KiB, level {level}", codec.compress, codec.decompress
        yield (
            f"lz4, {kibibytes} KiB",
            partial(lz4.block.compress, store_size=False, dict=raw),
            partial(lz4.block.decompress, dict=raw),
        )


def main() -> None:
    """Write the dictionary, and print its digest; or compare."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dictionary", description=__doc__.split("\n")[0])
    parser.add_argument("--compare", action="store_true", help="print what each way takes; write nothing")
    parser.add_argument("--to", type=Path, default=DICTIONARY, help="where it is written; the package's own place")
    arguments = parser.parse_args()
    rules = Rules(read(DEFAULT_POLICY.read_text()))
    if arguments.compare:
        compare(rules)
        return
    raw = train(_SIZE, samples(rules))
    arguments.to.write_bytes(raw)
    print(f"{arguments.to}: {len(raw)} bytes, sha256 {sha256(raw).hexdigest()}")


if __name__ == "__main__":
    main()
