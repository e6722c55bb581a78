"""Verification as it runs, against files that are dense: its memory stays within its bound."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import pytest

from services.verification import store
from services.verification.register import releases
from tests.support import published, reference
from tests.web.test_door_services import IMPORT, MB, PEAK_MB_MAX, post, serving

SIZE: Final = releases.BODY_BYTES_MAX
ANSWER_SECONDS_MAX: Final = 300


def filled(head: bytes, unit: bytes, tail: bytes) -> bytes:
    """A file of the largest size."""
    return head + unit * ((SIZE - len(head) - len(tail)) // len(unit)) + tail


def listed(values: Iterable[bytes]) -> bytes:
    """A list that is cut where the file would be too large."""
    body = bytearray(b"[")
    for value in values:
        if len(body) + len(value) + 2 > SIZE:
            break
        body += value + b","
    body[-1:] = b"]"
    return bytes(body)


def releases_of(count: int, **more: object) -> bytes:
    """So many releases, filled up to the largest size."""
    made = [published.release(ocid=f"ocds-abc123-{n}", **more) for n in range(count)]
    room = SIZE // count - len(json.dumps(made[-1], ensure_ascii=False).encode()) - 20
    return listed(
        json.dumps(each | {"x": "y" * room}, ensure_ascii=False).encode() for each in made
    )


def many_standing() -> bytes:
    """2,000 awards, whose titles have 2,800,000 characters, of which one makes all four bytes
    wide."""
    return releases_of(2_000, tender={"title": "\U0001f600" + "x" * 1_400})


def many_faulty() -> bytes:
    """29,000 parts with 2,800,000 characters that are told of again."""
    awards = [{"id": str(n) + "\U0001f600" * 38, "status": "\U0001f600" * 60} for n in range(28)]
    return releases_of(1_000, awards=awards)


def real() -> bytes:
    """Notices as they are published, until the file is full."""
    lines = (reference.DATA / "contracts-finder" / "releases.jsonl").read_bytes().splitlines()
    many = itertools.chain.from_iterable(
        (line.replace(b'"ocds-', b'"ocds-%d-' % number) for line in lines)
        for number in itertools.count()
    )
    body = bytearray()
    while len(body) + len(line := next(many)) < SIZE:
        body += line + b"\n"
    return bytes(body)


A_RELEASE = b"[" + b'{"a":{}},' * 16_600 + b'"' + b"x" * 800_000 + b'"]'
"""Of nearly as many objects, and bytes, as a release may have."""
TEXT = b'"abcdefghijklmnopqrst",'

SHAPES: dict[str, tuple[int, Callable[[], bytes]]] = {
    "objects": (422, lambda: filled(b"[", b'{"a":{}},', b"{}]")),
    "lists": (422, lambda: filled(b"[", b"[[[]]],", b"[]]")),
    "texts": (422, lambda: filled(b"[", TEXT, b'""]')),
    "one release": (422, lambda: filled(b'{"a":[', TEXT, b'""]}')),
    "one line": (422, lambda: filled(b"{}\n[", TEXT, b'""]')),
    "one line, one release": (200, lambda: filled(b'{}\n{"a":"', b"\xf0\x9f\x98\x80", b'"}')),
    "lines": (422, lambda: filled(b"{}\n", b'[[[],{"a":{}},"bc"],0,"de"]\n', b"{}")),
    "one text": (422, lambda: filled('["\U0001f600'.encode(), b"a", b'"]')),
    "large releases": (200, lambda: listed([A_RELEASE] * 100)),
    "awards": (200, many_standing),
    "faults": (200, many_faulty),
}
needs_data = pytest.param("real", marks=reference.needed)


class TestAFile:
    @pytest.mark.parametrize("shape", [*SHAPES, needs_data])
    async def test_of_any_shape_keeps_memory(
        self, shape: str, database: str, tmp_path: Path
    ) -> None:
        """Of the largest size and as dense as JSON can be, taken or refused."""
        status, make = SHAPES.get(shape, (200, real))
        body = make()
        made = serving("verification", database, tmp_path, store.MIGRATIONS, "manager")
        async with made as (running, token):
            head = post(IMPORT, len(body), token)
            pieces = (body[at : at + MB] for at in range(0, len(body), MB))
            said = await running.say(head, *pieces, seconds_max=ANSWER_SECONDS_MAX)
            assert said.startswith(b"HTTP/1.1 %d " % status)
            assert PEAK_MB_MAX >= running.peak_mb()
