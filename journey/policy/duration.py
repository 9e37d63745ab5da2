"""Durations as people write them in a policy: `30m`, `48h`, `7d` in calendar time, `4bh` in business time."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "bh": 3_600_000}
_FORM = re.compile(r"(\d+)\s*(bh|[smhd])")


@dataclass(frozen=True)
class Duration:
    """`ms` milliseconds; of a calendar's opening hours where `business` is true."""

    ms: int
    business: bool = False
    text: str = ""

    @classmethod
    def parse(cls, given: Any) -> "Duration":
        """Read `7d`, `48h`, `30m`, `15s` or `4bh`; ValueError names the remedy."""
        match = _FORM.fullmatch(given.strip()) if isinstance(given, str) else None
        if match is None:
            raise ValueError(f"{given!r} is no duration: write a whole number and s, m, h, d or bh, like 7d or 4bh")
        return cls(int(match[1]) * UNIT_MS[match[2]], match[2] == "bh", given.strip())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(lambda duration: duration.text)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d+\s*(bh|[smhd])$", "examples": ["7d", "48h", "4bh"]}
