"""`/healthz`, `/readyz` and `/metrics` of a worker: by progress, not by being there."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sinks.health import metrics_response
from streams.app import Worker

STUCK_SECONDS = 60.0


def health_app(worker: Worker) -> Starlette:
    """The pages of one worker."""

    def state() -> dict[str, object]:
        lanes = worker.lanes.values()
        return {
            "lanes": len(worker.lanes),
            "ready": bool(worker.lanes) and all(lane.ready for lane in lanes),
            "customers": sum(len(lane.stage) for lane in lanes if lane.stage.name == "journey"),
            "restored_records": sum(lane.restored_records for lane in lanes),
            "lag": worker.lag(),
            "stuck_seconds": round(worker.stuck_seconds(), 1),
        }

    async def healthz(request: Request) -> Response:
        found = state()
        return JSONResponse(found, 503 if worker.stuck_seconds() > STUCK_SECONDS else 200)

    async def readyz(request: Request) -> Response:
        found = state()
        return JSONResponse(found, 200 if found["ready"] else 503)

    async def metrics(request: Request) -> Response:
        found = state()
        for name, lag in worker.lag().items():
            worker.metrics.lag.labels(name).set(lag)
        worker.metrics.journeys.set(float(str(found["customers"])))
        worker.metrics.ready.set(1 if found["ready"] else 0)
        return metrics_response(worker.metrics.registry)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
