"""Whom intake lets in and under which keys, what intake reads, and where the demo runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.intake.acceptance import desk, refusals, throttle
from services.intake.consumer import handlers
from services.intake.domain import faults
from services.intake.settings import Settings
from shared import buckets
from shared.delivery import topics

A = ("GB-LAE-KWL", "GB-COH-00000001")


class TestAThrottle:
    def test_refuses_everyone_under_pressure(self, tmp_path: Path) -> None:
        """Then no client spends anything."""
        pressure = throttle.Pressure(None, tmp_path, 0, 1)  # type: ignore[arg-type]  # no database
        limiter = throttle.Throttle(buckets.Buckets(rate=1, burst=1, now=lambda: 0.0), pressure)
        pressure.refusal = refusals.Refusal("disk_nearly_full", 60)
        assert pressure.refusal == limiter.admit(A)
        pressure.refusal = None
        found = [limiter.admit(A), limiter.admit(A)]
        assert [None, refusals.Refusal("too_many_requests", 1)] == found


class TestAKey:
    @pytest.mark.parametrize(
        ("headers", "kept"),
        [
            ([b"0192-abc"], "0192-abc"),
            ([b" k "], "k"),
            ([b"k" * 200], "k" * 200),
            ([], None),
            ([b""], None),
        ],
    )
    def test_is_kept_as_it_is(self, headers: list[bytes], kept: str | None) -> None:
        """Without the blanks around it."""
        assert kept == desk.read_key(headers)

    @pytest.mark.parametrize(
        "headers", [[b"\xff\xfe"], [b"a\x00b"], [b"k" * 201], [b"k", b"l"], [b"k", b"k"]]
    )
    def test_that_cannot_be_kept_is_a_fault(self, headers: list[bytes]) -> None:
        """Rule I13: it is never cut, and never silently another key."""
        fault = desk.read_key(headers)
        assert isinstance(fault, faults.Fault)
        assert ("I13", "idempotency-key") == (fault.rule, fault.header)


class TestTheSubscription:
    @pytest.mark.parametrize(
        ("topic", "is_read"),
        [
            (topics.CONTRACTS.name, True),
            (topics.OUTCOMES.name, True),
            (topics.ENTRIES.name, True),
            ("makegood.inbound.GB-COH-00000001", True),
            (topics.RETURNS.name, False),
            ("makegood.contracts.v10", False),
            ("makegoodxcontracts.v1", False),
            ("makegood.inbound.", False),
        ],
    )
    def test_names_what_intake_reads(self, topic: str, is_read: bool) -> None:
        """The exact names of our topics, and the inbound topic of every party."""
        pattern = handlers.SUBSCRIPTION.pattern
        assert pattern is not None
        assert is_read is bool(re.match(pattern, topic))


class TestTheDemo:
    def test_works_on_loopback_only(self) -> None:
        """It does not start on any other address."""
        wanted = {"kafka_bootstrap_servers": "k:9092", "database_url": "postgresql://d", "demo": 1}
        assert Settings.model_validate(wanted).demo
        with pytest.raises(ValueError, match="loopback"):
            Settings.model_validate(wanted | {"host": "0.0.0.0"})
