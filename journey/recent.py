"""Recent touchpoints as a journey keeps them: packed (`journey.packing`), oldest first."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from journey.packing import append, bounds, instant_in, name_as, name_at, names_in, pack_touch, touches_in
from journey.touch import Touch


class Recents(msgspec.Struct, array_like=True, gc=False):
    """Touchpoints in event order."""

    count: int = 0
    packed: bytearray = msgspec.field(default_factory=bytearray)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Touch]:
        """Every touchpoint, oldest first."""
        return touches_in(bytes(self.packed))

    def insert(self, index: int, touch: Touch, name: bytes) -> None:
        """Take one in that is to stand at this place; `name` is what `name_of` says of it."""
        if index >= self.count:
            append(self, touch, name)
            return
        begin = next(islice(bounds(self.packed), index - 1, None))[1] if index else 0
        self.packed[begin:begin] = pack_touch(touch, name)
        self.count += 1

    def instant(self, index: int) -> int:
        """When the touchpoint at this place occurred."""
        start, end = next(islice(bounds(self.packed), index, None))
        return instant_in(bytes(self.packed[start:end]))

    def place_of(self, source: str, touchpoint_id: str) -> int:
        """Where the name of this touchpoint stands; -1 where it does not."""
        return self.packed.rfind(name_as(source, touchpoint_id))

    def name_at(self, place: int) -> tuple[str, str]:
        """Source and id of the touchpoint whose name stands here."""
        return name_at(self.packed, place)

    def names(self) -> Iterator[tuple[int, bytes]]:
        """(instant, name) of every touchpoint."""
        return names_in(bytes(self.packed))

    def without(self, oldest: int) -> "Recents":
        """All but so many of the oldest."""
        if not 0 < oldest < self.count:
            return Recents() if oldest else self
        cut = next(islice(bounds(self.packed), oldest - 1, None))[1]
        return Recents(self.count - oldest, self.packed[cut:])
