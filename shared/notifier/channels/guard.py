"""Where a webhook may go: only to addresses of the public internet.

Promises:

- The address that is looked at is the one that is connected to: a name is resolved once, each of
  its addresses must be allowed, and the connection goes to one of these. TLS still checks the name.
- Whatever way an address is written, it is judged as what it is: an IPv4 address within IPv6 as
  that IPv4 address, a name or a number by what it resolves to.

Refuses: loopback, private, link-local, multicast, reserved and unspecified addresses, unless a
setting names the host or a network; http, but to these.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

import httpcore
import httpx

URL_MAX: Final = 2_000
"""Characters of a webhook's URL."""
RESOLVE_SECONDS_MAX: Final = 5.0
ADDRESSES_MAX: Final = 4
"""Addresses of one host that are tried."""

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as text. Raises OSError if there are none."""

_HOST: Final = re.compile(r"[a-z0-9._-]{1,253}")
_PUBLIC_6: Final = ipaddress.IPv6Network("2000::/3")
"""All that is handed out of IPv6 (RFC 4291); loopback, local and multicast lie outside."""
_TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses, as networks with IPv6 only see them (NAT64, RFC 6052)."""
_NEVER: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(each)
    for each in (
        "100.64.0.0/10",  # between a provider and its customers, RFC 6598
        "168.63.129.16/32",  # public in form; in one cloud it is the host of the machine
        "192.0.0.0/24",  # of protocols, RFC 6890
        "192.88.99.0/24",  # relays, RFC 7526
        "2001::/23",  # of protocols, with IPv4 addresses in them, RFC 2928
        "3fff::/20",  # of documents, RFC 9637
    )
)


class Allowed(NamedTuple):
    """What a setting lets webhooks reach besides the public internet."""

    networks: frozenset[Network] = frozenset()
    hosts: frozenset[str] = frozenset()
    """Names, in lower case. Whatever they resolve to is allowed."""


class ForbiddenError(Exception):
    """A host has an address that webhooks may not reach."""


def read_allowed(text: str) -> Allowed:
    """Networks, addresses and host names, parted by commas. Raises ValueError."""
    networks, hosts = set(), set()
    for each in filter(None, (part.strip().lower() for part in text.split(","))):
        try:
            networks.add(ipaddress.ip_network(each))
        except ValueError:
            if "/" in each or not _HOST.fullmatch(each):
                raise ValueError(f"{each!r} is no network, address or host name") from None
            hosts.add(each)
    return Allowed(frozenset(networks), frozenset(hosts))


def refuse_url(text: str, allowed: Allowed) -> str | None:
    """Why a webhook cannot go to this URL, as far as its text tells; None if it can."""
    if len(text) > URL_MAX:
        return f"The URL is longer than {URL_MAX} characters."
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return "This is not a URL."
    host, literal = url.raw_host.decode("ascii"), _literal(url.host)
    if url.scheme not in ("https", "http") or (literal is None and not _HOST.fullmatch(host)):
        return "Write the URL as https://HOST/PATH."
    if url.port is not None and not 0 < url.port < 65_536:
        return "The port lies between 1 and 65535."
    if url.userinfo or url.fragment:
        return "Leave out user, password and fragment: nothing of the URL is secret."
    if literal is not None and (reason := refuse_address(literal, allowed)) is not None:
        return reason
    if url.scheme == "http" and not _is_named(host, literal, allowed):
        return "Write https: a webhook is encrypted."
    return None


async def check_url(text: str, allowed: Allowed, resolve: Resolve | None = None) -> str | None:
    """Why a webhook cannot go to this URL, as things stand now; None if it can."""
    if (reason := refuse_url(text, allowed)) is not None:
        return reason
    url = httpx.URL(text)
    host = url.raw_host.decode("ascii")
    try:
        await look_up(host, url.port or 443, allowed, resolve or resolve_by_system)
    except ForbiddenError as error:
        return str(error)
    except (OSError, TimeoutError):
        return f"The host {host} is not known."
    return None


def refuse_address(address: Address, allowed: Allowed) -> str | None:
    """Why a webhook cannot go to this address; None if it can."""
    if _is_public(address) or _is_within(address, allowed.networks):
        return None
    return f"The address {address} is not on the public internet."


async def look_up(host: str, port: int, allowed: Allowed, resolve: Resolve) -> list[Address]:
    """The addresses of a host, each of which is allowed. Raises ForbiddenError if one is not, and
    OSError if there are none."""
    async with asyncio.timeout(RESOLVE_SECONDS_MAX):
        found = [ipaddress.ip_address(each) for each in await resolve(host, port)]
    is_named = _is_named(host, None, allowed)
    if not is_named and any(refuse_address(address, allowed) for address in found):
        # Which address it is within our network is nobody's business.
        raise ForbiddenError(f"The host {host} is not on the public internet.")
    if not found:
        raise OSError(f"{host} has no address")
    return found


async def resolve_by_system(host: str, port: int) -> list[str]:
    """What the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Backend(httpcore.AsyncNetworkBackend):
    """Connects for httpcore, and only where webhooks may go."""

    def __init__(self, allowed: Allowed, resolve: Resolve) -> None:
        self._allowed, self._resolve = allowed, resolve
        self._under = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await look_up(host, port, self._allowed, self._resolve)
        except (OSError, TimeoutError) as error:
            raise httpcore.ConnectError(f"{host} is not known") from error
        failed: Exception = httpcore.ConnectError(host)
        for address in addresses[:ADDRESSES_MAX]:
            try:
                return await self._under.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        await self._under.sleep(seconds)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if (inner := _inner(address)) is not None:
            return _is_public(inner)
        if address not in _PUBLIC_6 or address.scope_id is not None:
            return False
    return address.is_global and not address.is_multicast and not _is_within(address, _NEVER)


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address only wraps."""
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _is_within(address: Address, networks: Iterable[Network]) -> bool:
    inner = _inner(address) if isinstance(address, ipaddress.IPv6Address) else None
    looked_at = (address,) if inner is None else (address, inner)
    return any(one in network for one in looked_at for network in networks)


def _is_named(host: str, literal: Address | None, allowed: Allowed) -> bool:
    """Whether the setting names this host, or the network of this address."""
    if literal is not None:
        return _is_within(literal, allowed.networks)
    return host.rstrip(".") in allowed.hosts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
