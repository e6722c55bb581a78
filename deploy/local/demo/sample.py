"""The demo's sample as it lies in the folder `sample`: who promised what, and what happens when.

Promises: values only, read once; nothing here knows a service. What the sample's README calls a
fact is one; suppliers, contracts and returns are invented.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal

FOLDER: Final = Path(__file__).resolve().parents[1] / "sample"

POISON: Final = b"\xff\xfe\x00 this is no return, and no UTF-8 either \x80"
"""What a broken program might write to its inbound topic."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that somebody outside does on a day."""

    on: date
    do: Literal["send", "repeat", "spoil", "withdraw", "poison"]
    """`repeat`: sends the same again by mistake; `spoil`: sends what must be refused."""
    party_id: str
    route: Literal["http", "kafka"]
    file: str | None = None
    reason: str | None = None

    @property
    def body(self) -> bytes:
        """The bytes that are sent."""
        return POISON if self.file is None else (FOLDER / self.file).read_bytes()

    @property
    def key(self) -> str:
        """The Idempotency-Key: the same file again has the same."""
        return Path(self.file or self.do).stem

    @property
    def title(self) -> str:
        """The return in short: contract and month."""
        if self.file is None:
            return "broken bytes"
        given = json.loads(self.body)
        return f"{given['contract_id']} {given['period']}"


@dataclass(frozen=True, slots=True)
class Sample:
    """`contracts` and `expected` are as in their files."""

    authority_id: str
    suppliers: dict[str, dict[str, str]]
    """By party."""
    contracts: tuple[dict[str, Any], ...]
    starts_at: datetime
    ends_on: date
    happenings: tuple[Happening, ...]
    expected: dict[str, Any]

    def title(self, contract_id: str) -> str:
        """A contract in words."""
        return next(
            str(each["title"]) for each in self.contracts if each["contract_id"] == contract_id
        )

    def months(self) -> list[tuple[str, list[Happening]]]:
        """The happenings of each month in which there are any."""
        found: dict[str, list[Happening]] = {}
        for happening in self.happenings:
            found.setdefault(f"{happening.on:%B %Y}", []).append(happening)
        return list(found.items())


@functools.cache
def load() -> Sample:
    """The sample in this checkout."""
    promised, calendar = _read("contracts.json"), _read("calendar.json")
    return Sample(
        promised["authority_id"],
        {each["party_id"]: each for each in promised["suppliers"]},
        tuple(promised["contracts"]),
        datetime.fromisoformat(calendar["starts_at"]),
        date.fromisoformat(calendar["ends_on"]),
        tuple(
            Happening(**(each | {"on": date.fromisoformat(each["on"])}))
            for each in calendar["happenings"]
        ),
        _read("expected.json"),
    )


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())
