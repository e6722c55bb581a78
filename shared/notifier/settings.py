"""The settings of the notifiers, from the environment. docs/notifier.md lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, FilePath, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.notifier.channels import guard, smtp

MailAddress = Annotated[str, StringConstraints(pattern=r"^[^\s@<>]+@[^\s@<>]+$", max_length=320)]

_SCHEMES: Final = ("smtp", "smtps", "file", "notify")


class NotifierSettings(BaseSettings):
    """How mails and calls of webhooks leave. A field's variable is its name in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    mail_url: SecretStr
    """Where mails go: `smtp://USER:PASSWORD@HOST:PORT`, `smtps://…`, `notify:` for GOV.UK Notify,
    or `file:///FOLDER`, where each mail is a file."""
    mail_from: MailAddress
    """The address that mails come from."""
    mail_reply_to: MailAddress | None = None
    """The council's mailbox, where answers go."""
    mail_ca_file: FilePath | None = None
    """Who may vouch for the mail server; without it those that the system trusts."""
    mail_plain_allowed: bool = False
    """Lets `?tls=none` send in the clear to another machine."""
    mails_per_hour_max: int = Field(default=10, ge=1, le=1000)
    """To one person. What is above waits, and is one summary when the hour is over."""
    mail_connections: int = Field(default=4, ge=1, le=20)
    """How many mails are sent at the same time."""
    notifier_lease_seconds: float = Field(default=30.0, ge=1, le=600)
    """How long after the death of a notifier another takes up what it was sending."""
    notifier_poll_seconds: float = Field(default=1.0, ge=0.05, le=60)
    """How often it looks for something to do."""
    notify_api_key: SecretStr | None = None
    """Of GOV.UK Notify."""
    notify_template_id: str | None = None
    """Of a template with the fields `subject` and `body`."""
    notify_url: str = "https://api.notifications.service.gov.uk"
    webhook_allowed: str = ""
    """Hosts and networks that webhooks may reach although they are private, by commas."""
    notifier_port: int = Field(default=0, ge=0, le=65535)
    """Where the notifier's metrics are; 0: nowhere."""

    @model_validator(mode="after")
    def _mail_url_is_known(self) -> NotifierSettings:
        url = self.mail_url.get_secret_value()
        scheme = url.partition(":")[0]
        if scheme not in _SCHEMES:
            raise ValueError(f"MAIL_URL begins with {', '.join(f'{s}:' for s in _SCHEMES)}")
        if scheme == "notify" and (self.notify_api_key is None or not self.notify_template_id):
            raise ValueError("MAIL_URL=notify: needs NOTIFY_API_KEY and NOTIFY_TEMPLATE_ID")
        if scheme in ("smtp", "smtps"):
            try:
                smtp.read_url(url, is_plain_allowed=self.mail_plain_allowed)
            except ValueError as error:
                raise ValueError(f"MAIL_URL: {error}") from None
        try:
            guard.read_allowed(self.webhook_allowed)
        except ValueError as error:
            raise ValueError(f"WEBHOOK_ALLOWED: {error}") from None
        return self

    @property
    def mail_folder(self) -> Path:
        """The folder that `file:` names."""
        return Path(self.mail_url.get_secret_value().partition(":")[2].removeprefix("//"))
