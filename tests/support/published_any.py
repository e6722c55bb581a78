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


def _mostly(usual: dict[str, Any], **odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """`usual`, with up to two parts replaced and seldom one left out; seldom anything else."""
    replaced = st.lists(st.sampled_from(sorted(odd)), max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: odd[name] for name in names})
    )
    left_out = st.sampled_from([*usual, *([""] * 20)])
    made = st.builds(
        lambda parts, name: {k: v for k, v in (usual | parts).items() if k != name},
        replaced,
        left_out,
    )
    return _seldom(ANY_JSON, made)


def _seldom(odd: st.SearchStrategy[Any], usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([*([usual] * 14), odd]).flatmap(lambda one: one)


METRICS = st.lists(
    _mostly(
        published.metric(),
        id=IDS | st.just("volunteering"),
        title=ANY_JSON,
        observations=ANY_JSON | st.just([{"measure": "many"}]),
    ),
    max_size=3,
)
PERIODS = st.fixed_dictionaries({"startDate": DAYS, "endDate": DAYS}) | ANY_JSON
SUPPLIERS = st.sampled_from([[{"id": 7, "name": "Fern"}, {"id": "GB-COH-N/A"}], [], None, [7]])
AWARDS = _mostly(
    published.award(),
    id=IDS,
    status=STATES,
    suppliers=SUPPLIERS,
    contractPeriod=PERIODS,
    agreedMetrics=_seldom(ANY_JSON, METRICS),
)
CONTRACTS = _mostly(
    published.signed(),
    id=IDS,
    awardID=IDS,
    status=STATES,
    period=PERIODS,
    agreedMetrics=_seldom(ANY_JSON, METRICS),
)
RELEASES = _mostly(
    published.release(),
    ocid=st.sampled_from(["ocds-abc123-7-1", "ocds-abc123-8", None, 7]),
    id=IDS,
    date=DAYS,
    tag=TAGS,
    buyer=ANY_JSON,
    parties=ANY_JSON,
    tender=ANY_JSON,
    awards=_seldom(ANY_JSON, st.lists(AWARDS, max_size=3)),
    contracts=_seldom(ANY_JSON, st.lists(CONTRACTS, max_size=3)),
)
FILES = st.lists(RELEASES, max_size=5)


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
