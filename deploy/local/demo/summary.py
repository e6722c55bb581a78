"""The summary: what a council officer wants to know after six months, in words and figures.

Promises: everything was read back from the system. Only names and titles come from the sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import rich.box
import rich.console
import rich.markup
import rich.table

from deploy import faults
from deploy.local.demo.facts import Fact
from deploy.local.demo.mails import Mail
from deploy.local.demo.readback import Books
from deploy.local.demo.sample import Sample
from shared import formats

SUPPLIER_COLUMNS_MIN: Final = 100
"""On a narrower terminal there is no column for suppliers. An id is never cut."""
BEHIND: Final = {"Approaching target", "Requires improvement", "Inadequate"}
_COLOURS: Final = {
    "Inadequate": "red",
    "Requires improvement": "red",
    "Approaching target": "yellow",
}
_WHY_OTHER: Final = {
    "data_missing": "a return is missing, which does not mean zero",
    "awaiting_council": "it depends on a line that waits for the council",
    "nothing_due": "nothing is due yet",
}


def show(console: rich.console.Console, sample: Sample, books: Books, found: list[Fact]) -> None:
    """Prints the whole summary, the most important part first."""
    console.print()
    console.rule("[bold]Knowsley, May to October 2026")
    _show_behind(console, sample, books)
    _show_unrated(console, sample, books)
    _show_told(console, books)
    _show_lines(console, sample, books)
    _show_overdue(console, sample, books)
    _show_refused(console, sample, books)
    _show_books(console, books)
    _show_facts(console, found)


def _show_behind(console: rich.console.Console, sample: Sample, books: Books) -> None:
    is_narrow = console.width < SUPPLIER_COLUMNS_MIN  # then the contract's title must do
    box = rich.box.SIMPLE_HEAD if is_narrow else rich.box.HEAVY_HEAD
    table = rich.table.Table(title="Who is behind", title_justify="left", box=box)
    for heading in ("contract", *(() if is_narrow else ("supplier",)), "commitment"):
        table.add_column(heading, overflow="fold")
    for heading in ("due by now", "counted", "behind"):
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("rating", overflow="fold")
    good = 0
    for contract_id, commitment, last in _last(books):
        good += last["rating"] == "Good"
        if last["rating"] in BEHIND:
            expected, low = Decimal(last["expected"]), Decimal(last["low"])
            colour = _COLOURS[last["rating"]]
            table.add_row(
                f"{contract_id}\n{sample.title(contract_id)}",
                *(() if is_narrow else (_supplier(sample, contract_id),)),
                commitment["title"],
                _amount(expected, commitment["unit"]),
                _amount(last["counted"], commitment["unit"]),
                f"[bold]{_amount(expected - low, commitment['unit'])}",
                f"[{colour}]{last['rating']}",
            )
    console.print(table)
    console.print(f"{good} other commitments are on track.\n")


def _show_unrated(console: rich.console.Console, sample: Sample, books: Books) -> None:
    for contract_id, commitment, last in _last(books):
        if last["rating"] == "Other":
            unit = commitment["unit"]
            console.print(
                f"[yellow]?[/] {contract_id} {_supplier(sample, contract_id)}: "
                f"{commitment['title']} cannot be rated, "
                f"{_WHY_OTHER.get(last['reason'], last['reason'])} "
                f"({_amount(last['counted'], unit)} of {_amount(last['expected'], unit)} so far).",
                highlight=False,
            )


def _show_told(console: rich.console.Console, books: Books) -> None:
    """The alerts, without reminders of returns."""
    console.print("\n[bold]What the contract manager was told, and when")
    for alert in reversed(books.alerts):
        if not alert["kind"].startswith("return_"):
            line = f"  {alert['raised_at'][:10]}  {alert['headline']}"
            console.print(rich.markup.escape(line), highlight=False)


def _show_lines(console: rich.console.Console, sample: Sample, books: Books) -> None:
    console.print("\n[bold]What waits for the council's decision")
    for line in books.queried:
        unit = _unit(books, line["contract_id"], line["commitment_id"])
        _show_line(console, sample, line, _amount(line["queried"], unit))
    console.print("\n[bold]What was reported and does not count")
    for line in books.not_counted:
        _show_line(console, sample, line, _amount(line["quantity"], line["unit"]))


def _show_line(
    console: rich.console.Console, sample: Sample, line: dict[str, Any], figure: str
) -> None:
    why = " ".join(f"{each['words']} (rule {each['rule']})" for each in line["findings"])
    console.print(
        f"  {line['contract_id']} {_supplier(sample, line['contract_id'])}, {line['period']}, "
        f"line {line['line_id']}: {figure}. {why}",
        highlight=False,
    )


def _show_overdue(console: rich.console.Console, sample: Sample, books: Books) -> None:
    console.print("\n[bold]Late and missing returns")
    missing = {
        (case["contract_id"], case["period"])
        for case in books.cases
        if case["kind"] == "no_data" and case["is_open"]
    }
    overdue = {
        (alert["contract_id"], alert["period"], alert["due_on"])
        for alert in books.alerts
        if alert["kind"] == "return_overdue"
    }
    for contract_id, period, due_on in sorted(overdue):
        is_missing = (contract_id, period) in missing
        word = "is [red]missing[/], a case is open" if is_missing else "came [yellow]late[/]"
        console.print(
            f"  {contract_id} {_supplier(sample, contract_id)}: the return for {period}, due on "
            f"{due_on}, {word}",
            highlight=False,
        )


def _show_refused(console: rich.console.Console, sample: Sample, books: Books) -> None:
    console.print("\n[bold]What was refused, and why")
    for happening, answer in books.refusals:
        console.print(
            f"  {happening.title}, {sample.suppliers[happening.party_id]['name']}, by HTTP: "
            f"{answer['title']}",
            highlight=False,
        )
        faults.show(console, answer["errors"], happening.body)
    for (route, rules, faulty), count in books.seen.refusals.items():
        if route == "kafka":
            reason = "not a return; parked" if rules == ("form",) else ", ".join(rules)
            console.print(
                f"  {count} by Kafka, {faulty} fault{'s' if faulty > 1 else ''}: {reason}",
                highlight=False,
            )


def _show_books(console: rich.console.Console, books: Books) -> None:
    proof = books.proof
    console.print("\n[bold]The books")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(books.seen.entries.items()))
    console.print(f"  {books.seen.entries.total()} entries: {kinds}", highlight=False)
    mark = "[green]✓[/] proved offline" if proof.holds else "[red]✗[/] not proved"
    console.print(f"  {mark}, with the log's public key alone: {proof.words}", highlight=False)


def _show_facts(console: rich.console.Console, found: list[Fact]) -> None:
    seen = sum(fact.is_seen for fact in found)
    mark = "[green]✓[/]" if seen == len(found) else "[red]✗[/]"
    console.print(f"\n{mark} {seen} of {len(found)} expected facts were seen.", highlight=False)
    for fact in found:
        if not fact.is_seen:
            line = f"  {fact.what}: expected {fact.wanted}; found {fact.found}"
            console.print(rich.markup.escape(line), highlight=False, soft_wrap=True)


def show_mails(console: rich.console.Console, sent: Sequence[Mail]) -> None:
    """Prints who was written to, with the last subject of each."""
    if not sent:  # they go to a mail server
        return
    last = {each.to: each for each in sent}
    counts = Counter(each.to for each in sent)
    folder = sent[0].file.parent
    console.print(f"[bold]{formats.count(len(sent), 'mail')} to {len(last)} people", end="")
    console.print(f", as files in {folder}", highlight=False, soft_wrap=True)
    for to, mail in sorted(last.items()):
        console.print(f"  {counts[to]:>2} {to}", highlight=False, soft_wrap=True)
        console.print(f"     the last: {rich.markup.escape(mail.subject)}", highlight=False)


_DESKS: Final = {"intake": "returns", "verification": "contracts", "ledger": "the record"}
"""What the pages of each service show."""


def show_where(console: rich.console.Console, description: Path, urls: dict[str, str]) -> None:
    """Prints where to look next, while the system stays up."""
    console.print("\n[bold]Where to look next")
    console.print(f"  choose who you are: {urls['intake']}/sign-in", soft_wrap=True)
    for service, url in urls.items():
        console.print(f"  {_DESKS[service]:<14}{url}/  (for programs: {url}/docs)", soft_wrap=True)
    console.print(f"  addresses and the demo's tokens: {description}", soft_wrap=True)
    exported = description.parent / "demo" / "export.jsonl"
    console.print(f"  to verify the exported log: makegood verify {exported}", soft_wrap=True)
    console.print("  to send a return: makegood submit deploy/local/sample/spoilt-return.json")
    console.print("Everything stays up until Ctrl-C.")


def _last(books: Books) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each commitment that was assessed: its contract, itself, and its last assessment."""
    for contract in books.performance:
        for commitment in contract["commitments"]:
            if commitment["assessments"]:
                yield contract["contract_id"], commitment, commitment["assessments"][-1]


def _supplier(sample: Sample, contract_id: str) -> str:
    supplier_id = next(
        each["supplier_id"] for each in sample.contracts if each["contract_id"] == contract_id
    )
    return sample.suppliers[supplier_id]["name"]


def _unit(books: Books, contract_id: str, commitment_id: str) -> str:
    return next(
        str(commitment["unit"])
        for contract in books.performance
        for commitment in contract["commitments"]
        if (contract["contract_id"], commitment["commitment_id"]) == (contract_id, commitment_id)
    )


def _amount(figure: Decimal | str, unit: str) -> str:
    """`£34,000`, `606 hours`, in the words of an alert."""
    return formats.amount(Decimal(figure), unit)
