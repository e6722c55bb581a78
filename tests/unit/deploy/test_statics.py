"""Style and script of the pages, as they are taken out of the jar."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy import statics
from deploy.local.servers import jars

STYLE = (
    "/*! The font is for exclusive use on gov.uk. */@font-face{font-family:GDS Transport;"
    'src:url(/assets/fonts/light.woff2) format("woff2")}'
    ".a{font-family:GDS Transport,arial,sans-serif}"
    ".b:before{background-image:url(/assets/images/govuk-crest.svg);width:1px}"
    ".c{-webkit-mask-image:url(/assets/images/govuk-crest.svg);"
    "mask-image:url(/assets/images/govuk-crest.svg)}\n"
    "/*# sourceMappingURL=govuk-frontend.min.css.map */\n"
)


class TestStyle:
    def test_is_left_without_what_is_the_governments(self) -> None:
        """No typeface, no crest, nothing to load from elsewhere."""
        expected = ".a{font-family:arial,sans-serif}.b:before{width:1px}.c{}\n"
        assert expected == statics.plain(STYLE)

    def test_of_the_jar_has_none_of_it(self) -> None:
        """Whatever the next version of the jar looks like."""
        style = (statics.FOLDER / statics.STYLE).read_text()
        found = re.findall(r"@font-face|GDS|crest|url\(|sourceMappingURL", style)
        assert [] == found
        assert ".govuk-table" in style

    def test_is_made_again_for_another_jar_only(self, tmp_path: Path) -> None:
        """What a build finds of its own jar stays as it is."""
        statics.build(tmp_path)
        (tmp_path / statics.STYLE).write_text("mine")
        statics.build(tmp_path)
        assert "mine" == (tmp_path / statics.STYLE).read_text()
        (tmp_path / statics.MARK).write_text("another")
        statics.build(tmp_path)
        assert "mine" != (tmp_path / statics.STYLE).read_text()


class TestJar:
    def test_is_pinned_by_its_hash(self) -> None:
        """One jar; another content under its name is refused."""
        (jar,) = jars.locked(statics.LOCK)
        assert ("govuk-frontend", "5.14.0") == (jar.artifact, jar.version)
        assert 64 == len(jar.sha256)

    def test_of_other_bytes_is_refused(self, tmp_path: Path) -> None:
        (jar,) = jars.locked(statics.LOCK)
        (tmp_path / jar.file).write_bytes(b"another")
        with pytest.raises(jars.WrongHash):
            jars.fetch([jar], tmp_path)
