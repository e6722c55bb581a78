"""The catalogue of measures that ships (product §2), in our own words.

Promises: one entry per code, never edited in place: a changed meaning is a new catalogue version.
The unit is what counts: `by_code[code].unit` is the only unit a line or a commitment may give.
Refuses: money proxies, and converting one unit into another. There are none here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["sum", "distinct", "ratio", "post", "done"]
Recognition: TypeAlias = Literal["start", "accrual", "end"]
Theme: TypeAlias = Literal[
    "employment and apprenticeships",
    "local supply chain",
    "school engagement",
    "training and community",
]

CATALOGUE: Final = "makegood-measures-1"
"""Name and version of this catalogue."""

UNITS_INDIVISIBLE: Final = frozenset(
    {
        "visits",
        "sessions",
        "people",
        "places",
        "projects",
        "schools",
        "organisations",
        "deliverables",
    }
)
"""Half a visit is no visit: expected figures in these units are rounded down (rule A1)."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted, in which unit, and when (recognition)."""

    code: str
    title: str
    theme: Theme
    unit: str
    kind: Kind
    recognition: Recognition
    quantity_max: Decimal
    """Most that one line may say (rule I4); a larger figure is a slip of the unit."""
    decimals_max: int
    evidence: tuple[str, ...]
    """What shows it; each is one kind of document."""
    is_local: bool = False
    """Counts only inside the contract's local area, where one is set (rule V3)."""
    needs_invoice: bool = False
    """Spend: payer, payee, invoice number and net total are part of the claim (rules I6, V6)."""

    @property
    def is_indivisible(self) -> bool:
        """True where E is rounded down and small figures go by whole units (rules A1, A4)."""
        return self.kind == "post" or self.unit in UNITS_INDIVISIBLE


def is_indivisible(kind: str, unit: str) -> bool:
    """The same of a commitment's own kind and unit (rules A1, A4)."""
    return kind == "post" or unit in UNITS_INDIVISIBLE


_FTE_MAX: Final = Decimal(1)
"""A line of a post is one person, and one person is at most one post."""
_GBP_MAX: Final = Decimal(1_000_000_000)
_WEEKS_MAX: Final = Decimal(53)
_HOURS_MAX: Final = Decimal(100_000)
_COUNT_MAX: Final = Decimal(10_000)

_EMPLOYMENT: Final = "employment and apprenticeships"
_SUPPLY: Final = "local supply chain"
_SCHOOLS: Final = "school engagement"
_TRAINING: Final = "training and community"


def _post(
    code: str, title: str, evidence: tuple[str, ...], quantity_max: Decimal = _FTE_MAX
) -> Measure:
    return Measure(
        code, title, _EMPLOYMENT, "FTE", "post", "start", quantity_max, 2, evidence, is_local=True
    )


def _spend(code: str, title: str, kind: Kind = "sum", unit: str = "GBP") -> Measure:
    return Measure(
        code,
        title,
        _SUPPLY,
        unit,
        kind,
        "accrual",
        _GBP_MAX,
        2,
        ("invoice",),
        is_local=True,
        needs_invoice=True,
    )


CATALOGUE_ENTRIES: Final[tuple[Measure, ...]] = (
    _post("apprentices-started", "Apprentices started", ("apprenticeship agreement",)),
    Measure(
        "apprenticeship-weeks",
        "Apprenticeship weeks worked",
        _EMPLOYMENT,
        "weeks",
        "sum",
        "accrual",
        _WEEKS_MAX,
        2,
        ("apprenticeship agreement", "attendance record"),
    ),
    _post("local-jobs", "Local jobs created", ("contract of employment",)),
    _post(  # a group total: never who
        "priority-jobs", "Jobs for people from priority groups", ("signed group total",), _COUNT_MAX
    ),
    Measure(
        "paid-placements",
        "Paid work placements",
        _EMPLOYMENT,
        "weeks",
        "sum",
        "accrual",
        _WEEKS_MAX,
        2,
        ("placement record",),
    ),
    Measure(
        "unpaid-placements",
        "Unpaid work placements",
        _EMPLOYMENT,
        "weeks",
        "sum",
        "accrual",
        _WEEKS_MAX,
        2,
        ("placement record",),
    ),
    _spend("local-spend", "Spend in the local area"),
    _spend("local-spend-small-firms", "Spend in the local area with small firms"),
    _spend(
        "local-spend-voluntary", "Spend in the local area with voluntary and social enterprises"
    ),
    _spend("local-spend-share", "Share of spend that is local", "ratio"),
    Measure(
        "local-suppliers",
        "Local suppliers engaged",
        _SUPPLY,
        "organisations",
        "distinct",
        "accrual",
        _COUNT_MAX,
        0,
        ("order or invoice",),
        is_local=True,
    ),
    Measure(
        "school-visits",
        "School visits",
        _SCHOOLS,
        "visits",
        "sum",
        "accrual",
        _COUNT_MAX,
        0,
        ("confirmation by the school",),
    ),
    Measure(
        "school-hours",
        "Staff hours in schools, with preparation",
        _SCHOOLS,
        "hours",
        "sum",
        "accrual",
        _HOURS_MAX,
        2,
        ("timesheet",),
    ),
    Measure(
        "pupils-reached",
        "Pupils reached, summed over sessions",
        _SCHOOLS,
        "people",
        "sum",
        "accrual",
        _COUNT_MAX,
        0,
        ("confirmation by the school",),
    ),
    Measure(
        "careers-sessions",
        "Careers advice sessions",
        _SCHOOLS,
        "sessions",
        "sum",
        "accrual",
        _COUNT_MAX,
        0,
        ("confirmation by the school",),
    ),
    Measure(
        "schools-engaged",
        "Schools engaged",
        _SCHOOLS,
        "schools",
        "distinct",
        "accrual",
        _COUNT_MAX,
        0,
        ("confirmation by the school",),
    ),
    Measure(
        "accredited-training",
        "Accredited training",
        _TRAINING,
        "weeks",
        "sum",
        "accrual",
        _WEEKS_MAX,
        2,
        ("enrolment or certificate",),
    ),
    Measure(
        "training-places",
        "Training places for residents",
        _TRAINING,
        "places",
        "sum",
        "start",
        _COUNT_MAX,
        0,
        ("enrolment",),
        is_local=True,
    ),
    Measure(
        "participant-hours",
        "Participant hours: duration times attendees",
        _TRAINING,
        "hours",
        "sum",
        "accrual",
        _HOURS_MAX,
        2,
        ("attendance record",),
    ),
    Measure(
        "volunteering",
        "Volunteering by staff",
        _TRAINING,
        "hours",
        "sum",
        "accrual",
        _HOURS_MAX,
        2,
        ("timesheet",),
    ),
    Measure(
        "community-projects",
        "Community projects finished",
        _TRAINING,
        "projects",
        "sum",
        "end",
        _COUNT_MAX,
        0,
        ("confirmation by the community group",),
    ),
    Measure(
        "gifts-in-kind",
        "Gifts in kind, at cost",
        _TRAINING,
        "GBP",
        "sum",
        "accrual",
        _GBP_MAX,
        2,
        ("receipt by the recipient",),
    ),
    Measure(
        "deliverable",
        "An agreed deliverable",
        _TRAINING,
        "deliverables",
        "done",
        "end",
        Decimal(1),
        0,
        ("as the commitment says",),
    ),
)

by_code: Final[dict[str, Measure]] = {measure.code: measure for measure in CATALOGUE_ENTRIES}
"""Every measure by its code."""
