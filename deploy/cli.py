"""The `makegood` command: collects the subcommands, which are defined where they belong.

A subcommand imports what it needs when it runs, so that `makegood --help` stays fast.
"""

from shared import interrupts

interrupts.tell()

from deploy import (
    cli_approve,
    cli_council,
    cli_files,
    cli_proof,
    cli_tail,
    cli_token,
    cli_verify,
)
from deploy.backup import command as backup
from deploy.local import commands
from deploy.local.demo import command as demo
from shared import command_line

app = command_line.CommandLine(
    "Monitors whether suppliers deliver the social value they promised, and proves it."
)

app.command()(commands.up)
app.command()(commands.down)
app.command()(commands.doctor)
app.command()(demo.demo)
app.command()(cli_token.token)
app.command()(cli_files.load_postcodes)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(cli_files.import_contracts)
app.command()(cli_approve.approve)
app.command()(cli_files.submit)
app.command()(cli_tail.tail)
app.command()(cli_council.behind)
app.command()(cli_council.alerts)
app.command()(cli_verify.export)
app.command()(cli_verify.verify)
app.command()(cli_proof.verify_proof)
