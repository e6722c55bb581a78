"""The pages of a draft as values: a month, a promise, a line, two versions, a question."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from services.intake.domain import carrying, drafts, due, returns
from services.intake.drafts import months
from services.intake.pages import confirm, conflict, copied, line, line_form, promise
from services.intake.pages import month as month_page
from shared.pages import names
from shared.pages.parts import Fault, Tag
from tests.support import intake_builders as build
from tests.unit.pages import drawing

SAVED_AT: Final = datetime(2026, 11, 5, 9, 14, tzinfo=UTC)
PUBLISHED: Final = build.a_contract_published()
SCHOOLS: Final = f"/drafts/{build.CONTRACT}/2026-10/promises/schools"
HTML_BYTES_MAX: Final = 60_000


def a_draft(*lines: Any, **answers: drafts.Answer) -> drafts.Draft:
    begun = drafts.begin(build.CONTRACT, "2026-10", 1)
    content = drafts.Content({**begun.document, "lines": [dict(one) for one in lines]}, answers)
    return drafts.Draft(
        place=drafts.Place(build.AUTHORITY, build.PARTY, build.CONTRACT, "2026-10"),
        key=UUID(int=1),
        content=content,
        version=1,
        saved_by="Tom <Feller>",
        saved_at=SAVED_AT,
        gone_on=date(2027, 1, 12),
    )


def a_month(draft: drafts.Draft | None = None, **changes: Any) -> months.Month:
    slot = due.Slot("2026-10", build.PARTY)
    asked = due.Asked(build.PARTY, "2026-10", "2026-10")
    facts: dict[str, Any] = {
        "place": drafts.Place(build.AUTHORITY, build.PARTY, build.CONTRACT, slot.period),
        "contract": returns.contract(PUBLISHED),
        "promises": drafts.promises(PUBLISHED),
        "asked": next(due.due(PUBLISHED, {}, asked, build.TODAY)),
        "sent": None,
        "draft": draft,
        "today": build.TODAY,
    }
    return months.Month(**facts | changes)


def checked(month: months.Month) -> months.Checked:
    return months.check_now(month, month.content, month.content.body)


def task(month: months.Month, name: str = "schools") -> drafts.Task:
    return next(each for each in checked(month).tasks if each.commitment_id == name)


def shown(month: months.Month) -> month_page.Page:
    return month_page.show(month, checked(month), names.NONE)


class TestAMonth:
    def test_says_till_when_to_send(self) -> None:
        """Then what is saved."""
        assert ("Send it by 13 November 2026.", "Nothing is saved yet.") == shown(
            a_month()
        ).sentences
        late = shown(a_month(a_draft(), today=date(2026, 11, 16)))
        assert (
            "It was due on 13 November 2026. Send it as soon as you can.",
            "Saved 5 November 2026, 09:14, by Tom <Feller>.",
        ) == late.sentences
        assert "The draft is kept until 12 January 2027, and deleted then." == late.gone

    def test_has_a_row_for_each_promise(self) -> None:
        """By its own title where that is known."""
        month = a_month(a_draft(build.VISIT, build.SPEND, schools="finished", training="nothing"))
        known = names.Names(
            contracts={build.CONTRACT: "Community hub"},
            promises={names.Promise(build.CONTRACT, "schools"): "Visits to schools"},
        )
        page = month_page.show(month, checked(month), known)
        assert "Community hub" == page.contract
        not_started, in_progress = Tag("Not started", "blue"), Tag("In progress", "light-blue")
        here = f"/drafts/{build.CONTRACT}/2026-10"
        title = "Participant hours: duration times attendees"
        assert (
            month_page.Row(
                "Apprentices started", "", f"{here}/promises/apprentices", not_started, ""
            ),
            month_page.Row(
                "Spend in the local area",
                "1 line, £18,250",
                f"{here}/promises/local-spend",
                in_progress,
                "",
            ),
            month_page.Row("Visits to schools", "1 line, 1 visit", SCHOOLS, None, "Completed"),
            month_page.Row(title, "", f"{here}/promises/training", None, "Nothing this month"),
        ) == page.tasks

    def test_can_be_sent_when_each_is_answered(self) -> None:
        """Until then it says how many are left."""
        assert "4 promises to finish first" == (shown(a_month()).sending or ("",) * 2)[1]
        answers: dict[str, drafts.Answer] = dict.fromkeys(build.MEASURES, "nothing")
        sending = shown(a_month(a_draft(**answers))).sending
        assert sending
        assert (f"/drafts/{build.CONTRACT}/2026-10/check", "") == (sending.href, sending.hint)

    def test_names_what_is_wrong_with_the_return_itself(self) -> None:
        """Not what is asked later (the declaration), nor what is of a line."""
        draft = a_draft(build.a_line(build.VISIT, unit="hours"))
        content = drafts.put(drafts.put(draft.content, "revision", 2), "nil", True)
        month = a_month(drafts.save(draft, content, "Tom", SAVED_AT))
        assert (
            (
                "Nothing to report: a nil return says that there is nothing to report, and this "
                "one has lines. Remove the lines, or do not send it as nil."
            ),
        ) == shown(month).problems

    def test_that_was_sent_leads_to_its_return(self) -> None:
        """Withdrawn, it is filled in again, as the next revision."""
        sent = due.Sent(
            return_id=UUID(int=7),
            receipt_no=24,
            revision=1,
            received_at=SAVED_AT,
            filled_at=SAVED_AT,
        )
        asked = due.Asked(build.PARTY, "2026-10", "2026-10")
        slots = {due.Slot("2026-10", build.PARTY): sent}
        page = shown(a_month(sent=sent, asked=next(due.due(PUBLISHED, slots, asked, build.TODAY))))
        assert ("You sent the return for October 2026: receipt 24.",) == page.sentences
        assert page.instead
        assert f"/returns/{UUID(int=7)}" == page.instead.href
        assert ((), None, None, ()) == (page.tasks, page.sending, page.invoiced, page.ways)

    @pytest.mark.parametrize(
        ("quantities", "total"),
        [(("1", "2"), "3 visits"), (("1.5",), "1.5 visits"), (("two", "1"), ""), ((), "")],
    )
    def test_adds_up_what_can_be_read(self, quantities: tuple[str, ...], total: str) -> None:
        lines = [build.a_line(build.VISIT, quantity=each) for each in quantities]
        month = a_month(a_draft(*lines))
        assert total == month_page.total(task(month), month.content.lines)


class TestAPromise:
    def test_lists_its_lines(self) -> None:
        """What tells each from the others, and where it is changed and removed."""
        evidence = [{"reference": "a", "sha256": "0" * 64}]
        month = a_month(a_draft(build.SPEND, build.a_line(build.VISIT, evidence=evidence)))
        page = promise.show(month, task(month), names.NONE, ())
        assert page.lines
        (row,) = page.lines.rows
        assert [
            "Change line 3",
            "14 October 2026",
            "GB-EDU-143878",
            "1 visit",
            "1 piece",
            "Remove line 3",
        ] == [cell.text for cell in row]
        assert (f"{SCHOOLS}/lines/2", f"{SCHOOLS}/lines/2/remove") == (row[0].href, row[5].href)
        assert ("1 line: 1 visit.", "Counted in visits.") == page.sentences

    def test_says_what_is_wrong_beside_a_line(self) -> None:
        month = a_month(a_draft(build.a_line(build.VISIT, from_="2026-09-30", session=None)))
        page = promise.show(month, task(month), names.NONE, ())
        assert page.lines
        wanted = (
            "Date: this is before October 2026, the month of this return. If it is a late claim, "
            "say why it is late."
        )
        assert (wanted,) == page.lines.rows[0][0].why

    def test_of_an_unknown_measure_adds_nothing(self) -> None:
        """Its lines can be seen and removed, and nothing else."""
        month = a_month(a_draft(build.a_line(build.VISIT, commitment_id="old")))
        page = promise.show(month, task(month, "old"), names.NONE, ())
        assert page.lines
        assert ("", None) == (page.add, page.lines.rows[0][0].href)

    @pytest.mark.parametrize(
        ("lines", "answer", "fault"),
        [
            (0, "nothing", None),
            (0, "in_progress", None),
            (0, "finished", "Add a line first, or choose “Nothing this month”."),
            (1, "finished", None),
            (1, "nothing", "There is 1 line: remove it first."),
            (2, "nothing", "There are 2 lines: remove them first."),
            (0, "", "Say whether you have finished this for October 2026."),
            (0, "perhaps", "Say whether you have finished this for October 2026."),
        ],
    )
    def test_is_answered_by_what_is_there(self, lines: int, answer: str, fault: str | None) -> None:
        month = a_month(a_draft(*[build.VISIT] * lines))
        found = promise.find_faults({"answer": answer}, task(month), (), "2026-10")
        assert ({"answer": fault} if fault else {}) == found

    def test_asks_about_each_person(self) -> None:
        """Whoever left has a day; whoever is not answered gets no line."""
        month = a_month()
        lines = [build.a_line(person__ref=f"APP-{number}") for number in (1, 2, 3)]
        roster = carrying.carry(lines, (), month.promises, month.span)
        one, two, _ = roster
        values = {promise.stay_name(one): "yes", promise.stay_name(two): "left"}
        values["answer"] = "finished"
        of = task(month, "apprentices")
        left = promise.left_name(two)
        assert {left} == set(promise.find_faults(values, of, roster, "2026-10"))
        values[left] = "12/10/2026"
        assert {} == promise.find_faults(values, of, roster, "2026-10")
        content = promise.stays(month.content, values, roster)
        people = [added["person"] for added in content.lines]
        assert [("APP-1", None), ("APP-2", "2026-10-12")] == [
            (each["ref"], each.get("left_on")) for each in people
        ]


class TestALine:
    def values(self, **changes: str) -> dict[str, str]:
        month = a_month()
        measure = month.promises["schools"]
        assert measure
        named = {name.replace("__", "-").rstrip("_"): value for name, value in changes.items()}
        return line_form.begin(measure, build.PARTY) | named

    def show(self, values: dict[str, str], *found: Any) -> line.Page:
        month = a_month()
        form = line.Form(None, values, tuple(found))
        return line.show(month, task(month), names.NONE, form)

    @pytest.mark.parametrize(
        ("day", "is_asked"),
        [("30/9/2026", True), ("1/10/2026", False), ("", False), ("in September", False)],
    )
    def test_asks_why_it_is_late_if_it_is(self, day: str, is_asked: bool) -> None:
        """After its date; also if a reason was given."""
        drawn = [each.name for each in self.show(self.values(from_=day)).fields]
        assert is_asked == ("late" in drawn)
        if is_asked:
            assert "from" == drawn[drawn.index("late") - 1]
        given = self.show(self.values(from_=day, late="An oversight"))
        assert "late" in [each.name for each in given.fields]

    def test_tells_each_fault_at_its_field(self) -> None:
        """Of what is missing as a whole at the first field of it; of none that is drawn, above."""
        month = a_month(a_draft(build.a_line(build.SPEND, invoice=None, line_id=None)))
        of = task(month, "local-spend")
        values = line_form.write(month.content.lines[0], of.measure)  # type: ignore[arg-type]
        page = line.show(month, of, names.NONE, line.Form(0, values, of.faults))
        assert ["", "invoice-number"] == [each.name for each in page.faults]
        told = {each.name: each.fault for each in page.fields if each.fault}
        assert {"invoice-number"} == set(told)
        assert "Error: Change the line: Spend in the local area" == page.title

    def test_tells_a_fault_of_what_is_worked_out_where_it_comes_from(self) -> None:
        """Once: an unreadable length is not missing as well."""
        line_ = build.a_line(build.TRAINING, session__hours="two", quantity=None)
        month = a_month(a_draft(line_))
        of = task(month, "training")
        values = line_form.write(line_, of.measure)  # type: ignore[arg-type]
        page = line.show(month, of, names.NONE, line.Form(0, values, of.faults))
        words = "Length in hours: this must be a number of hours, such as 2 or 1.5."
        assert (Fault("session-hours", words),) == page.faults

    def test_shows_where_two_versions_differ(self) -> None:
        """Field by field; what was removed is empty."""
        measure = a_month().promises["schools"]
        assert measure
        mine = line_form.write(build.VISIT, measure) | {"quantity": "3"}
        assert [conflict.Row("How many visits", "3", "1")] == line.compare(
            mine, build.VISIT, measure
        )
        assert {""} == {row.theirs for row in line.compare(mine, None, measure)}


class TestTemplate:
    def test_draws_each_page(self) -> None:
        """The fullest, within its budget; names are escaped."""
        visits = [build.a_line(build.VISIT, line_id=str(n), late=" ") for n in range(120)]
        month = a_month(a_draft(*visits, schools="finished"))
        of = task(month)
        assert of.measure
        values = line_form.write(visits[0], of.measure)
        people = [build.a_line(person__ref=f"APP-{number}") for number in range(150)]
        carried = carrying.carry(people, (), month.promises, month.span)
        draft = month.draft
        assert draft
        row = conflict.Row("Note", "mine <b>", "")
        pages = {
            "month.html": shown(month),
            "promise.html": promise.show(
                month, of, names.NONE, carried, promise.Form(faults={"answer": "Why?"})
            ),
            "line.html": line.show(month, of, names.NONE, line.Form(0, values, of.faults[:2])),
            "confirm.html": confirm.delete(month, draft),
            "copied.html": copied.show(month, carried, {}, "Tick one."),
            "conflict.html": conflict.show(
                draft, [row], {"note": "mine <b>"}, action="/a", theirs="/b"
            ),
        }
        for template, page in pages.items():
            drawn = drawing.html("intake", template, page)
            assert len(drawn.encode()) <= HTML_BYTES_MAX, template
            assert "Tom <Feller>" not in drawn
            assert "mine <b>" not in drawn
        assert 50 == drawing.html("intake", "promise.html", pages["promise.html"]).count(
            "Change line"
        )

    def test_of_a_question_says_what_goes(self) -> None:
        month = a_month(a_draft(build.VISIT))
        page = confirm.remove(month, task(month), 0)
        assert ("14 October 2026; GB-EDU-143878; 1 visit.",) == page.sentences
        nothing = confirm.nothing(month)
        assert nothing.is_warning
        assert "1 line of the draft would be removed." in nothing.sentences
        assert not confirm.nothing(a_month()).is_warning
