"""Loading the postcode directory: all of a file or nothing, and every line that is wrong named."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.verification import store
from services.verification.reference import loading
from shared import sql
from shared.settings import Settings

HEAD = "postcode,district,ward,introduced,terminated,edition\n"
ROWS = """L36 9YU,E08000011,,1980-01,,2026-08
l369yg,E08000011,E05013966,1980-01,1994-05,2026-08
"""


class Directory:
    """Verification's directory, and files to load into it."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.settings = Settings(kafka_bootstrap_servers="nowhere:9092", database_url=dsn)
        self._file = folder / "postcodes.csv"
        self.bytes_read = 0.0

    def _advance(self, count: float) -> None:
        self.bytes_read += count

    async def load(self, content: str | bytes) -> loading.Loaded:
        body = content.encode() if isinstance(content, str) else content
        self._file.write_bytes(body)
        return await loading.load(self.settings, self._file, None, self._advance)

    async def rows(self) -> list[tuple[str, ...]]:
        conn = await sql.connect_alone(self.settings, "verification")
        try:
            found = await conn.fetch("SELECT * FROM postcode ORDER BY postcode")
            return [tuple(row) for row in found]
        finally:
            await conn.close()


@pytest.fixture
async def directory(database: str, tmp_path: Path) -> Directory:
    await sql.migrate(database, "verification", store.MIGRATIONS)
    return Directory(database, tmp_path)


class TestAFile:
    async def test_is_loaded_and_says_what_it_changed(self, directory: Directory) -> None:
        """Again it changes nothing; a row that differs is updated."""
        first = await directory.load(HEAD + ROWS)
        assert (2, 0, 0, {"2026-08": 2}) == (
            *(first.new, first.changed, first.unchanged),
            dict(first.editions),
        )
        assert len(HEAD + ROWS) == directory.bytes_read
        again = await directory.load(HEAD + ROWS.replace("E05013966", "E05013967"))
        assert (0, 1, 1) == (again.new, again.changed, again.unchanged)
        assert [
            ("L36 9YG", "2026-08", "E08000011", "E05013967", "1980-01", "1994-05"),
            ("L36 9YU", "2026-08", "E08000011", None, "1980-01", None),
        ] == await directory.rows()

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (
                HEAD + ROWS + "# a comment\nL36 9YX,E08000011,,1980-13,,2026-08\nx,,,,,\n",
                (
                    "2 lines are wrong, and nothing was loaded:\n"
                    "  line 5: '1980-13' is not a month (YYYY-MM)\n"
                    "  line 6: '' is not a GSS code\n"
                ),
            ),
            (HEAD + ROWS + ROWS, "  line 4: L36 9YU is given twice in 2026-08\n  line 5: L36 9YG"),
            (HEAD + ROWS + "x\n" * 30, "  and 10 more\n"),
            (
                (HEAD + ROWS + "\u00e9\n").encode("latin-1"),
                "  line 4: it is not UTF-8: byte 0 is 0xe9",
            ),
            (b"\xff\xfe\x00", "The file is not CSV in UTF-8"),
            ("", "The file has no column postcode"),
        ],
    )
    async def test_is_loaded_whole_or_not_at_all(
        self, directory: Directory, content: str | bytes, words: str
    ) -> None:
        """What is wrong is named by its line in the file, with its value."""
        with pytest.raises(loading.FileRefusedError) as refused:
            await directory.load(content)
        assert words in str(refused.value)
        assert [] == await directory.rows()
