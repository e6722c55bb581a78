"""What is kept of a file until it is imported: counted, so that it can be bounded.

Promises: pure. Nothing is made to be counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from services.verification.register import ocds, published
from services.verification.register.agreed_metrics import Metric
from services.verification.register.releases import Row
from services.verification.register.things import Thing

_INNER: Final = ("agreedMetrics", "suppliers")


def count_parts(row: Row) -> int:
    """How many things and suppliers there are in a release, at most."""
    whole = published.mapping(row.value)
    parts = [part for name in ("awards", "contracts") for part in published.items(whole.get(name))]
    inner = (published.mapping(part).get(name) for part in parts for name in _INNER)
    return 1 + len(parts) + sum(len(published.items(each)) for each in inner)


def count_characters(release: Thing, awards: Iterable[ocds.Award]) -> int:
    """How long the texts are that are kept of a release."""
    of_things = (text for thing in release.all() for text in (thing.id, thing.value))
    of_awards = (text for award in awards for text in _texts(award))
    return sum(len(text) for text in (*of_things, *of_awards) if text)


def _texts(award: ocds.Award) -> Iterator[str | None]:
    yield from _words(award.metrics)
    for each in award.told:
        if isinstance(each, ocds.Standing):
            yield each.title
            yield each.buyer.name if each.buyer else None
            yield from (supplier.name for supplier in each.suppliers)
            yield from _words(each.metrics)


def _words(metrics: Iterable[Metric]) -> Iterator[str]:
    for metric in metrics:
        yield from (metric.title, metric.words)
