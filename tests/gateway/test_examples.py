"""The examples do what they say."""

import json
import subprocess
import sys
from pathlib import Path

from tests.gateway.conftest import WRITE_KEY
from tests.gateway.test_server import RawRecords

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def test_the_python_example_emits_for_both_teams(product_topics: str, raw_records: RawRecords) -> None:
    command = [sys.executable, str(EXAMPLES / "emit.py"), product_topics]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=EXAMPLES.parent)
    assert "refused, as it should be: type: " in done.stdout
    assert {topic: len(records) for topic, records in raw_records().items()} == {
        "touchpoints.marketing": 1,
        "touchpoints.sales": 1,
    }


def test_the_curl_example_emits_one_and_then_several(gateway: str, raw_records: RawRecords) -> None:
    command = ["sh", str(EXAMPLES / "emit-curl.sh"), gateway, WRITE_KEY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [answer["accepted"] for answer in answers] == [1, 1]
    assert [item["pointer"] for item in answers[1]["rejected"]] == ["/type"]
    assert sum(map(len, raw_records().values())) == 2
