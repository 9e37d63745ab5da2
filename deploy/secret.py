"""The instance's own secrets: made at first start, kept in DATA/secrets.json for its owner only."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from schemas.settings import Settings


def _token(prefix: str) -> Callable[[], str]:
    return lambda: prefix + secrets.token_urlsafe(24)


# Settings that an instance makes for itself where they are empty.
_MADE: dict[str, Callable[[], str]] = {
    "write_key": _token("wk_"),
    "clickhouse_password": _token(""),
    "clickhouse_readonly_password": _token(""),
    "webhook_secret": lambda: "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
}
_INTERNAL = ("supervisor_password",)


def complete(settings: Settings) -> Settings:
    """The settings with every secret filled in: those given stay, the others come from DATA/secrets.json.

    An external ClickHouse has passwords of its own: an empty one there is meant.
    """
    kept = _keep(Path(settings.data))
    missing = {
        name: SecretStr(kept[name])
        for name in _MADE
        if not getattr(settings, name).get_secret_value()
        and not (settings.clickhouse_url and name.startswith("clickhouse"))
    }
    return settings.model_copy(update=missing)


def supervisor_password(data: Path) -> str:
    """The password of the supervisor's own socket."""
    return _keep(data)["supervisor_password"]


def _keep(data: Path) -> dict[str, str]:
    """DATA/secrets.json, with what was missing in it made and written in one step (mode 0600)."""
    path = data / "secrets.json"
    try:
        known: dict[str, str] = json.loads(path.read_text())
    except FileNotFoundError:
        known = {}
    made = {name: make() for name, make in _MADE.items()} | {name: secrets.token_urlsafe(24) for name in _INTERNAL}
    every = made | known
    if every != known:
        data.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(every, file, indent=2)
        draft.replace(path)
    return every
