"""What Makegood costs, measured against simpler programs: `python -m tests.bench`.

Promises: every figure is a ratio of arms that ran interleaved, in one run, on one machine, on the
same workload, a real Kafka (acks=all) and a real PostgreSQL (fsync on); an arm has a figure only if
the oracle, which shares no code with the services, agrees with what the arm has stored.
"""
