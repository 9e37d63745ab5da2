"""Every Kafka topic of the product: its name, what it carries, how it is kept."""

from dataclasses import dataclass, field

RAW_MARKETING = "touchpoints.marketing"
RAW_SALES = "touchpoints.sales"
REJECTED = "touchpoints.rejected"
TOUCHPOINTS = "journey.touchpoints"
STATE = "journey.state"
FACTS = "journey.facts"
ALERTS = "journey.alerts"
DELIVERIES = "journey.deliveries"
REBUILDS = "journey.rebuilds"
POLICIES = "journey.policies"
LINKS = "identity.links"
IDENTITIES = "identity.state"
REDIRECTS = "identity.redirects"

RAW = (RAW_MARKETING, RAW_SALES)


def positions_of(raw_topic: str) -> str:
    """The compacted topic with intake's own position in each partition of a raw topic."""
    return f"{raw_topic}.positions"


_MIB = 1024 * 1024
# Most bytes of one record, compressed: a rejected one is kept whole, a journey folded anew may be long.
LARGEST_BYTES = 16 * _MIB
_DAY_MS = 24 * 3600 * 1000
# Compacted state is rewritten at every chunk: small segments keep the log, and so a restore, near its live size.
_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.bytes": str(64 * _MIB),
    "min.cleanable.dirty.ratio": "0.3",
    "segment.ms": str(10 * 60 * 1000),
    # Whoever writes state is told what time it is.
    "message.timestamp.type": "LogAppendTime",
}


@dataclass(frozen=True)
class Topic:
    """One topic. `partitioned` topics share the instance's partition count; the others have one partition."""

    name: str
    meaning: str
    partitioned: bool = True
    config: dict[str, str] = field(default_factory=dict)


TOPICS = (
    Topic(RAW_MARKETING, "touchpoints as marketing's tools emit them", config={"retention.ms": str(28 * _DAY_MS)}),
    Topic(RAW_SALES, "touchpoints as sales' tools emit them", config={"retention.ms": str(28 * _DAY_MS)}),
    Topic(
        REJECTED,
        "the original bytes of what was not accepted; reason, pointer and origin in the headers",
        partitioned=False,
        config={"retention.ms": "-1", "max.message.bytes": str(LARGEST_BYTES)},
    ),
    Topic(positions_of(RAW_MARKETING), "intake's own position in marketing's partitions", config=_COMPACTED),
    Topic(positions_of(RAW_SALES), "intake's own position in sales' partitions", config=_COMPACTED),
    Topic(
        TOUCHPOINTS,
        "accepted touchpoints and what else moves a journey, keyed by customer_id",
        config={"retention.ms": "-1", "max.message.bytes": str(LARGEST_BYTES)},
    ),
    Topic(STATE, "each customer's packed journey, and the partition's own position in the input", config=_COMPACTED),
    Topic(
        FACTS,
        "transitions, hand-offs, overlaps, clocks, stalls, feedback, deals, corrections, merges",
        config={"retention.ms": "-1"},
    ),
    Topic(ALERTS, "what a person should be told: opened, escalated, resolved", config={"retention.ms": "-1"}),
    Topic(
        REBUILDS,
        "customers whose journey is to be folded anew from the whole history",
        config={"retention.ms": str(28 * _DAY_MS)},
    ),
    Topic(
        POLICIES, "every policy that was adopted, and from when on", partitioned=False, config={"retention.ms": "-1"}
    ),
    Topic(LINKS, "identifiers that one touchpoint named together", partitioned=False, config={"retention.ms": "-1"}),
    Topic(
        IDENTITIES, "what is known of identifiers, and how far the links are read", partitioned=False, config=_COMPACTED
    ),
    Topic(REDIRECTS, "whom an identifier belongs to now", partitioned=False, config=_COMPACTED),
    Topic(
        DELIVERIES,
        "how far each alert's delivery is, per channel; a partition tells of the same partition of journey.alerts",
        # Past the last retry nothing is pending: what is older only keeps an alert from being sent twice.
        config={**_COMPACTED, "cleanup.policy": "compact,delete", "retention.ms": str(28 * _DAY_MS)},
    ),
)
BY_NAME = {topic.name: topic for topic in TOPICS}
