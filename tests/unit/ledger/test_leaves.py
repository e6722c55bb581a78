"""Leaves: one spelling, no unknown fields, chained by contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.entries import facts as recorded
from services.ledger.domain.entries import leaves
from shared.wire import events

EVENT_ID = UUID("0192aaaa-0000-7000-8000-000000000001")
SOURCE = leaves.Source("makegood.returns.v1", 1, 3, 1234)
NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)


def leaf(**fields: Any) -> leaves.Leaf:
    """A leaf with as few fields as possible, and `fields`."""
    least: dict[str, Any] = {
        "type": "ReturnReceived",
        "event_id": EVENT_ID,
        "facts": {},
        "source": SOURCE,
        "occurred_at": NOON,
        "payload": "ab" * 32,
    }
    return leaves.Leaf(**least | fields)


def _with_floats(kind: msgspec.inspect.Type, place: str) -> Iterator[str]:
    """The places below `kind` that can hold a float, or anything."""
    match kind:
        case msgspec.inspect.StructType(fields=fields):
            for field in fields:
                yield from _with_floats(field.type, f"{place}.{field.encode_name}")
        case msgspec.inspect.UnionType(types=kinds):
            for each in kinds:
                yield from _with_floats(each, place)
        case msgspec.inspect.VarTupleType(item_type=item):
            yield from _with_floats(item, place)
        case msgspec.inspect.DictType(value_type=value):
            yield from _with_floats(value, place)
        case _ if not isinstance(kind, SAFE):
            yield place


SAFE = (
    msgspec.inspect.NoneType,
    msgspec.inspect.BoolType,
    msgspec.inspect.IntType,
    msgspec.inspect.StrType,
    msgspec.inspect.LiteralType,
    msgspec.inspect.DecimalType,
    msgspec.inspect.UUIDType,
    msgspec.inspect.DateType,
    msgspec.inspect.DateTimeType,
)
TEXT = st.text(max_size=9) | st.sampled_from(["\x00\b\t\n\x1f", '"\\/', "\x7f\x80\u2028", "é𝄞"])
FACTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=9,
)


class TestBuild:
    """The exact bytes."""

    def test_spelling_is_fixed(self) -> None:
        """Sorted keys, no blanks, UTF-8, times in UTC; fields that do not apply are left out."""
        expected = (
            '{"event_id":"0192aaaa-0000-7000-8000-000000000001","facts":{"b":"2.50","é":[1,null]},'
            '"occurred_at":"2026-10-31T12:00:00Z","payload":"' + "ab" * 32 + '",'
            '"source":{"incarnation":1,"offset":1234,"partition":3,"topic":"makegood.returns.v1"},'
            '"type":"ReturnReceived","v":1}'
        )
        assert expected == leaves.build(leaf(facts={"é": [1, None], "b": "2.50"})).decode()

    def test_chain_is_spelt(self) -> None:
        """A contract's second leaf has its number and the hash of the first."""
        chained = leaf(contract_id="KMBC-1", contract_seq=2, prev="cd" * 32, period="2026-10")
        fields = json.loads(leaves.build(chained))
        names = ("contract_id", "contract_seq", "prev", "period")
        assert ["KMBC-1", 2, "cd" * 32, "2026-10"] == [fields[name] for name in names]

    @pytest.mark.parametrize(
        "fields",
        [
            {"contract_id": "KMBC-1"},
            {"contract_seq": 1},
            {"contract_id": "KMBC-1", "contract_seq": 2},
            {"contract_id": "KMBC-1", "contract_seq": 1, "prev": "cd" * 32},
            {"prev": "cd" * 32},
        ],
    )
    def test_refuses_half_a_chain(self, fields: dict[str, Any]) -> None:
        """Contract, number and predecessor belong together."""
        with pytest.raises(ValueError):
            leaf(**fields)

    @given(st.dictionaries(st.text(max_size=9), FACTS, max_size=4))
    def test_any_json_library_spells_it_so(self, facts: dict[str, Any]) -> None:
        """Python's own too, if it sorts keys, leaves out blanks and escapes nothing needlessly."""
        built = leaves.build(leaf(facts=facts))
        spelt = json.dumps(
            json.loads(built), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        assert spelt.encode() == built

    def test_times_are_utc(self) -> None:
        """A time an hour east of Greenwich is the same time in another spelling."""
        east = NOON.astimezone(timezone(timedelta(hours=1)))
        with pytest.raises(ValueError, match="UTC"):
            leaf(occurred_at=east)

    @pytest.mark.parametrize("event", recorded.RECORDED, ids=lambda event: event.__name__)
    def test_is_given_no_floats(self, event: type[events.Event]) -> None:
        """No recorded event can have a float, except in fields that its facts leave out."""
        assert set() == set(_with_floats(msgspec.inspect.type_info(event), event.__name__)) - {
            "CommitmentChanged.commitment.profile",
            "CommitmentChanged.commitment.area",
        }

    def test_refuses_what_no_bundle_holds(self) -> None:
        """65,535 bytes fit, one more does not."""
        left = 65_535 - len(leaves.build(leaf(facts={"a": ""})))
        assert 65_535 == len(leaves.build(leaf(facts={"a": "x" * left})))
        with pytest.raises(leaves.LeafTooLargeError):
            leaves.build(leaf(facts={"a": "x" * (left + 1)}))


class TestParse:
    """Reading a leaf back."""

    @given(
        st.dictionaries(st.text(max_size=9), FACTS, max_size=4),
        st.datetimes(timezones=st.just(UTC)),
        st.none() | st.uuids(),
    )
    def test_is_the_inverse_of_build(
        self, facts: dict[str, Any], at: datetime, caused_by: UUID | None
    ) -> None:
        """Every leaf comes back as it was."""
        built = leaf(facts=facts, occurred_at=at, caused_by=caused_by)
        assert built == leaves.parse(leaves.build(built))

    @pytest.mark.parametrize(
        ("found", "put"),
        [
            ('"v":1', '"v":2'),
            ('"v":1', '"v": 1'),
            ('"v":1', '"v":1,"v":1'),
            ('"v":1', '"v":1,"x":1'),
            ('"facts":{}', '"facts":{"a":1.0}'),
            ('"facts":{}', '"facts":{"b":1,"a":1}'),
            ('"facts":{}', '"facts":{"a":1,"a":1}'),
            ('"facts":{}', '"facts":{"a":NaN}'),
            ('"type":"ReturnReceived",', ""),
            ('"event_id":"0192aaaa', '"event_id":"0192AAAA'),
            ("12:00:00Z", "12:00:00+00:00"),
            ("12:00:00Z", "12:00:00"),
            ("12:00:00Z", "13:00:00+01:00"),
            ('"offset":1234', '"offset":"1234"'),
            ('"offset":1234', '"offset":1234,"x":1'),
            ("abab", "ABAB"),
            ("}", "}\n"),
        ],
    )
    def test_refuses_another_spelling(self, found: str, put: str) -> None:
        """Only what `build` writes is a leaf."""
        spelt = leaves.build(leaf()).decode()
        assert found in spelt
        with pytest.raises(leaves.LeafRefusedError):
            leaves.parse(spelt.replace(found, put, 1).encode())

    @pytest.mark.parametrize("junk", [b"", b"null", b"[]", b"\xff", b'"\xff"', b"{" * 9999])
    def test_refuses_junk(self, junk: bytes) -> None:
        """Bytes that are not a JSON object are refused with LeafRefusedError."""
        with pytest.raises(leaves.LeafRefusedError):
            leaves.parse(junk)
