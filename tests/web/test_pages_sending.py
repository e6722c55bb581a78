"""A supplier checks a draft and sends it, over HTTP on a real database: once, whatever happens."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.intake.acceptance import group_commit, refusals
from services.intake.domain import drafts
from services.intake.drafts import drafting, months
from shared.web import auth
from shared.web.scope import Scope
from tests.support import intake_builders as build
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_intake_api import RunningSystem, open_system
from tests.web.test_pages import HTML_BYTES_MAX, MANAGER, QUERIES_MAX, SUPPLIER

AT: Final = f"/drafts/{build.CONTRACT}/2026-10"
CHECK: Final = f"{AT}/check"
SLOT: Final = months.Slot(build.CONTRACT, "2026-10")
DECLARED: Final[dict[str, Any]] = {
    "name": "Wen Harper",
    "role": "director",
    "statements": ["this_contract_and_period_only", "answers_a_commitment"],
}


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    """On 5 November 2026; October's return is due on 13 November."""
    async with open_system(database, tmp_path) as opened:
        yield opened


async def find_month(system: RunningSystem) -> months.Month:
    found = await months.find(system.pool, Scope(build.AUTHORITY, build.PARTY), SLOT, build.TODAY)
    assert found is not None
    return found


async def draft(system: RunningSystem, *lines: Any, name: str = "Wen Harper") -> drafts.Draft:
    """A draft of these lines, with every promise answered; of one line for visits without any."""
    month = await find_month(system)
    at = system.app.state.dependencies.clock.now()

    def edit(before: drafts.Draft) -> drafts.Content:
        content = drafts.add_lines(before.content, lines or (build.VISIT,))
        named = {line["commitment_id"] for line in content.lines}
        for each in month.promises:
            said: drafts.Answer = "finished" if each in named else "nothing"
            content = drafts.answer(content, each, said)
        return content

    made = await drafting.change(system.pool, month, edit, drafting.Saver(name, at))
    assert isinstance(made, drafts.Draft)
    return made


async def opened(system: RunningSystem) -> dict[str, str]:
    """What the form carries along."""
    page = await Visitor(system.app, SUPPLIER).get(CHECK)
    assert 200 == page.status_code, page.text
    hidden = re.findall(r'type="hidden" name="(key|version|revision)" value="([^"]*)"', page.text)
    return dict(hidden)


async def send(system: RunningSystem, form: dict[str, Any], **more: Any) -> httpx.Response:
    return await Visitor(system.app, SUPPLIER).send(CHECK, **(form | DECLARED | more))


async def returned(system: RunningSystem) -> list[Any]:
    return list(await system.pool.fetch("SELECT * FROM accepted_return ORDER BY receipt_no"))


class TestSending:
    async def test_gives_a_receipt_and_takes_the_draft(self, system: RunningSystem) -> None:
        """303 to the receipt; what was sent is the draft with the declaration."""
        await draft(system)
        answer = await send(system, await opened(system))
        (row,) = await returned(system)
        assert (303, f"/returns/{row['return_id']}/receipt") == (
            answer.status_code,
            answer.headers["location"],
        )
        sent = json.loads(row["body"])
        assert {
            "this_contract_and_period_only": True,
            "answers_a_commitment": True,
            "name": "Wen Harper",
            "role": "director",
        } == sent["declaration"]
        assert ["schools"] == [line["commitment_id"] for line in sent["lines"]]
        assert (await find_month(system)).draft is None
        page = await Visitor(system.app, SUPPLIER).get(answer.headers["location"])
        assert "Receipt number 1" in page.text

    async def test_is_one_return_however_often_it_is_pressed(self, system: RunningSystem) -> None:
        """Three at once, and later again when the draft is gone."""
        await draft(system)
        form = await opened(system)
        answers = await asyncio.gather(*(send(system, form) for _ in range(3)))
        answers.append(await send(system, form))
        (row,) = await returned(system)
        where = f"/returns/{row['return_id']}/receipt"
        assert [(303, where)] * 4 == [
            (each.status_code, each.headers["location"]) for each in answers
        ]

    async def test_that_stopped_before_the_draft_went_gets_the_same_receipt(
        self, system: RunningSystem
    ) -> None:
        """The return is in, and its draft is still there, as after a crash."""
        made = await draft(system)
        form = await opened(system)
        first = await send(system, form)
        rows = await system.pool.fetch("SELECT * FROM accepted_return")
        content = made.content

        def put_back(before: drafts.Draft) -> drafts.Content:
            return content

        await drafting.change(
            system.pool,
            await find_month(system),
            put_back,
            drafting.Saver("Wen Harper", made.saved_at),
        )
        await system.pool.execute("UPDATE draft SET key = $1", made.key)
        again = await send(system, form)
        assert first.headers["location"] == again.headers["location"]
        assert rows == await system.pool.fetch("SELECT * FROM accepted_return")
        assert (await find_month(system)).draft is None

    async def test_of_a_return_that_came_meanwhile_shows_it(self, system: RunningSystem) -> None:
        """409, and the draft is kept; checked again, it is the next revision, with a reason."""
        await draft(system)
        form = await opened(system)
        program = await system.caller("supplier", build.PARTY)
        theirs = (await program.send(build.a_return())).json()["return_id"]
        answer = await send(system, form)
        assert 409 == answer.status_code
        assert "A return for October 2026 was sent meanwhile" in answer.text
        assert f"/returns/{theirs}" in answer.text
        again = await opened(system)
        assert "2" == again["revision"]
        assert 422 == (await send(system, again)).status_code
        corrected = await send(system, again, reason="Ours has all the lines")
        assert 303 == corrected.status_code
        _, row = await returned(system)
        assert (2, "Ours has all the lines") == (
            row["revision"],
            json.loads(row["body"])["reason"],
        )

    async def test_of_a_draft_that_was_saved_meanwhile_shows_it_again(
        self, system: RunningSystem
    ) -> None:
        """With who saved it; what was typed stays, and nothing is sent."""
        await draft(system)
        form = await opened(system)
        await draft(system, build.SPEND, name="Tom Feller")
        answer = await send(system, form)
        assert 409 == answer.status_code
        text = drawing.text(answer.text)
        assert "Tom Feller saved this draft 5 November 2026, 09:00. Look at it again" in text
        assert 'value="director"' in answer.text
        assert [] == await returned(system)

    async def test_needs_the_declaration(self, system: RunningSystem) -> None:
        """422 with each fault at its field, and nothing is told to anybody."""
        await draft(system)
        form = await opened(system)
        bare = {"statements": [], "name": "x" * 2001, "role": " "}
        answer = await send(system, form, **bare)
        assert 422 == answer.status_code
        assert ["statements", "name", "role"] == sorted(
            set(re.findall('href="#(statements|name|role)"', answer.text)),
            key=["statements", "name", "role"].index,
        )
        assert "x" * 2001 in answer.text
        assert 0 == await system.pool.fetchval("SELECT count(*) FROM refusal")

    async def test_of_a_draft_with_faults_is_not_offered(self, system: RunningSystem) -> None:
        """They lead to their fields; tried all the same, nothing is sent."""
        await draft(system, build.a_line(build.VISIT, unit="hours"))
        page = await Visitor(system.app, SUPPLIER).get(CHECK)
        assert f'href="{AT}/promises/schools/lines/1#unit"' in page.text
        assert "Send return" not in page.text
        month = await find_month(system)
        assert month.draft is not None
        form = {"key": str(month.draft.key), "version": "1", "revision": "1"}
        assert 422 == (await send(system, form)).status_code
        assert [] == await returned(system)

    async def test_is_not_for_others(self, system: RunningSystem) -> None:
        await draft(system)
        stranger = auth.Caller("t", "supplier", build.AUTHORITY, "GB-COH-00000077")
        for who, status in ((MANAGER, 403), (stranger, 404)):
            assert status == (await Visitor(system.app, who).get(CHECK)).status_code
            assert status == (await Visitor(system.app, who).send(CHECK)).status_code


class TestWhileNothingCanBeTaken:
    @pytest.mark.parametrize(
        ("refusal", "status", "retry_after"),
        [
            (refusals.Refusal("disk_nearly_full", 60), 503, "60"),
            (refusals.Refusal("too_many_requests", 2), 429, "2"),
        ],
    )
    async def test_the_draft_is_kept_and_so_is_what_was_typed(
        self, system: RunningSystem, refusal: refusals.Refusal, status: int, retry_after: str
    ) -> None:
        """And sent again a moment later, it is taken."""
        await draft(system)
        form = await opened(system)
        throttle = system.app.state.dependencies.throttle
        throttle.admit = lambda client: refusal
        answer = await send(system, form)
        assert (status, retry_after) == (answer.status_code, answer.headers["retry-after"])
        assert "We cannot take it now. Your draft is kept." in answer.text
        assert 'value="director"' in answer.text
        throttle.admit = lambda client: None
        assert 303 == (await send(system, form)).status_code

    async def test_too_many_posts_wait(self, system: RunningSystem) -> None:
        """503, as a program is answered."""
        await draft(system)
        form = await opened(system)
        committer = system.app.state.dependencies.committer
        committer._queued_bytes = group_commit.QUEUE_BYTES_MAX + 1
        answer = await send(system, form)
        assert 503 == answer.status_code
        assert "We cannot take it now. Your draft is kept." in answer.text
        assert (await find_month(system)).draft is not None


class TestCorrecting:
    async def test_begins_with_what_was_sent(self, system: RunningSystem) -> None:
        """Send, correct with a reason, change, send again: revision 2 takes its place."""
        await draft(system)
        first = await send(system, await opened(system))
        at = first.headers["location"].removesuffix("/receipt")
        visitor = Visitor(system.app, SUPPLIER)
        page = await visitor.get(f"{at}/revise")
        assert "Correct the return for October 2026" in page.text
        assert 422 == (await visitor.send(f"{at}/revise", reason=" ")).status_code
        started = await visitor.send(f"{at}/revise", reason="The visit was of two classes")
        assert (303, AT) == (started.status_code, started.headers["location"])
        month = await find_month(system)
        assert month.draft is not None
        document = month.draft.content.document
        assert (2, "The visit was of two classes") == (document["revision"], document["reason"])
        assert [build.VISIT["commitment_id"]] == [
            line["commitment_id"] for line in month.draft.content.lines
        ]
        await draft(system, build.SPEND)
        form = await opened(system)
        answer = await send(system, form, reason=document["reason"])
        assert 303 == answer.status_code, drawing.text(answer.text)
        one, two = await returned(system)
        assert (one["return_id"], 2) == (two["supersedes"], two["revision"])
        text = drawing.text((await visitor.get(at)).text)
        assert "A later revision has taken the place of this return." in text

    async def test_does_not_overwrite_a_draft(self, system: RunningSystem) -> None:
        """It is said where the draft is, and the reason stays in the form."""
        program = await system.caller("supplier", build.PARTY)
        return_id = (await program.send(build.a_return())).json()["return_id"]
        await draft(system)
        visitor = Visitor(system.app, SUPPLIER)
        answer = await visitor.send(f"/returns/{return_id}/revise", reason="A line was wrong")
        assert 409 == answer.status_code
        assert "You have a draft of this month already." in answer.text
        assert "A line was wrong</textarea>" in answer.text

    async def test_is_of_the_current_return(self, system: RunningSystem) -> None:
        program = await system.caller("supplier", build.PARTY)
        return_id = (await program.send(build.a_return())).json()["return_id"]
        visitor = Visitor(system.app, SUPPLIER)
        await visitor.send(f"/returns/{return_id}/withdraw", reason="A wrong month")
        assert 409 == (await visitor.get(f"/returns/{return_id}/revise")).status_code
        answer = await visitor.send(f"/returns/{return_id}/revise", reason="Late")
        assert 409 == answer.status_code


class TestCost:
    async def test_is_bounded(self, system: RunningSystem) -> None:
        """Six queries and 60 kB, also with many lines."""
        await draft(system, *(build.a_line(build.VISIT) for _ in range(200)))
        async with counted(system.pool) as queries:
            answer = await Visitor(system.app, SUPPLIER).get(CHECK)
        assert 200 == answer.status_code
        assert 1 <= len(queries) <= QUERIES_MAX, queries
        assert len(answer.content) <= HTML_BYTES_MAX
