"""`throughline schema`: JSON Schema 2020-12 of what travels."""

from typing import Any

import click
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from console import output
from schemas.alert import Alert
from schemas.fact import FACTS
from schemas.identity import IDENTITIES
from schemas.settings import Run
from schemas.touchpoint import AcceptedTouchpoint, Touchpoint

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _name(model: type[BaseModel]) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in model.__name__).lstrip("_")


_MODELS: tuple[type[BaseModel], ...] = (Touchpoint, AcceptedTouchpoint, *FACTS, Alert, *IDENTITIES, Run)
MODELS = {_name(model): model for model in _MODELS}


@click.command()
@click.argument("name", required=False, type=click.Choice(list(MODELS)))
@click.option("--list", "names_only", is_flag=True, help="Print the names only.")
def schema(name: str | None, names_only: bool) -> None:
    """JSON Schema 2020-12 of one model, or of all of them under `$defs`.

    \b
    Example:
      throughline schema touchpoint > touchpoint.schema.json
    """
    if names_only:
        click.echo("\n".join(MODELS))
    elif name:
        output.print_json({"$schema": DIALECT, **MODELS[name].model_json_schema(mode="validation")})
    else:
        output.print_json(_all())


def _all() -> dict[str, Any]:
    _, described = models_json_schema([(model, "validation") for model in MODELS.values()])
    return {"$schema": DIALECT, "title": "Throughline", **described}
