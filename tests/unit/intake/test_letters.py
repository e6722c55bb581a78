"""What a supplier's person reads in a mail (rule L1)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain.line_status import LineStatus
from services.intake.notifier import wording
from services.intake.store.told import ToldLine, ToldReturn
from shared.pages import names
from shared.wire import events
from tests.support import intake_builders as build
from tests.unit.intake.test_telling import an_alert

RETURN = UUID(int=3)
NAMES = names.collect(
    {
        build.CONTRACT: events.ContractNames(
            title="Street lighting",
            suppliers=(events.Named(id=build.PARTY, name="Brackenfold"),),
            commitments=(
                events.Named(id="local-spend", name="Spend with local firms"),
                events.Named(id="apprentices", name="Apprentices"),
            ),
        )
    }
)


def known(today: date = date(2026, 11, 5)) -> wording.Known:
    return wording.Known(today=today, site="https://supplier.example", names=NAMES)


def a_line(outcome: Any, *found: events.Finding, **changes: Any) -> ToldLine:
    """A line of spend, and what was said of it."""
    facts: dict[str, Any] = {
        "line_id": "2",
        "commitment_id": "local-spend",
        "quantity": Decimal("12000.00"),
        "unit": "GBP",
        "from_": date(2026, 10, 20),
    }
    said = LineStatus(
        event_id=UUID(int=9),
        outcome=outcome,
        counted=Decimal(0),
        provisional=Decimal(0),
        queried=Decimal(0),
        findings=found,
    )
    return ToldLine(events.Line(**facts | changes), said)


def an_invoice(number: str) -> events.Invoice:
    return events.Invoice(
        payer_id=build.PARTY, payee_id="GB-COH-2", number=number, net_total=Decimal(20000)
    )


def a_return(*shown: ToldLine, **changes: Any) -> ToldReturn:
    """Of October, with six lines."""
    facts: dict[str, Any] = {
        "contract_id": build.CONTRACT,
        "party_id": build.PARTY,
        "period": "2026-10",
        "emptied_at": None,
        "is_withdrawn": False,
        "is_replaced": False,
        "lines": 6,
        "queried": sum(each.said is not None and each.said.outcome == "queried" for each in shown),
        "not_counted": sum(
            each.said is not None and each.said.outcome == "not_counted" for each in shown
        ),
        "shown": shown,
    }
    return ToldReturn(**facts | changes)


def outside(found: str | None) -> events.Finding:
    return events.Finding(rule="V3", code="outside_area", found=found, wanted="E08000011")


class TestAReturnThatIsDue:
    def test_says_until_when_it_can_be_sent(self) -> None:
        """October's return is due on 13 November; the day lies ahead."""
        piece = wording.reminder(an_alert("return_due"), known())
        assert "October's return: send it by 13 November" == piece.subject
        assert "The return for October 2026 is due: Street lighting (Brackenfold)" == (
            piece.item.headline
        )
        assert ("You can send it now.",) == piece.item.sentences
        assert "Send it by 13 November 2026." == piece.item.to_do
        link = "https://supplier.example/drafts/KMBC-2026-0117/2026-10"
        assert link == piece.item.link

    def test_is_overdue_if_the_mail_had_to_wait(self) -> None:
        """Friday the 13th is over on Monday the 16th: one working day."""
        piece = wording.reminder(an_alert("return_due"), known(date(2026, 11, 16)))
        assert "October's return is 1 working day late" == piece.subject


class TestAReturnThatIsOverdue:
    def test_says_how_late_it_is(self) -> None:
        """From Friday the 13th to Friday the 20th are five working days. The step was to be done
        by then, and that day lies ahead still."""
        alert = an_alert(step_by=date(2026, 11, 20))
        piece = wording.reminder(alert, known(date(2026, 11, 20)))
        assert "October's return is 5 working days late" == piece.subject
        assert (
            "It was due on 13 November 2026, and is 5 working days late.",
            "It is not taken as zero, but nothing is rated till it comes.",
        ) == piece.item.sentences
        assert "Send it by 20 November 2026." == piece.item.to_do

    def test_has_a_step_that_lies_ahead(self) -> None:
        """On Friday the 27th the 20th has passed: the next working day is Monday the 30th."""
        alert = an_alert(step_by=date(2026, 11, 20))
        piece = wording.reminder(alert, known(date(2026, 11, 27)))
        assert "Send it by 30 November 2026." == piece.item.to_do

    def test_names_the_year_of_a_month_that_is_far_back(self) -> None:
        """There are two Octobers."""
        piece = wording.reminder(an_alert(), known(date(2027, 10, 1)))
        assert piece.subject.startswith("October 2026's return is ")


class TestAReturnThatWasChecked:
    def test_says_what_does_not_count_and_what_to_do(self) -> None:
        """The due day lies ahead: until then the month is not rated for good."""
        line = a_line("not_counted", outside("L1 1AA"))
        piece = wording.checked(RETURN, a_return(line), known())
        assert piece is not None
        assert "October 2026: 5 of 6 lines count" == piece.subject
        assert "Return for October 2026, 5 of 6 lines count: Street lighting (Brackenfold)" == (
            piece.item.headline
        )
        why = "L1 1AA is not in this contract's local area. The line does not count."
        sentence = f"Line 2 reports £12,000 for Spend with local firms. {why} Check the postcode."
        assert (sentence,) == piece.item.sentences
        assert "Correct what is wrong by 13 November 2026." == piece.item.to_do
        assert f"https://supplier.example/returns/{RETURN}" == piece.item.link

    def test_asks_for_nothing_that_only_the_council_can_do(self) -> None:
        """The post waits for its retention."""
        found = events.Finding(rule="V6", code="waits_for_retention")
        piece = wording.checked(RETURN, a_return(a_line("queried", found)), known())
        assert piece is not None
        assert piece.item.to_do is None

    def test_suggests_five_working_days_once_the_month_is_rated(self) -> None:
        """After Monday the 16th these are Tuesday to Monday the 23rd."""
        line = a_line("not_counted", outside("L1 1AA"))
        piece = wording.checked(RETURN, a_return(line), known(date(2026, 11, 16)))
        assert piece is not None
        assert "Correct what is wrong by 23 November 2026." == piece.item.to_do

    def test_names_nothing_of_a_person(self) -> None:
        """Neither a reference nor a postcode: few people have one postcode (rule I7)."""
        person = events.Person(person_id=UUID(int=77))
        line = a_line(
            "not_counted",
            outside("L1 1AA"),
            commitment_id="apprentices",
            quantity=Decimal(1),
            unit="FTE",
            person=person,
        )
        piece = wording.checked(RETURN, a_return(line), known())
        assert piece is not None
        (sentence,) = piece.item.sentences
        assert (
            "Line 2 reports 1 FTE for Apprentices. The place is not in this contract's local "
            "area. The line does not count. Check the postcode."
        ) == sentence

    def test_shows_five_lines_and_the_number_of_the_others(self) -> None:
        """A mail can be read in 20 seconds."""
        lines = [a_line("not_counted", outside("L1 1AA"), line_id=str(n)) for n in range(5)]
        found = a_return(*lines, lines=40, not_counted=7)
        piece = wording.checked(RETURN, found, known())
        assert piece is not None
        sentences = piece.item.sentences
        assert (6, "And 2 more lines.") == (len(sentences), sentences[-1])

    @pytest.mark.parametrize("end", ["is_withdrawn", "is_replaced"])
    def test_is_not_told_once_it_has_ended(self, end: str) -> None:
        """There is nothing left to correct."""
        line = a_line("not_counted", outside("L1 1AA"))
        assert wording.checked(RETURN, a_return(line, **{end: True}), known()) is None

    def test_is_not_told_once_all_of_it_counts(self) -> None:
        """The other claim was withdrawn while the mail waited."""
        assert wording.checked(RETURN, a_return(), known()) is None


class TestALineThatWasClaimedBefore:
    def alert(self) -> events.AlertRaised:
        return an_alert(
            "duplicate_claim",
            subject=f"{RETURN}/2",
            commitment_id="local-spend",
            unit="GBP",
            reported=Decimal(12000),
            due_on=None,
            step_by=date(2026, 11, 20),
            returns=(RETURN,),
        )

    def test_says_what_it_is_and_what_to_do(self) -> None:
        """Whose the other claim is, nobody is told."""
        found = events.Finding(rule="V6", code="claimed_by_other")
        line = a_line("queried", found, invoice=an_invoice("INV-7"))
        piece = wording.duplicate(self.alert(), known(), a_return(line))
        assert piece is not None
        assert "Spend with local firms: claimed twice" == piece.subject
        assert (
            "Spend with local firms: invoice INV-7 was claimed before: Street lighting "
            "(Brackenfold)"
        ) == piece.item.headline
        assert (
            "You reported £12,000 in October 2026, as line 2.",
            "INV-7: Another supplier reported this before. The line waits for the council.",
        ) == piece.item.sentences
        assert "If it is something else, correct the line by 20 November 2026." == (
            piece.item.to_do
        )

    def test_is_told_before_its_check_is_known(self) -> None:
        """The two come on two topics."""
        line = ToldLine(a_line("queried").line, None)
        piece = wording.duplicate(self.alert(), known(), a_return(line))
        assert piece is not None
        waits = "It waits for the council, or for the other claim's withdrawal."
        assert (waits, None) == (piece.item.sentences[-1], piece.item.to_do)

    def test_is_not_told_once_it_waits_no_longer(self) -> None:
        """The council decided, or the other claim was withdrawn; or its own return was."""
        assert wording.duplicate(self.alert(), known(), a_return(a_line("counted"))) is None
        line = a_line("queried", events.Finding(rule="V6", code="claimed_by_other"))
        gone = a_return(line, is_withdrawn=True)
        assert wording.duplicate(self.alert(), known(), gone) is None


class TestTheSubject:
    def pieces(self, count: int) -> list[wording.Piece]:
        return [wording.reminder(an_alert(), known())] * count

    @pytest.mark.parametrize(
        ("count", "contracts", "subject"),
        [
            (4, ["A", "B", "C"], "4 things on 3 contracts: October's return is overdue"),
            (2, ["Lighting"], "2 things on Lighting: October's return is overdue"),
        ],
    )
    def test_of_a_digest_counts_things_and_contracts(
        self, count: int, contracts: list[str], subject: str
    ) -> None:
        """And says the worst, which stands on top of the mail."""
        assert subject == wording.subject(self.pieces(count), count, contracts)

    def test_of_a_digest_that_is_cut_counts_things_alone(self) -> None:
        """On how many contracts the others are is not known."""
        words = "31 things: October's return is overdue"
        assert words == wording.subject(self.pieces(20), 31, ["A"])

    def test_says_what_the_only_thing_is(self) -> None:
        """Nobody has to open it."""
        assert self.pieces(1)[0].subject == wording.subject(self.pieces(1), 1, ["A"])


class TestTheDay:
    def test_is_the_latest_that_is_known(self) -> None:
        """A mail that waited a day for its server speaks of today."""
        due_at = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
        assert date(2026, 11, 16) == wording.day_of(
            due_at, datetime(2026, 11, 16, 0, 1, tzinfo=UTC)
        )


class TestAChangeOfWhichNothingIsKept:
    def test_still_says_what_it_was(self) -> None:
        """A mail may be sent again after its alert was dropped."""
        piece = wording.unknown("return_due", build.CONTRACT, known())
        assert "A return is due: Street lighting" == piece.subject
        assert "https://supplier.example/contracts/KMBC-2026-0117" == piece.item.link
