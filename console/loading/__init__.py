"""Simulated customers straight into ClickHouse: some folded by the rules, and as many namesakes of them as wanted."""
