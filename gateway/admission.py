"""What keeps the gateway's memory bounded: so many bytes and requests in flight, and no more."""

from types import TracebackType


class Admission:
    """Counts the bytes and the requests that are in the house. Refuses what does not fit; never waits."""

    def __init__(self, most_bytes: int, most_requests: int) -> None:
        self.most_bytes = most_bytes
        self.most_requests = most_requests
        self.in_flight_bytes = 0
        self.requests = 0

    def enter(self) -> "Lease | None":
        """Room for one more request, or None under overload."""
        if self.requests >= self.most_requests:
            return None
        return Lease(self)


class Lease:
    """The room one request takes. It is given back when the request was answered AND Kafka is done with its bytes."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._bytes = 0
        self._holders = 0

    def take(self, size: int) -> bool:
        """Room for `size` more bytes; False under overload."""
        if self._admission.in_flight_bytes + size > self._admission.most_bytes:
            return False
        self._admission.in_flight_bytes += size
        self._bytes += size
        return True

    def __enter__(self) -> "Lease":
        if self._holders == 0:
            self._admission.requests += 1
        self._holders += 1
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._holders -= 1
        if self._holders == 0:
            self._admission.requests -= 1
            self._admission.in_flight_bytes -= self._bytes
            self._bytes = 0
