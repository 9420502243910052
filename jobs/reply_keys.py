"""The secret behind an office's reply codes, and whether offices share the mailbox to which they come."""

import secrets

from pantau.core.errors import SecretError
from pantau.core.secrets import make_private
from pantau.core.settings import MailSettings, Settings

_SECRET_BYTES = 16


def reply_secret(settings: Settings) -> bytes:
    """The secret behind reply codes, made on first use when none is set. Raises ``SecretError``."""
    reference = settings.mail.reply_secret
    if not reference:
        path = settings.state_dir / "reply-secret"
        make_private(path, secrets.token_urlsafe(32))
        reference = f"file:{path.resolve()}"
    secret = settings.secret(reference).reveal().encode()
    if len(secret) < _SECRET_BYTES:
        raise SecretError(f"mail.reply_secret terlalu pendek; pakai paling sedikit {_SECRET_BYTES} huruf acak.")
    return secret + f"\0{settings.code}".encode() if settings.code else secret  # no office's code is good for another


def same_mailbox(one: MailSettings, other: MailSettings) -> bool:
    """Whether two offices read one mailbox."""
    places = [(mail.imap_host.lower(), mail.imap_port, mail.imap_user or mail.user) for mail in (one, other)]
    return bool(one.imap_host) and places[0] == places[1]
