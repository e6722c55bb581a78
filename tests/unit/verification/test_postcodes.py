"""The postcode directory as it is loaded: reference data is a door too (docs/rules.md, One normal
form)."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.verification.reference import postcodes

HEAD = "postcode,district,ward,introduced,terminated,edition"


def read(folder: Path, *rows: str) -> list[postcodes.Row]:
    file = folder / "postcodes.csv"
    file.write_text("\n".join([HEAD, *rows]))
    return postcodes.read(file)


class TestTheDirectory:
    def test_has_each_postcode_in_its_normal_form(self, tmp_path: Path) -> None:
        """However the publisher spells it."""
        rows = read(
            tmp_path,
            "l369yu,E08000011,,1980-01,,2026-08",
            "L36  9YG,E08000011,,1980-01,,2026-08",
        )
        assert ["L36 9YG", "L36 9YU"] == [row.postcode for row in rows]

    @pytest.mark.parametrize(
        ("row", "word"),
        [
            ("L36-9YU,E08000011,,1980-01,,2026-08", "postcode"),
            ("none,E08000011,,1980-01,,2026-08", "postcode"),
            ("L36 9YU,E08000011,,0000-01,,2026-08", "month"),
            ("L36 9YU,E0800001\u0661,,1980-01,,2026-08", "GSS"),
            ("L36 9YU,E08000011,,1980-01,,", "edition"),
            ("L36 9YU,E08000011,,1980-01,,a\x00", "edition"),
            ("l36 9yx,E08000012,,1980-01,,2026-08", "twice"),
        ],
    )
    def test_is_refused_with_its_row(self, tmp_path: Path, row: str, word: str) -> None:
        """All or nothing: a postcode that comes twice in an edition could be in two places."""
        with pytest.raises(ValueError, match=rf"row 3: .*{word}"):
            read(tmp_path, "L36 9YX,E08000011,,1980-01,,2026-08", row)
