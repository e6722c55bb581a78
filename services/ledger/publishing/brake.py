"""The ledger's brake: stops consumer and publisher until an operator has dealt with the cause."""

from __future__ import annotations

from shared import log, metrics
from shared.delivery import consumer

_log = log.get(__name__)


class Brake:
    """Stops consumer and publisher together: the one must not append to a log that the other may
    not sign."""

    def __init__(self) -> None:
        self.words: str | None = None
        """Why nothing is appended and nothing is signed; None while the brake is off."""
        self._consumer: consumer.Consumer | None = None

    def watch(self, watched: consumer.Consumer) -> None:
        """Sets the consumer to stop. Stops it at once if the brake is on already."""
        self._consumer = watched
        watched.alarm = watched.alarm or self.words

    def stop(self, alarm: str, why: str) -> None:
        """Stops both and raises the alarm. The first cause stays."""
        if self.words is not None:
            return
        self.words = f"{alarm}: {why}"
        metrics.ALARMS.labels(alarm).inc()
        metrics.CONSUMER_STOPPED.labels("ledger").set(1)
        _log.error("The ledger has stopped.", alarm=alarm, why=why, runbook=f"{alarm}.md")
        if self._consumer is not None:
            self._consumer.alarm = self.words
