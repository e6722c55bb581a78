"""Everything in a file that is imported comes out exactly once, with a reason if it is left out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings

from services.verification.register import entries, imports
from tests.support import published, published_any

EXAMPLES = 1000


def sums(summary: imports.Summary) -> Counter[str]:
    return Counter({kind: fates.total() for kind, fates in summary.counts().items()})


class TestAnyFile:
    @settings(max_examples=EXAMPLES)
    @given(published_any.FILES)
    def test_comes_out_thing_by_thing(self, releases: list[Any]) -> None:
        """As many outcomes of each kind as things; what is left out has a place and a reason."""
        wanted = published_any.count(releases)
        a_line_each = published.lines(*({"releases": [each]} for each in [*releases, 7]))
        for body, more in ((published.package(*releases), 0), (a_line_each, 1)):
            summary = published.planned(body)
            assert wanted + Counter(release=more) == sums(summary)
            for thing in summary.things:
                assert thing.place
                if thing.fate in ("skipped", "faulty", "needs_structuring"):
                    assert thing.reason, thing.place
                if thing.fate in ("new", "draft", "needs_structuring"):
                    assert thing.contract_id, thing.place

    @given(published_any.FILES)
    def test_makes_the_same_contracts_in_any_order(self, releases: list[Any]) -> None:
        """Which release comes first in the file makes no difference to what is registered."""
        assert made(releases) == made(releases[::-1])


def made(releases: list[Any]) -> dict[str, Any]:
    """The contracts that an import of these releases would register."""
    file = imports.read(published.package(*releases), published.AT)
    assert isinstance(file, imports.File)
    return {
        entry.contract_id: [
            getattr(entry.told, "title", None),
            getattr(entry.told, "starts_on", None),
            *(f"{each.commitment_id}: {each.words}" for each in entry.metrics),
        ]
        for entry, plan in imports.decide(file, {}, {}, published.ACTING)
        if isinstance(plan, entries.Plan)
    }
