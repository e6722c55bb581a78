"""Payloads: a sealed event opens to what the leaf committed to, or not at all."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.ledger.domain.entries import payloads

EVENT_ID = UUID("0192aaaa-0000-7000-8000-000000000001")
SECRETS = payloads.cut(bytes(range(payloads.SECRETS_BYTES)))
SEALED = payloads.seal(b"event", EVENT_ID, SECRETS)


class TestPayload:
    """An encrypted event."""

    @given(
        st.binary(max_size=999),
        st.uuids(),
        st.binary(min_size=payloads.SECRETS_BYTES, max_size=payloads.SECRETS_BYTES),
    )
    def test_unseal_is_the_inverse_of_seal(
        self, event: bytes, event_id: UUID, random: bytes
    ) -> None:
        """The event comes back to the byte."""
        secrets = payloads.cut(random)
        sealed = payloads.seal(event, event_id, secrets)
        assert event == payloads.unseal(sealed, event_id, secrets)

    def test_commitment_is_salted(self) -> None:
        """SHA-256(0x02 || salt || event), as docs/ledger.md says."""
        expected = hashlib.sha256(b"\x02" + SECRETS.salt + b"event").hexdigest()
        assert expected == SEALED.commitment

    def test_secrets_do_not_overlap(self) -> None:
        """Salt, key and nonce are cut from their own random bytes."""
        assert bytes(range(76)) == SECRETS.salt + SECRETS.key + SECRETS.nonce

    def test_secrets_are_never_shown(self) -> None:
        """In a log line no secret is shown."""
        assert "Secrets()" == repr(SECRETS)

    @pytest.mark.parametrize(
        ("sealed", "event_id", "secrets"),
        [
            (SEALED, UUID(int=1), SECRETS),
            (SEALED, EVENT_ID, replace(SECRETS, key=bytes(32))),
            (SEALED, EVENT_ID, replace(SECRETS, key=b"short")),
            (SEALED, EVENT_ID, replace(SECRETS, nonce=bytes(12))),
            (SEALED, EVENT_ID, replace(SECRETS, salt=bytes(32))),
            (replace(SEALED, commitment="00" * 32), EVENT_ID, SECRETS),
            (replace(SEALED, ciphertext=SEALED.ciphertext[:-1]), EVENT_ID, SECRETS),
            (replace(SEALED, ciphertext=b""), EVENT_ID, SECRETS),
        ],
    )
    def test_refuses_what_is_not_its_own(
        self, sealed: payloads.Sealed, event_id: UUID, secrets: payloads.Secrets
    ) -> None:
        """Another id, key, nonce, salt, commitment or ciphertext opens nothing."""
        with pytest.raises(payloads.PayloadRefusedError):
            payloads.unseal(sealed, event_id, secrets)
