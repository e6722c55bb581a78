"""The command `token`: it issues a bearer token that one service or all of them accept, or revokes.

Promises: a token is printed once, alone on standard output; what it may do stands beside it, on
standard error. Refuses, all at once: a role without what it needs, and options that do not belong
together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeAlias

import typer

from shared import command_line, identifiers, sql
from shared.settings import Settings
from shared.web import auth
from shared.wire import events

DAYS_MAX: Final = 3650
"""Ten years: longer than a contract runs."""
HOLDERS_LISTED_MAX: Final = 20

MAY: Final[Mapping[auth.Role, str]] = {
    "supplier": "send and withdraw the returns of {party}, and read its contracts, lines, figures, "
    "alerts and entries",
    "manager": "register and import contracts, draft and change commitments, and read all of the "
    "authority",
    "approver": "make commitments binding that somebody else has proposed, and read all of the "
    "authority",
    "auditor": "read all of the authority, and export its part of the log",
    "operator": "issue credentials to the suppliers of the authority's contracts",
}
MAY_FOR_ALL: Final = "issue credentials to the suppliers of every authority's contracts"
"""Of an operator of the installation."""

Databases: TypeAlias = Mapping[str, Settings]
"""The settings with which each service's database is reached, by service."""


_Installation = Annotated[
    bool,
    typer.Option(
        "--installation", help="In place of an authority: an operator of the installation."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked for."""

    role: auth.Role | None = None
    authority: str | None = None
    party: str | None = None
    actor: str | None = None
    days: int | None = None
    revoke: str | None = None
    is_installations: bool = False
    """An operator of the installation, which belongs to no authority."""


def command(
    find: Callable[[], Databases], find_authority: Callable[[], str | None] = lambda: None
) -> Callable[..., None]:
    """The command for the databases that `find` gives when it runs. `find_authority` gives the
    authority of a system that has only one."""

    def token(  # noqa: PLR0913  each is an option
        *,
        role: Annotated[auth.Role | None, typer.Option(help="What the holder may do.")] = None,
        authority: Annotated[
            str | None,
            typer.Option(
                envvar="MAKEGOOD_AUTHORITY",
                metavar="ORG-ID",
                help="The authority that the token belongs to, such as GB-LAE-KWL.",
            ),
        ] = None,
        party: Annotated[
            str | None,
            typer.Option(
                metavar="ORG-ID",
                help="The supplier, such as GB-COH-01234567. For the role supplier only.",
            ),
        ] = None,
        actor: Annotated[
            str | None,
            typer.Option(
                metavar="NAME",
                help="The holder's name in the records; without it, the party, or role@authority.",
            ),
        ] = None,
        installation: _Installation = False,
        days: Annotated[
            int | None,
            typer.Option(
                metavar="DAYS",
                min=1,
                max=DAYS_MAX,
                help="How long it is valid; without it, until it is revoked.",
            ),
        ] = None,
        revoke: Annotated[
            str | None,
            typer.Option(metavar="NAME", help="Revoke all tokens of this holder instead."),
        ] = None,
    ) -> None:
        """Issue a bearer token, or revoke those of a holder.

        The token is printed once, alone on standard output; it is stored as a hash only. Whoever
        can write to the services' databases may issue one: it needs no token itself.
        """
        asked = Asked(
            role=role,
            authority=authority or (None if revoke or installation else find_authority()),
            party=party,
            actor=actor,
            days=days,
            revoke=revoke,
            is_installations=installation,
        )
        if faults := list(_refuse(asked)):
            raise command_line.CannotGoOn(" ".join(faults))
        run(find(), asked)

    return token


def _refuse(asked: Asked) -> Iterator[str]:
    """Everything that is wrong with what was asked, as sentences."""
    if asked.revoke is not None:
        if (asked.role, asked.party, asked.actor, asked.days) != (None,) * 4:
            yield "Give --revoke alone: it revokes all tokens of the holder that it names."
        return
    if asked.role is None:
        yield f"Give --role, one of {', '.join(auth.ROLES)}; or --revoke."
    if asked.is_installations:
        if asked.role not in (None, "operator"):
            yield f"Leave out --installation: {_article(asked.role)} belongs to one authority."
        if asked.authority is not None:
            yield "Leave out --authority, or MAKEGOOD_AUTHORITY: the installation has none."
    elif asked.authority is None:
        yield "Give --authority, or set MAKEGOOD_AUTHORITY: a token belongs to one authority."
    if asked.role == "supplier" and asked.party is None:
        yield "Give --party: a supplier's token sends the returns of one party."
    if asked.role not in (None, "supplier") and asked.party is not None:
        yield f"Leave out --party: {_article(asked.role)} acts for the authority, not for a party."
    for name, text in (("--authority", asked.authority), ("--party", asked.party)):
        if text is not None and identifiers.org_id(text) is None:
            yield f"{name} {text!r} is not an org-id, such as GB-LAE-KWL or GB-COH-01234567."


def _article(role: str | None) -> str:
    return f"{'an' if str(role)[0] in 'ao' else 'a'} {role}"


def run(databases: Databases, asked: Asked) -> None:
    """Does what was asked in each of the databases, and prints what came of it."""
    first = next(iter(databases.values()))
    if asked.revoke is not None:
        count = command_line.run(first, _revoke(databases, asked.revoke))
        if not count:
            raise command_line.CannotGoOn(_nobody(first, databases, asked.revoke))
        typer.echo(
            f"Revoked: {count} of {asked.revoke} in {_listed(databases)}. Within "
            f"{auth.CACHE_SECONDS:.0f} s no service takes them any more."
        )
        return
    holder, expires_at = _holder(asked), _expiry(asked)
    token = auth.new()
    command_line.run(first, keep(databases, {token: holder}, expires_at))
    typer.echo(token)
    for line in describe(holder, expires_at, databases):
        typer.echo(line, err=True)


def _holder(asked: Asked) -> auth.Caller:
    assert asked.role is not None
    if asked.is_installations:
        actor = asked.actor or f"{asked.role}@{events.INSTALLATION}"
        return auth.Caller(actor, asked.role, events.INSTALLATION)
    authority = identifiers.org_id(asked.authority or "")
    assert authority is not None
    party = None if asked.party is None else identifiers.org_id(asked.party)
    actor = asked.actor or party or f"{asked.role}@{authority}"
    return auth.Caller(actor, asked.role, authority, party)


def _expiry(asked: Asked) -> datetime | None:
    return None if asked.days is None else datetime.now(UTC) + timedelta(days=asked.days)


def describe(
    holder: auth.Caller, expires_at: datetime | None, databases: Databases
) -> Iterator[str]:
    """What a new token may do, where and for how long, as lines."""
    may = MAY_FOR_ALL if holder.is_installations else MAY[holder.role]
    yield "This token is shown only now. Keep it as you keep a password."
    yield f"  holder     {holder.actor_id}, {holder.role} of {holder.authority_id}"
    yield f"  may        {may.format(party=holder.party_id)}"
    yield f"  accepted   by {_listed(databases)}"
    until = "it is revoked" if expires_at is None else f"{expires_at:%Y-%m-%d %H:%M} UTC"
    yield f"  valid      until {until}"


def _listed(databases: Databases) -> str:
    *names, last = databases
    return f"{', '.join(names)} and {last}" if names else last


async def keep(
    databases: Databases,
    tokens: Mapping[str, auth.Caller],
    expires_at: datetime | None = None,
    *,
    instead: bool = False,
) -> None:
    """Stores tokens with their holders in each of the databases; `instead` of those that the same
    holders had."""
    for service, settings in databases.items():
        pool = await sql.connect(settings, service)
        try:
            async with pool.acquire() as conn, conn.transaction():
                for token, holder in tokens.items():
                    if instead:
                        await auth.revoke(conn, holder.actor_id)
                    await auth.keep(conn, token, holder, expires_at)
        finally:
            await pool.close()


async def _revoke(databases: Databases, actor_id: str) -> int:
    """How many tokens were revoked, in the database that had most of them."""
    counts = []
    for service, settings in databases.items():
        pool = await sql.connect(settings, service)
        try:
            async with pool.acquire() as conn, conn.transaction():
                counts.append(await auth.revoke(conn, actor_id))
        finally:
            await pool.close()
    return max(counts)


def _nobody(first: Settings, databases: Databases, actor_id: str) -> str:
    """That a holder has no token, and who has one."""
    holders = command_line.run(first, _list_holders(databases))
    shown = ", ".join(holders[:HOLDERS_LISTED_MAX]) or "nobody"
    more = f" and {len(holders) - HOLDERS_LISTED_MAX} more" if holders[HOLDERS_LISTED_MAX:] else ""
    return f"{actor_id} has no token here. Tokens are held by {shown}{more}."


async def _list_holders(databases: Databases) -> list[str]:
    found: set[str] = set()
    for service, settings in databases.items():
        pool = await sql.connect(settings, service)
        try:
            async with pool.acquire() as conn:
                found.update(await auth.list_holders(conn))
        finally:
            await pool.close()
    return sorted(found)
