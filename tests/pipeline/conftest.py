"""What several pipeline tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.servers import both as local_servers
from tests.support import delivery_service
from tests.support.delivery_service import BareService


@pytest.fixture
async def service(own_servers: local_servers.Servers, tmp_path: Path) -> AsyncIterator[BareService]:
    """A service without rules, on a broker and a database of its own."""
    async with delivery_service.opened(own_servers, tmp_path) as made:
        yield made
