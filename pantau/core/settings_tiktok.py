"""The keys of ``[collect.tiktok]``."""

from urllib.parse import urlsplit

import msgspec

LOOPBACK = ("localhost", "127.0.0.1")


class TikTokSettings(msgspec.Struct, frozen=True, kw_only=True):
    """TikTok through the Display API: accounts that have logged in to the office's app. Read only when both client keys are set."""

    client_key: str = ""
    client_secret: str = ""
    """``env:NAME`` or ``file:PATH``."""
    redirect_url: str = ""
    """The redirect address registered for the app: https, or ``http://localhost:PORT/...`` for an app of the kind "desktop"."""
    tokens_dir: str = ""
    """Folder with one file per account that has logged in (mode 0600). Empty: ``tiktok`` in the state folder."""
    api_url: str = "https://open.tiktokapis.com"
    login_url: str = "https://www.tiktok.com"
    timeout_s: float = 30.0
    """Longest silence of TikTok; a whole answer may take four times as long."""


def tiktok_problems(tiktok: TikTokSettings) -> list[tuple[str, object, str, str]]:
    """What is wrong with the section: (key, value, what, remedy)."""
    wrong: list[tuple[str, object, str, str]] = []
    if bool(tiktok.client_key) != bool(tiktok.client_secret):
        key = "collect.tiktok.client_secret" if tiktok.client_key else "collect.tiktok.client_key"
        wrong.append(
            (key, "", "client_key dan client_secret harus diisi keduanya", "Salin dari developers.tiktok.com.")
        )
    if tiktok.redirect_url and not _is_redirect(tiktok.redirect_url):
        remedy = "Tulis alamat https tanpa tanda tanya, atau http://localhost:3455/callback/ untuk aplikasi desktop."
        wrong.append(("collect.tiktok.redirect_url", tiktok.redirect_url, "bukan alamat kembali yang sah", remedy))
    for key in ("api_url", "login_url"):
        if not getattr(tiktok, key).startswith(("https://", "http://")):
            wrong.append((f"collect.tiktok.{key}", getattr(tiktok, key), "bukan alamat", "Hapus baris ini."))
    if tiktok.timeout_s <= 0:
        wrong.append(("collect.tiktok.timeout_s", tiktok.timeout_s, "harus lebih besar dari 0", "Perbaiki angkanya."))
    return wrong


def _is_redirect(text: str) -> bool:
    try:
        address = urlsplit(text)
        loopback = address.hostname in LOOPBACK and address.port is not None
    except ValueError:
        return False
    plain = not address.query and not address.fragment and "?" not in text and "#" not in text
    return plain and bool(address.hostname) and (address.scheme == "https" or (address.scheme == "http" and loopback))
