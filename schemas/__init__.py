"""What travels between the parts: touchpoints, facts, alerts, topics, settings. Imports nothing of ours."""
