"""What ClickHouse refuses is told with the setting that mends it."""

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from sinks.clickhouse.connection import reason_of


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("Code: 516. DB::Exception: throughline: Authentication failed: password is incorrect", "_PASSWORD"),
        ("Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)", "THROUGHLINE_CLICKHOUSE_USER"),
        (
            "Code: 497. DB::Exception: throughline: Not enough privileges. (ACCESS_DENIED)",
            "THROUGHLINE_CLICKHOUSE_USER",
        ),
    ],
)
def test_a_refusal_that_a_setting_mends_names_it(said: str, fix: str) -> None:
    told = reason_of(DatabaseError(f"{said}\nwith more lines"))
    assert said in told
    assert fix in told
    assert "\n" not in told


def test_any_other_one_is_told_as_it_is() -> None:
    assert reason_of(OSError("no route")) == "OSError: no route"
