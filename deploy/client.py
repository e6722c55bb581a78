"""What the commands that talk to a running system share: addresses, tokens, and its refusals.

Promises: MAKEGOOD_URL and MAKEGOOD_TOKEN come first; what they leave out is read from the
`stack.json` of the stack that runs in this checkout. So it is with KAFKA_BOOTSTRAP_SERVERS and
DATABASE_URL, for the commands that need no service but a server. A command that cannot go on says
why and what to do.
"""

from __future__ import annotations

import contextlib
import json
import os
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import rich.console
import rich.progress
import rich.text
import typer

from deploy import faults
from deploy.local import STATE
from shared.command_line import CannotGoOn

if typing.TYPE_CHECKING:
    import httpx

    from shared.settings import Settings

SECONDS_MAX: Final = 60
"""Longest wait for a service to connect, or between two pieces of its answer."""
SERVICES: Final = ("intake", "verification", "ledger")
TEXT_CHARACTERS_MAX: Final = 500
"""Of an answer that is not one of ours."""
BYTES_LARGE: Final = 1024 * 1024
"""From this size on a file's progress is shown."""
START: Final = "Start `makegood up` (empty, for your own data) or `make demo`"

console = rich.console.Console()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is, and a token that it accepts."""

    url: str
    token: str
    role: str
    """What the holder of the token must be."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request needs to be let in."""
        return {"authorization": f"Bearer {self.token}"}


def find(service: str, role: str) -> Endpoint:
    """The address of `service` and a token of `role`. Raises CannotGoOn if there is none."""
    url, token = os.environ.get("MAKEGOOD_URL"), os.environ.get("MAKEGOOD_TOKEN")
    if url and not token:
        raise CannotGoOn(f"MAKEGOOD_URL is set, but no token: set MAKEGOOD_TOKEN to {_a(role)}'s.")
    if not (url and token):
        stack = running_stack()
        url = url or stack["services"][service]["url"]
        token = token or stack["tokens"].get(role)
    if not token:
        party = " --party ORG-ID" if role == "supplier" else ""
        raise CannotGoOn(
            f"This needs the token of {_a(role)}. To make one for this command: "
            f"MAKEGOOD_TOKEN=$(makegood token --role {role}{party}) makegood …"
        )
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise CannotGoOn("MAKEGOOD_TOKEN is not a token: it has blanks or odd characters.")
    return Endpoint(url.rstrip("/"), token, role)


def _a(role: str) -> str:
    return f"{'an' if role[0] in 'ao' else 'a'} {role}"


def running_stack() -> dict[str, Any]:
    """What stack.json says. Raises CannotGoOn if nothing runs here, or the file is broken."""
    described = STATE / "stack.json"
    try:
        found = json.loads(described.read_text())
        for service in SERVICES:
            str(found["services"][service]["url"])
        str(found["postgres"]["dsn"]), str(found["kafka"]["bootstrap"]), dict(found["tokens"])
    except FileNotFoundError:
        raise CannotGoOn(
            f"Nothing runs here. {START}; or set MAKEGOOD_URL and MAKEGOOD_TOKEN, to use a system "
            "elsewhere."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise CannotGoOn(
            f"{described} is broken: {type(error).__name__}: {error}. Run `makegood down`, then "
            "start again: each start writes it anew."
        ) from None
    return typing.cast(dict[str, Any], found)


def databases() -> dict[str, Settings]:
    """How each service's database is reached: by its variable in the environment, else by
    stack.json. Raises CannotGoOn."""
    from deploy import tokens

    named = {service: tokens.find_dsn(service) for service in SERVICES}
    return tokens.at(
        {service: dsn or running_stack()["postgres"]["dsn"] for service, dsn in named.items()}
    )


def broker() -> Settings:
    """How Kafka is reached: by the environment, else by stack.json. Raises CannotGoOn."""
    from deploy import topics
    from shared import settings

    if os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return settings.read(topics.Broker)
    bootstrap = running_stack()["kafka"]["bootstrap"]
    return settings.read(topics.Broker, kafka_bootstrap_servers=bootstrap)


@contextlib.contextmanager
def reached(endpoint: Endpoint) -> Iterator[None]:
    """Raises CannotGoOn if the service cannot be reached in the block."""
    import httpx

    try:
        yield
    except (httpx.TransportError, httpx.InvalidURL, UnicodeError) as error:
        why = str(error) or type(error).__name__
        raise CannotGoOn(
            f"{endpoint.url} does not answer: {why}. Check MAKEGOOD_URL, and whether the system "
            "runs (makegood doctor)."
        ) from error


@contextlib.contextmanager
def progress(size: int) -> Iterator[Callable[[int], None]]:
    """Shows how much of a large file was sent, at which rate and how long it will take; then how
    long the service has been at work with it. Gives the function that is called with the number of
    bytes in each piece."""
    from shared import progress as bars

    with bars.bar(is_bytes=True) as shown:
        shown.disable = shown.disable or size < BYTES_LARGE
        task = shown.add_task("sending", total=size)

        def advance(sent: int) -> None:
            shown.advance(task, sent)
            if shown.finished:
                shown.update(task, description="sent; the service is at work", total=None)

        yield advance


def ask(endpoint: Endpoint, method: str, path: str, body: object = None) -> Any:
    """The JSON of an answer. Prints a refusal and ends the command; raises CannotGoOn if there is
    no answer of ours."""
    import httpx

    with reached(endpoint):
        answer = httpx.request(
            method,
            f"{endpoint.url}{path}",
            json=body,
            headers=endpoint.headers,
            timeout=SECONDS_MAX,
        )
    return json_of(answer, endpoint)


def json_of(answer: httpx.Response, endpoint: Endpoint, file: Path | None = None) -> Any:
    """What a service has answered. Prints a refusal, in the order of the file that was sent, and
    ends the command. Raises CannotGoOn if it is no answer of ours."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or (not answer.is_success and "title" not in found):
        shown = " ".join(answer.text.split())[:TEXT_CHARACTERS_MAX]
        raise CannotGoOn(
            f"{endpoint.url} does not answer as Makegood does ({answer.status_code}): {shown} "
            "Check MAKEGOOD_URL."
        )
    if not answer.is_success:
        _print_refusal(found, answer, endpoint)
        faults.show(console, found.get("errors", []), file.read_bytes() if file else None)
        raise typer.Exit(1)
    return found


def _print_refusal(problem: dict[str, Any], answer: httpx.Response, endpoint: Endpoint) -> None:
    """A problem document, without its faults."""
    title = rich.text.Text(f"{problem['title']} ({answer.status_code})")
    console.print("[red]✗[/]", title, soft_wrap=True)
    if problem.get("detail"):
        console.print(rich.text.Text(str(problem["detail"])), highlight=False)
    if answer.status_code in (401, 403):
        words = f"This needs the token of {_a(endpoint.role)}. Set MAKEGOOD_TOKEN to one; `makegood"
        console.print(rich.text.Text(f"{words} token --role {endpoint.role}` makes one."))
    if after := answer.headers.get("retry-after"):
        console.print(rich.text.Text(f"Try again in {after} s."))


def authority() -> str | None:
    """The authority of the system that runs here; None if it does not say, or none runs."""
    try:
        return running_stack().get("authority")
    except CannotGoOn:
        return None
