"""A mapping file says what is wrong with it: the line, the field, the value, the remedy."""

import pytest

from gateway.importing.mapping import Mapping
from gateway.importing.mapping_file import column_problems, parse_mapping

GOOD = """\
mapping: 1
name: crm-deals
source: crm
touchpoints:
  - type: deal.won
    team: sales
    direction: internal
    id: {template: "deal-{id}"}
    customer:
      email: {column: mail, lower: true}
    occurred_at: {column: closed, format: "%d.%m.%Y", zone: Europe/Berlin}
    properties:
      size: {column: size, as: integer}
"""


def test_a_good_mapping_is_read_with_its_constants_columns_and_templates() -> None:
    mapping = parse_mapping(GOOD)
    assert isinstance(mapping, Mapping)
    assert mapping.columns() == {"id", "mail", "closed", "size"}
    assert mapping.touchpoints[0].team.constant == "sales"


@pytest.mark.parametrize(
    ("given", "instead", "said"),
    [
        (
            "team: sales",
            "taem: sales",
            'line 6: touchpoints.0.taem: Extra inputs are not permitted (got "sales"); remove',
        ),
        ("mapping: 1", "mapping: 2", 'line 1: mapping: Input should be 1 (got "2"); use 1'),
        ("zone: Europe/Berlin", "zone: Berlin", "line 11: touchpoints.0.occurred_at.zone: no such zone; write an IANA"),
        (", zone: Europe/Berlin", "", "line 11: touchpoints.0.occurred_at: this format has no zone: add zone"),
        ("as: integer", "as: int", "line 13: touchpoints.0.properties.size.as: Input should be 'text', 'integer'"),
        ('{template: "deal-{id}"}', "deal", "line 8: touchpoints.0.id: a plain value gives every row the same id"),
        ('"deal-{id}"', '"deal-{id!r}"', "line 8: touchpoints.0.id.template: braces hold a column's name"),
        ("{column: mail, lower: true}", "{lower: true}", "line 10: touchpoints.0.customer.email: give exactly one of"),
        ("email:", "mail:", "line 10: touchpoints.0.customer.mail"),
        ("    direction: internal\n", "", "line 5: touchpoints.0.direction: Field required; add it"),
        ("name: crm-deals", "name: [", "line 4: yaml: "),
        (GOOD, "- 1", "line 1: mapping: the file is no YAML mapping; begin it with `mapping: 1`"),
    ],
)
def test_a_mistake_is_named_with_line_field_value_and_remedy(given: str, instead: str, said: str) -> None:
    problems = parse_mapping(GOOD.replace(given, instead, 1))
    assert isinstance(problems, list)
    assert any(str(problem).startswith(said) for problem in problems), [str(problem) for problem in problems]


def test_a_column_that_the_file_lacks_is_named_with_those_it_has() -> None:
    mapping = parse_mapping(GOOD)
    assert isinstance(mapping, Mapping)
    (problem,) = column_problems(mapping, GOOD, ["id", "email", "closed", "size"])
    assert str(problem) == (
        'line 10: column: the file has no such column (got "mail"); use one of id, email, closed, size'
    )
