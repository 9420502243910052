"""The points of TikTok that rest on documents alone."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from jobs.points import Found, Point, bodies, body_of, either, inside, items
from pantau.core.exchange import Look

_LINK = re.compile(r"https://www\.tiktok\.com/@[\w.]+/(?:video|photo)/\d+")
_SAME_DAYS = 30


def _pages(look: Look) -> list[list[Mapping[str, object]]]:
    return [items(body, "data", "videos") for body in bodies(look.exchanges, "tiktok.video-list")]


def _order(look: Look) -> Found:
    pages = [[_number(one.get("create_time")) for one in page] for page in _pages(look)]
    lists = [times for times in pages if len(times) > 1]
    good = sum(times == sorted(times, reverse=True) for times in lists)
    return either(good, len(lists) - good, "daftar urut dari yang terbaru (video tersemat mengubah urutan)")


def _id_time(look: Look) -> Found:
    videos = [one for page in _pages(look) for one in page if str(one.get("id", "")).isdigit()]
    apart_days = [abs((int(str(one["id"])) >> 32) - _number(one.get("create_time"))) / 86400 for one in videos]
    good = sum(days <= _SAME_DAYS for days in apart_days)
    return either(good, len(videos) - good, "nomor video memuat waktu unggahnya")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _link(look: Look) -> Found:
    videos = [one for page in _pages(look) for one in page]
    good = sum(bool(_LINK.match(str(one.get("share_url", "")))) for one in videos)
    return either(good, len(videos) - good, "video menyebut alamatnya di www.tiktok.com")


def _rotates(look: Look) -> Found:
    traded = [one for one in look.exchanges if one.endpoint == "tiktok.oauth-token" and one.status == 200]
    new = 0
    for one in traded:
        sent = parse_qs(one.sent_body.decode("utf-8", "replace")).get("refresh_token", [""])[0]
        new += inside(body_of(one), "refresh_token") not in (None, sent)
    return either(new, 0, f"token baru pada pembaruan izin (dari {len(traded)})")


POINTS = (
    Point(id="tt-order", platform="tiktok", claim="daftar video urut dari yang terbaru", check=_order),
    Point(id="tt-id-time", platform="tiktok", claim="nomor video memuat waktu unggahnya", check=_id_time),
    Point(id="tt-link", platform="tiktok", claim="share_url menyebut nama akun dan nomor video", check=_link),
    Point(id="tt-rotates", platform="tiktok", claim="pembaruan izin memberi refresh token yang baru", check=_rotates),
)
