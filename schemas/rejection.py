"""A rejected record on `touchpoints.rejected`: the value is the original bytes, the rest travels in headers."""

from dataclasses import dataclass

HEADER_REASON = "throughline-reason"
HEADER_DETAIL = "throughline-detail"
HEADER_POINTER = "throughline-pointer"
HEADER_ORIGIN = "throughline-origin"
HEADER_RECEIVED_AT = "throughline-received-at"
HEADER_CUT = "throughline-bytes"
DETAIL_CHARACTERS = 500
# A compressed batch may carry a value that no topic takes uncompressed; of such a one the beginning is kept.
MOST_KEPT_BYTES = 8 * 1024 * 1024

REASONS = {
    "empty": "the record has no value",
    "too_large": "larger than a touchpoint may be",
    "not_json": "not JSON in UTF-8",
    "framing": "a schema-registry framing that is not JSON",
    "not_a_touchpoint": "a field is missing, unknown or wrong",
    "future": "occurred_at is further ahead than the policy allows, or after 2299",
    "past": "occurred_at is before the year 1900",
    "identifier": "no identifier of the customer can be used",
}


@dataclass(frozen=True)
class Rejection:
    """Why a record was not accepted. `pointer` is an RFC 6901 JSON pointer ("" is the whole document)."""

    reason: str
    detail: str
    pointer: str = ""


def record(why: Rejection, value: bytes, origin: str, received_at: str) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Value and headers of a rejected record; `origin` is topic/partition/offset of the original.

    The value is the original one; past MOST_KEPT_BYTES its beginning, with its size in a header.
    """
    headers = [
        (HEADER_REASON, why.reason.encode()),
        (HEADER_DETAIL, why.detail[:DETAIL_CHARACTERS].encode()),
        (HEADER_POINTER, why.pointer.encode()),
        (HEADER_ORIGIN, origin.encode()),
        (HEADER_RECEIVED_AT, received_at.encode()),
    ]
    if len(value) > MOST_KEPT_BYTES:
        headers.append((HEADER_CUT, str(len(value)).encode()))
    return value[:MOST_KEPT_BYTES], headers
