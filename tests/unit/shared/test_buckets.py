"""How much each client may send."""

from __future__ import annotations

from shared import buckets

A, B = ("GB-LAE-KWL", "GB-COH-00000001"), ("GB-LAE-KWL", "GB-COH-00000002")


class TestABucket:
    def test_lets_a_burst_pass_and_then_the_rate(self) -> None:
        """Three at once, then one every half second."""
        now = [0.0]
        made = buckets.Buckets(rate=2, burst=3, now=lambda: now[0])
        assert [0, 0, 0, 0.5] == [made.spend(A) for _ in range(4)]
        now[0] = 0.5
        assert [0, 0.5] == [made.spend(A) for _ in range(2)]

    def test_is_each_clients_own(self) -> None:
        """A client that sends too much stops nobody else."""
        made = buckets.Buckets(rate=1, burst=1, now=lambda: 0.0)
        assert [0, 1, 0] == [made.spend(client) for client in (A, A, B)]

    def test_is_forgotten_when_there_are_too_many(self) -> None:
        """The table has a limit."""
        made = buckets.Buckets(rate=1, burst=1, now=lambda: 0.0)
        for number in range(buckets.CLIENTS_MAX + 1):
            made.spend((f"c-{number}", ""))
        assert [0, 1] == [made.spend((f"c-{n}", "")) for n in (0, buckets.CLIENTS_MAX)]
