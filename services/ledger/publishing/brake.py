"""The ledger's brake: what must not go on stands still until an operator has seen to it."""

from __future__ import annotations

from shared import log, metrics
from shared.delivery import consumer

_log = log.get(__name__)


class Alarm:
    """Stops the consumer and the publisher together: the one must not append to a log that the
    other may not sign."""

    def __init__(self) -> None:
        self.words: str | None = None
        """Why nothing is appended and nothing is signed, or None."""
        self._consumer: consumer.Consumer | None = None

    def watch(self, taker: consumer.Consumer) -> None:
        """The consumer to stop; at once, if there is a reason already."""
        self._consumer = taker
        taker.alarm = taker.alarm or self.words

    def stop(self, alarm: str, why: str) -> None:
        """Stands still, and says why, once."""
        if self.words is not None:
            return
        self.words = f"{alarm}: {why}"
        metrics.ALARMS.labels(alarm).inc()
        metrics.CONSUMER_STOPPED.labels("ledger").set(1)
        _log.error("The ledger stands still.", alarm=alarm, why=why, runbook=f"{alarm}.md")
        if self._consumer is not None:
            self._consumer.alarm = self.words
