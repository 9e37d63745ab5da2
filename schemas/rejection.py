"""A rejected record on `touchpoints.rejected`: the value is the original bytes, the rest travels in headers."""

from dataclasses import dataclass

HEADER_REASON = "throughline-reason"
HEADER_DETAIL = "throughline-detail"
HEADER_POINTER = "throughline-pointer"
HEADER_ORIGIN = "throughline-origin"
HEADER_RECEIVED_AT = "throughline-received-at"
HEADER_CUT = "throughline-bytes"

REASONS = {
    "empty": "the record has no value",
    "too_large": "larger than a touchpoint may be",
    "not_json": "not JSON in UTF-8",
    "framing": "a schema-registry framing that is not JSON",
    "not_a_touchpoint": "a field is missing, unknown or wrong",
    "future": "occurred_at is further ahead than the policy allows",
    "identifier": "no identifier of the customer can be used",
}


@dataclass(frozen=True)
class Rejection:
    """Why a record was not accepted. `pointer` is an RFC 6901 JSON pointer ("" is the whole document)."""

    reason: str
    detail: str
    pointer: str = ""
