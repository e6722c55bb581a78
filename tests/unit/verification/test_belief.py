"""What a contract believes of what comes in its name, each with what is wrong with it."""

from __future__ import annotations

import msgspec
import pytest

from services.verification.domain import fold
from shared.wire import events, ids
from tests.support import verification_builders as build

FIRST = build.returned(1, "2026-10")
SECOND = build.returned(2, "2026-10", revision=2)


def filed() -> build.Council:
    """A contract with the first revision of a month."""
    council = build.Council()
    council.receive(build.registered(), FIRST)
    return council


def again(**figures: object) -> events.ContractRegistered:
    """The contract, registered once more."""
    return msgspec.structs.replace(build.registered(), version=2, event_id=ids.new(), **figures)


def refusal(event: fold.Input) -> str | None:
    council = filed()
    return fold.refusal(council.states["C1"], event, council.known)


class TestAReturn:
    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"authority_id": "GB-LAE-SHN"}, "authority_differs"),
            ({"party_id": "GB-COH-00000099"}, "party_unknown"),
            ({"revision": 9, "supersedes": FIRST.return_id}, "supersedes_another"),
            ({"revision": 9, "supersedes": None}, "supersedes_none"),
            ({"revision": 9, "supersedes": ids.derived("invented")}, "supersedes_unknown"),
            ({"period": "2026-11", "supersedes": None}, "supersedes_none"),
            ({"period": "2026-11", "supersedes": ids.derived("invented")}, "supersedes_unknown"),
            ({"period": "2026-11", "revision": 1}, "supersedes_another"),
            ({"supersedes": ids.derived("another")}, "supersedes_another"),
            ({"supersedes": None}, "supersedes_none"),
            ({"revision": 1}, "revision_stale"),
            ({"supersedes": FIRST.return_id}, None),
        ],
    )
    def test_is_believed_if_it_fits_the_contract_and_what_came_before(
        self, wrong: dict[str, object], code: str | None
    ) -> None:
        """Of a party of the contract, for its authority, and the next revision of what it names."""
        assert code == refusal(msgspec.structs.replace(SECOND, **wrong))

    def test_may_follow_one_that_was_withdrawn(self) -> None:
        """Its revision is the next, and it names what was withdrawn: so intake sends it."""
        council = filed()
        council.receive(build.withdrawn(2, FIRST, "2026-11-02"))
        third = build.returned(3, "2026-10", revision=2)
        assert None is fold.refusal(council.states["C1"], third, council.known)

    def test_may_follow_one_that_waits(self) -> None:
        """Of three revisions the second could not be processed yet: the third counts."""
        council = filed()
        third = build.returned(3, "2026-10", revision=3)
        state = council.states["C1"]
        assert "supersedes_unknown" == fold.refusal(state, third, council.known)
        assert None is fold.refusal(state, third, council.known | {SECOND.return_id})

    def test_of_a_party_that_was_a_supplier_is_believed(self) -> None:
        """It may have had its receipt before the contract went to another."""
        council = filed()
        council.receive(again(supplier_ids=("GB-COH-00000099",)))
        late = build.returned(3, "2026-11")
        assert None is fold.refusal(council.states["C1"], late)


class TestARegistration:
    def test_of_another_authority_is_refused(self) -> None:
        """A contract does not change hands by being registered again."""
        stolen = again(authority_id="GB-LAE-SHN")
        assert "authority_differs" == refusal(stolen)


class TestAReconsideration:
    def test_of_another_authority_is_refused(self) -> None:
        """Claims are contested within one authority."""
        foreign = events.LineReconsidered(
            event_id=ids.new(),
            authority_id="GB-LAE-SHN",
            occurred_at=FIRST.occurred_at,
            contract_id="C1",
            claim="ab" * 32,
            winner="cd" * 32,
        )
        assert "authority_differs" == refusal(foreign)
