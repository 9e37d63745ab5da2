"""Overload: what does not fit is refused at once, and room comes back."""

import asyncio
import json
from collections.abc import Callable

import httpx

from gateway.admission import Admission
from gateway.publisher import Publisher
from gateway.server import build_app
from schemas.settings import Settings
from tests.gateway.conftest import WRITE_KEY

Make = Callable[..., dict[str, object]]


async def _post(app: object, bodies: list[bytes]) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    headers = {"authorization": f"Bearer {WRITE_KEY}", "content-type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await asyncio.gather(*(client.post("/v1/touchpoints", content=body, headers=headers) for body in bodies))


def _answers(kafka: str, admission: Admission, bodies: list[bytes]) -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        publisher = Publisher(kafka)
        publisher.start()
        while publisher.unavailable:
            await asyncio.sleep(0.05)
        app = build_app(Settings(kafka=kafka, write_key=WRITE_KEY), publisher, admission)
        try:
            return await _post(app, bodies)
        finally:
            await publisher.stop(3)

    return asyncio.run(run())


def test_more_requests_than_there_is_room_for_are_told_when_to_come_again(
    product_topics: str, touchpoint: Make
) -> None:
    admission = Admission(most_bytes=10_000_000, most_requests=3)
    body = json.dumps(touchpoint()).encode()
    answers = _answers(product_topics, admission, [body] * 10)
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 7
    assert {answer.headers.get("retry-after") for answer in answers if answer.status_code == 429} == {"1"}
    assert (admission.requests, admission.in_flight_bytes) == (0, 0)


def test_more_bytes_than_there_is_room_for_are_refused(product_topics: str, touchpoint: Make) -> None:
    admission = Admission(most_bytes=2000, most_requests=10)
    small, large = (json.dumps(touchpoint(properties={"text": "x" * size})).encode() for size in (1, 2500))
    answers = _answers(product_topics, admission, [small, large])
    assert [answer.status_code for answer in answers] == [200, 429]
    assert admission.in_flight_bytes == 0
