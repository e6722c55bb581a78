"""J7: Noor Aziz, the external auditor, finds receipt 24, and proves what the record says of it.

By keyboard alone, with script and without. What is saved is verified outside of the pages, by the
commands that stand on them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.ledger.domain.log import consistencyfile, notes
from tests.browser.person import NEEDS_BROWSER, Person, at_the_desk, saved

pytestmark = NEEDS_BROWSER


class TestTheAuditor:
    @pytest.mark.parametrize("has_script", [True, False])
    async def test_finds_and_proves(
        self, demo: dict[str, str], tmp_path: Path, has_script: bool
    ) -> None:
        """Receipt 24, its life, its entry; a pack; and that the log only grew."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await person.sign_in("Noor Aziz")
            await a_number_is_two_things(person)
            await a_life_leads_to_its_entry(person)
            await an_entry_is_verified(person, tmp_path)
            await a_contract_says_who_changed_what(person)
            await the_log_only_grew(person, tmp_path)
            await a_pack_is_verified(person, tmp_path)


async def a_number_is_two_things(person: Person) -> None:
    """24 is an entry and a receipt; nothing is found by the digest of a file, and why."""
    await person.reads("Each contract's entries are numbered without a gap: nothing is left out")
    await typed(person, "Receipt or entry number", "ab" * 32)
    await person.reads("The SHA-256 of a return's file is nowhere in the log")
    await typed(person, "Receipt or entry number", "24")
    await person.reads(
        "2 things match '24'.",
        "Return for October 2026 received from GB-COH-99000001, revision 1, receipt 24.",
    )
    await person.follow("The return of this receipt")


async def a_life_leads_to_its_entry(person: Person) -> None:
    """October's return was received, checked, and resolved a case: two good months."""
    await person.reads(
        "Return for October 2026",
        "Receipt 24: received on",
        "and checked.",
        "What it caused Shortfall case of school-visits for July 2026: opened to resolved",
    )
    row = person.page.get_by_role("row").filter(has_text="Checked")
    entry = await row.get_by_role("link").first.inner_text()
    await person.follow(entry)
    await person.reads(
        entry,
        "apprentice-weeks is Good, local-spend is Requires improvement, school-visits is Good.",
        "local-spend October 2026 Counted – 150,000",
        "It caused this entry",
    )


async def an_entry_is_verified(person: Person, folder: Path) -> None:
    """With the files and the commands of its page, and nothing else."""
    number = (await person.page.locator("h1").inner_text()).removeprefix("Entry ")
    for words in (f"leaf of entry {number}", "proof"):
        await saved(person.page, words, folder)
    hashing, proving = [
        (await each.inner_text()).strip()
        for each in (await person.page.locator("pre.mg-code").all())[:2]
    ]
    [leaf_hash] = [
        (await each.inner_text()).strip()
        for each in (await person.page.locator("code.mg-id").all())[:1]
    ]
    assert f"{leaf_hash}  -\n" == ran(hashing, folder)
    assert f"Entry {number} is in the log makegood.local/log" in ran(proving, folder)
    await person.page.locator("summary").press("Enter")
    await person.reads("You see it because of your role.")


async def a_contract_says_who_changed_what(person: Person) -> None:
    """£365,000 was proposed by one and approved by another; six returns came."""
    await person.follow("/contracts/KMBC-2026-0101", ends="/contracts/KMBC-2026-0101")
    await person.reads(
        "numbered without a gap.",
        "local-spend – Version 1: £365,000 from 1 May 2026, approved",
        "The log does not tell which returns were due.",
        "1 earlier revision replaced or withdrawn.",
    )


async def the_log_only_grew(person: Person, folder: Path) -> None:
    """Between two checkpoints of the list: proved on the page, and by the project's verifier with
    the root that was kept."""
    await person.follow("Log", ends="/log")
    await person.reads("makegood.local/log", "Witnesses None yet")
    rows = person.page.get_by_role("row")
    older, newer = [(await rows.nth(n).get_by_role("link").inner_text()).strip() for n in (4, 1)]
    await person.page.get_by_label("Entries of the earlier tree").fill(older)
    await typed(person, "Entries of the later tree", newer)
    await person.reads(f"Yes: tree {older} is the beginning of tree {newer}.")
    found = await saved(person.page, "Save the proof", folder)
    facts = dict(
        zip(
            await person.page.locator("dt").all_inner_texts(),
            await person.page.locator("dd").all_inner_texts(),
            strict=True,
        )
    )
    key = notes.parse_verifier_key(facts["Key"])
    root = bytes.fromhex(facts[f"Root of tree {older}"])
    shown = consistencyfile.verify(found.read_text(), root, key, origin=key.name)
    assert newer == f"{shown.size:,}"


async def a_pack_is_verified(person: Person, folder: Path) -> None:
    """By the page, with the key of the log; and without it, by the command."""
    key = await person.page.locator("dd").nth(1).inner_text()
    await person.follow("Verify", ends="/verify")
    pack = await saved(person.page, "Save the whole record", folder)
    size = len([each for each in pack.read_text().splitlines() if '"leaf"' in each])
    await person.page.get_by_label("A pack or a proof").set_input_files(pack)
    await typed(person, "The log's key, as you know it", key)
    await person.reads(
        "It holds: every check found all as it should be.",
        f"Tree Holds {size:,} {size:,} entries are exactly those that were signed",
        "This page is ours too. To trust nobody, run makegood verify",
    )
    found = json.loads(ran(f"makegood verify {pack.name} --key '{key}' --json", folder))
    assert found["holds"]
    assert size == found["checkpoint"]["size"]


async def typed(person: Person, label: str, text: str) -> None:
    """Writes into a field, and sends the form with Enter."""
    field = person.page.get_by_label(label)
    await field.fill(text)
    async with person.page.expect_navigation():
        await field.press("Enter")
    await person.look()


def ran(command: str, folder: Path) -> str:
    """What a command of a page prints."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={"PATH": programs, "LC_ALL": "C.UTF-8", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return " ".join(done.stdout.split()) if "verify-proof" in command else done.stdout
