"""What Makegood costs, measured against simpler programs: `python -m tests.bench`.

Promises: every ratio compares arms that ran interleaved, in one run on one machine, with the same
workload, a real Kafka (acks=all) and a real PostgreSQL (fsync on). An arm has a figure only if the
oracle, which shares no code with the services, agrees with what the arm has stored.
"""
