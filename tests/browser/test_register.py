"""A manager imports a contract from a spreadsheet, and an approver brings its promise into force.

In a real browser, on the whole system. The contract begins in December: nobody is behind with it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from services.verification.register.spreadsheets import columns
from shared.spreadsheets import writing
from tests.browser.person import NEEDS_BROWSER, Person, at_the_desk

pytestmark = NEEDS_BROWSER


def book(reference: str, unit: str) -> bytes:
    """A contract with one promise."""
    contract = {
        columns.REFERENCE: reference,
        columns.TITLE: f"Kerb works {reference}",
        columns.SUPPLIER: "GB-COH-99000031",
        columns.SUPPLIER_NAME: "Sorrelby Paving (fictional)",
        columns.FIRST_DAY: "1 December 2026",
        columns.LAST_DAY: "30 November 2028",
        columns.VALUE: "£1,200,000",
    }
    promise = {
        columns.REFERENCE: reference,
        columns.PROMISE: f"Visits to schools {reference}",
        columns.MEASURE: "School visits",
        columns.TARGET: "24",
        columns.UNIT: unit,
    }
    return writing.xlsx_file(
        [
            writing.Sheet(
                name=known.name,
                headings=known.known,
                rows=[[row.get(heading) for heading in known.known]],
            )
            for known, row in ((columns.CONTRACTS, contract), (columns.PROMISES, promise))
        ]
    )


class TestPages:
    @pytest.mark.parametrize(
        ("has_script", "reference"), [(True, "KMBC-2026-0301"), (False, "KMBC-2026-0302")]
    )
    async def test_bring_a_contract_into_force(
        self, demo: dict[str, str], tmp_path: Path, *, has_script: bool, reference: str
    ) -> None:
        """With script and without, each with a contract of its own."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await a_manager_imports_a_contract(person, tmp_path, reference)
            await an_approver_approves_its_promise(person, reference)
            await a_case_is_read(person)


async def a_manager_imports_a_contract(person: Person, folder: Path, reference: str) -> None:
    """Hours are no visits: the file is mended, looked at again, and imported."""
    await person.sign_in("Priya Nair")
    await person.open(f"{person.sites['verification']}/imports")
    await person.reads("Import contracts", "You are shown what it would do before anything")
    await look_at(person, folder / "works.xlsx", book(reference, "hours"))
    await person.reads(
        "works.xlsx: what it would do",
        "Contracts: 0 new, 0 changed, 0 as they are, 1 left out.",
        "Promises!F2 hours School visits is counted in visits. Write visits, or choose another",
        "There is nothing to import.",
    )
    await look_at(person, folder / "works.xlsx", book(reference, "visits"))
    await person.reads(
        "Contracts: 1 new, 0 changed, 0 as they are, 0 left out.",
        "1 promise is drafted, and will wait for an approver.",
        f"{reference} New",
    )
    await person.follow("Import 1 contract and 1 promise")
    await person.reads(
        "works.xlsx was imported",
        "Imported: 1 new, 0 changed, 0 as they are, 0 left out.",
        "1 promise waits for an approver: until then it binds nobody.",
    )
    await person.follow("What waits for an approver", ends="/approvals")
    await person.reads(f"Visits to schools {reference}", "An approver decides.")


async def look_at(person: Person, file: Path, body: bytes) -> None:
    """Chooses a file, and asks what it would do."""
    file.write_bytes(body)
    await person.page.locator("input[type=file]").set_input_files(file)
    await person.follow("Show what it would do")


async def an_approver_approves_its_promise(person: Person, reference: str) -> None:
    """By its tick-box, which is gone afterwards; the promise is part of its contract."""
    await person.sign_in("Ruth Okafor")
    await person.follow("Approvals", ends="/approvals")
    title = f"Visits to schools {reference}"
    await person.reads(f"Approve {title}", "24 visits", "Evenly from 1 December 2026 to")
    await person.page.get_by_label(f"Approve {title}").check()
    await person.follow("Approve what is ticked", ends="/approvals")
    assert title not in await person.page.locator("main").inner_text()
    await person.open(f"{person.sites['verification']}/contracts/{reference}")
    await person.reads(f"Kerb works {reference}", title, "24 visits", "Not rated yet")


async def a_case_is_read(person: Person) -> None:
    """The promise of the demo that is behind since June: £34,000 of £365,000."""
    await person.follow("Cases", ends="/cases")
    await person.reads("Spend with firms in Knowsley: behind since June 2026", "£34,000 9.3%")
    await person.follow("Spend with firms in Knowsley: behind since June 2026")
    await person.reads(
        "Opened",
        "It is £34,000 behind, 9.3% of the whole target. Rated: Requires improvement",
        "Opened: rated Requires improvement or worse",
    )
