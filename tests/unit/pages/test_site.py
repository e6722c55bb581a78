"""A site: where its links lead, and what it needs to start."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from services.intake.settings import Settings as IntakeSettings
from services.ledger.settings import Settings as LedgerSettings
from services.verification.settings import Settings as VerificationSettings
from shared.pages import listing, site
from shared.pages.parts import Pages
from shared.settings import Settings
from tests.unit.pages import drawing

EVERY: list[type[Settings]] = [IntakeSettings, VerificationSettings, LedgerSettings]


class TestAddress:
    def test_is_of_this_site_or_of_another(self) -> None:
        """Below the path at which the site is served."""
        site = drawing.a_site("intake")
        assert "/supplier/returns/1" == site.address("/returns/1")
        assert "https://makegood.example/record/entries/97" == site.address("record:/entries/97")

    def test_of_a_list_keeps_what_it_is_narrowed_down_to(self) -> None:
        """The first page has no cursor; the last leads nowhere."""
        first = listing.pages("/", None, "b", contract="K/1")
        assert Pages(None, "/?contract=K%2F1&cursor=b") == first
        last = listing.pages("/", "b", None, contract="K/1")
        assert Pages("/?contract=K%2F1", None) == last
        assert Pages(None, None) == listing.pages("/", None, None, contract=None)


class TestSettings:
    @pytest.mark.parametrize("settings", EVERY)
    def test_keep_the_demonstration_on_loopback(self, settings: type[Settings]) -> None:
        """Anyone may choose who they are there: in every service, that is for one machine."""
        servers = {
            "kafka_bootstrap_servers": "x:1",
            "database_url": SecretStr("postgresql://u:p@h/d"),
        }
        settings.model_validate(servers | {"demo": True, "host": "127.0.0.1"})
        with pytest.raises(ValidationError, match="loopback"):
            settings.model_validate(servers | {"demo": True, "host": "0.0.0.0"})

    @pytest.mark.parametrize(
        "address", ["makegood.example", "https://makegood.example/", "javascript:x", "https://a?b"]
    )
    def test_refuse_an_address_that_links_could_not_begin_with(self, address: str) -> None:
        """With a scheme, without a slash or a question at its end."""
        servers = {
            "kafka_bootstrap_servers": "x:1",
            "database_url": SecretStr("postgresql://u:p@h/d"),
        }
        with pytest.raises(ValidationError, match=r"record_url|RECORD_URL"):
            Settings.model_validate(servers | {"record_url": address})


class TestKey:
    def test_is_one_for_all_services(self, tmp_path: Path) -> None:
        """In the state folder: what one seals, the others open."""
        servers = {
            "kafka_bootstrap_servers": "x:1",
            "database_url": SecretStr("postgresql://u:p@h/d"),
        }
        made = [each.model_validate(servers | {"state": tmp_path}) for each in EVERY]
        intake, *others = [
            site.Site("record", each, drawing.SERVICES / "ledger" / "pages") for each in made
        ]
        sealed = intake.sealer.seal(drawing.WHO)
        for other in others:
            assert drawing.WHO == other.sealer.open(sealed, drawing.WHO.since)
        assert 0o600 == (tmp_path / "session.key").stat().st_mode & 0o777
