"""`POST /v1/touchpoints`: bytes in, an answer per item out; 2xx only after Kafka has it with acks=all.

An item that is no touchpoint is answered, and nothing is written for it: the emitter is still there to be told.
(What reaches the raw topics by other ways has nobody to answer, so intake keeps it on `touchpoints.rejected`.)
"""

import hashlib
import hmac
import json
import time
from collections import Counter
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.admission import Admission, Lease
from gateway.body import JSON, NDJSON, OVERLOAD, Refusal, read_body, split
from gateway.metrics import GatewayMetrics
from gateway.publisher import Publisher
from gateway.record import Record, record_of_json
from schemas.rejection import Rejection

RETRY_SECONDS = 2
# When nothing was accepted and all for one reason; else 422.
_STATUS_BY_REASON = {"too_large": 413, "not_json": 400}


class WriteKey:
    """A write key known by its SHA-256 only."""

    def __init__(self, key: str) -> None:
        self._digest = hashlib.sha256(key.encode()).digest()

    def opens(self, authorization: str | None) -> bool:
        """Whether an Authorization header carries this key as its bearer token; takes the same time if not."""
        scheme, _, given = (authorization or "").partition(" ")
        matches = hmac.compare_digest(hashlib.sha256(given.strip().encode()).digest(), self._digest)
        return scheme.lower() == "bearer" and matches


class Touchpoints:
    """The endpoint, with all it needs given."""

    def __init__(
        self, key: WriteKey, publisher: Publisher, admission: Admission, metrics: GatewayMetrics, phone_region: str
    ) -> None:
        self._key = key
        self._publisher = publisher
        self._admission = admission
        self._metrics = metrics
        self._phone_region = phone_region

    async def receive(self, request: Request) -> Response:
        """Answer one request."""
        response = await self._respond(request)
        self._metrics.requests.labels(str(response.status_code)).inc()
        return response

    async def _respond(self, request: Request) -> Response:
        if not self._key.opens(request.headers.get("authorization")):
            detail = "send the write key as `Authorization: Bearer KEY`; it is in run.json of the data directory"
            return refuse(Refusal(401, "unauthorized", detail), {"www-authenticate": "Bearer"})
        media_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if media_type != JSON and media_type not in NDJSON:
            detail = f"content-type {media_type} is not taken; send {JSON} or {NDJSON[0]}"
            return refuse(Refusal(415, "content_type", detail))
        if reason := self._publisher.unavailable:
            return refuse(_unavailable(reason))
        lease = self._admission.enter()
        if lease is None:
            return refuse(OVERLOAD)
        with lease:
            body = await read_body(request, lease)
            items = split(body, media_type) if isinstance(body, bytes) else body
            return refuse(items) if isinstance(items, Refusal) else await self._answer(items, lease)

    async def _answer(self, items: list[bytes], lease: Lease) -> Response:
        outcomes = [record_of_json(item, self._phone_region) for item in items]
        records = [outcome for outcome in outcomes if isinstance(outcome, Record)]
        started = time.monotonic()
        if records and (unconfirmed := await self._publisher.publish(records, lease)):
            return refuse(_unavailable(unconfirmed.reason))
        if records:
            self._metrics.confirm_seconds.observe(time.monotonic() - started)
        rejected = self._count(items, outcomes)
        return JSONResponse({"accepted": len(records), "rejected": rejected}, _status(len(records), rejected))

    def _count(self, items: list[bytes], outcomes: list[Record | Rejection]) -> list[dict[str, Any]]:
        rejected = []
        accepted: Counter[tuple[str, str]] = Counter()
        for index, (item, outcome) in enumerate(zip(items, outcomes, strict=True)):
            if isinstance(outcome, Record):
                accepted[outcome.source, outcome.team] += 1
            else:
                self._metrics.rejected.labels(outcome.reason).inc()
                rejected.append(_rejected(index, item, outcome))
        for (source, team), touchpoints in accepted.items():
            self._metrics.accepted(source, team, touchpoints)
        return rejected


def refuse(refusal: Refusal, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer to a request that is not taken as a whole."""
    retry = {"retry-after": str(refusal.retry_after_seconds)} if refusal.retry_after_seconds else {}
    body = {"error": refusal.error, "detail": refusal.detail}
    return JSONResponse(body, refusal.status, {**retry, **(headers or {})})


def _unavailable(reason: str) -> Refusal:
    return Refusal(503, "kafka", f"{reason}; nothing is lost, send the same request again", RETRY_SECONDS)


def _status(accepted: int, rejected: list[dict[str, Any]]) -> int:
    if accepted or not rejected:
        return 200
    reasons = {item["reason"] for item in rejected}
    return _STATUS_BY_REASON.get(reasons.pop(), 422) if len(reasons) == 1 else 422


def _rejected(index: int, item: bytes, rejection: Rejection) -> dict[str, Any]:
    return {
        "index": index,
        "id": _id_of(item),
        "reason": rejection.reason,
        "pointer": rejection.pointer,
        "detail": rejection.detail,
    }


def _id_of(item: bytes) -> str | None:
    try:
        found = json.loads(item) if len(item) < 65536 else msgspec.json.decode(item)
    except (ValueError, RecursionError):
        return None
    given = found.get("id") if isinstance(found, dict) else None
    return given[:256] if isinstance(given, str) else None
