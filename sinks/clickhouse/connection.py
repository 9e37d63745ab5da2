"""A client of the ClickHouse that the settings name, embedded or external."""

import ipaddress
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from schemas.settings import Settings

# One request of the writer; and one statement of a migration, which may fill a new table from all that is there.
QUERY_SECONDS, MIGRATION_SECONDS = 60.0, 6 * 3600.0
_PORTS = {"http": 8123, "https": 8443}
# By what ClickHouse calls its refusal: what the operator has to set.
_FIXES = {
    ("AUTHENTICATION_FAILED", "Authentication failed"): (
        "set THROUGHLINE_CLICKHOUSE_USER and THROUGHLINE_CLICKHOUSE_PASSWORD to an account that it knows"
    ),
    ("READONLY", "ACCESS_DENIED", "Not enough privileges", "readonly mode"): (
        "set THROUGHLINE_CLICKHOUSE_USER to an account that may write, or grant it that"
    ),
}


def connect(settings: Settings, *, seconds: float = QUERY_SECONDS) -> Client:
    """A client of the writer's account, with `settings.clickhouse_database` as its database (it need not exist yet).

    `seconds` bounds one request. Threads may share the client. Raises clickhouse_connect's errors where nothing
    answers; ValueError where `settings.clickhouse_url` is no http(s) URL.
    """
    url = urlsplit(settings.clickhouse_url)
    if url.scheme not in _PORTS or not url.hostname:
        raise ValueError(f"THROUGHLINE_CLICKHOUSE_URL is {settings.clickhouse_url!r}: expected http(s)://host:port")
    client = clickhouse_connect.get_client(
        host=url.hostname,
        port=url.port or _PORTS[url.scheme],
        interface=url.scheme,
        proxy_path=url.path.strip("/"),
        username=settings.clickhouse_user,
        password=settings.clickhouse_password.get_secret_value(),
        # On loopback compression costs more than the bytes it saves.
        compress=False if _is_loopback(url.hostname) else "lz4",
        # Without a session, threads may use the client at once.
        autogenerate_session_id=False,
        connect_timeout=5,
        send_receive_timeout=int(seconds),
        client_name="throughline",
    )
    # Set afterwards: a client that is opened on a database which is not there yet is refused.
    client.database = settings.clickhouse_database
    return client


def reason_of(error: Exception) -> str:
    """Why ClickHouse does not do what it is asked, in one line; where a setting mends it, which."""
    said = str(error)
    line = f"{type(error).__name__}: {said.splitlines()[0] if said else ''}"[:300]
    for names, fix in _FIXES.items():
        if any(name in said for name in names):
            return f"{line}; {fix}"
    return line


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
