"""Named places where a process can be told to end as a kill would end it: `THROUGHLINE_CRASH_AT=worker.after_commit:3`.

The number is how often the place is passed before. For proofs under faults; unset, a place costs one comparison.
"""

import os

PLACES = (
    "gateway.after_produce",
    "worker.after_outputs",
    "worker.after_state",
    "worker.before_commit",
    "worker.after_commit",
    "worker.in_restore",
    "worker.in_revoke",
    "writer.before_insert",
    "writer.after_insert",
    "writer.after_commit",
    "notifier.after_post",
    "repartition.after_growth",
    "repartition.in_move",
    "repartition.before_switch",
)
VARIABLE = "THROUGHLINE_CRASH_AT"
# What a shell says of a process that was killed: no exit of ours, and not what a signal leaves behind.
KILLED = 137


def _wanted(text: str) -> tuple[str, int]:
    """The place and how often it is passed. Raises ValueError for a place that there is not."""
    name, _, passed = text.partition(":")
    if name and name not in PLACES:
        raise ValueError(f"{VARIABLE}={text}: there is no place {name}; there are {', '.join(PLACES)}")
    return name, int(passed or 0)


_place, _times = _wanted(os.environ.get(VARIABLE, ""))
_passed = iter(range(_times))


def is_wanted(place: str) -> bool:
    """Whether the process is to end there."""
    return place == _place


def passing(place: str) -> None:
    """End the process here, at once and without any of its clean-up, where it was told to."""
    if place == _place and next(_passed, None) is None:
        os._exit(KILLED)
