"""What `python -m deploy.access` refuses before it asks the broker, and how a password is sent."""

from __future__ import annotations

import hashlib

import pytest

from deploy import access, broker_requests


class TestParty:
    def test_is_one_principal_in_every_spelling(self) -> None:
        assert "GB-COH-01234567" == access.party("gb-coh-1234567")

    @pytest.mark.parametrize("odd", ["intake", "admin", "*", "GB-COH-", "GB COH 1;User:admin", ""])
    def test_is_an_org_id(self, odd: str) -> None:
        """So no party has the name of a service or of the admin."""
        with pytest.raises(access.RefusedError, match="is not an org-id"):
            access.party(odd)


class TestServicePasswords:
    def test_are_missed_all_at_once(self) -> None:
        """A short one, one of other characters and none at all are named together."""
        given = {"INTAKE_KAFKA_PASSWORD": "short", "LEDGER_KAFKA_PASSWORD": "é" * 30}
        with pytest.raises(access.RefusedError) as refused:
            access.service_passwords(given)
        assert str(refused.value).startswith(
            "INTAKE_KAFKA_PASSWORD, VERIFICATION_KAFKA_PASSWORD, LEDGER_KAFKA_PASSWORD: give each "
            "at least 24 ASCII characters"
        )


class TestPassword:
    def test_is_sent_as_its_salted_hash(self) -> None:
        """The broker gets what RFC 5802 calls SaltedPassword, and never the password."""
        request = broker_requests.SetPassword("intake", "a password")
        built = request.build(broker_requests._SetCredentials)
        ((user, mechanism, iterations, salt, salted, _),) = built.upsertions
        assert ("intake", 2, 8192) == (user, mechanism, iterations)
        assert salted == hashlib.pbkdf2_hmac("sha512", b"a password", salt, 8192)
        assert b"a password" not in built.encode()
