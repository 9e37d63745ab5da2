"""The database is brought forward by numbered files, once each, and is what the writer and the analysts expect."""

import threading
from pathlib import Path

import pytest

from schemas.settings import Settings
from sinks.clickhouse.connection import connect
from sinks.clickhouse.migration import FOLDER, MigrationRefusedError, migrate, migrations
from sinks.clickhouse.position import write_positions, written_up_to
from sinks.clickhouse.table import TABLES
from tests.sinks.conftest import Part, rows, settings_for

VIEWS = {
    "v_touchpoints": (
        "customer_id derived_id account account_id source id type team actor channel direction subject campaign "
        "content occurred_at received_at crm_id email phone anonymous_id "
        "value_amount value_currency cost_amount cost_currency properties "
        "topic partition offset"
    ),
    "v_positions": (
        "customer_id track stage entered_at furthest visits dwell_ms stage_open_ms stage_total_ms owner_team "
        "owner_actor owner_since persona fit engagement probability last_touch at policy recorded_at"
    ),
    "v_transitions": (
        "id customer_id track kind from_stage to_stage at dwell_ms rule source touchpoint_id policy recorded_at"
    ),
    "v_handoffs": (
        "id version customer_id kind from_team to_team actor reason offered_at latency_ms business_ms source "
        "touchpoint_id at policy recorded_at"
    ),
    "v_overlaps": (
        "id version customer_id kind subject status severity teams precedence precedence_rule opened_at last_at "
        "resolved_at resolution touchpoints at policy recorded_at"
    ),
    "v_clocks": (
        "id version customer_id name state team started_at due_at stopped_at late_ms started_by_source started_by_id "
        "stopped_by_source stopped_by_id at policy recorded_at"
    ),
    "v_stalled": (
        "id version customer_id kind status track stage team since entered_at last_counted_at last_counted_source "
        "last_counted_id escalated_at resolved_at at policy recorded_at"
    ),
    "v_corrections": "id version customer_id source touchpoint_id published retracted at policy recorded_at",
    "v_too_late": "id version customer_id source touchpoint_id behind_ms rebuilt_at at policy recorded_at",
    "v_merges": "id version customer_id into number at policy recorded_at",
    "v_identity_conflicts": (
        "id version customer_id kind value kept_by refused reason source touchpoint_id at policy recorded_at"
    ),
    "v_rebuilds": "id version customer_id reason touchpoints published at policy recorded_at",
    "v_feedback": (
        "id version customer_id disposition reason rating team actor campaign content persona mql_rule mql_policy "
        "mql_at source touchpoint_id at policy recorded_at"
    ),
    "v_deals": (
        "id version customer_id deal status amount currency created_at expected_close_at closed_at reopened "
        "owner_team owner_actor source touchpoint_id at policy recorded_at"
    ),
    "v_lead_quality": (
        "campaign content persona mql_rule mql_policy accepted rejected recycled lost rated answered acceptance "
        "mean_rating rejected_for recycled_for lost_for"
    ),
    "v_owners": "customer_id team actor since until kind",
    "v_accounts": ("account_id account people touchpoints teams first_touch_at last_touch_at furthest open_overlaps"),
    "v_alerts": "id type customer_id fact_id at recorded_at data policy",
    "v_rejected": "topic partition offset reason detail pointer origin received_at value bytes",
    "v_identifiers": "kind value customer_id first_seen_at last_seen_at belongs",
    "v_identities": "derived_id customer_id kind value number",
    "v_policies": (
        "policy since currency digits zone open_days holidays lead_track lead_stage lookback_ms half_life_ms models "
        "is_credited_whole"
    ),
    "v_stages": "policy since track stage rank is_detour team probability",
    "v_rates": "currency since rate",
    "v_deal_values": (
        "id customer_id deal status amount currency value created_at expected_close_at closed_at owner_team owner_actor"
    ),
    "v_pipeline": "owner_team owner_actor stage closes_in deals open_value unvalued weighted_value",
    "v_freshness": "topic partitions position newest_event_at newest_recorded_at age_ms",
    "v_identity_links": "source touchpoint_id occurred_at statement identifiers derived_ids offset",
}
ELSEWISE = {
    "v_rejected",
    "v_identifiers",
    "v_lead_quality",
    "v_owners",
    "v_identities",
    "v_identity_links",
    "v_accounts",
    "v_policies",
    "v_stages",
    "v_rates",
    "v_deal_values",
    "v_pipeline",
    "v_freshness",
}
BY_CUSTOMER = sorted(set(VIEWS) - ELSEWISE)


@pytest.fixture
def migrated(settings: Settings) -> Settings:
    """A database at the newest migration."""
    migrate(connect(settings))
    return settings


@pytest.fixture(scope="module")
def schema(own_clickhouse: Part, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A database at the newest migration that these tests share."""
    shared = settings_for(own_clickhouse, tmp_path_factory.mktemp("schema"), 9000)
    migrate(connect(shared))
    return shared


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """A folder with copies of the migrations."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in FOLDER.glob("*.sql"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_the_first_run_makes_the_database_and_the_second_runs_nothing(settings):
    client = connect(settings)
    assert migrate(client) == [path.name for path in sorted(FOLDER.glob("*.sql"))]
    assert migrate(client) == []


def test_two_processes_that_start_at_once_end_in_one_schema(settings):
    failures: list[Exception] = []

    def start() -> None:
        try:
            migrate(connect(settings))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows(settings, "SELECT count() FROM schema_migrations FINAL") == [(len(migrations()),)]
    assert migrate(connect(settings)) == []


def test_an_edited_file_is_refused_by_its_name(migrated, copies):
    edited = copies / "0002_facts.sql"
    edited.write_text(edited.read_text() + "\n-- a word more\n")
    with pytest.raises(MigrationRefusedError, match=r"0002_facts\.sql was edited .* new migration"):
        migrate(connect(migrated), migrations(copies))


def test_a_database_ahead_of_the_program_is_refused(migrated):
    with pytest.raises(MigrationRefusedError, match="update the program"):
        migrate(connect(migrated), migrations()[:-1])


def test_a_new_file_is_run_on_top(migrated, copies):
    number = len(migrations()) + 1
    fresh = copies / f"{number:04}_more.sql"
    fresh.write_text("ALTER TABLE alerts ADD COLUMN IF NOT EXISTS seen UInt8;\n")
    assert migrate(connect(migrated), migrations(copies)) == [fresh.name]


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE t (a UInt8)", "TRUNCATE TABLE alerts", "ALTER TABLE alerts ADD COLUMN x UInt8"]
)
def test_a_statement_that_cannot_run_twice_is_refused(tmp_path, statement):
    (tmp_path / "0001_first.sql").write_text(statement + ";\n")
    with pytest.raises(MigrationRefusedError, match="cannot run twice"):
        migrations(tmp_path)


def test_a_gap_between_the_numbers_is_refused(copies):
    (copies / "0002_facts.sql").rename(copies / "0009_facts.sql")
    with pytest.raises(MigrationRefusedError, match="the number should be 0002"):
        migrations(copies)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_fields_of_a_row_are_the_columns_of_its_table(schema, table):
    found = rows(
        schema,
        "SELECT name FROM system.columns WHERE database = currentDatabase() "
        f"AND table = '{table.name}' AND default_kind != 'MATERIALIZED' ORDER BY position",
    )
    assert tuple(name for (name,) in found) == table.columns


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_its_columns_and_says_what_a_row_is(schema, view):
    source = "database = currentDatabase() AND"
    found = rows(schema, f"SELECT name FROM system.columns WHERE {source} table = '{view}' ORDER BY position")
    assert [name for (name,) in found] == VIEWS[view].split()
    ((comment,),) = rows(schema, f"SELECT comment FROM system.tables WHERE {source} name = '{view}'")
    assert comment.startswith("One row per ")


def test_only_what_can_never_change_makes_partitions(schema):
    found = rows(
        schema,
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND partition_key != '' ORDER BY name",
    )
    by_month = [table.name for table in TABLES if table.month]
    by_key = ["moves", "owners", "people", "stalls", "touches"]
    assert [name for (name,) in found] == sorted(by_month + by_key)
    assert by_month == ["rejected"]


@pytest.mark.parametrize("view", BY_CUSTOMER)
def test_a_question_about_one_customer_reads_by_the_primary_key(schema, view):
    table = view.removeprefix("v_")
    client = connect(schema)
    client.command(
        f"INSERT INTO {table} (customer_id, id) SELECT leftPad(toString(number), 9, '0'), 'x' FROM numbers(50000)"
    )
    name = "derived_id" if view == "v_touchpoints" else "customer_id"
    plan = rows(schema, f"EXPLAIN indexes = 1 SELECT * FROM {view} WHERE {name} = '000012345'")
    text = "\n".join(line for (line,) in plan)
    assert "customer_id in " in text
    ((count,),) = rows(schema, f"SELECT count() FROM {view} WHERE customer_id = '000012345'")
    assert count == 1
    granules = [line.split("Granules:")[1].strip() for line in text.splitlines() if "Granules:" in line and "/" in line]
    selected, total = map(int, granules[-1].split("/"))
    assert selected == 1
    assert total > 1


def test_an_identifier_is_found_by_its_value_and_by_its_customer(migrated):
    client = connect(migrated)
    client.command(
        "INSERT INTO touchpoints (customer_id, source, id, email, occurred_at) VALUES "
        "('c1', 's', '1', 'ann@example.com', '2026-01-02 00:00:00'), "
        "('c1', 's', '2', 'ann@example.com', '2026-01-01 00:00:00'),"
        "('', 's', '3', '', '2026-01-01 00:00:00')"
    )
    client.command("INSERT INTO touchpoints (customer_id, source, id, email, occurred_at) "
                   "VALUES ('c1', 's', '4', 'ann@example.com', '2026-01-03 00:00:00')")  # fmt: skip
    found = rows(
        migrated,
        "SELECT customer_id, toString(first_seen_at), toString(last_seen_at) FROM v_identifiers "
        "WHERE kind = 'email' AND value = 'ann@example.com'",
    )
    assert found == [("c1", "2026-01-01 00:00:00.000", "2026-01-03 00:00:00.000")]
    kinds = rows(migrated, "SELECT kind, value FROM v_identifiers WHERE customer_id = 'c1' ORDER BY kind")
    assert kinds == [("customer_id", "c1"), ("email", "ann@example.com")]
    assert rows(migrated, "SELECT count() FROM v_identifiers WHERE customer_id = ''") == [(0,)]


def test_a_merge_changes_whose_the_touchpoints_and_identifiers_are_and_no_row_of_theirs(migrated):
    client = connect(migrated)
    client.command(
        "INSERT INTO touchpoints (customer_id, source, id, email, anonymous_id, occurred_at) VALUES "
        "('d-ann', 's', '1', 'ann@example.com', 'b-1', '2026-01-01 00:00:00'), "
        "('d-b1', 's', '2', '', 'b-1', '2026-01-02 00:00:00'), "
        "('d-bob', 's', '3', 'bob@example.com', 'b-1', '2026-01-03 00:00:00'), "
        "('', 's', '4', '', '', '2026-01-04 00:00:00')"
    )
    identities = "INSERT INTO identities (derived_id, customer_id, number, kind, value) VALUES "
    client.command(
        f"{identities} ('d-b1', 'd-ann', 1, 'anonymous_id', 'b-1'), ('d-ann', 'd-ann', 1, 'email', 'ann@example.com')"
    )
    owners = "SELECT id, customer_id, derived_id FROM v_touchpoints ORDER BY id"
    assert rows(migrated, owners) == [
        ("1", "d-ann", "d-ann"),
        ("2", "d-ann", "d-b1"),
        ("3", "d-bob", "d-bob"),
        ("4", "", ""),
    ]
    browser = "SELECT customer_id, belongs FROM v_identifiers WHERE value = 'b-1' ORDER BY customer_id"
    assert rows(migrated, browser) == [("d-ann", 1), ("d-bob", 0)]
    former = "SELECT customer_id, belongs FROM v_identifiers WHERE kind = 'customer_id' AND value = 'd-b1'"
    assert rows(migrated, former) == [("d-ann", 1)]
    client.command(f"{identities} ('d-b1', 'd-b1', 2, 'anonymous_id', 'b-1')")
    assert rows(migrated, owners)[1] == ("2", "d-b1", "d-b1")


def test_the_quality_of_leads_is_told_by_what_led_to_them(migrated):
    client = connect(migrated)
    client.command(
        "INSERT INTO feedback (customer_id, id, version, disposition, reason, rating, campaign, mql_rule) VALUES "
        "('c1', '1', 1, 'accepted', '', NULL, 'spring', 'lead.mql.enter.1'), "
        "('c2', '2', 1, 'rejected', 'no_fit', NULL, 'spring', 'lead.mql.enter.1'), "
        "('c3', '3', 1, 'rejected', 'no_fit', NULL, 'spring', 'lead.mql.enter.1'), "
        "('c3', '3', 2, 'rejected', 'bad_data', NULL, 'spring', 'lead.mql.enter.1'), "
        "('c4', '4', 1, 'rated', '', 2, 'spring', 'lead.mql.enter.1'), "
        "('c5', '5', 1, 'lost', 'price', 4, '', '')"
    )
    found = rows(
        migrated,
        "SELECT campaign, accepted, rejected, rated, lost, answered, round(acceptance, 3), mean_rating, rejected_for, "
        "lost_for FROM v_lead_quality ORDER BY campaign NULLS LAST",
    )
    assert found == [
        ("spring", 1, 2, 1, 0, 3, 0.333, 2.0, {"bad_data": 1, "no_fit": 1}, {}),
        (None, 0, 0, 0, 1, 0, None, 4.0, {}, {"price": 1}),
    ]


def test_owners_follow_each_other_without_a_gap(migrated):
    client = connect(migrated)
    client.command(
        "INSERT INTO transitions (customer_id, id, version, at, track) VALUES ('c1', 'm', 1, '2026-01-01', 'funnel')"
    )
    client.command(
        "INSERT INTO handoffs (customer_id, id, version, kind, from_team, to_team, actor, at) VALUES "
        "('c1', '1', 1, 'offered', 'marketing', 'sales', '', '2026-01-02'), "
        "('c1', '2', 1, 'accepted', 'marketing', 'sales', 'jo', '2026-01-03'), "
        "('c1', '3', 1, 'claimed', 'sales', 'sales', 'jo', '2026-01-04'), "
        "('c1', '4', 1, 'assigned', 'sales', 'sales', 'bo', '2026-01-05'), "
        "('c1', '5', 1, 'accepted', 'sales', 'sales', 'bo', '2026-01-06'), "
        "('c1', '6', 1, 'handed_back', 'sales', 'marketing', '', '2026-01-07')"
    )
    client.command(
        "INSERT INTO positions (customer_id, id, version, track, entered_at, owner_team, owner_since) "
        "VALUES ('c2', 'p', 1, 'funnel', '2026-01-01', 'marketing', '2026-01-01')"
    )
    found = rows(
        migrated,
        "SELECT customer_id, team, actor, toDayOfMonth(since), toDayOfMonth(until), kind FROM v_owners "
        "ORDER BY customer_id, since",
    )
    assert found == [
        ("c1", "marketing", None, 1, 3, "first"),
        ("c1", "sales", "jo", 3, 5, "accepted"),
        ("c1", "sales", "bo", 5, 7, "assigned"),
        ("c1", "marketing", None, 7, None, "handed_back"),
        ("c2", "marketing", None, 1, None, "first"),
    ]


def test_the_positions_only_ever_rise(migrated):
    client = connect(migrated)
    assert written_up_to(client) == {}
    write_positions(client, {("journey.facts", 1): 12, ("journey.facts", 0): 4})
    write_positions(client, {("journey.facts", 1): 9})
    assert written_up_to(client) == {("journey.facts", 1): 12, ("journey.facts", 0): 4}


def test_the_analyst_reads_the_views(migrated):
    analyst = migrated.model_copy(
        update={"clickhouse_user": migrated.clickhouse_readonly_user, "clickhouse_password": _secret("of-the-analyst")}
    )
    for view in VIEWS:
        assert rows(analyst, f"SELECT * FROM {view}") == []


def _secret(text: str) -> object:
    return type(Settings().clickhouse_password)(text)
