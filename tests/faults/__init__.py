"""Nothing lost, nothing twice, under faults: real parts, a seeded nemesis, an oracle that shares no rule with them.

`python -m tests.faults --help` runs it; `cells.py` says what is done to the parts, `oracle.py` what must hold after.
"""
