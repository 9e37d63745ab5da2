"""What a policy file is written in: where things stand in it, anchors, keys that stand twice, and what is no YAML."""

import random
from copy import deepcopy
from functools import reduce
from operator import getitem

import pytest
import yaml
from pydantic import ValidationError

from journey.policy.document import Policy
from journey.policy.form import Remainder, mistakes_of_form
from journey.policy.reading import read
from journey.policy.source import Source
from journey.policy.walk import parts
from tests.journey.policy.broken import TEXT, line_of, mistakes, places, replaced


def test_line_and_column_are_those_of_the_field() -> None:
    text = replaced("team: sales\n  - clock: first_attempt", "team: slaes\n  - clock: first_attempt")
    assert places(text) == [(line_of(text, "team: slaes"), 5)]


def test_what_is_wrong_inside_of_something_that_is_no_more_than_a_word_is_told_there() -> None:
    mistake = Source("policy: default\nclocks: later").at(("clocks", 0, "limit"), "is missing")
    assert (mistake.line, mistake.column, mistake.path) == (2, 1, "clocks.0")


def test_whatever_stands_anywhere_in_a_file_it_is_a_policy_or_every_mistake_has_a_place_and_a_remedy() -> None:
    rng, whole = random.Random(7), yaml.safe_load(TEXT)
    everywhere = [path for path, _ in parts(whole) if path]
    for _ in range(60):
        tree = deepcopy(whole)
        *above, last = rng.choice(everywhere)
        node = reduce(getitem, above, tree)
        if rng.random() < 0.3:
            del node[last]
        else:
            node[last] = rng.choice([None, "x", 5, True, [], {}, [[]], [None], {"a": 1}, {"when": {}}, {"stage": 5}])
        try:
            Policy.model_validate(tree)
        except ValidationError as error:
            assert all(path and message for path, message in mistakes_of_form(tree, error))
            assert Remainder(tree, error).policy is not None


def test_every_key_that_stands_twice_is_told() -> None:
    text = replaced("  future: 24h", "  future: 24h\n  future: 48h") + "\nversion: 2\n"
    first = line_of(TEXT, "future: 24h")
    assert mistakes(text) == [
        f"windows.future: 'future' stands twice, first in line {first}; remove one",
        f"version: 'version' stands twice, first in line {line_of(TEXT, 'version: 1')}; remove one",
    ]


def test_a_mistake_behind_an_anchor_is_told_once_where_it_is_written() -> None:
    text = replaced("- when: { direction: inbound }", "- when: { direction: inbond }")
    (mistake,) = mistakes(text)
    assert mistake.endswith("'inbond' is no direction; did you mean 'inbound'?")
    assert places(text)[0][0] == line_of(text, "inbond")


def test_a_mistake_in_what_is_merged_in_is_told_where_it_is_written() -> None:
    text = replaced("- clock: mql_routed\n", "- &routed\n    clock: mql_routed\n")
    text = text.replace("- clock: mql_answered\n", "- &answered\n    clock: mql_answered\n", 1)
    text = text.replace("    calendar: office\n    team: marketing", "    calendar: ofice\n    team: marketing", 1)
    several = "  - { <<: [{ team: sales }, *routed], clock: again }\n  - { <<: *answered, clock: once_more }\n"
    text = text.replace("  - clock: quote_answer", several + "  - clock: quote_answer", 1)
    (mistake,) = mistakes(text)
    assert mistake.endswith(".calendar: 'ofice' is no calendar; did you mean 'office'?")
    assert [line for line, _ in places(text)] == [line_of(text, "ofice")]


def test_what_is_missing_of_something_merged_is_told_where_it_should_be() -> None:
    text = replaced("  - clock: quote_answer", "  - { <<: { team: sales }, clock: again }\n  - clock: quote_answer")
    found = mistakes(text)
    assert [mistake.split(":")[0] for mistake in found] == ["clocks.5.limit", "clocks.5.start", "clocks.5.stop"]
    assert {line for line, _ in places(text)} == {line_of(text, "clock: again")}


def test_anchors_merges_and_plain_dates_are_understood() -> None:
    text = replaced("holidays: []", "holidays: [2026-12-25, 2027-01-01]")
    text = text.replace("- clock: mql_routed\n", "- &routed\n    clock: mql_routed\n", 1) + "\n"
    text = text.replace(
        "  - clock: quote_answer", "  - { <<: *routed, clock: routed_again }\n  - clock: quote_answer", 1
    )
    policy = read(text)
    assert policy.calendars["office"].holidays == ["2026-12-25", "2027-01-01"]
    assert policy.clocks[5].clock == "routed_again"
    assert policy.clocks[5].limit == policy.clocks[0].limit


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a policy is a mapping; begin with `policy: NAME`"),
        ("- policy: x", "a policy is a mapping; begin with `policy: NAME`"),
        ("policy: [x", "not YAML: expected ',' or ']', but got '<stream end>'; a bracket or a brace is not closed"),
        ("policy: x\n\tversion: 1", "not YAML: a tab; indent by blanks"),
        ("policy: *x", "not YAML: found undefined alias 'x'; an anchor (&name) must stand above its alias (*name)"),
        ("policy: &x [*x]", "policy.0: this alias stands for something that it is inside of; write it out"),
        ("policy: a\n---\npolicy: b", "not YAML: but found another document; a policy file holds one policy; "
         "remove the line ---"),
        ("policy: a: b", "not YAML: mapping values are not allowed here; a colon with a blank inside of a text wants "
         "quotes around the text"),
        ("policy: \x07", "not YAML: "),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_told_with_what_to_do(text: str, told: str) -> None:
    assert mistakes(text)[0].startswith(told)


def test_aliases_that_multiply_end_in_a_mistake_and_not_in_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (mistake,) = mistakes("\n".join(lines))
    assert mistake.endswith("aliases of aliases stand for far too much; write it out")


def test_brackets_without_end_are_no_crash() -> None:
    assert mistakes("policy: " + "[" * 20_000)
