"""The reference of the views is what the views say of themselves."""

from sinks.clickhouse.connection import connect
from sinks.clickhouse.reference import Column, page, read, views
from tests.conftest import Simulated
from tests.instance import ROOT

# Its comment says whose columns it has.
OF_ANOTHERS_COLUMNS = {"v_touchpoints_as_of"}


def test_the_page_in_the_docs_is_the_one_that_the_views_tell(simulated: Simulated) -> None:
    told = page(list(views(connect(simulated.settings))))
    written = (ROOT / "docs" / "reference" / "views.md").read_text()
    assert written == told, "run `throughline clickhouse reference > docs/reference/views.md`"


def test_every_view_says_what_a_row_is_and_every_column_that_it_explains_exists(simulated: Simulated) -> None:
    found = list(views(connect(simulated.settings)))
    assert len(found) > 40
    for view in found:
        assert view.about.startswith("One row"), view.name
        assert bool(view.arguments) == bool(view.about_arguments), view.name
        assert view.columns, view.name
        if view.name not in OF_ANOTHERS_COLUMNS:
            assert [column.name for column in view.columns if not column.meaning] == [], view.name


def test_a_comment_is_taken_apart() -> None:
    comment = (
        "One row per day. Share = a / b. Parameters: since, UTC.\n\nday: the day`s date\nshare: a / b, NULL for none"
    )
    view = read("v_x", comment, (("since", "DateTime64(3, 'UTC')"),), {"day": "Date", "share": "Nullable(Float64)"})
    assert view.about == "One row per day. Share = a / b."
    assert view.about_arguments == "since, UTC."
    assert view.columns[1] == Column("share", "Nullable(Float64)", "a / b, NULL for none")
    text = page([view])
    assert "| `day` | Date | the day's date |" in text
    assert "- [`v_x`](#v_x): One row per day." in text
