"""What docs/webhooks.md tells receivers to do, done with a real call."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from shared.notifier.channels import webhook
from tests.unit.notifier import test_webhook

GUIDE: Final = Path(__file__).parents[3] / "docs/webhooks.md"
CODE: Final = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def checking(code: str) -> Callable[..., Any]:
    """The function `check` of a piece of code."""
    made: dict[str, Any] = {}
    exec(code, made)
    found: Callable[..., Any] = made["check"]
    return found


class TestTheGuide:
    def test_shows_both_ways(self) -> None:
        """With the library, and without."""
        assert 2 == len(CODE)

    @pytest.mark.parametrize("code", CODE)
    async def test_takes_what_is_from_makegood_and_nothing_else(self, code: str) -> None:
        """A call passes; with another body, secret, id or an old time it does not."""
        hook = test_webhook.Hook()
        await test_webhook.send(hook)
        headers, body = dict(hook.got[0].headers), hook.got[0].body
        check, secret = checking(code), webhook.write_secret(test_webhook.SECRET)
        assert json.loads(test_webhook.BODY) == check(secret, headers, body)
        old = str(int(time.time()) - 600)
        for wrong in (
            (secret, headers, body + b" "),
            (webhook.write_secret(bytes(32)), headers, body),
            (secret, headers | {"webhook-id": "another"}, body),
            (secret, headers | {"webhook-timestamp": old}, body),
        ):
            with pytest.raises(Exception, match=r"[Ss]ignature|timestamp|this call"):
                check(*wrong)
