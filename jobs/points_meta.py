"""The points of Instagram and Facebook that rest on documents alone."""

import json
import re
from collections.abc import Mapping

from jobs.points import Found, Point, bodies, body_of, either, inside, items
from pantau.core.exchange import Exchange, Look

_NOT_PROFESSIONAL = frozenset({110, 24})
_MENTION = re.compile(r"(?<![\w.])@[A-Za-z0-9_.]{2,}")


def _graph(look: Look) -> list[Exchange]:
    return [one for one in look.exchanges if one.endpoint.startswith("graph.")]


def _code(exchange: Exchange) -> object:
    return inside(body_of(exchange), "error", "code")


def _header_token(look: Look) -> Found:
    """104, 2500 and 190 without a subcode are what Meta says when it sees no token."""
    asked = _graph(look)
    taken = sum(one.status == 200 or _code(one) in (*_NOT_PROFESSIONAL, 803) for one in asked)
    unseen = sum(_code(one) in (104, 2500) for one in asked)
    return either(taken, 0 if taken else unseen, "jawaban atas token di kepala permintaan")


def _media(look: Look) -> list[list[Mapping[str, object]]]:
    return [items(body, "business_discovery", "media", "data") for body in bodies(look.exchanges, "graph.discovery")]


def _shown(kind: str, field: str, what: str, look: Look) -> Found:
    own = [post for page in _media(look) for post in page if post.get("media_type") == kind]
    shown = sum(field in post for post in own)
    return either(shown, len(own) - shown, what)


def _pins(look: Look) -> Found:
    pages = [[str(post.get("timestamp", "")) for post in page] for page in _media(look)]
    raised = sum(times != sorted(times, reverse=True) for times in pages)
    if not raised:
        return Found("open", "tidak terlihat unggahan tersemat; semua daftar urut dari yang terbaru")
    first = sum(times[3:] == sorted(times[3:], reverse=True) for times in pages if times != sorted(times, reverse=True))
    return either(first, raised - first, "daftar dengan unggahan lama hanya di tiga tempat teratas")


def _hourly(look: Look) -> Found:
    used = [_percent(one) for one in _graph(look)]
    seen = [value for value in used if value is not None]
    if not seen:
        return Found("open", "tidak ada kepala X-App-Usage dalam jawaban")
    return Found("measured", f"pemakaian {seen[0]:g} % lalu {seen[-1]:g} % sesudah {len(used)} permintaan")


def _percent(exchange: Exchange) -> float | None:
    try:
        value = inside(json.loads(exchange.headers.get("x-app-usage", "")), "call_count")
    except ValueError:
        return None
    return float(value) if isinstance(value, int | float) else None


def _professional(look: Look) -> Found:
    asked = [one for one in look.exchanges if one.endpoint == "graph.discovery"]
    hidden = sum(_code(one) in _NOT_PROFESSIONAL for one in asked)
    shown = {str(inside(body_of(one), "business_discovery", "id")) for one in asked if one.status == 200}
    if not hidden and not shown:
        return Found("open", "tidak satu akun pun dijawab")
    return Found("measured", f"{len(shown)} dari {len(shown) + hidden} akun profesional")


def _mentions(look: Look) -> Found:
    captions = [str(post.get("caption", "")) for page in _media(look) for post in page]
    kept = sum(bool(_MENTION.search(caption)) for caption in captions)
    return (
        either(0, kept, "keterangan tanpa @") if kept else Found("open", f"{len(captions)} keterangan, tidak ada @nama")
    )


def _instaloader(look: Look) -> Found:
    """Instagram refuses a ``doc_id`` that it no longer knows with 400, or answers without data."""
    asked = [one for one in look.exchanges if one.method == "POST" and one.endpoint.startswith("instagram.")]
    answered = sum(one.status == 200 and isinstance(inside(body_of(one), "data"), Mapping) for one in asked)
    refused = sum(one.status in (200, 400, 404) for one in asked) - answered
    return either(answered, refused, "permintaan instaloader dijawab dengan data")


def _posts(look: Look) -> list[Mapping[str, object]]:
    return [post for body in bodies(look.exchanges, "graph.posts") for post in items(body, "data")]


def _page_number(look: Look) -> Found:
    posts = _posts(look)
    good = sum(
        bool(inside(post, "from", "id")) and str(post.get("id", "")).startswith(f"{inside(post, 'from', 'id')}_")
        for post in posts
    )
    return either(good, len(posts) - good, "unggahan menyebut nomor halaman di from dan di nomornya")


def _fields(look: Look) -> Found:
    posts = _posts(look)
    if not posts:
        return Found("open", "tidak ada unggahan dalam jawaban kali ini")
    lacking = [name for name in ("is_published", "status_type") if not any(name in post for post in posts)]
    return Found("refuted", f"tidak tampil: {', '.join(lacking)}") if lacking else Found("confirmed", "keduanya tampil")


def _page_quota(look: Look) -> Found:
    names = ("x-page-usage", "x-business-use-case-usage", "x-app-usage")
    said = [f"{name} {one.headers[name][:120]}" for one in look.exchanges[-1:] for name in names if name in one.headers]
    return Found("measured", "; ".join(said)) if said else Found("open", "tidak ada kepala pemakaian dalam jawaban")


def _reels(look: Look) -> Found:
    reels = sum("/reel" in str(post.get("permalink_url", "")) for post in _posts(look))
    return either(reels, 0, "unggahan yang berupa reel")


POINTS = (
    Point(
        id="ig-header-token",
        platform="instagram",
        claim="Graph API menerima token di kepala Authorization",
        check=_header_token,
    ),
    Point(
        id="ig-thumbnail",
        platform="instagram",
        claim="thumbnail_url tampil pada video akun lain",
        check=lambda look: _shown("VIDEO", "thumbnail_url", "video dengan gambar sampul", look),
    ),
    Point(
        id="ig-children",
        platform="instagram",
        claim="children tampil pada unggahan bergambar banyak milik akun lain",
        check=lambda look: _shown("CAROUSEL_ALBUM", "children", "unggahan bergambar banyak dengan isinya", look),
    ),
    Point(
        id="ig-pins",
        platform="instagram",
        claim="unggahan tersemat ada di paling atas, paling banyak tiga",
        check=_pins,
    ),
    Point(id="ig-hourly", platform="instagram", claim="batas 200 permintaan tiap jam", check=_hourly),
    Point(id="ig-professional", platform="instagram", claim="berapa akun yang profesional", check=_professional),
    Point(id="ig-mentions", platform="instagram", claim="keterangan datang tanpa @ pada nama orang", check=_mentions),
    Point(
        id="ig-instaloader",
        platform="instagram",
        claim="Instagram masih menjawab doc_id dari instaloader yang terpasang",
        check=_instaloader,
    ),
    Point(
        id="fb-header-token",
        platform="facebook",
        claim="Graph API menerima token di kepala Authorization",
        check=_header_token,
    ),
    Point(
        id="fb-page-number",
        platform="facebook",
        claim="unggahan menyebut nomor halaman di from dan di nomor unggahan",
        check=_page_number,
    ),
    Point(
        id="fb-fields", platform="facebook", claim="is_published dan status_type tampil bagi token ini", check=_fields
    ),
    Point(
        id="fb-unpublished",
        platform="facebook",
        claim="halaman yang tidak diterbitkan dijawab 100/33",
        why="100/33 tidak menyebut sebabnya; periksa satu halaman yang memang tidak diterbitkan di peramban",
    ),
    Point(id="fb-quota", platform="facebook", claim="kuota token halaman", check=_page_quota),
    Point(id="fb-reels", platform="facebook", claim="reel muncul dalam daftar unggahan halaman", check=_reels),
)
