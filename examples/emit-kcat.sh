#!/bin/sh
# Emit a touchpoint straight to Kafka: `sh examples/emit-kcat.sh 127.0.0.1:19090`. Kafka's address is in DIR/run.json.
# Any key, codec and partitioner will do. What is no touchpoint ends on touchpoints.rejected: `throughline rejected`.
set -eu
kafka=${1:-127.0.0.1:19090}
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

echo "{\"id\": \"quote-$now\", \"source\": \"crm\", \"type\": \"quote.sent\", \"team\": \"sales\", \"actor\": \"rep-7\", \"direction\": \"outbound\", \"customer\": {\"email\": \"ada@acme.example\"}, \"occurred_at\": \"$now\", \"subject\": \"pricing\", \"value\": {\"amount\": \"12000.00\", \"currency\": \"EUR\"}}" |
  kcat -b "$kafka" -t touchpoints.sales -P -X acks=all

echo "what the journey says of it (facts, read committed):"
kcat -b "$kafka" -t journey.facts -C -e -o -5 -X isolation.level=read_committed
