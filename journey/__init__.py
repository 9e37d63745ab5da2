"""The rules, pure: (journey, touchpoints, policy, now) -> journey, facts. No Faust, Kafka, ClickHouse, clock or env."""
