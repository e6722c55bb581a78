"""The demo's sample: its figures are right, its facts are facts, its people are invented.

`expected.json` was worked out by hand. Here the domains take the same returns without any server
and must come to the same; `tests/stories/test_demo.py` shows it on real ones.
"""

from __future__ import annotations

import csv
import functools
import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

import msgspec

from deploy.local.demo import facts, sample
from services.intake.domain import announcements, faults, people, returns, submission
from services.verification.domain import places
from shared import calendar, catalogue
from shared.wire import events, ids
from tests.support import reference
from tests.support import verification_builders as build

SAMPLE = sample.load()


def figure(value: object) -> Fraction:
    return Fraction(str(value))


class Six:
    """Six months as the domains see them: intake's reading, verification's folding, no server."""

    def __init__(self) -> None:
        facts = json.loads((sample.FOLDER / "places.json").read_text())
        editions = {
            each["area"]["edition"]
            for one in SAMPLE.contracts
            for each in one["commitments"]
            if "area" in each
        }
        self.council = build.Council(
            (
                places.fact_key(edition, postcode),
                places.PlaceFact((district,), "1980-01", None, edition),
            )
            for edition in editions
            for postcode, district in facts["postcodes"].items()
        )
        self.receipts = 0
        self.refused: list[tuple[str, list[str], int]] = []
        self.sent: dict[str, events.ReturnReceived] = {}
        self.day = calendar.london_day(SAMPLE.starts_at) - timedelta(days=1)
        self.known = {each["contract_id"]: self._sign(each) for each in SAMPLE.contracts}
        for happening in SAMPLE.happenings:
            self._end_days(happening.on)
            self._receive(happening)
        self._end_days(SAMPLE.ends_on)

    def _sign(self, given: dict[str, Any]) -> returns.Contract:
        terms = [
            msgspec.convert(each | {"version": 1, "state": "active"}, events.CommitmentVersion)
            for each in given["commitments"]
        ]
        head = self._head("registered", given["contract_id"])
        registered = events.ContractRegistered(
            **head,
            contract_id=given["contract_id"],
            version=1,
            supplier_ids=(given["supplier_id"],),
            starts_on=date.fromisoformat(given["starts_on"]),
            ends_on=date.fromisoformat(given["ends_on"]),
        )
        self.council.receive(registered)
        for each in terms:
            changed = events.CommitmentChanged(
                **self._head("active", given["contract_id"], each.commitment_id),
                contract_id=given["contract_id"],
                contract_version=2,
                commitment=each,
                proposed_by="manager",
                approved_by="approver",
            )
            self.council.receive(changed)
        return returns.Contract(
            given["contract_id"],
            SAMPLE.authority_id,
            frozenset((given["supplier_id"],)),
            registered.starts_on,
            registered.ends_on,
            {each.commitment_id: catalogue.by_code[each.measure] for each in terms},
        )

    def _receive(self, happening: sample.Happening) -> None:
        if happening.do == "repeat":
            return
        if happening.do == "withdraw":
            of = self.sent[happening.key]
            self.receipts += 1
            self.council.receive(build.withdrawn(self.receipts, of, str(happening.on)))
            return
        reading = submission.read(happening.body)
        found = self._check(happening, reading)
        if found:
            assert happening.do in ("spoil", "poison")
            self.refused.append((happening.route, list(faults.rules(found)), len(found)))
            return
        assert "send" == happening.do
        self.receipts += 1
        event = self._received(happening, reading.submission)
        self.sent[happening.key] = event
        self.council.receive(event)
        self.council.settle()

    def _check(
        self, happening: sample.Happening, reading: submission.Reading
    ) -> tuple[faults.Fault, ...]:
        given = reading.submission
        revision = max(
            (
                each.revision
                for each in self.sent.values()
                if (each.contract_id, each.period) == (given.contract_id, given.period)
            ),
            default=0,
        )
        known = self.known.get(given.contract_id or "")
        context = returns.Context(happening.party_id, known, revision, happening.on)
        return returns.check(reading, context)

    def _received(
        self, happening: sample.Happening, given: submission.Submission
    ) -> events.ReturnReceived:
        chain = [
            each
            for each in self.sent.values()
            if (each.contract_id, each.period) == (given.contract_id, given.period)
        ]
        acceptance = announcements.Acceptance(
            return_id=ids.derived("return", self.receipts),
            receipt_no=self.receipts,
            received_at=datetime.combine(happening.on, time(9), UTC),
            supersedes=chain[-1].return_id if chain else None,
            words_digest="0" * 64,
            party_id=happening.party_id,
            authority_id=SAMPLE.authority_id,
        )
        return announcements.received(given, acceptance, _find_ids)

    def _end_days(self, until: date) -> None:
        last = until - timedelta(days=1)
        self.council.days(str(self.day + timedelta(days=1)), str(last))
        self.day = max(self.day, last)

    def _head(self, *parts: str) -> dict[str, Any]:
        return {
            "event_id": ids.derived(*parts),
            "authority_id": SAMPLE.authority_id,
            "occurred_at": SAMPLE.starts_at,
        }


def _find_ids(person: submission.Person) -> people.PersonIds:
    return people.PersonIds(ids.derived("person", person.employer_id, person.ref), None)


@functools.cache
def six_months() -> Six:
    return Six()


def assessed() -> dict[tuple[str, str, str], events.Assessment]:
    """The last assessment of each contract, commitment and period."""
    return {
        (outcome.contract_id, each.commitment_id, each.period): each
        for outcome in six_months().council.outcomes
        for each in getattr(outcome, "assessments", ())
    }


class TestTheExpectedFacts:
    def test_are_what_the_rules_come_to(self) -> None:
        """Expected, counted, waiting and rating, of every commitment and month."""
        wanted = {
            (contract_id, commitment_id, period): (
                *map(figure, (expected, counted, waiting)),
                rating,
                reason,
            )
            for contract_id, promises in SAMPLE.expected["performance"].items()
            for commitment_id, rows in promises.items()
            for period, expected, counted, waiting, rating, reason in rows
        }
        found = {
            key: (
                figure(each.expected),
                figure(each.counted),
                figure(each.high) - figure(each.low),
                each.rating,
                each.reason,
            )
            for key, each in assessed().items()
        }
        assert wanted == found

    def test_say_what_was_known_before_a_correction(self) -> None:
        """A rating that a revision replaced stays the one that was known on that day."""
        for day, contract_id, commitment_id, period, *figures, rating, reason in SAMPLE.expected[
            "as_at"
        ]:
            found = [
                (each.expected, each.counted, each.high - each.low, each.rating, each.reason)
                for outcome in six_months().council.outcomes
                if outcome.contract_id == contract_id and str(outcome.occurred_at.date()) <= day
                for each in getattr(outcome, "assessments", ())
                if (each.commitment_id, each.period) == (commitment_id, period)
            ]
            assert (*map(Fraction, figures), rating, reason) == tuple(
                each if index > 2 else figure(each) for index, each in enumerate(found[-1])
            )

    def test_name_every_alert(self) -> None:
        """Who is told what, once per change."""
        found = [
            (each.kind, each.contract_id, each.commitment_id, each.period)
            for each in six_months().council.alerts
        ]
        assert Counter(map(tuple, SAMPLE.expected["alerts"])) == Counter(found)

    def test_name_every_case_as_it_stands(self) -> None:
        """A case is known by its last move."""
        moved = {
            each.case_id: (
                each.kind,
                each.contract_id,
                each.commitment_id,
                each.period,
                each.moved_to,
            )
            for each in six_months().council.outcomes
            if each.type == "CaseMoved"
        }
        assert sorted(map(repr, map(tuple, SAMPLE.expected["cases"]))) == sorted(
            map(repr, moved.values())
        )

    def test_name_every_line_that_did_not_count(self) -> None:
        """With the rule, and what it found."""
        found = {
            (contract_id, row.period, row.line_id, row.result.outcome, finding.rule, finding.code)
            for contract_id, rows in six_months().council.table.items()
            for row in rows.values()
            for finding in row.result.findings
            if row.result.outcome in ("queried", "not_counted")
        }
        assert set(map(tuple, SAMPLE.expected["lines"])) == found

    def test_name_every_refusal(self) -> None:
        """Rules and number of faults; what was refused is nowhere else."""
        wanted = [tuple(each) for each in SAMPLE.expected["refusals"]]
        assert wanted == six_months().refused

    def test_count_receipts_and_entries(self) -> None:
        """Of each type of event as many as become entries of the log."""
        council = six_months().council
        said = Counter(each.type for each in (*council.outcomes, *council.alerts))
        wanted = SAMPLE.expected["entries"]
        assert SAMPLE.expected["receipts"] == six_months().receipts
        for kind in ("ReturnChecked", "CommitmentAssessed", "CaseMoved", "AlertRaised"):
            assert (kind, wanted[kind]) == (kind, said[kind])
        assert wanted["ReturnReceived"] == len(six_months().sent)
        assert wanted["ReturnRefused"] == len(six_months().refused)
        assert wanted["ReturnReceived"] + wanted["ReturnWithdrawn"] == wanted["ReturnChecked"]


class TestTheSample:
    def test_covers_all_four_themes(self) -> None:
        """And three profiles."""
        terms = [each for one in SAMPLE.contracts for each in one["commitments"]]
        themes = {catalogue.by_code[each["measure"]].theme for each in terms}
        assert {each.theme for each in catalogue.CATALOGUE_ENTRIES} == themes
        assert {"linear", "steps", "milestone"} == {each["profile"]["kind"] for each in terms}
        for each in terms:
            measure = catalogue.by_code[each["measure"]]
            assert (measure.kind, measure.unit) == (each["kind"], each["unit"])

    def test_invents_its_companies(self) -> None:
        """Companies VerificationService has given out no number that begins with 99."""
        text = "".join(path.read_text() for path in sample.FOLDER.rglob("*.json"))
        numbers = {part[:8] for part in text.split("GB-COH-")[1:]}
        assert {number for number in numbers if number.startswith("99")} == numbers
        assert all("(fictional)" in each["name"] for each in SAMPLE.suppliers.values())

    @reference.needed
    def test_takes_places_from_the_registers(self) -> None:
        """Schools, wards and the district are real ones."""
        facts = json.loads((sample.FOLDER / "places.json").read_text())
        registers = reference.DATA / "places"
        with (registers / "schools-liverpool-city-region.csv").open() as file:
            schools = {f"GB-EDU-{row['urn']}": row for row in csv.DictReader(file)}
        for urn, name in facts["schools"].items():
            assert (name, "Knowsley") == (schools[urn]["name"], schools[urn]["local_authority"])
        wards = json.loads((registers / "wards.json").read_text())
        assert facts["wards"] == {code: wards[code] for code in facts["wards"]}
        assert "KWL" in facts["authority"]["id"]

    def test_names_only_schools_that_it_lists(self) -> None:
        """Every URN in a return is among the facts."""
        facts = json.loads((sample.FOLDER / "places.json").read_text())
        text = "".join(path.read_text() for path in (sample.FOLDER / "returns").iterdir())
        urns = {"GB-EDU-" + part[:6] for part in text.split("GB-EDU-")[1:]}
        assert set(facts["schools"]) == urns


def figures(row: list[Any]) -> facts.Figures:
    """From expected, counted, waiting, rating, reason."""
    expected, counted, waiting, rating, reason = row
    return facts.Figures(figure(expected), figure(counted), figure(waiting), rating, reason)


def all_seen() -> facts.Seen:
    """Everything that is expected, as it would be read back."""
    expected = SAMPLE.expected
    seen = facts.Seen(is_repeat_harmless=True, receipts=expected["receipts"])
    for contract_id, promises in expected["performance"].items():
        for commitment_id, rows in promises.items():
            for period, *row in rows:
                month = facts.Month(contract_id, commitment_id, period)
                seen.heard[month] = seen.shown[month] = figures(row)
    for day, contract_id, commitment_id, period, *row in expected["as_at"]:
        seen.known[day, facts.Month(contract_id, commitment_id, period)] = figures(row)
    seen.alerts = seen.alerts_heard = Counter(map(tuple, expected["alerts"]))
    seen.cases = set(map(tuple, expected["cases"]))
    seen.lines = set(map(tuple, expected["lines"]))
    seen.refusals = Counter(
        (route, tuple(rules), count) for route, rules, count in expected["refusals"]
    )
    seen.entries = Counter(expected["entries"])
    seen.proved = seen.entries.total()
    return seen


class TestComparing:
    def test_is_content_with_all_that_was_expected(self) -> None:
        """No fact is missing."""
        assert [] == [
            fact for fact in facts.compare(SAMPLE.expected, all_seen()) if not fact.is_seen
        ]

    def test_misses_everything_where_nothing_was_seen(self) -> None:
        """No fact holds by itself."""
        found = facts.compare(SAMPLE.expected, facts.Seen())
        assert [] == [fact for fact in found if fact.is_seen]

    def test_notices_one_wrong_figure(self) -> None:
        """And says what was expected and what was found."""
        seen = all_seen()
        month = facts.Month("KMBC-2026-0101", "local-spend", "2026-10")
        seen.shown[month] = seen.shown[month]._replace(counted=Fraction(150_001))
        missing = [fact for fact in facts.compare(SAMPLE.expected, seen) if not fact.is_seen]
        assert [" ".join(month)] == [fact.what for fact in missing]
        assert missing[0].found.startswith("150,001 of 184,000")

    def test_notices_what_was_not_expected(self) -> None:
        """One alert too many is as wrong as one too few."""
        seen = all_seen()
        seen.alerts = seen.alerts + Counter(
            [("shortfall_opened", "KMBC-2026-0104", "x", "2026-05")]
        )
        missing = [fact for fact in facts.compare(SAMPLE.expected, seen) if not fact.is_seen]
        assert ["alerts, and no others"] == [fact.what for fact in missing]
