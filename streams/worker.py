"""`python -m streams.worker`: intake, the resolver and journeys as one process."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import uvloop
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from journey.policy.reading import PolicyError, read
from journey.rules import Rules
from schemas.settings import Settings
from sinks.health import serving
from sinks.process import log_to_stderr
from sinks.waiting import at_most
from streams.app import INPUTS, LaneStuckError, Worker
from streams.health import STUCK_SECONDS, health_app
from streams.lane import LaneFencedError
from streams.starvation import StarvedError
from streams.topics import WrongTopicsError, refuse_wrong, topic_ids

log = logging.getLogger("streams.worker")
PORT = 3
_REFUSED, _STUCK, _FENCED = 2, 3, 4
_STATUS: dict[type | None, int] = {LaneFencedError: _FENCED, StarvedError: _STUCK, LaneStuckError: _STUCK}


async def work(settings: Settings, rules: Rules) -> int:
    """Run a worker until SIGTERM or SIGINT; returns the process's exit status."""
    worker = Worker(settings, rules, await _topics_are_there(settings))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(health_app(worker), settings.port_base + PORT):
        beside = [
            asyncio.create_task(worker.redirects.follow(), name="following redirects"),
            asyncio.create_task(worker.watch(), name="watching for progress"),
        ]
        try:
            await _started(stop, worker)
            return await _until(stop, worker, beside)
        finally:
            for task in beside:
                task.cancel()
            await at_most(7, worker.stop(for_good=stop.is_set()))


async def _started(stop: asyncio.Event, worker: Worker) -> None:
    """Faust has started, or somebody says stop: without a broker it would go on trying."""
    starting, stopping = asyncio.ensure_future(worker.app.start()), asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        starting.result()
        _settle_memory()


async def _until(stop: asyncio.Event, worker: Worker, beside: Sequence[asyncio.Task[None]]) -> int:
    """Until somebody says stop, or the worker cannot go on. What runs beside it ends for no good reason."""
    stopping: asyncio.Future[object] = asyncio.ensure_future(stop.wait())
    while True:
        ends: set[asyncio.Future[Any]] = {stopping, worker.failed, *beside}
        await asyncio.wait(ends, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        if stopping.done():
            return 0
        if worker.failed.done():
            error = worker.failed.exception()
            log.error("%s", error)
            return _STATUS.get(type(error), _REFUSED)
        for task in beside:
            if task.done():
                log.error(
                    "%s has ended; leaving so that another start can go on", task.get_name(), exc_info=_error_of(task)
                )
                return _STUCK
        if worker.app.should_stop:
            log.error("Faust has ended; leaving so that another start can go on")
            return _STUCK
        if worker.stuck_seconds() > STUCK_SECONDS:
            log.error("no progress for %.0f s; leaving so that another start can go on", worker.stuck_seconds())
            return _STUCK


def _error_of(task: "asyncio.Task[None]") -> BaseException | None:
    return asyncio.CancelledError() if task.cancelled() else task.exception()


async def _topics_are_there(settings: Settings) -> dict[str, str]:
    """Wait for Kafka, then hold its topics against the settings: an agent without its topic consumes nothing.

    Returns the ids of the topics that are read.
    """
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
        try:
            await admin.start()
            found = {entry["topic"]: len(entry["partitions"]) for entry in await admin.describe_topics()}
            ids = await topic_ids(settings.kafka, INPUTS)
        except (KafkaError, OSError) as error:
            log.warning("Kafka at %s does not answer (%s); trying again", settings.kafka, type(error).__name__)
            await asyncio.sleep(2)
            continue
        finally:
            with suppress(Exception):
                await admin.close()
        refuse_wrong(found, settings.partitions)
        return ids


def _settle_memory() -> None:
    """State is bytes in dicts: the collector would walk it again and again for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def main() -> None:
    """Composition root of the process."""
    log_to_stderr()
    for noisy in ("faust", "mode"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    settings = Settings()
    try:
        rules = Rules(read(settings.policy.read_text()))
    except (PolicyError, OSError) as error:
        log.error("the policy cannot be used: %s", error)
        sys.exit(_REFUSED)
    uvloop.run(_work_and_leave(settings, rules))


async def _work_and_leave(settings: Settings, rules: Rules) -> None:
    """End the process when the work ends: Faust's threads would wait for a broker that is gone, and hold nothing."""
    status = _REFUSED
    try:
        status = await work(settings, rules)
    except WrongTopicsError as error:
        log.error("%s", error)
    except Exception:
        log.exception("the worker failed")
    finally:
        logging.shutdown()
        os._exit(status)


if __name__ == "__main__":
    main()
