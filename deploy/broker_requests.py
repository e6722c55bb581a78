"""Requests to the broker that the client library has no class for: credentials and quotas.

The layouts are Kafka's own (AlterUserScramCredentials 0, AlterClientQuotas 0). A password is never
sent: the broker gets its salted hash, from which it checks a client that signs in.
"""

from __future__ import annotations

import hashlib
import os
from typing import Final

from aiokafka.protocol import types
from aiokafka.protocol.api import Request, RequestStruct, Response

SCRAM_SHA_512: Final = 2
ITERATIONS: Final = 8192
"""Of the hash. Kafka asks for 4,096 at least and takes 16,384 at most."""
SALT_BYTES: Final = 32

_TEXT: Final = types.CompactString("utf-8")
_TAGS: Final = ("tags", types.TaggedFields)
_CREDENTIAL: Final = (
    ("name", _TEXT),
    ("mechanism", types.Int8),
    ("iterations", types.Int32),
    ("salt", types.CompactBytes),
    ("salted_password", types.CompactBytes),
)


class _CredentialsSaid(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = types.Schema(
        ("throttle_time_ms", types.Int32),
        (
            "results",
            types.CompactArray(
                ("user", _TEXT), ("error_code", types.Int16), ("error_message", _TEXT), _TAGS
            ),
        ),
        _TAGS,
    )


class _SetCredentials(RequestStruct):  # type: ignore[misc]  # aiokafka has no types
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = _CredentialsSaid
    SCHEMA = types.Schema(
        ("deletions", types.CompactArray(("name", _TEXT), ("mechanism", types.Int8), _TAGS)),
        ("upsertions", types.CompactArray(*_CREDENTIAL, _TAGS)),
        _TAGS,
    )


class SetPassword(Request[_SetCredentials]):  # type: ignore[misc]  # aiokafka has no types
    """Sets a user's password; None takes it away."""

    API_KEY = 51

    def __init__(self, user: str, password: str | None) -> None:
        self._user, self._password = user, password

    def build(self, request_struct_class: type[_SetCredentials]) -> _SetCredentials:
        if self._password is None:
            return request_struct_class([(self._user, SCRAM_SHA_512, {})], [], {})
        salt = os.urandom(SALT_BYTES)
        salted = hashlib.pbkdf2_hmac("sha512", self._password.encode(), salt, ITERATIONS)
        return request_struct_class(
            [], [(self._user, SCRAM_SHA_512, ITERATIONS, salt, salted, {})], {}
        )


_ENTITY: Final = types.Array(
    ("entity_type", types.String("utf-8")), ("entity_name", types.String("utf-8"))
)


class _QuotasSaid(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = types.Schema(
        ("throttle_time_ms", types.Int32),
        (
            "results",
            types.Array(
                ("error_code", types.Int16),
                ("error_message", types.String("utf-8")),
                ("entity", _ENTITY),
            ),
        ),
    )


class _SetQuotas(RequestStruct):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _QuotasSaid
    SCHEMA = types.Schema(
        (
            "entries",
            types.Array(
                ("entity", _ENTITY),
                (
                    "operations",
                    types.Array(
                        ("key", types.String("utf-8")),
                        ("value", types.Float64),
                        ("remove", types.Boolean),
                    ),
                ),
            ),
        ),
        ("validate_only", types.Boolean),
    )


class SetWriteQuota(Request[_SetQuotas]):  # type: ignore[misc]  # aiokafka has no types
    """Sets how many bytes a second a user may write; None takes the limit away."""

    API_KEY = 49

    def __init__(self, user: str, bytes_per_second: int | None) -> None:
        self._user, self._bytes_per_second = user, bytes_per_second

    def build(self, request_struct_class: type[_SetQuotas]) -> _SetQuotas:
        is_removed = self._bytes_per_second is None
        limit = ("producer_byte_rate", float(self._bytes_per_second or 0), is_removed)
        return request_struct_class([([("user", self._user)], [limit])], False)
