"""Rows of files as they are found in the world, each with the place to go on from."""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.importing.mapping import FileFormat
from gateway.importing.reader import Reader


def rows(path: Path, content: bytes, **form: Any) -> list[tuple[int, int, Any, str]]:
    path.write_bytes(content)
    reader = Reader(path, FileFormat.model_validate(form))
    return [(row.number, row.line, row.cells, row.problem) for row in reader]


def test_a_csv_with_quotes_newlines_and_a_byte_order_mark_is_read_whole(tmp_path: Path) -> None:
    content = '\ufeffid,note\r\n1,"a ""b"", c"\r\n2,"two\nlines"\r\n\r\n3,é\r\n'.encode()
    assert rows(tmp_path / "a.csv", content) == [
        (1, 2, {"id": "1", "note": 'a "b", c'}, ""),
        (2, 3, {"id": "2", "note": "two\nlines"}, ""),
        (3, 6, {"id": "3", "note": "é"}, ""),
    ]


def test_delimiter_encoding_and_missing_header_are_the_mappings_to_say(tmp_path: Path) -> None:
    content = "1;Müller\n".encode("latin-1")
    form = {"delimiter": ";", "encoding": "latin-1", "columns": ["id", "name"]}
    assert rows(tmp_path / "a.csv", content, **form) == [(1, 1, {"id": "1", "name": "Müller"}, "")]


def test_a_broken_csv_row_is_told_and_the_next_one_is_read(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.csv", b'id,name\n1,a,b\n2,\xff\n"3"x,c\n4,d\n')
    assert [(number, cells) for number, _, cells, _ in found] == [
        (1, None),
        (2, None),
        (3, None),
        (4, {"id": "4", "name": "d"}),
    ]
    assert "the row has 3 cells, the header 2" in found[0][3]
    assert "encoding: latin-1" in found[1][3]
    assert "no CSV" in found[2][3]


def test_a_broken_json_line_is_told_and_the_next_one_is_read(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.jsonl", b'{"id": 1}\n{"id":\n\n[1]\n{"id": 2}\n')
    assert [(number, line, cells) for number, line, cells, _ in found] == [
        (1, 1, {"id": 1}),
        (2, 2, None),
        (3, 4, None),
        (4, 5, {"id": 2}),
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    notes=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")), max_size=8), cut=st.integers(0, 8)
)
def test_going_on_after_any_row_gives_exactly_the_rest(tmp_path: Path, notes: list[str], cut: int) -> None:
    for name, lines in (
        ("a.csv", ["id,note", *(f'{n},"{note.replace(chr(34), chr(34) * 2)}"' for n, note in enumerate(notes))]),
        ("a.jsonl", [json.dumps({"id": str(n), "note": note}) for n, note in enumerate(notes)]),
    ):
        path = tmp_path / name
        path.write_text("\n".join(lines), encoding="utf-8", newline="")
        whole = list(Reader(path, FileFormat.model_validate({})))
        assert [row.cells["note"] for row in whole if row.cells] == notes
        if cut < len(whole):
            assert list(Reader(path, FileFormat.model_validate({}), whole[cut].after)) == whole[cut + 1 :]
