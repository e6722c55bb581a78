"""Templates: they see one value, hold no script and no style, and escape what stands in them."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import jinja2.meta
import pytest
from jinja2 import nodes

from shared.pages import statics, templates
from shared.pages.everywhere import SignedOut
from tests.unit.pages import drawing

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted([*ROOT.glob("services/*/pages/*.html"), *ROOT.glob("shared/pages/**/*.html")])
STYLE_BYTES_MAX = 12_000
FIRST_VISIT_BYTES_MAX = 60_000

by_template = pytest.mark.parametrize(
    "template", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT))
)


class TestTemplate:
    @by_template
    def test_sees_one_value(self, template: Path) -> None:
        """`page`, and what stands around it, whose token forms carry."""
        environment = templates.environment(template.parent)
        environment.filters["address"] = str
        tree = environment.parse(template.read_text())
        names = jinja2.meta.find_undeclared_variables(tree) - {"caller"}
        names -= {name for node in tree.find_all(nodes.FromImport) for name in node.names}
        names -= {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
        allowed = {"page", "frame"} | ({"static"} if template.name == "layout.html" else set())
        assert names <= allowed

    @by_template
    def test_holds_no_script_and_no_style(self, template: Path) -> None:
        """The browser would refuse them (Content-Security-Policy)."""
        text = template.read_text()
        assert [] == re.findall(r"<style|style=|<script(?![^>]+src=)|\son[a-z]+=|\|\s*safe", text)

    @pytest.mark.parametrize("service", drawing.SITES)
    def test_has_a_module_of_its_name(self, service: str) -> None:
        for file in (drawing.SERVICES / service / "pages").glob("*.html"):
            assert file.with_suffix(".py").exists(), file

    def test_cannot_ask_for_what_is_not_there(self, tmp_path: Path) -> None:
        """A misspelt field of a page is an error, not a gap."""
        (tmp_path / "odd.html").write_text("{% if page.tittle %}x{% endif %}")
        template = templates.environment(tmp_path).get_template("odd.html")
        with pytest.raises(jinja2.UndefinedError, match="SignedOut has no tittle"):
            template.render(page=SignedOut())

    def test_may_ask_a_dict_for_what_is_not_there(self, tmp_path: Path) -> None:
        """As the design system's macros do."""
        (tmp_path / "odd.html").write_text("{{ page.one.two or 'nothing' }}")
        template = templates.environment(tmp_path).get_template("odd.html")
        assert "nothing" == template.render(page={})


class TestLayout:
    def test_has_what_stands_around_every_page(self) -> None:
        """Title, language, a way past the navigation, one heading, and who is signed in."""
        drawn = drawing.html("intake", "signed-out.html", SignedOut())
        assert '<html lang="en-GB"' in drawn
        assert "<title>You have signed out – A Council</title>" in drawn
        assert 'href="#main-content"' in drawn
        assert 1 == drawn.count("<h1")
        assert "Asha &lt;Rowntree&gt;, supplier" in drawn
        assert 'action="/supplier/sign-out"' in drawn

    def test_leads_to_all_sites(self) -> None:
        drawn = drawing.html("ledger", "signed-out.html", SignedOut())
        for name in ("supplier", "council", "record"):
            assert f'href="https://makegood.example/{name}/' in drawn
        assert 1 == drawn.count("aria-current")

    def test_shows_a_stranger_no_way(self) -> None:
        answer = drawing.a_site("intake").show("signed-out.html", SignedOut(), None)
        assert b"<nav" not in answer.body
        assert b"<form" not in answer.body

    def test_is_not_the_governments(self) -> None:
        """No crown, no crest, no logo of GOV.UK."""
        drawn = drawing.html("intake", "signed-out.html", SignedOut()).lower()
        assert [] == re.findall(r"crown|crest|gov\.uk|govuk-logo|govuk-header", drawn)


class TestStatics:
    def test_are_small(self) -> None:
        """Own style at most 12 kB; all that a first visit loads at most 60 kB, less 10 kB for a
        page."""
        _, files = statics.load()
        assert len(files["makegood.css"].plain) <= STYLE_BYTES_MAX
        total = sum(len(file.compressed) for file in files.values())
        assert total <= FIRST_VISIT_BYTES_MAX - 10_000

    def test_load_nothing_from_elsewhere(self) -> None:
        _, files = statics.load()
        for name, file in files.items():
            if name.endswith(".css"):
                assert b"url(" not in file.plain, name
                assert b"@import" not in file.plain, name
                assert b"GDS Transport" not in file.plain, name

    def test_that_are_not_built_say_what_to_do(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A service without style does not start."""
        monkeypatch.setattr(statics, "FOLDER", tmp_path)
        with pytest.raises(statics.NotBuilt, match=r"deploy\.statics"):
            statics.load.__wrapped__()
