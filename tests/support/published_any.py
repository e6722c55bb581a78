"""Any file of releases that a publisher could write, for property tests, and what is in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st

from tests.support import published

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
IDS = st.sampled_from(["1", "2", 1, 2, "c1", "a/1", None, True, 7.5, {"x": 1}, "x" * 300, "a\x00"])
DAYS = st.sampled_from(
    ["2026-10-01", "2027-09-30T23:59:59Z", "2027-09-30T23:00:00Z", "0001-01-01", "soon", None, 7]
)
TAGS = st.lists(
    st.sampled_from(
        [
            "planning",
            "tender",
            "award",
            "awardUpdate",
            "awardCancellation",
            "contract",
            "contractUpdate",
            "contractTermination",
            "implementation",
            "odd",
            7,
        ]
    ),
    min_size=1,
    max_size=2,
)
STATES = st.sampled_from(["active", "active", "active", "pending", "cancelled", "terminated", 7])


def _sometimes(usual: Any, **odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`usual`, with some parts replaced or left out."""
    parts = st.fixed_dictionaries({}, optional=odd)
    left_out = st.sampled_from([*usual, "", "", "", "", "", ""])
    return st.builds(
        lambda parts, name: {k: v for k, v in (usual | parts).items() if k != name},
        parts,
        left_out,
    )


METRICS = st.lists(
    _sometimes(
        published.metric(),
        id=IDS | st.just("volunteering"),
        title=ANY_JSON,
        observations=ANY_JSON | st.just([{"measure": "many"}]),
    )
    | ANY_JSON,
    max_size=3,
)
AWARDS = _sometimes(
    published.award(),
    id=IDS,
    status=STATES,
    suppliers=ANY_JSON | st.just([{"id": 7, "name": "Fern"}, {"id": "GB-COH-N/A"}]),
    contractPeriod=st.fixed_dictionaries({"startDate": DAYS, "endDate": DAYS}) | ANY_JSON,
    agreedMetrics=METRICS | ANY_JSON,
)
CONTRACTS = _sometimes(
    published.signed(),
    id=IDS,
    awardID=IDS,
    status=STATES,
    period=st.fixed_dictionaries({"startDate": DAYS, "endDate": DAYS}) | ANY_JSON,
    agreedMetrics=METRICS | ANY_JSON,
)
RELEASES = _sometimes(
    published.release(),
    ocid=st.sampled_from(["ocds-abc123-7", "ocds-abc123-7-1", "ocds-abc123-8", None, 7]),
    id=IDS,
    date=DAYS,
    tag=TAGS,
    buyer=ANY_JSON,
    parties=ANY_JSON,
    tender=ANY_JSON,
    awards=st.lists(AWARDS | ANY_JSON, max_size=3) | ANY_JSON,
    contracts=st.lists(CONTRACTS | ANY_JSON, max_size=3) | ANY_JSON,
)
FILES = st.lists(RELEASES | RELEASES | RELEASES | ANY_JSON, max_size=5)


def count(releases: list[Any]) -> Counter[str]:
    """How many things of each kind are in a file, counted without the importer."""
    counts = Counter({"release": len(releases)})
    for release in releases:
        if not isinstance(release, dict):
            continue
        for kind, name in (("award", "awards"), ("contract", "contracts")):
            for part in _listed(release.get(name)):
                counts[kind] += 1
                is_object = isinstance(release[name], list) and isinstance(part, dict)
                counts["metric"] += len(_listed(part.get("agreedMetrics"))) if is_object else 0
    return counts


def _listed(value: Any) -> list[Any]:
    """What is no list is one thing, which is faulty."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
