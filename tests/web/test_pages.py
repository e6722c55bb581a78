"""Pages over HTTP: who may open them, what stops a forged form, and what they cost."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest

from services.intake.pages import people
from shared import buckets
from shared.pages import access, sessions, site, statics
from shared.web import auth
from tests.support import intake_builders, ledger_client, ledger_service, verification_service
from tests.support import verification_builders as build
from tests.support.visitors import HTML, SEALER, Visitor, counted
from tests.web.test_intake_api import RunningSystem, open_system

QUERIES_MAX: Final = 6
"""Of one page (the budget of pages)."""
HTML_BYTES_MAX: Final = 60_000
SUPPLIER: Final = auth.Caller("s", "supplier", intake_builders.AUTHORITY, intake_builders.PARTY)
MANAGER: Final = auth.Caller("m", "manager", intake_builders.AUTHORITY)
OPERATOR: Final = auth.Caller("o", "operator", intake_builders.AUTHORITY)


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path) as opened:
        yield opened


async def sent(system: RunningSystem) -> str:
    """The id of a return that the supplier sent."""
    own = await system.caller("supplier", intake_builders.PARTY)
    return str((await own.send(intake_builders.a_return())).json()["return_id"])


class TestPage:
    async def test_is_for_those_who_are_signed_in(self, system: RunningSystem) -> None:
        """A stranger is shown where to sign in; a role that reads nothing, who may."""
        stranger = await Visitor(system.app, None).get("/")
        assert 401 == stranger.status_code
        assert "Sign in to see this page" in stranger.text
        assert "/sign-in" in stranger.text
        operator = await Visitor(system.app, OPERATOR).get("/")
        assert 403 == operator.status_code
        assert "This page is for: supplier or contract manager" in operator.text

    async def test_keeps_the_strict_headers(self, system: RunningSystem) -> None:
        """Nothing inline, nothing from elsewhere, in no frame, in no cache."""
        answer = await Visitor(system.app, MANAGER).get("/")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; style-src 'self'; script-src 'self'; " in policy
        assert "base-uri 'none'; frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "no-store" == answer.headers["cache-control"]
        assert "nosniff" == answer.headers["x-content-type-options"]

    async def test_takes_no_token_and_the_api_no_cookie(self, system: RunningSystem) -> None:
        """A form of another site could use a cookie; a token is never sent by itself."""
        manager = await system.caller("manager")
        assert 401 == (await manager.get("/")).status_code
        visitor = Visitor(system.app, MANAGER)
        answer = await visitor.get("/api/v1/returns")
        assert 401 == answer.status_code
        assert "application/problem+json" == answer.headers["content-type"]

    async def test_of_a_session_that_ended_asks_to_sign_in(self, system: RunningSystem) -> None:
        visitor = Visitor(system.app, MANAGER)
        assert visitor.session is not None
        old = visitor.session.since - timedelta(hours=sessions.HOURS_MAX)
        visitor.session = msgspec.structs.replace(visitor.session, since=old)
        assert 401 == (await visitor.get("/")).status_code


class TestProblem:
    async def test_is_a_page_for_people_and_a_document_for_programs(
        self, system: RunningSystem
    ) -> None:
        """By what is asked for; under /api always a document."""
        visitor = Visitor(system.app, SUPPLIER)
        for path in ("/nowhere", f"/returns/{'0' * 8}-0000-7000-8000-{'0' * 12}", "/returns/x"):
            answer = await visitor.get(path)
            assert 404 == answer.status_code, path
            assert answer.headers["content-type"].startswith("text/html")
            assert "Page not found" in answer.text
        program = await visitor.get("/returns/x", accept="*/*")
        assert "application/problem+json" == program.headers["content-type"]
        api = await visitor.get("/api/v1/nowhere")
        assert "application/problem+json" == api.headers["content-type"]

    async def test_of_an_odd_address_is_a_page_too(self, system: RunningSystem) -> None:
        """Though it is refused before anything else looks at it."""
        for path in ("/?cursor=x", "/?cursor=%FF", "/?contract=a&contract=b", "/?cursor=W10"):
            answer = await Visitor(system.app, SUPPLIER).get(path)
            assert 404 == answer.status_code, path
            assert "Page not found" in answer.text

    async def test_of_the_database_is_a_page_that_says_sorry(self, system: RunningSystem) -> None:
        """503 with Retry-After, and nothing of our internals."""
        system.pool.terminate()
        answer = await Visitor(system.app, SUPPLIER).get("/")
        assert 503 == answer.status_code
        assert "Sorry, there is a problem" in answer.text
        assert "2" == answer.headers["retry-after"]

    async def test_is_answered_though_its_page_fails(self, database: str, tmp_path: Path) -> None:
        """Here by a key that is none: nobody's session can be opened, not even for the page that
        says so."""
        (tmp_path / "session.key").write_bytes(b"short")
        async with open_system(database, tmp_path) as system:
            cookie = Visitor(system.app, SUPPLIER).headers["cookie"]
            del site.of(system.app).sealer
            headers = {"accept": HTML, "cookie": cookie}
            answer = await system.client.get("/", headers=headers)
        assert 500 == answer.status_code
        assert "application/problem+json" == answer.headers["content-type"]
        assert "short" not in answer.text


class TestSignIn:
    async def test_of_the_demonstration_is_a_choice(self, system: RunningSystem) -> None:
        """The link sets the cookie, which only our pages read, for 21 hours."""
        visitor = Visitor(system.app, None)
        chosen = (await visitor.get("/sign-in")).text
        for person in people.BY_KEY.values():
            assert person.name in chosen
        answer = await visitor.get("/sign-in/asha-rowntree")
        assert 303 == answer.status_code
        assert "http://127.0.0.1:8001/" == answer.headers["location"]
        cookie = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=75600"} <= set(cookie.split("; "))
        value = re.findall(r"^makegood=\"?([^;\"]+)", cookie)[0]
        asha = SEALER.open(value, datetime.now(UTC))
        assert asha is not None
        assert ("Asha Rowntree", "GB-COH-99000001") == (asha.name, asha.party_id)

    @pytest.mark.parametrize(
        ("key", "person"), list(people.BY_KEY.items()), ids=list(people.BY_KEY)
    )
    def test_of_each_person_fits_the_role(self, key: str, person: people.Person) -> None:
        """Only suppliers have a party; each lands where its work is."""
        assert key == person.key
        is_supplier = person.who.role == "supplier"
        assert is_supplier == (person.who.party_id is not None)
        home = {"supplier": "supplier", "auditor": "record"}.get(person.who.role, "council")
        assert home == person.site

    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("/sign-in/nobody", {}, 404),
            ("/sign-in/asha-rowntree", {"host": "evil.example"}, 404),
            ("/sign-in/asha-rowntree", {"sec-fetch-site": "same-origin"}, 303),
        ],
    )
    async def test_is_for_this_machine_alone(
        self, system: RunningSystem, path: str, headers: dict[str, str], status: int
    ) -> None:
        """A name that leads here from elsewhere does not sign in."""
        answer = await Visitor(system.app, None).get(path, **headers)
        assert status == answer.status_code

    async def test_is_not_done_by_another_site(self, system: RunningSystem) -> None:
        """Its link leads to the choice, and sets no cookie."""
        visitor = Visitor(system.app, None)
        answer = await visitor.get("/sign-in/priya-nair", **{"sec-fetch-site": "cross-site"})
        assert "/sign-in" == answer.headers["location"]
        assert "set-cookie" not in answer.headers

    async def test_elsewhere_is_not_built_yet(self, database: str, tmp_path: Path) -> None:
        """The page says so, and nobody can be chosen; cookies are for TLS only."""
        async with open_system(database, tmp_path, demo=False, demo_starts_at=None) as system:
            visitor = Visitor(system.app, None)
            answer = await visitor.get("/sign-in")
            assert "is not built yet" in answer.text
            assert "Asha" not in answer.text
            assert 404 == (await visitor.get("/sign-in/asha-rowntree")).status_code
            assert "__Host-makegood" == site.of(system.app).cookie


class TestSignOut:
    def form(self, visitor: Visitor) -> dict[str, str]:
        assert visitor.session is not None
        return {access.TOKEN: SEALER.form_token(visitor.session)}

    async def test_takes_the_cookie_away(self, system: RunningSystem) -> None:
        """303 to a page of the same service."""
        visitor = Visitor(system.app, SUPPLIER)
        site = {"sec-fetch-site": "same-origin"}
        answer = await visitor.post("/sign-out", self.form(visitor), **site)
        assert (303, "signed-out") == (answer.status_code, answer.headers["location"])
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert "You have signed out" in (await visitor.get("/signed-out")).text

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"sec-fetch-site": "same-origin"}, 303),
            ({"origin": "http://127.0.0.1"}, 303),
            ({"sec-fetch-site": "same-site"}, 403),
            ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1"}, 403),
            ({"origin": "http://evil.example"}, 403),
            ({"origin": "http://127.0.0.1:8002"}, 403),
            ({"origin": "null"}, 403),
            ({}, 403),
        ],
    )
    async def test_is_taken_from_our_pages_alone(
        self, system: RunningSystem, headers: dict[str, str], status: int
    ) -> None:
        """As the browser says; another port is another site."""
        visitor = Visitor(system.app, SUPPLIER)
        answer = await visitor.post("/sign-out", self.form(visitor), **headers)
        assert status == answer.status_code

    async def test_needs_the_token_of_the_session(self, system: RunningSystem) -> None:
        """None, another session's, a stranger's."""
        site = {"sec-fetch-site": "same-origin"}
        visitor, other = Visitor(system.app, SUPPLIER), Visitor(system.app, SUPPLIER)
        assert 403 == (await visitor.post("/sign-out", {}, **site)).status_code
        assert 403 == (await visitor.post("/sign-out", self.form(other), **site)).status_code
        stranger = Visitor(system.app, None)
        assert 401 == (await stranger.post("/sign-out", self.form(other), **site)).status_code


class TestForms:
    async def test_of_one_session_are_60_a_minute(self, system: RunningSystem) -> None:
        """The next one comes back as it was typed, to be sent again; another session's is taken."""
        visitor, other = Visitor(system.app, SUPPLIER), Visitor(system.app, SUPPLIER)
        now = [0.0]
        site.of(system.app).forms = buckets.Buckets(1, site.FORMS_A_MINUTE, lambda: now[0])
        form = {"reason": 'It "was" <wrong>'}
        answers = [await visitor.send("/sign-out?a=b", **form) for _ in range(61)]
        assert [303] * 60 + [429] == [each.status_code for each in answers]
        kept = answers[-1]
        assert "1" == kept.headers["retry-after"]
        assert "You sent more than 60 forms in a minute." in kept.text
        assert "in 1 second, send it again" in kept.text
        assert 'action="/sign-out?a=b"' in kept.text
        assert 'name="reason" value="It &#34;was&#34; &lt;wrong&gt;"' in kept.text
        assert 303 == (await other.send("/sign-out")).status_code
        now[0] = 1.0
        assert 303 == (await visitor.send("/sign-out", **form)).status_code

    async def test_that_cannot_be_stored_now_is_kept(self, system: RunningSystem) -> None:
        """Here a withdrawal, while the database does not answer."""
        return_id = await sent(system)
        system.pool.terminate()
        visitor = Visitor(system.app, SUPPLIER)
        answer = await visitor.send(f"/returns/{return_id}/withdraw", reason="A wrong month")
        assert 503 == answer.status_code
        assert "We cannot take this now." in answer.text
        assert 'name="reason" value="A wrong month"' in answer.text


class TestStatic:
    async def test_stays_for_ever_at_its_address(self, system: RunningSystem) -> None:
        """Compressed for whoever takes that; another address is nothing."""
        visitor = Visitor(system.app, None)
        path = f"{statics.path()}/makegood.css"
        plain = await visitor.get(path, **{"accept-encoding": "identity"})
        assert statics.FOREVER == plain.headers["cache-control"]
        assert (statics.FOLDER / "makegood.css").read_bytes() == plain.content
        packed = await visitor.get(path, **{"accept-encoding": "gzip"})
        assert "gzip" == packed.headers["content-encoding"]
        assert plain.content == packed.content
        for wrong in ("/static/0000000000000000/makegood.css", f"{statics.path()}/site.py"):
            assert 404 == (await visitor.get(wrong)).status_code
        _, files = statics.load()
        assert files["makegood.css"].plain == gzip.decompress(files["makegood.css"].compressed)


class TestCost:
    async def test_of_a_return_is_bounded(self, system: RunningSystem) -> None:
        """Its list, and itself after a check."""
        return_id = await sent(system)
        for path in ("/", f"/returns/{return_id}"):
            async with counted(system.pool) as queries:
                answer = await Visitor(system.app, SUPPLIER).get(path)
            assert 200 == answer.status_code
            assert 1 <= len(queries) <= QUERIES_MAX, queries
            assert len(answer.content) <= HTML_BYTES_MAX

    async def test_of_a_contract_is_bounded(self, database: str) -> None:
        """With a month that was rated."""
        async with verification_service.at_work(database) as service:
            await service.promise("C1")
            await service.deliver(build.returned(1, "2026-10", build.line("1", "10000")))
            await service.deliver(verification_service.day_ended("2026-11-13"))
            visitor = Visitor(service.app, auth.Caller("m", "manager", build.AUTHORITY))
            for path in ("/contracts", "/promises", "/contracts/C1"):
                async with counted(service.pool) as queries:
                    answer = await visitor.get(path)
                assert 200 == answer.status_code, answer.text
                assert 1 <= len(queries) <= QUERIES_MAX, queries
                assert len(answer.content) <= HTML_BYTES_MAX
            # due by 31 October: 600,000 x 31 / 731 = 25,444.60; 10,000 counts
            said = "1 of 1 promise is behind: Spend in the borough, £15,444.60."
            assert said in answer.text

    async def test_of_an_entry_is_bounded(self, database: str, tmp_path: Path) -> None:
        """Its list, itself, and the files to check it with."""
        async with ledger_service.at_work(database, tmp_path) as service:
            client = await ledger_client.connect(service)
            visitor = Visitor(client.app, ledger_client.CALLERS["auditor"])
            for path in ("/", "/entries/3", "/entries/3/leaf", "/entries/3/proof"):
                async with counted(service.pool) as queries:
                    answer = await visitor.get(path)
                assert 200 == answer.status_code, answer.text
                assert 1 <= len(queries) <= QUERIES_MAX, queries
                assert len(answer.content) <= HTML_BYTES_MAX
