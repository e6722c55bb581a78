"""The commands `makegood up`, `down` and `doctor`."""

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from deploy.local import STATE, states
from shared.command_line import CannotGoOn

if TYPE_CHECKING:
    from deploy.local import doctor as doctors

console = Console()


def up(
    authority: Annotated[
        str,
        typer.Option(
            envvar="MAKEGOOD_AUTHORITY",
            metavar="ORG-ID",
            help="The authority that the tokens in stack.json belong to.",
        ),
    ] = "GB-LAE-KWL",
) -> None:
    """Start everything, empty, for your own data.

    It runs until Ctrl-C. Its data is kept, and is there again at the next start.
    """
    from deploy.local import first_hour, stack, steps
    from shared import identifiers

    found = identifiers.org_id(authority)
    if found is None:
        raise CannotGoOn(f"--authority {authority!r} is not an org-id, such as GB-LAE-KWL.")

    async def stay() -> None:
        async with stack.Stack(progress=steps.Steps(console)) as system:
            await system.sign_in(found, first_hour.holders(found), instead=True)
            for name, service in system.services.items():
                console.print(f"  {name:<14}{service.url}", highlight=False)
            for line in first_hour.lines(found):
                console.print(Text(line), soft_wrap=True)
            await system.wait()

    raise typer.Exit(stack.run(stay(), console))


def down(
    forget: Annotated[bool, typer.Option("--forget", help="Delete all data too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Stop what runs here.

    What `makegood up` or `make demo` started, and what a crash left running. `--forget` deletes the
    data of both, and asks first if somebody sits at the terminal.
    """
    from deploy.local import stack
    from deploy.local.servers import both, process

    kept = [each for each in states(STATE) if both.Servers(each).has_data]
    if forget and kept and sys.stdin.isatty() and not yes:
        names = " and ".join(str(each) for each in kept)
        typer.confirm(
            f"This deletes all returns, contracts and keys in {names}. Go on?", abort=True
        )

    async def stop() -> None:
        if owner := both.lock_owner(STATE):
            await process.end(owner, signal.SIGTERM)
        ended = [name for each in states(STATE) for name in await process.end_leftovers(each)]
        console.print("[green]✓[/] Stopped." if owner or ended else "Nothing was running.")
        if forget:
            for each in states(STATE):  # PostgreSQL's data may be in another folder
                both.Servers(each).remove()
            for each in kept:
                console.print("[green]✓[/]", Text(f"Forgotten: {each}"), soft_wrap=True)

    raise typer.Exit(stack.run(stop(), console))


def doctor() -> None:
    """Check whether this machine can run the stack.

    It names every problem, and what to do about it.
    """
    from deploy.local import doctor as doctors

    findings = list(doctors.examine())
    for finding in findings:
        _show(finding)
    raise typer.Exit(0 if all(each.is_ok for each in findings) else 1)


def _show(finding: "doctors.Finding") -> None:
    mark = "[green]✓[/]" if finding.is_ok else "[red]✗[/]"
    console.print(mark, Text(f"{finding.subject:<12} {finding.seen}"), soft_wrap=True)
    if finding.remedy:
        console.print("   →", Text(finding.remedy), soft_wrap=True)
