"""Platforms and handles as people write them: typing slips, pasted web addresses, and what each platform allows."""

import re
from collections.abc import Callable
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import msgspec

from pantau.accounts.tables import nearest
from pantau.accounts.values import Mistake

WATCHABLE = ("x", "instagram", "facebook", "youtube", "tiktok", "website")
"""Platforms that Pantau has, or will have, a collector for. Any other is registered but not watched."""
_OTHERS = ("threads", "telegram", "whatsapp", "linkedin", "line", "bluesky", "snackvideo", "podcast", "spotify")
_ALIASES = {
    "twitter": "x",
    "x/twitter": "x",
    "twitter/x": "x",
    "x(twitter)": "x",
    "twitter(x)": "x",
    "ig": "instagram",
    "insta": "instagram",
    "fb": "facebook",
    "fesbuk": "facebook",
    "facebookpage": "facebook",
    "yt": "youtube",
    "yutub": "youtube",
    "tt": "tiktok",
    "web": "website",
    "situs": "website",
    "situsweb": "website",
    "laman": "website",
    "wa": "whatsapp",
    "thread": "threads",
}
_NOTHING = {
    "tidakada",
    "belumada",
    "nihil",
    "kosong",
    "none",
    "n/a",
    "na",
    "tidakpunya",
    "belumpunya",
    "tidak",
    "belum",
}
_HOSTS = {
    "x.com": "x",
    "twitter.com": "x",
    "instagram.com": "instagram",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "youtube.com": "youtube",
    "tiktok.com": "tiktok",
}
_SHORTENERS = {
    "t.co",
    "bit.ly",
    "s.id",
    "fb.me",
    "youtu.be",
    "vt.tiktok.com",
    "vm.tiktok.com",
    "linktr.ee",
    "instagr.am",
}
_NOT_ACCOUNTS = {
    "x": {"i", "home", "search", "hashtag", "intent", "share", "explore"},
    "instagram": {"p", "reel", "reels", "tv", "stories", "explore", "accounts", "direct"},
    "facebook": {
        "groups",
        "watch",
        "share",
        "events",
        "photo",
        "photo.php",
        "story.php",
        "reel",
        "marketplace",
        "hashtag",
    },
    "youtube": {"watch", "shorts", "playlist", "live", "results", "feed"},
    "tiktok": {"video", "tag", "discover", "music", "t"},
}


class Handle(msgspec.Struct, frozen=True):
    """A handle without ``@`` and, where a pasted address shows it, the platform's own id."""

    name: str
    platform_id: str = ""


def parse_platform(text: str) -> str:
    """The platform's name in lower case. Raises ``Mistake`` for a likely slip of a known one."""
    name = re.sub(r"\s+", "", text).casefold()
    name = _ALIASES.get(name, name)
    if name in WATCHABLE or name in _OTHERS:
        return name
    if name in _NOTHING:
        raise Mistake("unit tanpa akun ditulis dengan platform kosong", "Kosongkan sel platform dan handle.")
    near = nearest(name, [*WATCHABLE, *_OTHERS, *_ALIASES])
    if near:
        raise Mistake("platform tidak dikenal", f'Mungkin maksudnya "{_ALIASES.get(near, near)}".')
    if not re.fullmatch(r"[a-z0-9][a-z0-9._+-]{2,29}", name):
        remedy = f"Tulis satu nama, misalnya {', '.join(WATCHABLE)}; satu akun satu baris."
        raise Mistake("nama platform tidak dapat dipakai", remedy)
    return name


def parse_handle(platform: str, text: str) -> Handle:
    """The handle from a bare name, ``@name`` or a pasted profile address. Raises ``Mistake``."""
    address = _as_address(platform, text)
    if platform == "website":
        return Handle(_website(text, address))
    if address is None:
        found = Handle(text.removeprefix("@").strip())
    elif platform in _NOT_ACCOUNTS:
        found = _from_address(platform, address)
    else:
        found = Handle(text.split("://", 1)[-1].rstrip("/"))
    _check_name(platform, found.name)
    return found


def check_platform_id(platform: str, text: str) -> str:
    """The platform's own id of an account, as text. Raises ``Mistake``."""
    if re.fullmatch(r"\d+([.,]\d+)?e\+?\d+", text.lower()):
        what = "Excel mengubah nomor panjang menjadi notasi ilmiah, angka belakangnya hilang"
        raise Mistake(what, "Format kolom sebagai Teks, lalu tulis ulang nomornya; atau kosongkan.")
    pattern, words = {
        "x": (r"\d{1,20}", "hanya angka"),
        "instagram": (r"\d{1,20}", "hanya angka"),
        "facebook": (r"\d{1,20}", "hanya angka"),
        "youtube": (r"UC[\w-]{22}", "diawali UC, 24 huruf"),
    }.get(platform, (r"[\w.:-]{1,120}", "huruf dan angka tanpa spasi"))
    if not re.fullmatch(pattern, text, re.ASCII):
        raise Mistake(f"nomor akun {platform} harus {words}", "Perbaiki, atau kosongkan: Pantau mencarinya sendiri.")
    return text


def _as_address(platform: str, text: str) -> SplitResult | None:
    """The parts of a pasted web address; None for a bare name."""
    host = text.split("://", 1)[-1].split("/", 1)[0].lower()
    known = _bare_host(host) in _HOSTS or host in _SHORTENERS
    if "://" not in text and not known and not host.startswith("www.") and platform != "website":
        return None
    try:
        return urlsplit(text if "://" in text else f"https://{text}")
    except ValueError as error:
        raise Mistake("alamat web tidak dapat dibaca", "Salin ulang alamat halaman muka akun.") from error


def _bare_host(host: str) -> str:
    return re.sub(r"^(?:www|m|mobile|web|id-id|mbasic)\.", "", host.lower())


def _from_address(platform: str, address: SplitResult) -> Handle:
    host = _bare_host(address.netloc.split("@")[-1].split(":")[0])
    if host in _SHORTENERS or address.netloc.lower() in _SHORTENERS:
        raise Mistake("alamat pendek tidak menunjukkan nama akun", "Buka alamatnya, lalu salin alamat halaman akun.")
    owner = _HOSTS.get(host)
    if owner != platform:
        whose = f"milik {owner}" if owner else "bukan alamat platform ini"
        raise Mistake(f"alamat {whose}, sedangkan kolom platform berisi {platform}", "Perbaiki salah satunya.")
    parts = [unquote(part) for part in address.path.split("/") if part]
    if not parts:
        raise Mistake("alamat tanpa nama akun", "Salin alamat halaman muka akun.")
    if parts[0].lower() in _NOT_ACCOUNTS[platform] or (platform == "tiktok" and not parts[0].startswith("@")):
        raise Mistake("alamat ini bukan halaman akun", "Buka akunnya, lalu salin alamat halaman mukanya.")
    return _PARTS.get(platform, _first_part)(parts, address)


def _first_part(parts: list[str], _address: SplitResult) -> Handle:
    return Handle(parts[0].removeprefix("@"))


def _facebook_part(parts: list[str], address: SplitResult) -> Handle:
    if parts[0].lower() == "profile.php":
        number = parse_qs(address.query).get("id", [""])[0]
        if not number.isdigit():
            raise Mistake("alamat tanpa nomor akun", "Salin alamat halaman muka akun.")
        return Handle(number, number)
    if parts[0].lower() in ("pages", "people", "p") and len(parts) > 1:
        tail = re.search(r"(\d{8,20})$", parts[-1])
        return Handle(tail[1], tail[1]) if tail else Handle(parts[1])
    return Handle(parts[0])


def _youtube_part(parts: list[str], _address: SplitResult) -> Handle:
    if parts[0] == "channel" and len(parts) > 1:
        return Handle(parts[1], parts[1])
    if parts[0] in ("c", "user") and len(parts) > 1:
        return Handle(parts[1])
    return Handle(parts[0].removeprefix("@"))


_PARTS: dict[str, Callable[[list[str], SplitResult], Handle]] = {
    "facebook": _facebook_part,
    "youtube": _youtube_part,
}


def _website(text: str, address: SplitResult | None) -> str:
    """Host and path, without scheme and closing slash, so that one site is registered once."""
    if address is None or address.query or "@" in address.netloc:
        raise Mistake("bukan alamat muka situs", "Tulis misalnya dinkes.contoh.go.id.")
    host = address.netloc.lower()
    if not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?::\d{1,5})?", host):
        raise Mistake("bukan alamat situs", "Tulis misalnya dinkes.contoh.go.id.")
    path = address.path.rstrip("/")
    if re.search(r"\s", text):
        raise Mistake("alamat situs berisi spasi", "Hapus spasinya; satu situs satu baris.")
    return host + path


_NAMES = {
    "x": (r"[A-Za-z0-9_]{1,50}", "huruf, angka dan garis bawah"),
    "instagram": (
        r"(?!\.)(?!.*\.\.)[A-Za-z0-9._]{1,30}(?<!\.)",
        "huruf, angka, titik dan garis bawah, paling panjang 30",
    ),
    "facebook": (r"[\w.-]{2,100}", "huruf, angka, titik dan tanda hubung, tanpa spasi"),
    "tiktok": (r"[A-Za-z0-9._]{2,24}(?<!\.)", "huruf, angka, titik dan garis bawah, 2 sampai 24"),
    "youtube": (r"[\w.·-]{3,100}", "huruf, angka, titik dan tanda hubung, tanpa spasi"),
}


def _check_name(platform: str, name: str) -> None:
    pattern, words = _NAMES.get(platform, (r"\S{1,200}", "tanpa spasi"))
    if not re.fullmatch(pattern, name):
        raise Mistake(f"nama akun {platform} tidak mungkin ({words})", "Salin nama akun dari halaman akunnya.")
