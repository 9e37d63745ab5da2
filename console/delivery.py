"""Lines of NDJSON to the gateway or to Kafka, with what became of each."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from console.workspace import UnreachableError
from schemas.settings import GatewayRun
from schemas.touchpoint import MAX_TOUCHPOINT_BYTES

Line = tuple[int, bytes]
_REQUEST_BYTES, _REQUEST_LINES = 512 * 1024, 1000
_TRIES, _BUSY = 8, (429, 503)


@dataclass
class Delivery:
    """How many were accepted; of each other one: line, id, reason, pointer (RFC 6901), detail."""

    accepted: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)


def deliver_to_gateway(gateway: GatewayRun, lines: Iterable[Line]) -> Delivery:
    """POST the lines in batches. Raises UnreachableError where the gateway, or Kafka behind it, is away."""
    import httpx

    delivery = Delivery()
    headers = {"authorization": f"Bearer {gateway.write_key}", "content-type": "application/x-ndjson"}
    with httpx.Client(base_url=gateway.url, headers=headers, timeout=60, trust_env=False) as client:
        for batch in _batches(lines, delivery):
            try:
                answer = _post(client, batch)
            except httpx.HTTPError as error:
                raise UnreachableError(_away(gateway.url, str(error) or type(error).__name__, delivery)) from None
            _take(delivery, batch, answer.status_code, answer.content, gateway.url)
    return delivery


def deliver_to_kafka(bootstrap: str, lines: Iterable[Line]) -> Delivery:
    """Emit the lines straight to the raw topics. Raises UnreachableError where Kafka is away."""
    from gateway.emitter import DeliveryError, Emitter, InvalidTouchpointError

    delivery = Delivery()
    try:
        with Emitter(bootstrap) as emitter:
            for number, line in lines:
                try:
                    emitter.emit(json.loads(line))
                    delivery.accepted += 1
                except InvalidTouchpointError as error:
                    first = error.problems[0]
                    delivery.rejected.append(_refused(number, line, "not_a_touchpoint", first.pointer, str(error)))
                except (ValueError, TypeError) as error:
                    delivery.rejected.append(_refused(number, line, "not_json", "", str(error)))
    except DeliveryError as error:
        raise UnreachableError(str(error)) from None
    return delivery


def _batches(lines: Iterable[Line], delivery: Delivery) -> Iterator[list[Line]]:
    batch: list[Line] = []
    size = 0
    for number, line in lines:
        if len(line) > MAX_TOUCHPOINT_BYTES:
            detail = f"{len(line)} bytes; a touchpoint has {MAX_TOUCHPOINT_BYTES} at most"
            delivery.rejected.append(_refused(number, line, "too_large", "", detail))
            continue
        if batch and (size + len(line) > _REQUEST_BYTES or len(batch) == _REQUEST_LINES):
            yield batch
            batch, size = [], 0
        batch.append((number, line))
        size += len(line) + 1
    if batch:
        yield batch


def _post(client: Any, batch: list[Line]) -> Any:
    body = b"\n".join(line for _, line in batch)
    for attempt in range(_TRIES):
        answer = client.post("/v1/touchpoints", content=body)
        if answer.status_code not in _BUSY or attempt == _TRIES - 1:
            break
        time.sleep(min(float(answer.headers.get("retry-after", "1")), 5))
    return answer


def _take(delivery: Delivery, batch: list[Line], status: int, content: bytes, url: str) -> None:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = {}
    if "accepted" not in answer:
        said = answer.get("detail") or content[:200].decode("utf-8", "replace")
        raise UnreachableError(_away(url, f"{status}: {said}", delivery))
    delivery.accepted += answer["accepted"]
    for refused in answer["rejected"]:
        number, _ = batch[refused["index"]]
        delivery.rejected.append({"line": number, **{k: v for k, v in refused.items() if k != "index"}})


def _refused(number: int, line: bytes, reason: str, pointer: str, detail: str) -> dict[str, Any]:
    try:
        given = json.loads(line)
    except ValueError:
        given = None
    name = given.get("id") if isinstance(given, dict) else None
    return {"line": number, "id": name, "reason": reason, "pointer": pointer, "detail": detail}


def _away(url: str, said: str, delivery: Delivery) -> str:
    return (
        f"the gateway at {url} did not take the touchpoints ({said}). {delivery.accepted} had been accepted; "
        "see `throughline status`, then send the same ones again: the same id counts once"
    )
