"""Recent touchpoints as a journey keeps them: packed (`journey.packing`), oldest first."""

from collections.abc import Iterator

from mypy_extensions import mypyc_attr

from journey.packing import end_of, instant_in, name_as, name_at, names_in, pack_touch, start_of, touches_in
from journey.record import Record
from journey.touch import Touch


@mypyc_attr(acyclic=True)
class Recents(Record):
    """Touchpoints in event order."""

    def __init__(self, count: int = 0, packed: bytes = b"") -> None:
        self.count, self.packed = count, packed

    def fields(self) -> list[object]:
        """As they stand above."""
        return [self.count, self.packed]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Touch]:
        """Every touchpoint, oldest first."""
        return touches_in(self.packed)

    def append(self, touch: Touch, name: bytes) -> None:
        """Take a touchpoint in that is newer than all others; `name` is what `name_of` says of it."""
        self.packed += pack_touch(touch, name)
        self.count += 1

    def insert(self, index: int, touch: Touch, name: bytes) -> None:
        """Take one in that is to stand at this place; `name` is what `name_of` says of it."""
        begin = self._begin(index)
        self.packed = self.packed[:begin] + pack_touch(touch, name) + self.packed[begin:]
        self.count += 1

    def instant(self, index: int) -> int:
        """When the touchpoint at this place occurred."""
        begin = self._begin(index)
        return instant_in(self.packed[start_of(self.packed, begin) : end_of(self.packed, begin)])

    def place_of(self, source: str, touchpoint_id: str) -> int:
        """Where the name of this touchpoint stands; -1 where it does not."""
        return self.packed.rfind(name_as(source, touchpoint_id))

    def name_at(self, place: int) -> tuple[str, str]:
        """Source and id of the touchpoint whose name stands here."""
        return name_at(self.packed, place)

    def names(self) -> Iterator[tuple[int, bytes]]:
        """(instant, name) of every touchpoint."""
        return names_in(self.packed)

    def without(self, oldest: int) -> "Recents":
        """All but so many of the oldest."""
        if oldest >= self.count:
            return Recents()
        return Recents(self.count - oldest, self.packed[self._begin(oldest) :])

    def _begin(self, index: int) -> int:
        """Where the touchpoint at this place begins; the end where there are not so many."""
        begin, last = 0, len(self.packed)
        while index > 0 and begin < last:
            begin = end_of(self.packed, begin)
            index -= 1
        return begin
