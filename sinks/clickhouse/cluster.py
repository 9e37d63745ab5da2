"""The migrations as a cluster runs them: every statement ON CLUSTER, every MergeTree a replicated one.

A cluster here is one shard with replicas: each holds all rows, so every view reads what it reads on a single server.
The server's configuration has to give the macros `shard` and `replica`.
"""

import re

from clickhouse_connect.driver.client import Client

# One path for a table whichever replica makes it, also one that joins later.
_PLACE = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
_NAMED = re.compile(
    r"(CREATE (?:OR REPLACE )?(?:DATABASE|TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY)(?: IF NOT EXISTS)?"
    r"|DROP (?:TABLE|VIEW|DICTIONARY) IF EXISTS|ALTER TABLE)\s+(`[^`]+`|[\w.]+)",
    re.IGNORECASE,
)
_ENGINE = re.compile(r"\bENGINE\s*=\s*(?!Replicated)(\w*MergeTree)\b(?:\(([^()]*)\))?", re.IGNORECASE)


def rendered(statement: str, cluster: str) -> str:
    """A migration's statement for a cluster of this name; as it is, where the name is empty.

    What inserts rows runs on one replica, and is replicated by the tables.
    """
    if not cluster:
        return statement
    named = _NAMED.match(statement)
    if named is None:
        return statement
    head, name = named.groups()
    rest = _ENGINE.sub(_replicated, statement[named.end() :])
    return f"{head} {name} ON CLUSTER {quoted(cluster)}{rest}"


def shards(client: Client, cluster: str) -> int:
    """How many shards the server knows of the cluster; 0 where it knows none of this name."""
    # The database may not be there yet.
    found = client.command(
        "SELECT uniqExact(shard_num) FROM system.clusters WHERE cluster = {cluster:String}",
        {"cluster": cluster},
        use_database=False,
    )
    return int(str(found))


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _replicated(engine: "re.Match[str]") -> str:
    kind, arguments = engine.groups()
    return f"ENGINE = Replicated{kind}({_PLACE}{', ' + arguments if arguments else ''})"
