"""What a policy says of numbers is in ClickHouse once, whole, and again only where it differs."""

from journey.policy.reading import read
from journey.rules import Rules
from streams.terms import terms_of, write_terms
from tests.journey.telling import DEFAULT, RULES
from tests.sinks.views.conftest import History

LATER = DEFAULT.read_text().replace("version: 1", "version: 2").replace("lookback: 90d", "lookback: 30d")


def test_what_is_there_is_not_written_again(history: History) -> None:
    assert write_terms(history.client, RULES, "EUR") == []


def test_stages_come_in_the_order_of_their_track_detours_last(history: History) -> None:
    rows = history.ask("SELECT stage, is_detour FROM v_stages WHERE track = 'lead' ORDER BY rank")
    lead = RULES.policy.tracks["lead"]
    stages = [(stage.stage, 0) for stage in lead.stages]
    assert [(row["stage"], row["is_detour"]) for row in rows] == [*stages, *((one.detour, 1) for one in lead.detours)]


def test_each_version_of_a_policy_is_a_row_from_its_day_on() -> None:
    second = Rules(read(LATER), 1_800_000_000_000, RULES)
    rows = list(terms_of(second, "JPY"))
    assert [(row["policy"], row["since"].year, row["lookback_ms"]) for row in rows] == [
        ("default@2", 2027, 30 * 86_400_000),
        ("default@1", 1970, 90 * 86_400_000),
    ]
    assert {row["digits"] for row in rows} == {0}
    assert rows[0]["checksum"] != rows[1]["checksum"]


def test_a_quota_on_more_than_a_report_can_tell_is_not_whole() -> None:
    more = DEFAULT.read_text().replace(
        "when: { type: [meeting.held, demo.held] }", "when: { type: call.logged, properties: { outcome: connected } }"
    )
    (row,) = terms_of(Rules(read(more)), "EUR")
    assert {quota[0]: quota[-1] for quota in row["quotas"]} == {"leads": 1, "talks": 0, "opportunities": 1, "wins": 1}
