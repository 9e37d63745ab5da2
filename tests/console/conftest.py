"""An instance with a small, known content: a real ClickHouse, migrated and written as the writer does it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pydantic import BaseModel, SecretStr

from console.main import cli
from journey.identity import customer_id_of
from schemas import fact, topic
from schemas.rejection import HEADER_DETAIL, HEADER_ORIGIN, HEADER_POINTER, HEADER_REASON, HEADER_RECEIVED_AT
from schemas.settings import ClickHouseRun, ConsoleRun, GatewayRun, Run, Settings
from schemas.touchpoint import AcceptedTouchpoint, Customer, Money, default_channel
from sinks.clickhouse.batch import Batch
from sinks.clickhouse.connection import connect
from sinks.clickhouse.insertion import Insertion
from sinks.clickhouse.migration import migrate

JO, BO, ANN = (customer_id_of("email", f"{name}@acme.example") for name in ("jo", "bo", "ann"))
POLICY = "default@1"
Throughline = Callable[..., Result]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Consumed:
    """A record as the writer's mappers see it."""

    topic: str
    offset: int
    value: bytes | None
    partition: int = 0
    timestamp: int = 0
    key: bytes | None = None
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def touchpoint(number: int, type_name: str, email: str, occurred: str, **given: Any) -> AcceptedTouchpoint:
    fields = {"team": "marketing", "direction": "inbound", "channel": default_channel(type_name), **given}
    return AcceptedTouchpoint(
        id=f"t{number}",
        source="ex",
        type=type_name,
        customer=Customer(email=email, account="acme.example", anonymous_id="b-1" if number < 3 else None),
        occurred_at=at(occurred),
        received_at=at(occurred),
        customer_id=customer_id_of("email", email),
        origin=f"touchpoints.marketing/0/{number}",
        **fields,
    )


def touchpoints() -> list[BaseModel]:
    jo, money = "jo@acme.example", Money(amount="1200.50", currency="EUR")
    return [
        touchpoint(1, "page.viewed", jo, "2026-03-02T09:00:00", properties={"path": "/pricing"}),
        touchpoint(2, "demo.requested", jo, "2026-03-02T09:05:00", subject="product"),
        touchpoint(3, "quote.sent", jo, "2026-03-04T10:00:00", team="sales", direction="outbound", value=money,
                   actor="rep-1", subject="pricing"),
        touchpoint(4, "email.sent", jo, "2026-03-05T09:00:00", direction="outbound", subject="promotion"),
        touchpoint(5, "form.submitted", "bo@acme.example", "2026-03-01T09:00:00"),
    ]  # fmt: skip


def facts() -> list[BaseModel]:
    number = iter(range(1, 100))

    def said(customer: str, when: str) -> dict[str, Any]:
        moment = at(when)
        return {
            "id": f"{next(number):032x}", "version": 1, "customer_id": customer, "policy": POLICY,
            "at": moment, "recorded_at": moment,
        }  # fmt: skip

    ref = fact.TouchpointRef(source="ex", id="t2")

    def position(customer: str, track: str, stage: str, entered: str, **given: Any) -> fact.Position:
        owner = {"owner_team": "marketing", "owner_actor": None, "owner_since": at("2026-03-01T09:00:00"), **given}
        return fact.Position(
            **said(customer, entered), track=track, stage=stage, entered_at=at(entered), furthest=stage,
            visits={stage: 1}, dwell_ms={stage: 5}, persona="doer", fit=50, engagement=16.5, **owner,
        )  # fmt: skip

    def stall(customer: str, stage: str, since: str, resolved: str | None = None) -> fact.Stalled:
        return fact.Stalled(
            **said(customer, since), kind="no_activity", status="resolved" if resolved else "open", track="funnel",
            stage=stage, team="marketing", since=at(since), entered_at=at("2026-03-01T09:00:00"), last_counted_at=None,
            last_counted=None, escalated_at=None, resolved_at=at(resolved) if resolved else None,
        )  # fmt: skip

    sales = {"owner_team": "sales", "owner_actor": "rep-1", "owner_since": at("2026-03-02T12:00:00")}
    return [
        fact.Transition(
            **said(JO, "2026-03-02T09:00:00"), track="funnel", kind="enter", from_stage=None, to_stage="intent",
            dwell_ms=None, rule="intent", touchpoint=fact.TouchpointRef(source="ex", id="t1"),
        ),
        fact.Transition(
            **said(JO, "2026-05-05T09:00:00"), track="funnel", kind="exit", from_stage="evaluation",
            to_stage="inactive", dwell_ms=1, rule="inactive", touchpoint=None,
        ),
        position(JO, "funnel", "evaluation", "2026-03-04T10:00:00", **sales),
        position(JO, "lead", "mql", "2026-03-02T09:05:00", **sales),
        position(BO, "funnel", "consideration", "2026-03-01T09:00:00"),
        position(ANN, "funnel", "intent", "2026-03-01T09:00:00"),
        fact.Overlap(
            **said(JO, "2026-03-05T09:00:00"), kind="conflict", subject="promotion", status="open", severity="high",
            teams=["marketing", "sales"], precedence="sales", precedence_rule="subject_owner",
            opened_at=at("2026-03-05T09:00:00"), last_at=at("2026-03-05T09:00:00"), resolved_at=None, resolution=None,
            touchpoints=[ref],
        ),
        fact.Overlap(
            **said(BO, "2026-03-05T09:00:00"), kind="pressure", subject=None, status="resolved", severity="low",
            teams=["marketing", "sales"], precedence="marketing", precedence_rule="subject_owner",
            opened_at=at("2026-03-05T09:00:00"), last_at=at("2026-03-05T09:00:00"),
            resolved_at=at("2026-03-19T09:00:00"), resolution="expiry", touchpoints=[ref],
        ),
        fact.Handoff(
            **said(JO, "2026-03-02T12:00:00"), kind="accepted", from_team="marketing", to_team="sales", actor="rep-1",
            reason=None, offered_at=at("2026-03-02T09:05:00"), latency_ms=10_500_000, business_ms=10_500_000,
            touchpoint=ref,
        ),
        fact.Deal(
            **said(JO, "2026-03-04T10:00:00"), deal="d-7", status="open", amount=Decimal("1200.50"), currency="EUR",
            created_at=at("2026-03-04T10:00:00"), expected_close_at=at("2026-04-01T00:00:00"), closed_at=None,
            reopened=0, owner_team="sales", owner_actor="rep-1", touchpoint=ref,
        ),
        fact.Feedback(
            **said(JO, "2026-03-02T12:00:00"), disposition="accepted", reason=None, rating=None, team="sales",
            actor="rep-1", campaign="spring", content=None, persona=None, mql_rule="lead.mql.enter.1",
            mql_policy=POLICY, mql_at=at("2026-03-02T09:05:00"), touchpoint=ref,
        ),
        fact.Clock(
            **said(JO, "2026-03-02T09:05:00"), name="mql_answered", state="breached", team="sales",
            started_at=at("2026-03-02T09:05:00"), due_at=at("2026-03-05T09:05:00"), stopped_at=None, late_ms=None,
            started_by=ref, stopped_by=None,
        ),
        stall(BO, "consideration", "2026-03-15T09:00:00"),
        stall(JO, "evaluation", "2026-03-20T09:00:00", resolved="2026-05-05T09:00:00"),
    ]  # fmt: skip


REJECTED = Consumed(
    topic.REJECTED, 0, b"{broken", timestamp=1_772_000_000_000,
    headers=[
        (HEADER_REASON, b"not_json"), (HEADER_DETAIL, b"line 1: expected a quote"), (HEADER_POINTER, b""),
        (HEADER_ORIGIN, b"touchpoints.sales/0/7"), (HEADER_RECEIVED_AT, b"2026-03-02T09:00:00.000Z"),
    ],
)  # fmt: skip


@pytest.fixture(scope="session")
def run(clickhouse: Any) -> Run:
    """A running instance whose ClickHouse holds the content above, and whose other parts are away."""
    settings = Settings(
        clickhouse_url=clickhouse.url,
        clickhouse_database="console",
        clickhouse_user=clickhouse.user,
        clickhouse_password=SecretStr(clickhouse.password),
    )
    client = connect(settings)
    migrate(client)
    batch = Batch()
    for name, models in ((topic.TOUCHPOINTS, touchpoints()), (topic.FACTS, facts())):
        batch.add(name, [_consumed(name, offset, model) for offset, model in enumerate(models)])
    batch.add(topic.REJECTED, [REJECTED])
    Insertion(client).insert(batch, lambda _table, _rows: None)
    client.close()
    return Run(
        kafka="127.0.0.1:1",
        clickhouse=ClickHouseRun(
            url=clickhouse.url, database="console", user=clickhouse.user, password=clickhouse.password,
            readonly_user=clickhouse.readonly_user, readonly_password=clickhouse.readonly_password,
        ),
        gateway=GatewayRun(url="http://127.0.0.1:1", write_key="wk"),
        console=ConsoleRun(url="http://127.0.0.1:1"),
    )  # fmt: skip


def _consumed(name: str, offset: int, model: BaseModel) -> Consumed:
    return Consumed(name, offset, model.model_dump_json(exclude_none=name == topic.TOUCHPOINTS).encode())


@pytest.fixture
def throughline(run: Run, tmp_path: Path) -> Iterator[Throughline]:
    """throughline("customer", "jo@acme.example"): the command against the running instance."""
    run.write(tmp_path)

    def invoke(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(cli, ["--data", str(tmp_path), *arguments], input=text, catch_exceptions=False)

    yield invoke
