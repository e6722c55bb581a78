"""The command `makegood token`: one token for all three services."""

from __future__ import annotations

from deploy import client
from shared import tokens

token = tokens.command(client.databases, client.authority)
