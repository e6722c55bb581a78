"""Fictional OCDS releases, and what an import would make of a file of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from services.verification.register import imports, ocds, releases
from services.verification.register import published as values
from services.verification.register.publication import Acting
from services.verification.register.releases import Row, Unreadable
from services.verification.register.succession import Entry, by_award, settle
from services.verification.register.things import Thing
from tests.support import verification_builders as build
from tests.support.verification_service import Caller

AT: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
"""When the files are imported."""
PATH: Final = "/contracts/import"
ACTING: Final = Acting("manager@here", build.AUTHORITY, AT)


def release(*tags: str, **more: Any) -> dict[str, Any]:
    """An award of a fictional publisher."""
    return {
        "ocid": "ocds-abc123-7",
        "id": "r1",
        "date": "2026-09-01T10:00:00Z",
        "tag": list(tags or ("award",)),
        "tender": {"title": "Community hub"},
        "buyer": {"id": "org-1", "name": "Knowsley Metropolitan Borough Council"},
        "parties": [
            {
                "id": "org-2",
                "name": "Example Builders (fictional)",
                "identifier": {"scheme": "GB-COH", "id": "99000001"},
            },
        ],
        "awards": [award()],
    } | more


def award(**more: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "status": "active",
        "suppliers": [{"id": "org-2", "name": "Example Builders (fictional)"}],
        "contractPeriod": {
            "startDate": "2026-10-01T00:00:00+01:00",
            "endDate": "2027-09-30T23:59:59+01:00",
        },
    } | more


def signed(contract_id: object = "c1", **more: Any) -> dict[str, Any]:
    """A contract of the award."""
    return {
        "id": contract_id,
        "awardID": "1",
        "status": "active",
        "period": {"startDate": "2026-11-01", "endDate": "2027-10-31"},
    } | more


def metric(metric_id: object = "school-visits", **more: Any) -> dict[str, Any]:
    observation = {
        "id": "1",
        "measure": "12",
        "unit": {"name": "visits"},
        "period": {"startDate": "2026-10-01", "endDate": "2027-09-30"},
    }
    return {"id": metric_id, "title": "Visits", "observations": [observation | more]}


def package(*releases: object) -> bytes:
    return json.dumps({"uri": "https://example.org/1", "releases": releases}).encode()


def lines(*releases: object) -> bytes:
    return b"\n".join(json.dumps(each).encode() for each in releases)


def rows(body: bytes) -> list[Row]:
    """The rows of a file that can be read."""
    read = []
    for row in releases.stream(body):
        assert not isinstance(row, Unreadable), row.reason
        read.append(row)
    return read


def planned(body: bytes) -> imports.Summary:
    """What an import into an empty register would do."""
    file = imports.read(body, AT)
    assert not isinstance(file, Unreadable), file.reason
    for entry, plan in imports.decide(file, {}, {}, ACTING):
        imports.tell(entry, plan, [])
    return imports.summarize(file)


def things(*releases: object, kind: str = "award") -> list[Thing]:
    """What becomes of all things of one kind, in the order of the file."""
    return [each for each in planned(package(*releases)).things if each.kind == kind]


def refused(body: bytes) -> str:
    """Why nothing of a file is imported."""
    file = imports.read(body, AT)
    assert isinstance(file, Unreadable)
    return file.reason


def entries(*releases: Any) -> list[Entry]:
    """The contracts that a file tells of."""
    window = values.window(AT)
    rows = [Row(f"/{number}", each) for number, each in enumerate(releases)]
    awards = [each for row in rows for each in ocds.read(row, window).awards]
    return [each for key, told in by_award(awards).items() for each in settle(key, told, {})]


def fates(*releases: Any, kind: str = "award") -> list[str]:
    """What becomes of the things of one kind, with the reason."""
    return [
        f"{each.fate}: {each.reason}" if each.reason else str(each.fate)
        for each in things(*releases, kind=kind)
    ]


async def imported(manager: Caller, body: bytes, *, commit: bool = True) -> dict[str, Any]:
    answer = await manager.upload(PATH, body, authority=build.AUTHORITY, commit=commit)
    assert 200 == answer.status_code, answer.text
    summary: dict[str, Any] = answer.json()
    return summary


def outcomes(summary: dict[str, Any], kind: str = "award") -> list[tuple[str, str | None]]:
    """Fate and reason of the things of one kind, in order."""
    return [(each["fate"], each["reason"]) for each in summary["outcomes"] if each["kind"] == kind]
