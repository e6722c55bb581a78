"""What an operator sees of an address."""

from __future__ import annotations

import pytest

from shared.notifier import resending
from shared.notifier.recipients import Channel


@pytest.mark.parametrize(
    ("channel", "address", "expected"),
    [
        ("email", "priya.nair@knowsley.example", "p…@knowsley.example"),
        ("email", '"a@b"@knowsley.example', '"…@knowsley.example'),
        ("webhook", "https://user:secret@hooks.example:8443/a?key=b", "hooks.example"),
    ],
)
def test_an_address_is_known_again_by_little(channel: Channel, address: str, expected: str) -> None:
    assert expected == resending.masked(channel, address)


def test_an_answer_repeats_no_address() -> None:
    """Mail servers do."""
    said = "550 5.1.1 <priya.nair@knowsley.example>: Recipient address rejected"
    assert "550 5.1.1 <p…@knowsley.example>: Recipient address rejected" == resending.hidden(said)
