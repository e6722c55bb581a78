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
    """Start everything, and keep it running until Ctrl-C."""
    from deploy.local import stack, steps

    async def stay() -> None:
        async with stack.Stack(shown=steps.Steps(console)) as system:
            for name, service in system.services.items():
                console.print(f"  {name:<14}{service.url}")
            console.print(f"All of it is described in {STATE / 'stack.json'}. Ctrl-C ends it.")
            await system.wait()

    raise typer.Exit(stack.run(stay(), console))


def down(
    forget: Annotated[bool, typer.Option("--forget", help="Delete all data too.")] = False,
) -> None:
    """Stop what `makegood up` or `make demo` started, also what a crash left behind."""
    from deploy.local import stack
    from deploy.local.servers import both, process

    async def stop() -> None:
        if keeper := both.holder(STATE):
            await process.end(keeper, signal.SIGTERM)
        ended = [name for each in states(STATE) for name in await process.end_leftovers(each)]
        console.print("[green]✓[/] Stopped." if keeper or ended else "Nothing was running.")
        if forget:
            for each in states(STATE):  # PostgreSQL may keep its data elsewhere
                both.Servers(each).remove()

    raise typer.Exit(stack.run(stop(), console))


def doctor() -> None:
    """Look whether this machine can run the stack: what is in the way, and what to do."""
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
