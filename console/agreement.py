"""The policies in force in a running instance: the file its workers started with, and those adopted since."""

import asyncio

from aiokafka.errors import KafkaError

from console import output
from journey.policy.reading import read
from journey.rules import Rules
from schemas.settings import Run
from streams.agreement import Agreement


def rules_in_force(run: Run) -> Rules:
    """The rules by which histories are folded. Where Kafka is away they are the first policy's, and that is said."""
    first = Rules(read(run.policy.read_text()))
    try:
        return asyncio.run(Agreement(run.kafka, first).read())
    except (KafkaError, OSError, TimeoutError):
        output.aside().print(
            f"Kafka at {run.kafka} does not answer: policies adopted since {first.label} are not known", style="medium"
        )
        return first
