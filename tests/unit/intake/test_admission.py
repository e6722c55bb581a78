"""The fold at the desk: a group of n is decided as n groups of one."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import admission, receipts, returns, submission
from shared.delivery import topics
from tests.support import intake_builders as build

SIGNER = receipts.Signer(b"s" * 32)


def a_state() -> admission.DeskState:
    known = returns.contract(build.a_contract_published())
    return admission.DeskState(
        at=datetime(2026, 11, 5, 9, tzinfo=UTC),
        receipt_no=0,
        signer=SIGNER,
        merge_within=timedelta(hours=24),
        event_bytes_max=topics.BODY_BYTES_MAX,
        contracts={known.contract_id: known},
    )


def a_post(number: int, revision: int, content: int, key: str | None) -> admission.Post:
    document = build.a_return(
        build.a_line(build.VISIT, line_id=f"{content}"), revision=revision, reason="as agreed"
    )
    body = build.written(document)
    return admission.Post(
        party_id=build.PARTY,
        authority_id=build.AUTHORITY,
        route="http",
        key=key,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        reading=submission.read(body),
        return_id=UUID(int=number),
        salt=bytes(16),
    )


POSTS = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from([None, "k1", "k2", "k3"])),
    max_size=12,
)


def known_before(state: admission.DeskState, posts: list[admission.Post]) -> admission.DeskState:
    """What would be loaded for these posts, and nothing else."""
    keys = {admission.key_of(post, None) for post in posts}
    digests = {(post.party_id, post.sha256) for post in posts}
    return dataclasses.replace(
        state,
        latest=dict(state.latest),
        by_key={k: v for k, v in state.by_key.items() if k in keys},
        by_bytes={k: v for k, v in state.by_bytes.items() if k in digests},
    )


class TestAGroup:
    @given(POSTS, st.integers(0, 12))
    def test_is_decided_as_smaller_groups_are(
        self, sent: list[tuple[int, int, str | None]], cut: int
    ) -> None:
        """Wherever a group is divided, the decisions are the same."""
        posts = [a_post(n, *one) for n, one in enumerate(sent, 1)]
        state_of_whole = a_state()
        together = [admission.decide(state_of_whole, post) for post in posts]
        stored = a_state()
        apart = []
        for part in (posts[:cut], posts[cut:]):
            state = known_before(stored, part)
            apart += [admission.decide(state, post) for post in part]
            stored.receipt_no = state.receipt_no
            stored.latest |= state.latest
            stored.by_key |= state.by_key
            stored.by_bytes |= state.by_bytes
        assert together == apart

    @given(POSTS)
    def test_numbers_receipts_and_revisions_without_gaps(
        self, sent: list[tuple[int, int, str | None]]
    ) -> None:
        """Whatever is sent, in whatever order, however often."""
        state = a_state()
        found = [admission.decide(state, a_post(n, *one)) for n, one in enumerate(sent, 1)]
        accepted = [one.issued.receipt for one in found if isinstance(one, admission.Accepted)]
        numbers = list(range(1, len(accepted) + 1))
        assert numbers == [receipt.receipt_no for receipt in accepted]
        assert numbers == [receipt.revision for receipt in accepted]
        assert len(accepted) == len({receipt.sha256 for receipt in accepted})
