"""Kafka's quotas: how much a party may produce, whichever of its programs sends.

Promises: a quota is of the Kafka user that has the party's id as its name. It stands at the broker
until it is set anew. It needs the right to alter the cluster.

aiokafka cannot alter quotas: the request is defined here, in its own terms (KIP-546).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import aiokafka.errors
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

USER: Final = "user"
PRODUCE: Final = "producer_byte_rate"

_ALTER: Final = 49
_ENTITY: Final = ("entity", Array(("type", String("utf-8")), ("name", String("utf-8"))))


class _AlterResponse(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = _ALTER
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(("error_code", Int16), ("error_message", String("utf-8")), _ENTITY),
        ),
    )


class _AlterStruct(RequestStruct):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = _ALTER
    API_VERSION = 0
    RESPONSE_TYPE = _AlterResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(
                _ENTITY,
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class _Quota(NamedTuple):
    user: str
    bytes_per_second: int


class _AlterRequest(Request[_AlterStruct]):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = _ALTER

    def __init__(self, quota: _Quota) -> None:
        self._quota = quota

    def build(self, request_struct_class: Any) -> Any:
        operation = PRODUCE, float(self._quota.bytes_per_second), False
        return request_struct_class([([(USER, self._quota.user)], [operation])], False)


async def limit_producer(admin: AIOKafkaAdminClient, user: str, bytes_per_second: int) -> None:
    """Sets how much a user may produce. Raises KafkaError."""
    request = _AlterRequest(_Quota(user, bytes_per_second))
    answer = await admin._send_to_controller(request)  # it has no public way
    for code, message, _ in answer.entries:
        if code:
            raise aiokafka.errors.for_code(code)(f"no quota for {user}: {message}")
