#!/bin/sh
# Emit touchpoints over HTTP: `sh examples/emit-curl.sh http://127.0.0.1:19096 WRITE_KEY`.
# The gateway's address and the write key are in DIR/run.json. A 200 means: written to Kafka with acks=all.
set -eu
url=${1:-http://127.0.0.1:19096}
key=${2:?the second argument is the write key}
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

echo "one touchpoint:"
curl --silent --show-error "$url/v1/touchpoints" -H "Authorization: Bearer $key" -H "Content-Type: application/json" \
  --data-binary @- <<JSON
{"id": "form-$now", "source": "website", "type": "form.submitted", "team": "marketing", "direction": "inbound",
 "customer": {"email": "ada@acme.example", "anonymous_id": "b-1"}, "occurred_at": "$now", "properties": {"form": "contact"}}
JSON

echo; echo "several, one a line, gzipped; the second is refused and named:"
{
  echo "{\"id\": \"call-$now\", \"source\": \"dialler\", \"type\": \"call.logged\", \"team\": \"sales\", \"direction\": \"outbound\", \"customer\": {\"email\": \"ada@acme.example\"}, \"occurred_at\": \"$now\", \"subject\": \"pricing\"}"
  echo "{\"id\": \"broken-$now\", \"source\": \"dialler\"}"
} | gzip | curl --silent --show-error "$url/v1/touchpoints" -H "Authorization: Bearer $key" \
  -H "Content-Type: application/x-ndjson" -H "Content-Encoding: gzip" --data-binary @-
echo
