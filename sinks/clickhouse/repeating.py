"""ClickHouse's LowCardinality(String) out of `Texts`, whose dictionary is there already. Native format."""

from array import array
from collections.abc import Sequence
from typing import Any

from clickhouse_connect.datatypes.base import LC_TYPE_DEF, ClickHouseType
from clickhouse_connect.datatypes.string import String
from clickhouse_connect.driver.insert import InsertContext

from sinks.clickhouse.columns import Texts

# SerializationLowCardinality.cpp of ClickHouse: the dictionary is this column's own, and comes with it.
_OWN_DICTIONARY = (1 << 9) | (1 << 10)
_WIDTHS = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32))


class RepeatingText(String, registered=False):  # type: ignore[misc, call-arg]
    """How a `Texts` is written."""

    def write_column_data(self, column: Texts, dest: bytearray, ctx: InsertContext) -> None:
        """Append the dictionary, and each row's place in it."""
        width, code = next((at, code) for at, (code, most) in enumerate(_WIDTHS) if len(column.different) <= most)
        dest += array("Q", (_OWN_DICTIONARY | width, len(column.different))).tobytes()
        self._write_column_binary(column.different, dest, ctx)
        dest += array("Q", (len(column),)).tobytes()
        dest += array(code, column.numbers).tobytes()


_REPEATING_TEXT = RepeatingText(LC_TYPE_DEF)


def written_as(kind: ClickHouseType, column: Any) -> tuple[ClickHouseType, Texts | Sequence[Any]]:
    """How a column of this type is written, and what of it: `Texts` are, where somebody altered it, any texts."""
    if not isinstance(column, Texts):
        return kind, column
    if kind.name == _REPEATING_TEXT.name:
        return _REPEATING_TEXT, column
    return kind, list(column)
