"""The pictures in the documents are those of the tables in code."""

from __future__ import annotations

import pytest

from tests.project import pictures


class TestPictures:
    def test_are_drawn_from_the_code(self) -> None:
        """`python -m tests.project.pictures` draws them again."""
        page = pictures.PAGE.read_text()
        assert pictures.redrawn(page) == page

    def test_need_a_place_in_the_document(self) -> None:
        with pytest.raises(ValueError, match="0 places for the life of a return"):
            pictures.redrawn("A page without pictures.")
