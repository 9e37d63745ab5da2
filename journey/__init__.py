"""The rules, pure: (journey, touchpoints, policy, now) -> journey, facts. No Faust, Kafka, ClickHouse, clock or env."""

from schemas.compiled import path

__path__[:0] = path("journey")
