"""The two accounts of the embedded server, and who a request is: the writer may do all, the analyst may read."""

import hmac
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deploy.clickhouse.failure import AUTHENTICATION_FAILED, QueryError, refusal

# What a reader may set for its own answers, beside lowering its limits: their shape, nothing else.
FREE_TO_READERS = (
    "date_time_output_format", "join_use_nulls", "session_timezone", "max_block_size", "max_result_rows",
    "max_result_bytes", "result_overflow_mode", "timeout_overflow_mode", "extremes", "limit", "offset", "final",
)  # fmt: skip
# What one analyst's query may take at most: seconds, bytes, threads. A request may lower these, never raise them.
READER_LIMITS = {"max_execution_time": 60, "max_memory_usage": 4_000_000_000, "max_threads": 2}
# How a reader's question is planned: views as a part of it, not each on its own, which costs as much as reading does.
# Those with parameters are layers upon layers: planned as one they say the same many times over, and take longer.
_INLINE = {"analyzer_inline_views": 1}
_ASKS_WITH_PARAMETERS = re.compile(r"\b(?:FROM|JOIN)\s+[\w.`]+\s*\(", re.IGNORECASE)


@dataclass(frozen=True)
class Account:
    """One user of the server. `limits` are settings that hold for each of its queries."""

    name: str
    password: str = field(repr=False)
    readonly: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)

    def among(self, readers: int) -> "Account":
        """The account with its part of the threads, where so many readers' questions run now.

        Threads beyond the cores would only merge what they did apart.
        """
        if "max_threads" not in self.limits:
            return self
        return replace(self, limits={**self.limits, "max_threads": max(1, self.limits["max_threads"] // readers)})

    def plans(self, sql: str) -> Mapping[str, int]:
        """Settings by which this question of the user is planned."""
        return _INLINE if self.readonly and not _ASKS_WITH_PARAMETERS.search(sql) else {}


def authenticate(
    accounts: tuple[Account, ...], headers: Mapping[str, str], parameters: Mapping[str, str]
) -> Account | QueryError:
    """The account that a request names, by X-ClickHouse-User/Key, Basic auth, or user and password in the URL."""
    name, password = _credentials(headers, parameters)
    found: Account | None = None
    for account in accounts:
        # Every account is compared, and in constant time, so that the answer's time tells nothing.
        same_name = hmac.compare_digest(account.name.encode(), name.encode())
        same_password = hmac.compare_digest(account.password.encode(), password.encode())
        if same_name and same_password and account.password:
            found = account
    return found or refusal(
        AUTHENTICATION_FAILED,
        "AUTHENTICATION_FAILED",
        f"{name or 'default'}: Authentication failed: password is incorrect, or there is no user with such name.",
    )


def _credentials(headers: Mapping[str, str], parameters: Mapping[str, str]) -> tuple[str, str]:
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user", ""), headers.get("x-clickhouse-key", "")
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = b64decode(token, validate=True).decode().partition(":")
        except (Base64Error, UnicodeDecodeError):
            return "", ""
        return name, password
    return parameters.get("user", ""), parameters.get("password", "")
