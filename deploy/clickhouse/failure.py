"""A failed query as ClickHouse reports it: a code, a text, an HTTP status."""

import re

BAD_ARGUMENTS = 36
UNKNOWN_IDENTIFIER = 47
NOT_IMPLEMENTED = 48
SYNTAX_ERROR = 62
UNKNOWN_DATABASE = 81
UNKNOWN_SETTING = 115
READONLY = 164
TOO_MANY_QUERIES = 202
TOO_MANY_BYTES = 307
CANNOT_DECOMPRESS = 271
AUTHENTICATION_FAILED = 516
UNKNOWN = 1002

# ClickHouse's exceptionCodeToHTTPStatus, in the part that a client can meet here; all else is 500.
_BAD_REQUEST = {6, 26, 27, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 130, 131, 271, 321, 386, 395, 456, 457}
_NOT_FOUND = {46, 47, 50, 56, 60, 61, 63, 73, 78, 81, 115, 139, 511}
_OTHER = {
    NOT_IMPLEMENTED: 501,
    159: 408,
    READONLY: 403,
    TOO_MANY_QUERIES: 503,
    TOO_MANY_BYTES: 413,
    AUTHENTICATION_FAILED: 403,
}
_CODE = re.compile(r"Code: (\d+)\. ")
_NESTED = re.compile(r"^(Code: \d+\. DB::Exception: )(?:Code: \d+\. DB::Exception: )+")
_VERSION = re.compile(r"(?: \(version [^()]*(?:\([^()]*\))?\))+")


class QueryError(Exception):
    """A query that ClickHouse, or this server in its place, refuses or cannot finish."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @property
    def status(self) -> int:
        """The HTTP status that ClickHouse gives this code."""
        if self.code in _BAD_REQUEST:
            return 400
        if self.code in _NOT_FOUND:
            return 404
        return _OTHER.get(self.code, 500)

    def body(self, version: str) -> bytes:
        """`Code: N. DB::Exception: ... (NAME) (version V)`, as ClickHouse writes it."""
        return f"{self.text} (version {version} (embedded))\n".encode(errors="backslashreplace")


def refusal(code: int, name: str, message: str) -> QueryError:
    """A refusal of this server's own, in ClickHouse's words: refusal(164, "READONLY", "Cannot ...")."""
    return QueryError(code, f"Code: {code}. DB::Exception: {message} ({name})")


def from_engine(error: Exception) -> QueryError:
    """What chDB raised, with its code; without one it is ClickHouse's UNKNOWN_EXCEPTION."""
    said = str(error)
    found = _CODE.search(said)
    if found is None:
        return refusal(UNKNOWN, "UNKNOWN_EXCEPTION", said.strip() or type(error).__name__)
    text = _VERSION.sub("", _NESTED.sub(r"\1", said[found.start() :].strip()))
    return QueryError(int(found.group(1)), text)
