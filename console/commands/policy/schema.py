"""`throughline policy schema`: the policy file's form, for editors."""

import click

from console import output


@click.command()
def schema() -> None:
    """JSON Schema 2020-12 of a policy file: completion and checks in an editor.

    \b
    Example:
      throughline policy schema > policy.schema.json
    """
    from journey.policy.schema import policy_schema

    output.print_json(policy_schema())
