"""Every named query fits the schema that its service's migrations make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared import sql

FOLDER = Path(__file__).parents[2] / "services"
SERVICES = ("intake", "verification", "ledger")


def files(service: str) -> list[Path]:
    """The files of queries in a service's store."""
    found = sorted((FOLDER / service / "store").glob("*.sql"))
    assert found
    return found


def texts(queries: Any) -> dict[str, str]:
    """The text of each query by its name, with PostgreSQL's own placeholders."""
    found = {
        name: getattr(queries, name)
        for name in queries.available_queries
        if not name.endswith("_cursor")
    }
    return {name: query.sql for name, query in found.items() if hasattr(query, "sql")}


@pytest.mark.parametrize("service", SERVICES)
class TestQueries:
    async def test_can_all_be_prepared(self, service: str, database: str) -> None:
        """Their tables, columns, types and rights exist for the service's own role."""
        folder = FOLDER / service / "store"
        await sql.migrate(database, service, folder / "migrations")
        connection = await asyncpg.connect(
            database, server_settings={"search_path": service, "role": sql.role(service)}
        )
        try:
            for file in files(service):
                for name, text in texts(sql.queries(file)).items():
                    if text.startswith("CREATE TEMPORARY TABLE"):  # for the queries after it
                        await connection.execute(text)
                        continue
                    try:
                        await connection.prepare(text)
                    except asyncpg.PostgresError as error:
                        pytest.fail(f"{service}/{file.name}: {name}: {error}")
        finally:
            await connection.close()

    def test_say_what_they_are_for(self, service: str) -> None:
        """Each query has a line that says its purpose."""
        for file in files(service):
            queries = sql.queries(file)
            silent = [n for n in texts(queries) if not (getattr(queries, n).__doc__ or "").strip()]
            assert [] == silent, file

    def test_are_all_used_by_the_module_of_their_name(self, service: str) -> None:
        """Each file is one module's, which uses every query of it."""
        for file in files(service):
            text = file.with_suffix(".py").read_text()
            unused = {n for n in texts(sql.queries(file)) if f"QUERIES.{n}(" not in text}
            assert set() == unused, file


class TestMigrations:
    @pytest.mark.parametrize("service", SERVICES)
    async def test_are_applied_once(self, service: str, database: str) -> None:
        """A second run finds nothing to do."""
        folder = FOLDER / service / "store" / "migrations"
        assert await sql.migrate(database, service, folder)
        assert [] == await sql.migrate(database, service, folder)

    async def test_are_refused_when_they_were_edited(self, database: str, tmp_path: Path) -> None:
        """A migration that was applied must not change; a new one is added instead."""
        folder = tmp_path / "intake" / "migrations"
        folder.mkdir(parents=True)
        (folder / "0001_one.sql").write_text("CREATE TABLE one (a integer);")
        await sql.migrate(database, "intake", folder)
        (folder / "0001_one.sql").write_text("CREATE TABLE one (a bigint);")
        with pytest.raises(ValueError, match="0001_one"):
            await sql.migrate(database, "intake", folder)
