"""The settings of notifiers: what is refused, in words, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from shared import settings
from shared.notifier.settings import NotifierSettings

FROM: Final = "makegood@council.example"
PASSWORD: Final = "hunter-2"
URL: Final = f"smtp://makegood:{PASSWORD}@smtp.example:587"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in NotifierSettings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


class TestNotifierSettings:
    def test_show_no_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However they are written out."""
        monkeypatch.setenv("MAIL_URL", URL)
        monkeypatch.setenv("MAIL_FROM", FROM)
        monkeypatch.setenv("NOTIFY_API_KEY", f"council-{PASSWORD}")
        found = settings.read(NotifierSettings)
        assert URL == found.mail_url.get_secret_value()
        for written in (repr(found), str(found), found.model_dump_json()):
            assert PASSWORD not in written

    def test_are_refused_in_words_that_show_no_secret(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server in a way that is not known, and whatever else is wrong at the same time."""
        monkeypatch.setenv("MAIL_URL", f"imap://makegood:{PASSWORD}@smtp.example")
        monkeypatch.setenv("MAIL_FROM", FROM)
        with pytest.raises(settings.WrongSettingsError) as refused:
            settings.read(NotifierSettings)
        assert str(refused.value).startswith("MAIL_URL begins with smtp:, smtps:, file:, notify:.")
        assert PASSWORD not in str(refused.value)
        monkeypatch.setenv("MAIL_FROM", "nobody")
        with pytest.raises(settings.WrongSettingsError, match="MAIL_FROM is 'nobody'") as refused:
            settings.read(NotifierSettings)
        assert PASSWORD not in str(refused.value)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            (f"smtp://makegood:{PASSWORD}@/x", "MAIL_URL: write it as smtp://USER:PASSWORD@"),
            (f"smtp://makegood:{PASSWORD}@smtp.example?tls=none", "MAIL_URL: .*in the clear"),
        ],
    )
    def test_know_an_address_of_a_server_before_anything_is_sent(
        self, monkeypatch: pytest.MonkeyPatch, wrong: str, words: str
    ) -> None:
        """A wrong one is told at the start, without its password."""
        monkeypatch.setenv("MAIL_URL", wrong)
        monkeypatch.setenv("MAIL_FROM", FROM)
        with pytest.raises(settings.WrongSettingsError, match=words) as refused:
            settings.read(NotifierSettings)
        assert PASSWORD not in str(refused.value)

    def test_know_what_webhooks_may_reach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A network that is none is told at the start."""
        monkeypatch.setenv("MAIL_URL", URL)
        monkeypatch.setenv("MAIL_FROM", FROM)
        monkeypatch.setenv("WEBHOOK_ALLOWED", "10.0.0.0/33")
        with pytest.raises(
            settings.WrongSettingsError, match=r"^WEBHOOK_ALLOWED: '10\.0\.0\.0/33'"
        ):
            settings.read(NotifierSettings)

    @pytest.mark.parametrize("missing", ["MAIL_URL", "MAIL_FROM"])
    def test_need_a_way_out_and_a_sender(
        self, monkeypatch: pytest.MonkeyPatch, missing: str
    ) -> None:
        for name, value in {"MAIL_URL": URL, "MAIL_FROM": FROM}.items():
            if name != missing:
                monkeypatch.setenv(name, value)
        with pytest.raises(settings.WrongSettingsError, match=f"^{missing} is not set"):
            settings.read(NotifierSettings)

    @pytest.mark.parametrize("given", ["NOTIFY_API_KEY", "NOTIFY_TEMPLATE_ID"])
    def test_need_key_and_template_for_notify(
        self, monkeypatch: pytest.MonkeyPatch, given: str
    ) -> None:
        """One of the two is not enough."""
        monkeypatch.setenv("MAIL_URL", "notify:")
        monkeypatch.setenv("MAIL_FROM", FROM)
        monkeypatch.setenv(given, "something")
        with pytest.raises(settings.WrongSettingsError, match="needs NOTIFY_API_KEY and NOTIFY_T"):
            settings.read(NotifierSettings)

    def test_name_a_folder_by_its_whole_path(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAIL_URL", "file:///var/spool/mails")
        monkeypatch.setenv("MAIL_FROM", FROM)
        assert Path("/var/spool/mails") == settings.read(NotifierSettings).mail_folder
