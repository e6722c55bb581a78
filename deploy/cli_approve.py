"""The command `makegood approve`: the second person's word for what was proposed (rule P3)."""

from __future__ import annotations

import sys
import urllib.parse
from typing import Annotated, Any, NamedTuple

import rich.text
import typer

from deploy import client
from deploy.client import console
from shared.command_line import CannotGoOn


class _Proposal(NamedTuple):
    """A version of a commitment that waits for its approval."""

    commitment_id: str
    title: str
    version: dict[str, Any]

    @property
    def words(self) -> str:
        """What would bind."""
        said = self.version
        return (
            f"{self.commitment_id} version {said['version']}: {said['target']} {said['unit']} "
            f"({said['measure']}) from {said['from']}: {self.title}"
        )


def approve(
    contract: Annotated[
        str, typer.Argument(metavar="CONTRACT", help="Its contract_id, as the import shows it.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make the proposed commitments of a contract binding.

    It shows them, and asks first if somebody sits at the terminal. Whoever proposed a version may
    not approve it.

    Needs the token of an approver, in MAKEGOOD_TOKEN or of the system that runs here; and
    verification, at MAKEGOOD_URL or as stack.json says.
    """
    endpoint = client.find("verification", "approver")
    at = f"/api/v1/contracts/{urllib.parse.quote(contract, safe='')}"
    found = client.ask(endpoint, "GET", at)
    proposals = _proposals(found)
    if not proposals:
        prose = any(each["state"] == "needs_structuring" for each in found["commitments"])
        more = " What is in prose needs a measure, a target and a period first." if prose else ""
        raise CannotGoOn(f"Nothing of {contract} waits for approval.{more}")
    for each in proposals:
        console.print("  ", rich.text.Text(each.words), soft_wrap=True)
    if sys.stdin.isatty() and not yes:
        typer.confirm(f"Shall this bind the suppliers of {contract}?", abort=True)
    for each in proposals:
        body = {"version": each.version["version"]}
        client.ask(endpoint, "POST", f"{at}/commitments/{each.commitment_id}/activate", body)
        console.print("[green]✓[/]", rich.text.Text(f"{each.commitment_id} binds"), soft_wrap=True)


def _proposals(found: dict[str, Any]) -> list[_Proposal]:
    return [
        _Proposal(commitment["commitment_id"], commitment["title"], commitment["versions"][-1])
        for commitment in found["commitments"]
        if commitment["versions"] and commitment["versions"][-1]["state"] == "draft"
    ]
