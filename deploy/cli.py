"""The `makegood` command: collects the subcommands, which are defined where they belong.

A subcommand imports what it needs when it runs, so that `makegood --help` stays fast.
"""

import typer

from deploy import cli_council, cli_files, cli_proof, cli_verify
from deploy.local import commands
from deploy.local.demo import command as demo

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals hold tokens and passwords
    help="Monitors whether suppliers deliver the social value they promised, and proves it.",
)

app.command()(commands.up)
app.command()(commands.down)
app.command()(commands.doctor)
app.command()(demo.demo)
app.command()(cli_files.submit)
app.command()(cli_files.import_contracts)
app.command()(cli_council.behind)
app.command()(cli_council.alerts)
app.command()(cli_verify.export)
app.command()(cli_verify.verify)
app.command()(cli_proof.verify_proof)
