"""The default policy, changed for a test."""

from collections.abc import Callable
from typing import Any

import yaml

from journey.policy.reading import read
from journey.rules import Rules
from tests.journey.telling import DEFAULT


def changed(change: Callable[[dict[str, Any]], None]) -> str:
    """The default policy's text after a change of its plain content."""
    tree = yaml.safe_load(DEFAULT.read_text())
    change(tree)
    return str(yaml.safe_dump(tree, sort_keys=False))


def rules_entering(condition: dict[str, Any], **sections: Any) -> Rules:
    """The default policy with one more track, `probe`, whose second stage `hit` is entered by the condition."""

    def change(tree: dict[str, Any]) -> None:
        tree["tracks"]["probe"] = {
            "stages": [{"stage": "seen", "enter": [{}]}, {"stage": "hit", "enter": [condition]}],
        }
        tree.update(sections)

    return Rules(read(changed(change)))
