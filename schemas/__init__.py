"""What travels between the parts: touchpoints, facts, alerts, topics, settings. Imports nothing of ours."""

from schemas.compiled import path

__path__[:0] = path("schemas")
