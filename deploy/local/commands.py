"""The commands `makegood up`, `down` and `doctor`."""

import signal
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from deploy.local import STATE, states

if TYPE_CHECKING:
    from deploy.local import doctor as doctors

console = Console()


def up() -> None:
    """Start everything and keep it running until Ctrl-C."""
    from deploy.local import stack, steps

    async def stay() -> None:
        async with stack.Stack(progress=steps.Steps(console)) as system:
            for name, service in system.services.items():
                console.print(f"  {name:<14}{service.url}")
            console.print(f"Addresses and process ids: {STATE / 'stack.json'}. Stop with Ctrl-C.")
            await system.wait()

    raise typer.Exit(stack.run(stay(), console))


def down(
    forget: Annotated[bool, typer.Option("--forget", help="Delete all data too.")] = False,
) -> None:
    """Stop what `makegood up` or `make demo` started, and what a crash left running."""
    from deploy.local import stack
    from deploy.local.servers import both, process

    async def stop() -> None:
        if owner := both.lock_owner(STATE):
            await process.end(owner, signal.SIGTERM)
        ended = [name for each in states(STATE) for name in await process.end_leftovers(each)]
        console.print("[green]✓[/] Stopped." if owner or ended else "Nothing was running.")
        if forget:
            for each in states(STATE):  # PostgreSQL's data may be in another folder
                both.Servers(each).remove()

    raise typer.Exit(stack.run(stop(), console))


def doctor() -> None:
    """Check whether this machine can run the stack: every problem, and what to do about it."""
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
