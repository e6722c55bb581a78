"""The council's people of the sample: whoever tries the demo can be them."""

from __future__ import annotations

from deploy.local.demo import sample
from services.intake.pages import people
from services.verification.domain import telling
from services.verification.register import people as register

SAMPLE = sample.load()
OFFICERS = {each["officer_id"]: each for each in SAMPLE.people}


class TestThePeopleOfTheSample:
    def test_are_those_who_can_sign_in(self) -> None:
        """With the same accounts, names and roles."""
        known = {each.who.actor_id: (each.name, each.who.role) for each in people.BY_KEY.values()}
        assert {account: known[account] for account in OFFICERS} == {
            account: (each["name"], each["role"]) for account, each in OFFICERS.items()
        }

    def test_have_addresses_at_which_nobody_is(self) -> None:
        """Names that end with `.example` exist nowhere (RFC 2606)."""
        addresses = {each["email"] for each in SAMPLE.people}
        assert len(OFFICERS) == len(addresses)
        assert all(each.endswith("@knowsley.example") for each in addresses)

    def test_hold_every_part_of_every_contract(self) -> None:
        """Owner and deputy are two people, and all may hold a part."""
        for contract in SAMPLE.contracts:
            held = contract["people"]
            assert [*telling.PARTS] == [*held]
            assert held["owner"] != held["deputy"]
            assert {OFFICERS[each]["role"] for each in held.values()} <= {*register.ROLES}
