"""The committer's groups, on a real database."""

from __future__ import annotations

import gc

from services.intake.domain import admission
from tests.support import intake_builders as build
from tests.support import intake_service
from tests.support.waiting import eventually


class TestAGroup:
    async def test_is_let_go_while_the_next_one_is_awaited(self, database: str) -> None:
        """A post of 5,000 lines takes 20 MB."""
        body = build.written(build.a_return(build.a_line(build.VISIT, line_id="let-go")))

        async def count_kept() -> int:
            gc.collect()
            posts = [each for each in gc.get_objects() if isinstance(each, admission.Post)]
            return sum(body == post.body for post in posts)

        async with intake_service.at_work(database) as service:
            await service.submit(body)
            await eventually(count_kept, 0)
