"""ClickHouse's LowCardinality(String) out of `Texts`, whose dictionary is there already. Native format."""

from array import array

from clickhouse_connect.datatypes.base import LC_TYPE_DEF, ClickHouseType
from clickhouse_connect.datatypes.string import String
from clickhouse_connect.driver.insert import InsertContext

from sinks.clickhouse.columns import Texts

# SerializationLowCardinality.cpp of ClickHouse: the dictionary is this column's own, and comes with it.
_OWN_DICTIONARY = (1 << 9) | (1 << 10)
_WIDTHS = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32))


class RepeatingText(String, registered=False):  # type: ignore[misc, call-arg]
    """How a `Texts` is written."""

    # Only blocks are sized by it.
    byte_size = 2

    def write_column_data(self, column: Texts, dest: bytearray, ctx: InsertContext) -> None:
        """Append the dictionary, and each row's place in it."""
        width, code = next((at, code) for at, (code, most) in enumerate(_WIDTHS) if len(column.different) <= most)
        dest += array("Q", (_OWN_DICTIONARY | width, len(column.different))).tobytes()
        self._write_column_binary(column.different, dest, ctx)
        dest += array("Q", (len(column),)).tobytes()
        dest += array(code, column.numbers).tobytes()


def repeating(kind: ClickHouseType) -> ClickHouseType:
    """The type by which a column of this type is written where it is held as `Texts`."""
    if kind.name != REPEATING_TYPE.name:
        raise TypeError(f"{kind.name} where {REPEATING_TYPE.name} is held")
    return REPEATING_TYPE


REPEATING_TYPE = RepeatingText(LC_TYPE_DEF)
