"""The points of YouTube and of websites that rest on documents alone."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from jobs.points import Found, Point, bodies, body_of, either, inside, items
from pantau.core.exchange import Exchange, Look

_HIDDEN = frozenset({"Private video", "Deleted video"})
_OPENSID_CHARS = 320
"""OpenSID cuts near 260; entities and markup come on top."""
_GENERATORS = {
    "WordPress": re.compile(rb"<generator>[^<]*wordpress", re.I),
    "OpenSID": re.compile(rb"<generator>[^<]*opensid", re.I),
}
_FEED = re.compile(rb"<(?:rss|feed|rdf:RDF)\b")
_DESCRIPTION = re.compile(rb"<item\b.*?<description>(.*?)</description>", re.DOTALL)


def _uploads(look: Look) -> list[list[Mapping[str, object]]]:
    return [items(body, "items") for body in bodies(look.exchanges, "youtube.playlistItems")]


def _published(look: Look) -> Found:
    shown = [one for page in _uploads(look) for one in page if inside(one, "snippet", "title") not in _HIDDEN]
    dated = sum(bool(inside(one, "contentDetails", "videoPublishedAt")) for one in shown)
    return either(dated, len(shown) - dated, "video dalam daftar punya videoPublishedAt")


def _order(look: Look) -> Found:
    times = [[str(inside(one, "contentDetails", "videoPublishedAt") or "") for one in page] for page in _uploads(look)]
    dated = [[time for time in page if time] for page in times if len([time for time in page if time]) > 1]
    good = sum(page == sorted(page, reverse=True) for page in dated)
    return either(good, len(dated) - good, "daftar urut dari yang terbaru")


def _absent(look: Look) -> Found:
    left_out = refused = 0
    for one in look.exchanges:
        if one.endpoint == "youtube.channels" and (wanted := parse_qs(urlsplit(one.url).query).get("id")):
            refused += one.status == 404
            if one.status == 200:
                left_out += len(set(wanted[0].split(","))) - len(items(body_of(one), "items"))
    return either(left_out, refused, "kanal yang tidak ada dilewati tanpa kesalahan")


def _reasons(look: Look) -> Found:
    said = [
        str(one.get("reason")) for body in _all(look, "youtube.playlistItems") for one in items(body, "error", "errors")
    ]
    return either(
        sum(reason in ("channelClosed", "channelSuspended") for reason in said), 0, "penolakan dengan sebab itu"
    )


def _all(look: Look, endpoint: str) -> list[object]:
    return [body_of(one) for one in look.exchanges if one.endpoint == endpoint]


def _same_texts(look: Look) -> Found:
    """The same videos through the API and through RSS, as Pantau would store them."""
    texts = {item.post.post_id: item.post.text for scan in look.scans for item in scan.posts}
    pairs = [
        (texts[p.post.post_id], p.post.text) for scan in look.again_scans for p in scan.posts if p.post.post_id in texts
    ]
    same = sum(one == other for one, other in pairs)
    return either(same, len(pairs) - same, "video berbunyi sama di API dan RSS")


def _feeds(look: Look) -> Found:
    asked = [one for one in (*look.exchanges, *look.again) if one.endpoint == "youtube.feed"]
    good = sum(one.status == 200 for one in asked)
    return either(good, 0 if good else len(asked), "umpan RSS menjawab")


def _kinds(look: Look) -> Found:
    hosts = {
        name: {_place(one) for one in look.exchanges if mark.search(one.body)} for name, mark in _GENERATORS.items()
    }
    feeds = {_place(one) for one in look.exchanges if one.status == 200 and _FEED.search(one.body[:2000])}
    said = ", ".join(f"{name} {len(found)}" for name, found in hosts.items())
    return Found("measured", f"{said}, lainnya {len(feeds - set().union(*hosts.values()))}")


def _place(exchange: Exchange) -> str:
    address = urlsplit(exchange.url)
    return f"{address.hostname}{address.path}"


def _unchanged(look: Look) -> Found:
    asked = [
        one for one in look.again if "if-none-match" in one.sent_headers or "if-modified-since" in one.sent_headers
    ]
    spared = sum(one.status == 304 for one in asked)
    sites = sum(scan.reading.outcome == "read" for scan in look.scans)
    if not asked:
        return Found("refuted" if sites else "open", "tidak ada umpan yang memberi ETag atau Last-Modified")
    return Found("measured", f"{spared} dari {sites} situs menjawab 304 pada permintaan kedua")


def _secured(look: Look) -> Found:
    reasons = [scan.reading.reason for scan in look.scans if "sertifikat" in scan.reading.reason]
    plain = {urlsplit(one.url).hostname for one in look.exchanges if one.url.startswith("http:")}
    return Found("measured", f"sertifikat tidak sah: {len(reasons)} situs; dibaca tanpa https: {len(plain)} host")


def _refusing(look: Look) -> Found:
    blocked = sum(scan.reading.unread_class == "blocked" for scan in look.scans)
    return Found("measured", f"{blocked} dari {len(look.scans)} situs menolak dibaca mesin")


def _older(look: Look) -> Found:
    asked = [one for one in look.exchanges if "paged" in parse_qs(urlsplit(one.url).query)]
    return either(
        sum(one.status in (200, 404) for one in asked),
        sum(one.status not in (200, 404) for one in asked),
        "halaman lama",
    )


def _cut(look: Look) -> Found:
    feeds = [one.body for one in look.exchanges if _GENERATORS["OpenSID"].search(one.body)]
    lengths = [len(text.decode("utf-8", "replace")) for body in feeds for text in _DESCRIPTION.findall(body)]
    longer = sum(length > _OPENSID_CHARS for length in lengths)
    return either(len(lengths) - longer, longer, "tulisan OpenSID dipotong dekat 260 huruf")


POINTS = (
    Point(id="yt-published", platform="youtube", claim="daftar unggahan menyebut videoPublishedAt", check=_published),
    Point(id="yt-order", platform="youtube", claim="daftar unggahan urut dari yang terbaru", check=_order),
    Point(id="yt-absent", platform="youtube", claim="kanal yang tidak ada dilewati tanpa kesalahan", check=_absent),
    Point(
        id="yt-reasons",
        platform="youtube",
        claim="kanal yang ditutup ditolak dengan channelClosed atau channelSuspended",
        check=_reasons,
    ),
    Point(
        id="yt-same-text", platform="youtube", claim="judul dan keterangan di RSS sama dengan di API", check=_same_texts
    ),
    Point(id="yt-feeds", platform="youtube", claim="umpan RSS menjawab dari jaringan kantor", check=_feeds),
    Point(id="web-kinds", platform="website", claim="berapa situs memakai WordPress dan OpenSID", check=_kinds),
    Point(id="web-304", platform="website", claim="umpan yang tidak berubah dijawab 304", check=_unchanged),
    Point(
        id="web-https", platform="website", claim="berapa situs tanpa https atau bersertifikat rusak", check=_secured
    ),
    Point(id="web-refusing", platform="website", claim="berapa situs menolak User-Agent kita", check=_refusing),
    Point(id="web-older", platform="website", claim="halaman lama umpan dapat dibaca dengan ?paged=", check=_older),
    Point(id="web-opensid-cut", platform="website", claim="OpenSID memotong keterangan dekat 260 huruf", check=_cut),
)
