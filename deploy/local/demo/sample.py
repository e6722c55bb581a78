"""The demo's sample, from the folder `sample`: who promised what, and what happens when.

Promises: values only, read once, independent of the services. Places are real; suppliers, contracts
and returns are invented (see the sample's README).
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
"""What a faulty program might write to its inbound topic."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a person or program outside does on a day."""

    on: date
    do: Literal["send", "repeat", "spoil", "withdraw", "poison"]
    """`repeat`: sends the same return again by mistake. `spoil`: sends a return that must be
    refused. `poison`: sends bytes that are not a return."""
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
        """The Idempotency-Key; the same file always has the same key."""
        return Path(self.file or self.do).stem

    @property
    def title(self) -> str:
        """The return's contract and month."""
        if self.file is None:
            return "broken bytes"
        sent = json.loads(self.body)
        return f"{sent['contract_id']} {sent['period']}"


@dataclass(frozen=True, slots=True)
class Sample:
    """All of the sample. `contracts` and `expected` are as in their files."""

    authority_id: str
    suppliers: dict[str, dict[str, str]]
    """By party."""
    contracts: tuple[dict[str, Any], ...]
    people: tuple[dict[str, str], ...]
    """The council's, each with account, name, role and address."""
    starts_at: datetime
    ends_on: date
    happenings: tuple[Happening, ...]
    expected: dict[str, Any]

    def title(self, contract_id: str) -> str:
        """The title of a contract."""
        return next(
            str(each["title"]) for each in self.contracts if each["contract_id"] == contract_id
        )

    def months(self) -> list[tuple[str, list[Happening]]]:
        """The happenings by month, for each month that has any."""
        found: dict[str, list[Happening]] = {}
        for happening in self.happenings:
            found.setdefault(f"{happening.on:%B %Y}", []).append(happening)
        return list(found.items())


@functools.cache
def load() -> Sample:
    """The sample in this checkout."""
    promised, calendar = _read("contracts.json"), _read("calendar.json")
    return Sample(
        authority_id=promised["authority_id"],
        suppliers={each["party_id"]: each for each in promised["suppliers"]},
        contracts=tuple(promised["contracts"]),
        people=tuple(_read("people.json")),
        starts_at=datetime.fromisoformat(calendar["starts_at"]),
        ends_on=date.fromisoformat(calendar["ends_on"]),
        happenings=tuple(
            Happening(**(each | {"on": date.fromisoformat(each["on"])}))
            for each in calendar["happenings"]
        ),
        expected=_read("expected.json"),
    )


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())
