"""The catalogue of measures that comes with Makegood (docs/rules.md, Measures and kinds).

Promises: one entry per code, never edited in place: a changed meaning is a new catalogue version. A
line or a commitment may only use its measure's own unit, `by_code[code].unit`.
Refuses: money proxies, and conversion of one unit into another. There are none here.
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
"""There is no half visit: expected figures in these units are rounded down (rule A1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is counted, in which unit, and when (recognition)."""

    code: str
    title: str
    theme: Theme
    unit: str
    kind: Kind = "sum"
    recognition: Recognition = "accrual"
    """Most measures are summed, as they accrue."""
    quantity_max: Decimal
    """The most that one line may report (rule I4). A larger figure is in a wrong unit."""
    decimals_max: int
    evidence: tuple[str, ...]
    """The kinds of document that prove it."""
    is_local: bool = False
    """Counts only inside the contract's local area, if one is set (rule V3)."""
    needs_invoice: bool = False
    """Spend: payer, payee, invoice number and net total are part of the claim (rules I6, V6)."""
    is_group_total: bool = False
    """Posts reported as a total, never who: a line does without a person (rule I4)."""

    @property
    def needs_person(self) -> bool:
        """Whether a line names its person: without one, a post could be claimed twice (rule I4)."""
        return self.kind == "post" and not self.is_group_total

    @property
    def waits_without(self) -> tuple[str, ...]:
        """The places of a line (JSON pointers) without which nothing of it counts before the
        council has decided: what counts once, a person's weeks and hours, the local area."""
        found = []
        if self.kind == "distinct":
            found.append("/place/school" if self.unit == "schools" else "/invoice")
        if self.unit == "weeks":
            found.append("/person")
        if self.needs_person:
            found.append("/person/weekly_hours")
        if self.is_local and not self.needs_invoice:
            found.append("/place/postcode")
        return tuple(found)

    @property
    def is_indivisible(self) -> bool:
        """Whether expected figures are rounded down and few units are rated as such (A1, A4)."""
        return is_indivisible(self.kind, self.unit)


def is_indivisible(kind: str, unit: str) -> bool:
    """The same for a commitment, which has a kind and a unit of its own (rules A1, A4)."""
    return kind == "post" or unit in UNITS_INDIVISIBLE


_FTE_MAX: Final = Decimal(1)
"""A line about a post is about one person, who fills at most one post."""
_GBP_MAX: Final = Decimal(1_000_000_000)
_TIME_MAX: Final = {"weeks": Decimal(53), "hours": Decimal(100_000)}
_COUNT_MAX: Final = Decimal(10_000)

_EMPLOYMENT: Final[Theme] = "employment and apprenticeships"
_SUPPLY: Final[Theme] = "local supply chain"
_SCHOOLS: Final[Theme] = "school engagement"
_TRAINING: Final[Theme] = "training and community"


def _post(
    code: str, title: str, evidence: str, quantity_max: Decimal, *, is_group_total: bool = False
) -> Measure:
    return Measure(
        code=code,
        title=title,
        theme=_EMPLOYMENT,
        unit="FTE",
        kind="post",
        recognition="start",
        quantity_max=quantity_max,
        decimals_max=2,
        evidence=(evidence,),
        is_local=True,
        is_group_total=is_group_total,
    )


def _spend(code: str, title: str, kind: Kind = "sum") -> Measure:
    return Measure(
        code=code,
        title=title,
        theme=_SUPPLY,
        unit="GBP",
        kind=kind,
        quantity_max=_GBP_MAX,
        decimals_max=2,
        evidence=("invoice",),
        is_local=True,
        needs_invoice=True,
    )


def _time(code: str, title: str, theme: Theme, unit: str, *evidence: str) -> Measure:
    return Measure(
        code=code,
        title=title,
        theme=theme,
        unit=unit,
        quantity_max=_TIME_MAX[unit],
        decimals_max=2,
        evidence=evidence,
    )


def _of_schools(code: str, title: str, unit: str, kind: Kind = "sum") -> Measure:
    return Measure(
        code=code,
        title=title,
        theme=_SCHOOLS,
        unit=unit,
        kind=kind,
        quantity_max=_COUNT_MAX,
        decimals_max=0,
        evidence=("confirmation by the school",),
    )


CATALOGUE_ENTRIES: Final[tuple[Measure, ...]] = (
    _post("apprentices-started", "Apprentices started", "apprenticeship agreement", _FTE_MAX),
    _time(
        "apprenticeship-weeks",
        "Apprenticeship weeks worked",
        _EMPLOYMENT,
        "weeks",
        "apprenticeship agreement",
        "attendance record",
    ),
    _post("local-jobs", "Local jobs created", "contract of employment", _FTE_MAX),
    _post(
        "priority-jobs",
        "Jobs for people from priority groups",
        "signed group total",
        _COUNT_MAX,
        is_group_total=True,
    ),
    _time("paid-placements", "Paid work placements", _EMPLOYMENT, "weeks", "placement record"),
    _time("unpaid-placements", "Unpaid work placements", _EMPLOYMENT, "weeks", "placement record"),
    _spend("local-spend", "Spend in the local area"),
    _spend("local-spend-small-firms", "Spend in the local area with small firms"),
    _spend(
        "local-spend-voluntary", "Spend in the local area with voluntary and social enterprises"
    ),
    _spend("local-spend-share", "Share of spend that is local", "ratio"),
    Measure(
        code="local-suppliers",
        title="Local suppliers engaged",
        theme=_SUPPLY,
        unit="organisations",
        kind="distinct",
        quantity_max=_COUNT_MAX,
        decimals_max=0,
        evidence=("order or invoice",),
        is_local=True,
    ),
    _of_schools("school-visits", "School visits", "visits"),
    _time(
        "school-hours", "Staff hours in schools, with preparation", _SCHOOLS, "hours", "timesheet"
    ),
    _of_schools("pupils-reached", "Pupils reached, summed over sessions", "people"),
    _of_schools("careers-sessions", "Careers advice sessions", "sessions"),
    _of_schools("schools-engaged", "Schools engaged", "schools", "distinct"),
    _time(
        "accredited-training", "Accredited training", _TRAINING, "weeks", "enrolment or certificate"
    ),
    Measure(
        code="training-places",
        title="Training places for residents",
        theme=_TRAINING,
        unit="places",
        recognition="start",
        quantity_max=_COUNT_MAX,
        decimals_max=0,
        evidence=("enrolment",),
        is_local=True,
    ),
    _time(
        "participant-hours",
        "Participant hours: duration times attendees",
        _TRAINING,
        "hours",
        "attendance record",
    ),
    _time("volunteering", "Volunteering by staff", _TRAINING, "hours", "timesheet"),
    Measure(
        code="community-projects",
        title="Community projects finished",
        theme=_TRAINING,
        unit="projects",
        recognition="end",
        quantity_max=_COUNT_MAX,
        decimals_max=0,
        evidence=("confirmation by the community group",),
    ),
    Measure(
        code="gifts-in-kind",
        title="Gifts in kind, at cost",
        theme=_TRAINING,
        unit="GBP",
        quantity_max=_GBP_MAX,
        decimals_max=2,
        evidence=("receipt by the recipient",),
    ),
    Measure(
        code="deliverable",
        title="An agreed deliverable",
        theme=_TRAINING,
        unit="deliverables",
        kind="done",
        recognition="end",
        quantity_max=Decimal(1),
        decimals_max=0,
        evidence=("as the commitment says",),
    ),
)

by_code: Final[dict[str, Measure]] = {measure.code: measure for measure in CATALOGUE_ENTRIES}
"""Every measure by its code."""

NEVER_COUNTED: Final[dict[str, str]] = {
    "local-spend-share": "Shares of a total are not assessed yet",
    "priority-jobs": "Group totals name nobody, so nobody can be shown to be still in post (V8): "
    "none could ever count for good",
}
"""Measures of which nothing could ever count by the rules that are built, and why. They cannot be
promised yet."""
