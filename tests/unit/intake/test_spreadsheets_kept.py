"""From a checked file to the draft: what is kept meanwhile, and what becomes of the draft."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from services.intake.domain import drafts
from services.intake.spreadsheets import kept, using
from tests.support import intake_builders as build

AT: Final = datetime(2026, 11, 5, 9, tzinfo=UTC)
PLACE: Final = drafts.Place(build.AUTHORITY, build.PARTY, build.CONTRACT, "2026-10")
OWNER: Final = kept.Owner("one session", PLACE)


def checked(body: bytes = b'{"lines": []}', owner: kept.Owner = OWNER) -> kept.Checked:
    return kept.Checked(owner, body, {"schools": "nothing"}, AT)


class TestAKeptFile:
    def test_is_for_its_owner_alone(self) -> None:
        """Not for another session, and not for another month."""
        files = kept.Kept()
        name = files.put(checked())
        other_month = kept.Owner("one session", PLACE._replace(period="2026-09"))
        assert checked() == files.find(name, OWNER, AT)
        assert None is files.find(name, kept.Owner("another session", PLACE), AT)
        assert None is files.find(name, other_month, AT)
        assert None is files.find("nonsense", OWNER, AT)

    def test_goes_after_an_hour(self) -> None:
        """Whoever comes later chooses the file again."""
        files = kept.Kept()
        name = files.put(checked())
        assert None is not files.find(name, OWNER, AT + timedelta(minutes=60))
        assert None is files.find(name, OWNER, AT + timedelta(minutes=61))

    def test_makes_room_for_later_ones(self) -> None:
        """The oldest go first, by number and by bytes."""
        files = kept.Kept()
        names = [files.put(checked()) for _ in range(kept.KEPT_MAX + 1)]
        assert [False, True, True] == [
            files.find(names[index], OWNER, AT) is not None for index in (0, 1, -1)
        ]
        large = [files.put(checked(b"1" * (kept.BYTES_MAX // 2))) for _ in range(3)]
        assert [False, True, True] == [files.find(each, OWNER, AT) is not None for each in large]

    def test_is_the_draft_that_it_was(self) -> None:
        """Its lines and its answers."""
        assert drafts.Content({"lines": []}, {"schools": "nothing"}) == checked().content


def content(*lines: dict[str, Any], **answers: drafts.Answer) -> drafts.Content:
    return drafts.Content({"revision": 2, "reason": "why", "lines": list(lines)}, answers)


class TestUsingAFile:
    def test_replaces_the_lines_of_its_promises(self) -> None:
        """Those of others stay, and so does what the return says of itself."""
        draft = content(
            build.a_line(build.VISIT, line_id="1"),
            build.a_line(build.SPEND, line_id="2"),
            apprentices="in_progress",
            schools="finished",
        )
        file = drafts.Content(
            {"revision": 1, "lines": [build.a_line(build.VISIT, line_id="1", quantity="4")]},
            {"schools": "finished", "training": "nothing"},
        )
        made = using.put(draft, file)
        assert ("why", 2) == (made.document["reason"], made.document["revision"])
        assert [("2", "local-spend", "18250.00"), ("1", "schools", "4")] == [
            (line["line_id"], line["commitment_id"], line["quantity"]) for line in made.lines
        ]
        assert {
            "apprentices": "in_progress",
            "schools": "finished",
            "training": "nothing",
        } == made.answers

    def test_gives_no_two_lines_one_number(self) -> None:
        """The line that stays keeps its own."""
        draft = content(build.a_line(build.SPEND, line_id="1"))
        visits = [build.a_line(build.VISIT, line_id=each) for each in ("1", "2")]
        made = using.put(draft, drafts.Content({"lines": visits}, {"schools": "finished"}))
        assert ["1", "3", "2"] == [line["line_id"] for line in made.lines]

    def test_takes_away_what_there_is_nothing_of(self) -> None:
        """A file that says so replaces the lines with nothing."""
        draft = content(build.a_line(build.VISIT), schools="finished")
        made = using.put(draft, drafts.Content({"lines": []}, {"schools": "nothing"}))
        assert ([], {"schools": "nothing"}) == (made.lines, made.answers)
