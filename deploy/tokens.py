"""`python -m deploy.tokens`: issues one token for all three services, or revokes those of a holder.

It is `makegood token` for where the rest of `deploy` is not installed, such as the container image.
The databases are those of INTAKE_DATABASE_URL, VERIFICATION_DATABASE_URL and LEDGER_DATABASE_URL,
or of DATABASE_URL for all three.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

from shared import command_line, settings, tokens
from shared.settings import Settings
from shared.web import auth

SERVICES: Final = ("intake", "verification", "ledger")


def at(dsns: Mapping[str, str]) -> dict[str, Settings]:
    """How each service's database is reached, by its address."""
    return {
        service: settings.read(
            Settings, kafka_bootstrap_servers="", database_url=SecretStr(dsns[service])
        )
        for service in SERVICES
    }


def in_environment() -> dict[str, Settings]:
    """The databases that the environment names. Raises CannotGoOn."""
    found = {service: find_dsn(service) for service in SERVICES}
    missing = [service for service in SERVICES if found[service] is None]
    if missing:
        raise command_line.CannotGoOn(
            f"The database of {', '.join(missing)} is not named: set DATABASE_URL, or "
            f"{missing[0].upper()}_DATABASE_URL."
        )
    return at({service: str(dsn) for service, dsn in found.items()})


def find_dsn(service: str) -> str | None:
    """The address that the environment has for a service's database."""
    names = (f"{service.upper()}_DATABASE_URL", "DATABASE_URL")
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


async def sign_in(
    dsn: str, holders: Mapping[auth.Role, auth.Caller], *, instead: bool = False
) -> dict[str, str]:
    """A token for each holder, accepted by all three services, by role; `instead` of those that the
    same holders had."""
    issued = {role: auth.new() for role in holders}
    await tokens.keep(
        at(dict.fromkeys(SERVICES, dsn)),
        {token: holders[role] for role, token in issued.items()},
        instead=instead,
    )
    return {str(role): token for role, token in issued.items()}


if __name__ == "__main__":
    app = command_line.CommandLine(__doc__ or "")
    app.command()(tokens.command(in_environment))
    app()
