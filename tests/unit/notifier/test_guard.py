"""Where webhooks may go."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

import pytest

from shared.notifier.channels import guard

NOTHING: Final = guard.Allowed()
PUBLIC: Final = "93.184.215.14"
PUBLIC_6: Final = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


def resolving(*addresses: str) -> guard.Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


class TestAnAddress:
    @pytest.mark.parametrize(
        "address",
        [PUBLIC, PUBLIC_6, f"::ffff:{PUBLIC}", "64:ff9b::5db8:d70e", "2002:5db8:d70e::1"],
    )
    def test_of_the_public_internet_is_allowed(self, address: str) -> None:
        """Also where IPv6 only wraps it: mapped, NAT64, 6to4."""
        assert guard.refuse_address(ipaddress.ip_address(address), NOTHING) is None

    @pytest.mark.parametrize(
        "address",
        [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "224.0.1.129",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fe80::1%eth0",
            "fec0::1",
            "ff02::1",
            "ff0e::1",
        ],
    )
    def test_of_any_other_kind_is_refused(self, address: str) -> None:
        """Loopback, private, link-local, multicast, reserved, unspecified, and what wraps them."""
        assert guard.refuse_address(ipaddress.ip_address(address), NOTHING)

    @pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1"])
    def test_is_allowed_where_a_setting_names_its_network(self, address: str) -> None:
        """In whatever way it is written."""
        allowed = guard.read_allowed("10.1.0.0/16, fd12::/16")
        assert guard.refuse_address(ipaddress.ip_address(address), allowed) is None
        assert guard.refuse_address(ipaddress.ip_address("10.2.0.1"), allowed)


class TestAUrl:
    @pytest.mark.parametrize(
        "url",
        [
            "https://hooks.example/makegood?team=1",
            "https://HOOKS.example:8443",
            "https://straße.example/",
            f"https://{PUBLIC}/",
            f"https://[{PUBLIC_6}]/",
        ],
    )
    def test_of_a_public_host_is_allowed(self, url: str) -> None:
        """With https."""
        assert guard.refuse_url(url, NOTHING) is None

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", "Write the URL"),
            ("hooks.example", "Write the URL"),
            ("//hooks.example", "Write the URL"),
            ("ftp://hooks.example", "Write the URL"),
            ("file:///etc/passwd", "Write the URL"),
            ("https://", "Write the URL"),
            ("https://hooks.example /", "Write the URL"),
            ("https://[fe80::1%25eth0]/", "not on the public internet"),
            ("http://hooks.example", "Write https"),
            ("https://hooks.example:0", "port"),
            ("https://hooks.example:99999", "port"),
            ("https://user:word@hooks.example", "Leave out"),
            (f"https://{PUBLIC}@127.0.0.1/", "Leave out"),
            ("https://hooks.example\\@127.0.0.1/", "Leave out"),
            ("https://hooks.example/#part", "Leave out"),
            ("https://127.0.0.1/", "not on the public internet"),
            ("https://[::1]/", "not on the public internet"),
            ("https://[::ffff:127.0.0.1]/", "not on the public internet"),
            ("https://hooks.example/\r\nHost: x", "not a URL"),
            ("https://１２７.0.0.1/", "not a URL"),
            ("https://0177.0.0.1/", "not a URL"),
            ("https://hooks.example/" + "x" * guard.URL_MAX, "longer"),
        ],
    )
    def test_is_refused_with_a_reason(self, url: str, reason: str) -> None:
        """Before anything is asked of anyone."""
        assert reason in (guard.refuse_url(url, NOTHING) or "")

    @pytest.mark.parametrize(
        ("url", "setting"),
        [
            ("http://127.0.0.1:8080/", "127.0.0.0/8"),
            ("http://[::1]/", "::1"),
            ("http://hooks.internal/", "hooks.internal"),
            ("http://Hooks.Internal./", "HOOKS.internal"),
        ],
    )
    def test_may_be_in_the_clear_where_a_setting_names_it(self, url: str, setting: str) -> None:
        """The host, or the network of an address."""
        assert guard.refuse_url(url, guard.read_allowed(setting)) is None

    @pytest.mark.parametrize(
        ("addresses", "expected"),
        [
            ([PUBLIC], None),
            ([PUBLIC, "10.0.0.1"], "The host hooks.example is not on the public internet."),
            (["127.0.0.1"], "The host hooks.example is not on the public internet."),
            ([], "The host hooks.example is not known."),
        ],
    )
    async def test_is_checked_with_what_its_host_resolves_to(
        self, addresses: list[str], expected: str | None
    ) -> None:
        """One address that is not public is one too many. It is not told: whoever asks could find
        out what stands within the network."""
        found = await guard.check_url("https://hooks.example/", NOTHING, resolving(*addresses))
        assert expected == found

    @pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
    async def test_that_hides_an_address_is_judged_by_it(self, host: str) -> None:
        """Numbers that a resolver takes for an address, and a name of this machine."""
        found = await guard.check_url(f"https://{host}/", NOTHING)
        assert "not on the public internet" in (found or "")

    async def test_of_a_host_that_a_setting_names_may_resolve_to_anything(self) -> None:
        """The operator knows it."""
        allowed = guard.read_allowed("hooks.internal")
        resolve = resolving("10.0.0.1")
        assert await guard.check_url("https://hooks.internal/", allowed, resolve) is None


class TestTheSetting:
    def test_names_networks_addresses_and_hosts(self) -> None:
        """Parted by commas."""
        assert guard.Allowed(
            frozenset({ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")}),
            frozenset({"hooks.internal"}),
        ) == guard.read_allowed("10.0.0.0/8, ::1, Hooks.internal,")

    @pytest.mark.parametrize("text", ["10.0.0.1/8", "hooks internal", "https://hooks", "a/b"])
    def test_is_refused_if_it_is_none_of_these(self, text: str) -> None:
        """A network with bits behind its mask as well: it may mean another one."""
        with pytest.raises(ValueError, match="is no network"):
            guard.read_allowed(text)
