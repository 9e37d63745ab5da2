"""`python -m deploy.kafka`: prepare the embedded broker's storage, then become it (the process id stays)."""

import os
import sys
from pathlib import Path

from deploy.kafka.broker import Broker, JavaMissingError, StorageFailedError
from deploy.kafka.jars import JarsMissingError
from schemas.settings import Settings


def of(settings: Settings) -> Broker:
    """The embedded broker of an instance."""
    return Broker(Path(settings.data) / "kafka", settings.port_base, settings.port_base + 1)


def main() -> None:
    """Never returns: the JVM replaces this process, so that signals reach it."""
    broker = of(Settings())
    try:
        broker.prepare()
        command = broker.command()
    except (JavaMissingError, JarsMissingError, StorageFailedError) as error:
        sys.exit(str(error))
    print(f"kafka: {broker.bootstrap}, topics in {broker.logs}", flush=True)
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
