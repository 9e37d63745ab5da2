"""What one HTTP request asks: SQL, the rows that follow an INSERT, bound parameters, settings, output format."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP

from deploy.clickhouse.failure import BAD_ARGUMENTS, NOT_IMPLEMENTED, refusal


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


# Consumed by the HTTP interface itself; the engine would call them unknown settings.
_TRANSPORT = words(
    "query database user password quota_key query_id session_id session_timeout session_check session_close role "
    "default_format buffer_size wait_end_of_query compress decompress client_protocol_version stacktrace "
    "enable_http_compression http_zlib_compression_level send_progress_in_http_headers close_session "
    "http_headers_progress_interval_ms cancel_http_readonly_queries_on_client_close add_http_cors_header"
)
_SETTING_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_.]*$")
_TOKEN = re.compile(
    rb"(?P<skip>\s+|--[^\n]*|#[! ][^\n]*|/\*.*?\*/)"
    rb"|(?P<text>'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.|\"\")*\")"
    rb"|(?P<word>[A-Za-z_][A-Za-z0-9_$]*)"
    rb"|(?P<other>.)",
    re.DOTALL,
)
_ROWS_START = re.compile(rb"[ \t\f\v]*\r?\n?")
_LAST_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*(?:SETTINGS\s[^;]*)?[;\s]*$", re.IGNORECASE)
_HEAD_BYTES = 256 * 1024


@dataclass(frozen=True)
class Statement:
    """One statement to run. `rows` are an INSERT's bytes in `rows_format`; None for every other statement.

    `source_at` is where in the text of such an INSERT the source of its rows is named: before its settings.
    """

    sql: str
    output_format: str
    database: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    rows: bytes | None = None
    rows_format: str = ""
    source_at: int = 0
    buffered: bool = False
    writes_allowed: bool = True
    query_id: str = ""


def statement(
    url: Mapping[str, str], headers: Mapping[str, str], body: bytes, writes_allowed: bool, query_id: str
) -> Statement:
    """Read a request, its body already decompressed. Raises QueryError where ClickHouse would refuse the request.

    As in ClickHouse, the text is the `query` of the URL, a line break, then the body; a multipart form may carry the
    query and its parameters instead.
    """
    values = dict(url)
    if headers.get("content-type", "").startswith("multipart/form-data"):
        values |= _form(headers["content-type"], body)
        body = b""
    for asked in ("compress", "decompress"):
        if values.get(asked, "0") not in {"0", ""}:
            raise refusal(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", f"{asked}=1: use Content-Encoding and Accept-Encoding")
    query = values.get("query", "").encode()
    text = query + b"\n" + body if query and body else query or body
    sql, rows, rows_format, source_at = _split(text)
    return Statement(
        sql=sql,
        rows=rows,
        rows_format=rows_format,
        source_at=source_at,
        output_format=output_format(sql)
        or values.get("default_format")
        or headers.get("x-clickhouse-format")
        or "TabSeparated",
        database=values.get("database") or headers.get("x-clickhouse-database", ""),
        parameters={name[6:]: value for name, value in values.items() if name.startswith("param_")},
        settings=_settings(values),
        buffered=values.get("wait_end_of_query", "0") not in {"0", ""},
        writes_allowed=writes_allowed,
        query_id=query_id,
    )


def output_format(sql: str) -> str:
    """The format named by the statement's own FORMAT clause, "" where it has none."""
    found = _LAST_FORMAT.search(sql[-2000:])
    return found.group(1) if found else ""


def _settings(values: Mapping[str, str]) -> dict[str, str]:
    settings = {
        name: value for name, value in values.items() if name not in _TRANSPORT and not name.startswith("param_")
    }
    for name in settings:
        if not _SETTING_NAME.match(name):
            raise refusal(BAD_ARGUMENTS, "BAD_ARGUMENTS", f"Not a setting's name: {name!r}")
    return settings


def _split(text: bytes) -> tuple[str, bytes | None, str, int]:
    """(sql, rows, their format, where to name them): an `INSERT ... FORMAT name` is cut where its rows begin."""
    if _first_word(text) == b"INSERT":
        settings = None
        for word, begin, end in _top_level_words(text[:_HEAD_BYTES]):
            if word in {b"SELECT", b"WITH", b"VALUES"}:
                break
            if word == b"INFILE":
                raise refusal(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "INFILE is not available over HTTP")
            if word == b"SETTINGS":
                settings = begin
            if word == b"FORMAT":
                name = re.compile(rb"\s*(\w+)").match(text, end)
                if name is None or name.group(1).upper() == b"VALUES":
                    break
                start = _ROWS_START.match(text, name.end())
                head = text[: end - len(b"FORMAT")]
                source_at = len(_text(head[:settings]))
                rows = text[start.end() if start else name.end() :]
                return _text(head), rows, name.group(1).decode(), source_at
    return _text(text), None, "", 0


def _first_word(text: bytes) -> bytes:
    return next((word for word, _, _ in _top_level_words(text[:_HEAD_BYTES])), b"")


def _top_level_words(text: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The words outside of brackets, strings and comments: (upper case, start, end)."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "other":
            depth += {b"(": 1, b")": -1}.get(token.group(), 0)
        elif token.lastgroup == "word" and depth == 0:
            yield token.group().upper(), token.start(), token.end()


def _text(sql: bytes) -> str:
    try:
        return sql.decode()
    except UnicodeDecodeError as error:
        raise refusal(BAD_ARGUMENTS, "BAD_ARGUMENTS", f"The query is not UTF-8: {error}") from error


def _form(content_type: str, body: bytes) -> dict[str, str]:
    """A multipart form's text fields. External tables (fields with a file name) are not offered by the engine."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields: dict[str, str] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_filename():
            raise refusal(
                NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "External tables are not available in the embedded server"
            )
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = _text(content)
    return fields
