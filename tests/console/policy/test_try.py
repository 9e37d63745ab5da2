"""`policy try`: what a policy makes of a file of touchpoints, as people and scripts see it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from console.main import cli
from tests.journey.policies import changed

GOLDEN = Path(__file__).parents[2] / "journey" / "golden" / "default.yaml"
EXAMPLES = yaml.safe_load(GOLDEN.read_text())
MAIL = {"email": "a@b.example"}


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["policy", "try", *arguments], input=given)


def line(touchpoint_id: str, at: Any, kind: str, team: str, direction: str, more: dict[str, Any]) -> str:
    told = {"id": touchpoint_id, "source": "ex", "type": kind, "team": team, "direction": direction, "customer": MAIL}
    return json.dumps(told | {"occurred_at": at if isinstance(at, str) else at.isoformat()} | more)


def tried(*lines: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    result = run("-", "--json", *options, given="\n".join(lines))
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def moment(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def same(found: Any, wanted: Any) -> bool:
    return moment(found) == moment(wanted) if isinstance(wanted, datetime) else found == wanted


def among(wanted: dict[str, Any], rows: list[dict[str, Any]]) -> bool:
    return any(all(same(row[name], value) for name, value in wanted.items()) for row in rows)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])
def test_an_example_comes_out_as_written(example: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "touchpoints.ndjson"
    file.write_text("".join(line(*given) + "\n" for given in example["given"]))
    now = moment(example["now"]).isoformat()
    result = run(str(file), "--now", now, "--json")
    assert result.exit_code == 0, result.output
    told, then = json.loads(result.stdout), example["then"]
    assert len(told["customers"]) == then.get("customers", 1)
    assert told["identity_conflicts"] == then.get("identity_conflicts", 0)
    for track in ("funnel", "lead"):
        check_track(told["customers"], track, then.get(track, {}))
    (customer, *_) = told["customers"]
    for track, steps in then.get("transitions", {}).items():
        moves = [[move["from"], move["to"], move["kind"]] for move in customer["transitions"] if move["track"] == track]
        assert moves == steps
    for name, value in then.get("owner", {}).items():
        assert customer["owner"][name] == value
    states = {clock["name"]: clock["state"] for clock in customer["clocks"]}
    assert {name: states.get(name) for name in then.get("clocks", {})} == then.get("clocks", {})
    for name in ("overlaps", "stalled"):
        if name in then:
            assert all(among(wanted, customer[name]) for wanted in then[name])
            assert then[name] or customer[name] == []
    if "corrected" in then:
        assert customer["corrected"] is then["corrected"]


def check_track(customers: list[dict[str, Any]], track: str, wanted: dict[str, Any]) -> None:
    if not wanted:
        return
    (customer,) = customers
    found = customer["tracks"][track]
    for name, value in wanted.items():
        if name == "visits":
            assert {stage: found["visits"].get(stage, 0) for stage in value} == value
        else:
            assert found[name] == value


def test_the_form_is_the_one_that_scripts_rely_on() -> None:
    told = tried(
        line("m", "2026-06-01T09:00:00Z", "lead.qualified", "marketing", "internal", {}),
        line("s", "2026-06-02T10:00:00Z", "email.sent", "sales", "outbound", {"subject": "pricing"}),
        line("t", "2026-06-03T10:00:00Z", "email.sent", "marketing", "outbound", {"subject": "pricing"}),
        options=("--now", "2026-06-20"),
    )
    (customer,) = told["customers"]
    assert {"customer_id", "identifiers", "tracks", "transitions", "overlaps", "clocks", "stalled", "owner", "score",
            "handoffs", "corrected"} <= set(customer)  # fmt: skip
    assert set(customer["tracks"]["lead"]) >= {"stage", "entered_at", "furthest", "visits"}
    assert set(customer["transitions"][0]) >= {"track", "from", "to", "kind", "at", "touchpoint"}
    assert set(customer["overlaps"][0]) >= {"kind", "subject", "status", "severity", "precedence", "opened_at"}
    assert set(customer["clocks"][0]) >= {"name", "state", "team", "started_at", "due_at"}
    assert set(customer["stalled"][0]) >= {"kind", "since", "escalated"}
    assert set(customer["owner"]) >= {"team", "actor", "since"}
    assert set(customer["score"]) >= {"fit", "engagement"}
    assert customer["identifiers"] == {"email": ["a@b.example"]}
    assert customer["handoffs"][0]["kind"] == "offered"


def test_two_people_of_one_account_are_an_overlap_that_both_see() -> None:
    told = tried(
        line("m", "2026-06-01T09:00:00Z", "email.sent", "marketing", "outbound", {"subject": "pricing"}),
        line("s", "2026-06-02T10:00:00Z", "call.logged", "sales", "outbound",
             {"subject": "pricing", "customer": {"email": "other@b.example"}}),
        line("x", "2026-06-02T10:00:00Z", "call.logged", "sales", "outbound", {"customer": {"email": "x@b.example"}}),
        options=("--now", "2026-06-03"),
    )  # fmt: skip
    (account,) = told["accounts"]
    assert (account["account"], [found["kind"] for found in account["overlaps"]]) == ("b.example", ["account"])
    kinds = [[found["kind"] for found in customer["overlaps"]] for customer in told["customers"]]
    assert kinds == [["account"], ["account"], []]


def test_the_score_has_faded_at_now() -> None:
    submitted = line("m", "2026-06-01T09:00:00Z", "form.submitted", "marketing", "inbound", {})
    (now,) = tried(submitted, options=("--now", "2026-06-01T09:00:00Z"))["customers"]
    (later,) = tried(submitted, options=("--now", "2026-06-15T09:00:00Z"))["customers"]
    assert (now["score"]["engagement"], later["score"]["engagement"]) == (15, 7.5)


def test_what_comes_too_late_ends_as_a_fold_of_everything_in_event_order() -> None:
    given = [
        line("a", "2026-06-01T09:00:00Z", "page.viewed", "marketing", "inbound", {}),
        line("b", "2026-06-20T09:00:00Z", "meeting.held", "sales", "outbound", {}),
        line("c", "2026-05-01T09:00:00Z", "form.submitted", "marketing", "inbound", {}),
        line("d", "2026-05-02T09:00:00Z", "deal.created", "sales", "internal", {}),
    ]
    ordered = sorted(given, key=lambda told: str(json.loads(told)["occurred_at"]))
    (late,), (in_order,) = (tried(*lines, options=("--now", "2026-07-01"))["customers"] for lines in (given, ordered))
    assert (late["too_late"], late["corrected"], in_order["corrected"]) == (2, True, False)
    assert late["touchpoints"] == 4
    for name in ("tracks", "transitions", "clocks", "handoffs", "stalled", "owner", "score", "overlaps"):
        assert late[name] == in_order[name], name


def test_a_touchpoint_sent_twice_counts_once() -> None:
    won = line("w", "2026-06-01T09:00:00Z", "deal.won", "sales", "internal", {})
    (customer,) = tried(won, won, options=("--now", "2026-06-02"))["customers"]
    assert (customer["tracks"]["funnel"]["stage"], customer["duplicates"]) == ("purchase", 1)


def test_a_bad_line_is_told_with_its_number_reason_and_pointer_and_the_others_are_folded() -> None:
    good = line("w", "2026-06-01T09:00:00Z", "deal.won", "sales", "internal", {})
    bad = good.replace("internal", "sideways")
    nobody = good.replace('{"email": "a@b.example"}', '{"email": "no mail"}')
    result = run("-", "--json", given="\n".join(["{", "", good, bad, nobody]))
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert [(row["line"], row["reason"], row["pointer"]) for row in told["rejected"]] == [
        (1, "not_json", ""),
        (4, "not_a_touchpoint", "/direction"),
        (5, "identifier", "/customer"),
    ]
    assert "line 4: not_a_touchpoint at /direction" in result.stderr
    assert len(told["customers"]) == 1


@pytest.mark.parametrize("given", ["", "nonsense\n"])
def test_exit_code_1_where_nothing_could_be_folded(given: str) -> None:
    result = run("-", "--json", given=given)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["customers"] == []


def test_spend_without_a_customer_is_no_failure() -> None:
    spend = json.loads(line("x", "2026-06-01T09:00:00Z", "spend.recorded", "marketing", "internal", {}))
    del spend["customer"]
    assert tried(json.dumps(spend))["customers"] == []


def test_another_policy_is_tried_by_its_file(tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(changed(lambda tree: tree.update(version=2, policy="draft")))
    told = tried(
        line("w", "2026-06-01T09:00:00Z", "deal.won", "sales", "internal", {}), options=("--policy", str(draft))
    )
    assert told["policy"] == "draft@2"


def test_every_touchpoint_is_judged_by_the_one_policy_that_is_named_or_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "first.yaml"
    first.write_text(changed(lambda tree: tree.update(version=7)))
    won = line("w", "2026-06-01T09:00:00Z", "deal.won", "sales", "internal", {})
    assert tried(won)["policy"] == "default@1"
    monkeypatch.setenv("THROUGHLINE_POLICY", str(first))
    assert tried(won)["policy"] == "default@7"
    told = " ".join(run("--help").stdout.split())
    assert "Default: THROUGHLINE_POLICY, else the default policy; never an adopted one." in told


def test_a_policy_with_mistakes_is_not_tried(tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(changed(lambda tree: tree["clocks"][0].update(team="slaes")))
    result = run("-", "--policy", str(draft), given="")
    assert result.exit_code == 1
    assert "did you mean 'sales'?" in result.stderr
    assert result.stdout == ""


def test_people_read_a_page() -> None:
    result = run(
        "-",
        "--now",
        "2026-06-20",
        given="\n".join(
            [
                line("m", "2026-06-01T09:00:00Z", "lead.qualified", "marketing", "internal", {}),
                line("s", "2026-06-02T10:00:00Z", "email.sent", "sales", "outbound", {"subject": "[pricing]"}),
            ]
        ),
    )
    assert result.exit_code == 0
    for word in ("a@b.example", "owned by marketing", "mql_routed", "breached", "intent", "no activity", "1 customer"):
        assert word in result.stdout
