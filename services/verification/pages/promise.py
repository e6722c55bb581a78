"""A promise: how was its figure made? A sentence, what was due and counts on a chart and by month,
the lines behind it, how it is worked out, and its versions.

Promises: pure. Every figure is one that the API gives; what was due on each day is the domain's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from services.verification.api import documents
from services.verification.domain import course
from services.verification.domain.state import Commitment
from services.verification.pages import known, narrowed, ratings
from shared import calendar, formats
from shared.pages import charts, names
from shared.pages.parts import Cell, Fact, Field, Head, Link, Pages, Table, Tag

OUTCOMES: Final = {
    "counted": Tag("Counts", "green"),
    "provisional": Tag("Counts for now", "turquoise"),
    "queried": Tag("Waits for the council", "yellow"),
    "not_counted": Tag("Does not count", "red"),
}
"""What became of a line."""
LINES_MAX: Final = 20
MONTHS_MAX: Final = 12
"""Of the table, up to the month that is asked for, else the latest: the chart shows all."""
VERSIONS_MAX: Final = 5
"""The latest. A version that was never approved is among them. More of these three would make a
page of over 60 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the page is made of."""

    contract: documents.ContractWhole
    commitment: documents.Commitment
    performed: documents.Performed | None
    """None: it was never in force."""
    folded: Commitment | None
    """What is due on each day."""
    lines: Sequence[documents.LineShown]
    receipts: Mapping[UUID, int]
    """Receipt numbers of returns, as far as they are at hand."""
    rule_set: str
    is_supplier: bool = False
    """Whoever reads sees its own lines only."""
    names: names.Names = names.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One promise."""

    title: str
    heading: str
    contract: Link
    contract_id: str
    known: known.Known
    sentences: tuple[str, ...]
    chart: charts.Chart | None
    words: str | None
    """The figures of the last rated month, and why it is behind."""
    months: Table | None
    has_other_months: bool
    form: tuple[Field, ...]
    action: str
    is_narrowed: bool
    all_lines: str
    lines: Table | None
    whose_lines: str | None
    """Of several suppliers, whose lines a supplier sees."""
    pages: Pages
    worked_out: tuple[Fact, ...]
    versions: Table


def show(
    found: Gathered,
    asked: narrowed.Asked,
    as_known: known.Known,
    day: date | None,
    pages: Pages,
) -> Page:
    """The page of a promise. `day`: as it was known then; None: now. `pages`: of its lines."""
    contract, commitment, performed = found.contract, found.commitment, found.performed
    path = address(contract.contract_id, commitment.commitment_id)
    months = list(reversed(performed.assessments)) if performed else []
    unit = performed.unit if performed else None
    return Page(
        title=as_known.title(commitment.title),
        heading=commitment.title,
        contract=Link(contract.title, known.at(f"/contracts/{contract.contract_id}", day)),
        contract_id=contract.contract_id,
        known=as_known,
        sentences=tuple(_sentences(performed, commitment)),
        chart=_chart(found, performed) if performed else None,
        words=performed.words if performed else None,
        months=_months(_year(months, asked.month), path, day, unit) if months else None,
        has_other_months=len(months) > MONTHS_MAX,
        form=narrowed.form(asked, [each.period for each in months]),
        action=path,
        is_narrowed=bool(asked.given),
        all_lines=known.at(path, day),
        lines=_lines(found, unit) if found.lines else None,
        whose_lines="You see your own lines; the figures are of all suppliers together."
        if len(contract.suppliers) > 1 and found.is_supplier
        else None,
        pages=pages,
        worked_out=tuple(_worked_out(found, performed)) if performed else (),
        versions=_versions(commitment.versions, found.names),
    )


def address(contract_id: str, commitment_id: str) -> str:
    """Where the page of a promise is."""
    return f"/contracts/{contract_id}/commitments/{commitment_id}"


# --- what stands first ---------------------------------------------------------------------------


def _sentences(
    performed: documents.Performed | None, commitment: documents.Commitment
) -> list[str]:
    if performed is None:
        if commitment.state == "needs_structuring":
            return ["This promise has no figures yet: its target is still prose."]
        return ["This promise is not in force: it waits for an approver."]
    said = [f"{performed.headline}."]
    if performed.needed is not None:
        said.append(needs(performed.needed, performed.unit))
    return said


def needs(needed: documents.Needed, unit: str) -> str:
    """`Needs £35,833 a month for 6 months; best so far £33,000.`"""
    months = formats.count(needed.months, "month")
    best = formats.amount(needed.best, unit)
    since = "best so far" if needed.is_best_of_all else "best of the last year"
    return f"Needs {formats.amount(needed.a_month, unit)} a month for {months}; {since} {best}."


# --- the chart and its months --------------------------------------------------------------------


def _chart(found: Gathered, performed: documents.Performed) -> charts.Chart | None:
    made, unit, title = performed.assessments, performed.unit, found.commitment.title
    if not made:
        caption = "Nothing was rated yet: this is what will be due."
        heading = f"{title}: what will be due"
    else:
        last = made[-1]
        caption = _finding(last, unit)
        months = formats.months(made[0].period, last.period)
        heading = f"{title}: due and counted, {months}"
    return charts.course(
        charts.Course(
            name="course",
            title=heading,
            description=f"{caption} The table below has the figures.",
            caption=caption,
            unit=unit,
            target=performed.target,
            due=[charts.Point(*each) for each in course.due(found.folded)] if found.folded else [],
            counted=[
                charts.Counted(calendar.last_day(each.period), each.low, each.high, each.expected)
                for each in made
            ],
            suspended=_suspended(found.folded) if found.folded else [],
        )
    )


def _suspended(commitment: Commitment) -> list[charts.Days]:
    """The days that were taken out of the profile in force."""
    spans = commitment.versions[-1].profile.suspended
    return [charts.Days(*map(date.fromordinal, span)) for span in spans]


def _finding(last: documents.AssessmentShown, unit: str) -> str:
    day = formats.day(calendar.last_day(last.period))
    due, low = formats.amount(last.expected, unit), formats.amount(last.low, unit)
    verb = formats.were(last.expected, unit)
    return f"By {day}, {due} {verb} due, and {low} {_counts(last.low, unit)}."


def _counts(value: Decimal, unit: str) -> str:
    return "counts" if formats.were(value, unit) == "was" else "count"


def _year(
    made: Sequence[documents.AssessmentShown], month: str
) -> Sequence[documents.AssessmentShown]:
    """Twelve months up to one; the newest first. Without one, or where it is among the last twelve,
    these."""
    place = next((n for n, each in enumerate(made) if each.period == month), 0)
    first = 0 if place < MONTHS_MAX else place
    return made[first : first + MONTHS_MAX]


def _months(
    made: Sequence[documents.AssessmentShown], path: str, day: date | None, unit: str | None
) -> Table:
    return Table(
        caption="Month by month, all that came before included",
        heads=(
            Head("By the end of"),
            Head("Due", is_number=True),
            Head("Counted", is_number=True),
            Head("Waits", is_number=True),
            Head("Behind", is_number=True),
            Head("Rating"),
        ),
        rows=tuple(_month(each, known.at(path, day, month=each.period), unit) for each in made),
    )


def _month(made: documents.AssessmentShown, href: str, unit: str | None) -> tuple[Cell, ...]:
    behind = max(made.expected - made.low, Decimal(0))
    attained = made.attainment and f"{formats.share(Decimal(made.attainment))} of what was due"
    return (
        Cell(formats.month(made.period), f"{href}#lines"),
        Cell(formats.amount(made.expected, unit)),
        Cell(formats.amount(made.low, unit), why=(attained,) if attained else ()),
        Cell(formats.amount(made.queried, unit) if made.queried else "–"),
        Cell(formats.amount(behind, unit) if behind else "–"),
        Cell("", tag=ratings.tag(made.rating), why=ratings.reason(made.reason)),
    )


# --- its lines -----------------------------------------------------------------------------------


def _lines(found: Gathered, unit: str | None) -> Table:
    has_suppliers = len(found.contract.suppliers) > 1
    suppliers = {each.id: each.name or each.id for each in found.contract.suppliers}
    return Table(
        caption="Lines behind the figure",
        heads=(
            Head("Line"),
            Head("Reported", is_number=True),
            Head("Counted", is_number=True),
            Head("Why"),
            Head("Receipt"),
            Head("Entry"),
        ),
        rows=tuple(
            _line(
                each,
                unit,
                found.receipts.get(each.return_id),
                suppliers.get(each.party_id, each.party_id) if has_suppliers else None,
            )
            for each in found.lines
        ),
        is_caption_shown=False,
    )


def _line(
    line: documents.LineShown, unit: str | None, receipt: int | None, supplier: str | None
) -> tuple[Cell, ...]:
    of = f"Line {line.line_id}, {formats.day(line.activity_on)}"
    month = f"Return for {formats.month(line.period)}"
    low = line.counted + line.provisional
    return (
        Cell(line.thing or f"Line {line.line_id}", why=tuple(filter(None, (of, supplier)))),
        Cell(_exact(line.reported, unit)),
        Cell(_exact(low, unit)),
        Cell(
            "",
            tag=OUTCOMES[line.outcome],
            why=tuple(str(each["words"]) for each in line.findings),
        ),
        Cell(
            f"Receipt {receipt}" if receipt else "Return",
            f"supplier:/returns/{line.return_id}",
            why=(month,),
        ),
        Cell("In the record", f"record:/returns/{line.return_id}"),
    )


def _exact(value: Decimal, unit: str | None) -> str:
    return formats.amount(value, unit, has_pence=True)


# --- how it is worked out, and its versions ------------------------------------------------------


def _worked_out(found: Gathered, performed: documents.Performed) -> list[Fact]:
    facts = [
        Fact("Measure", f"{performed.measure}, counted in {formats.unit(performed.unit)}"),
        Fact("Version", str(performed.version)),
    ]
    if performed.assessments:
        last = performed.assessments[-1]
        facts = [
            facts[0],
            Fact("Version", f"{last.commitment_version}, in force on the last day of the month"),
            Fact("Due, as an exact fraction", last.expected_exact),
            Fact("Counted of what was due, as an exact fraction", last.attainment_exact or "–"),
            Fact("Table of ratings", str(last.used["bands"])),
            Fact("Rated on", formats.moment(last.assessed_at)),
            Fact("Made of", formats.count(last.used["inputs"], "input") + " of the contract"),
        ]
    facts.append(Fact("Rules", found.rule_set))
    area = found.commitment.versions[-1].area or {}
    if "edition" in area:
        facts.append(Fact("Edition of the postcode directory", str(area["edition"])))
    facts.append(Fact("Checked", _rules(performed.checks)))
    if performed.checks_not_built:
        facts.append(Fact("Not checked yet", _rules(performed.checks_not_built)))
    return facts


def _rules(checks: Sequence[documents.Check]) -> str:
    return "; ".join(f"{each.title} ({each.rule})" for each in checks) or "–"


def _versions(versions: Sequence[documents.Version], people: names.Names) -> Table:
    return Table(
        caption="Versions of the promise",
        heads=tuple(
            map(Head, ("From", "Target", "Proposed by", "Approved by", "Reason")),
        ),
        rows=tuple(_version(each, people) for each in list(reversed(versions))[:VERSIONS_MAX]),
    )


_STATES: Final = {
    "draft": "Waits for an approver",
    "needs_structuring": "Has no figures yet",
    "replaced": "Another proposal took its place",
}


def _version(each: documents.Version, people: names.Names) -> tuple[Cell, ...]:
    target = "–" if each.target is None else formats.amount(each.target, each.unit)
    proposed = formats.day(calendar.london_day(each.proposed_at))
    backdated = ("This is before the day on which it was proposed.",) if each.is_backdated else ()
    approved = Cell(_STATES.get(each.state, "–"))
    if each.approved_by is not None and each.approved_at is not None:
        on = formats.day(calendar.london_day(each.approved_at))
        approved = Cell(people.person(each.approved_by), why=(on,))
    return (
        Cell(
            f"Version {each.version}" if each.from_ is None else formats.day(each.from_),
            why=(f"Version {each.version}", *backdated) if each.from_ else backdated,
        ),
        Cell(target, why=() if each.words is None else (each.words,)),
        Cell(people.person(each.proposed_by), why=(proposed,)),
        approved,
        Cell(each.reason or "–"),
    )
