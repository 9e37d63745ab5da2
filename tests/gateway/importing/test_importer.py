"""An import goes on after an interruption, reports what it refused, and twice counts once."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.importing import ImportRefusedError, run_import
from gateway.importing.importer import Outcome, import_file
from gateway.importing.journal import Journal, Progress, digest_of
from gateway.importing.mapping import Mapping
from gateway.importing.mapping_file import parse_mapping
from schemas.touchpoint import Touchpoint

MAPPING = """\
mapping: 1
name: deals
source: crm
touchpoints:
  - type: deal.won
    team: sales
    direction: internal
    id: {template: "deal-{id}"}
    customer: {email: {column: mail}}
    occurred_at: {column: at, format: iso, zone: UTC}
    skip_if_empty: [at]
"""
RawRecords = Callable[[], dict[str, list[tuple[bytes | None, bytes]]]]


class KilledError(Exception):
    """The process died here."""


class MemoryEmitter:
    """Remembers what was emitted; breaks off after `most` touchpoints, as a killed process does."""

    def __init__(self, most: int = 10**9) -> None:
        self.ids: list[str] = []
        self._most = most

    def emit(self, touchpoint: Touchpoint) -> None:
        if len(self.ids) == self._most:
            raise KilledError
        self.ids.append(touchpoint.id)

    def flush(self, timeout: float | None = None) -> None:
        del timeout


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file of 100 rows (every tenth refused, row 5 skipped), and its mapping."""
    file, mapping = tmp_path / "deals.csv", tmp_path / "deals.yaml"
    rows = [
        f"{n},{'nobody' if n % 10 == 0 else f'p{n}@acme.example'},{'' if n == 5 else '2026-03-01'}" for n in _hundred()
    ]
    file.write_text("\n".join(["id,mail,at", *rows]) + "\n")
    mapping.write_text(MAPPING)
    return file, mapping


def _hundred() -> range:
    return range(1, 101)


def _mapping(path: Path) -> Mapping:
    mapping = parse_mapping(path.read_text())
    assert isinstance(mapping, Mapping)
    return mapping


def _journal(folder: Path, files: tuple[Path, Path]) -> Journal:
    return Journal(folder / "imports", "deals", digest_of(*files))


def test_an_interrupted_import_goes_on_from_what_was_confirmed(tmp_path: Path, files: tuple[Path, Path]) -> None:
    file, mapping = files
    first, second = MemoryEmitter(most=50), MemoryEmitter()
    with pytest.raises(KilledError):
        import_file(_mapping(mapping), file, first, _journal(tmp_path, files), confirm_every_rows=20)
    progress = import_file(_mapping(mapping), file, second, _journal(tmp_path, files), confirm_every_rows=20)
    assert second.ids[0] == "deal-41", "rows 1 to 40 were confirmed"
    assert set(first.ids) | set(second.ids) == {f"deal-{n}" for n in _hundred() if n % 10 and n != 5}
    counts = progress.model_dump(include={"read", "accepted", "rejected", "skipped", "touchpoints"})
    assert counts == {"read": 100, "accepted": 89, "rejected": 10, "skipped": 1, "touchpoints": 89}
    report = [json.loads(line) for line in _journal(tmp_path, files).report.read_text().splitlines()]
    assert [entry["row"] for entry in report] == list(range(10, 101, 10)), "each refused row is reported once"


def test_the_report_names_row_line_field_reason_and_the_original(tmp_path: Path, files: tuple[Path, Path]) -> None:
    file, mapping = files
    import_file(_mapping(mapping), file, MemoryEmitter(), _journal(tmp_path, files))
    first = json.loads(_journal(tmp_path, files).report.read_text().splitlines()[0])
    assert first == {
        "row": 10,
        "line": 11,
        "field": "customer.email",
        "reason": "customer.email: no identifier can be used; correct it or add another one",
        "original": {"id": "10", "mail": "nobody", "at": "2026-03-01"},
    }


def test_a_changed_file_or_mapping_is_another_import(tmp_path: Path, files: tuple[Path, Path]) -> None:
    file, mapping = files
    with pytest.raises(KilledError):
        import_file(_mapping(mapping), file, MemoryEmitter(most=50), _journal(tmp_path, files), confirm_every_rows=20)
    mapping.write_text(MAPPING.replace("deal-", "d-"))
    emitter = MemoryEmitter()
    import_file(_mapping(mapping), file, emitter, _journal(tmp_path, files))
    assert emitter.ids[0] == "d-1"


def test_a_dry_run_shows_every_row_and_leaves_nothing_behind(tmp_path: Path, files: tuple[Path, Path]) -> None:
    seen: list[Outcome] = []
    result = run_import(*files, data=tmp_path / "data", kafka="", dry_run=True, on_outcome=seen.append)
    assert (result.read, result.accepted, result.rejected, result.skipped) == (100, 89, 10, 1)
    assert [len(outcome.touchpoints) for outcome in seen[3:6]] == [1, 0, 1]
    assert seen[9].report()["reason"].startswith("customer.email")
    assert not (tmp_path / "data").exists()


def test_an_import_writes_to_kafka_and_twice_writes_the_same_ids(
    product_topics: str, tmp_path: Path, files: tuple[Path, Path], raw_records: RawRecords
) -> None:
    told: list[Progress] = []
    for _ in range(2):
        result = run_import(*files, data=tmp_path / "data", kafka=product_topics, on_progress=told.append)
        assert (result.accepted, result.rejected, result.resumed_at_row) == (89, 10, 0)
        assert result.report is not None and len(result.report.read_text().splitlines()) == 10
    assert told[-1].byte == files[0].stat().st_size
    ids = [json.loads(value)["id"] for _, value in raw_records()["touchpoints.sales"]]
    assert (len(ids), len(set(ids))) == (178, 89)
    assert result.as_json().keys() >= {"read", "accepted", "rejected", "seconds"}


def test_a_file_and_a_mapping_that_do_not_fit_are_refused_before_anything_is_sent(
    tmp_path: Path, files: tuple[Path, Path]
) -> None:
    file, mapping = files
    file.write_text("id,email,at\n")
    with pytest.raises(ImportRefusedError, match=r'deals.yaml: line 9: column: .*got "mail".*use one of id, email, at'):
        run_import(file, mapping, data=tmp_path, kafka="")
    with pytest.raises(ImportRefusedError, match="no such file"):
        run_import(tmp_path / "none.csv", mapping, data=tmp_path, kafka="")
