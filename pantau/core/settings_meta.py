"""The keys of ``[collect.meta]`` (how Meta's Graph API is reached, for Instagram and Facebook alike) and ``[collect.facebook]``."""

import re

import msgspec


class MetaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Shared by every source that asks the Graph API."""

    api_url: str = "https://graph.facebook.com"
    api_version: str = "v25.0"
    app_secret: str = ""
    """``env:NAME`` or ``file:PATH``; only for apps that demand a proof of it with each request (appsecret_proof)."""
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    max_wait_s: float = 3600.0
    """Longest single wait for the quota, which is counted over a rolling hour."""
    stop_percent: int = 90
    """From this much of the quota used (as Meta's headers state it) on, Pantau waits before it asks again."""


class FacebookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Facebook pages through the Graph API. Read only when ``token`` is set."""

    token: str = ""
    """``env:NAME`` or ``file:PATH``: of a system user with a role on the pages, or of an app with Page Public Content Access."""


def meta_problems(meta: MetaSettings) -> list[tuple[str, object, str, str]]:
    """What is wrong with the section: (key, value, what, remedy)."""
    wrong: list[tuple[str, object, str, str]] = []
    if not re.fullmatch(r"v\d{1,3}\.\d", meta.api_version, re.ASCII):
        wrong.append(("collect.meta.api_version", meta.api_version, "bukan versi API", "Tulis misalnya v25.0."))
    if not meta.api_url.startswith(("https://", "http://")):
        wrong.append(("collect.meta.api_url", meta.api_url, "bukan alamat", "Tulis https://graph.facebook.com."))
    for key in ("connect_timeout_s", "read_timeout_s"):
        if getattr(meta, key) <= 0:
            wrong.append((f"collect.meta.{key}", getattr(meta, key), "harus lebih besar dari 0", "Perbaiki angkanya."))
    if meta.max_wait_s < 0:
        wrong.append(("collect.meta.max_wait_s", meta.max_wait_s, "tidak boleh negatif", "0: jangan menunggu."))
    if not 1 <= meta.stop_percent <= 100:
        wrong.append(("collect.meta.stop_percent", meta.stop_percent, "harus 1 sampai 100", "Perbaiki angkanya."))
    return wrong
