"""Sites as villages and agencies run them: WordPress (pages of a feed), OpenSID (short descriptions), Atom, sites without a feed.

Shapes after WordPress 6 and OpenSID templates and RFC 4287, written by hand. Each site answers conditional requests.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape
from typing import Literal

from tests.servers.base import LocalServer, Reply, Request, html_reply

WIB = timezone(timedelta(hours=7))


def rfc822(moment: datetime) -> str:
    """As WordPress writes it."""
    return format_datetime(moment)


def indonesian(moment: datetime) -> str:
    """As OpenSID and home-made sites write it."""
    days = ("Sen", "Sel", "Rab", "Kam", "Jum", "Sab", "Min")
    months = ["Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus"]
    months += ["September", "Oktober", "November", "Desember"]
    local = moment.astimezone(WIB)
    return f"{days[local.weekday()]}, {local.day:02} {months[local.month - 1]} {local.year} {local:%H:%M:%S} WIB"


@dataclass
class FakeEntry:
    """One entry; ``date`` overrides what is written as its date ("" writes none)."""

    at: datetime
    title: str
    html: str = "<p>Isi berita.</p>"
    guid: str | None = None
    date: str | None = None


@dataclass
class FakeSite:
    """One site under ``/name``. ``entries`` newest first."""

    name: str
    entries: list[FakeEntry] = field(default_factory=list)
    kind: Literal["wordpress", "opensid", "atom", "none"] = "wordpress"
    page_size: int = 10
    write_date: Callable[[datetime], str] = rfc822
    validators: bool = True
    gone: bool = False


class WebsiteServer(LocalServer):
    """Endpoints for faults and counts: ``home``, ``feed``, ``root``."""

    def __init__(self, sites: Iterable[FakeSite] = (), *, direct_tls: bool = False) -> None:
        super().__init__(direct_tls=direct_tls)
        self.sites = {site.name: site for site in sites}
        self.unchanged = 0
        """Answers 304 so far."""
        self.clock: Callable[[], datetime] | None = None
        """What answers name as the time (header ``Date``); None: they name none."""

    def handle(self, name: str) -> str:
        """The site as the register holds it."""
        return f"127.0.0.1:{self.port}/{name}"

    def endpoint_of(self, request: Request) -> str:
        """By the path."""
        parts = request.path.strip("/").split("/")
        return "root" if parts == [""] else "feed" if len(parts) > 1 else "home"

    def accounts_of(self, request: Request) -> Iterable[str]:
        """The site's name."""
        return (request.path.strip("/").split("/")[0].lower(),)

    def route(self, request: Request) -> Reply:
        """Home page or feed of a site."""
        name, _, rest = request.path.strip("/").partition("/")
        if not name:
            return html_reply(200, "<html><head><title>Portal</title></head><body>Portal kabupaten</body></html>")
        site = self.sites.get(name)
        if site is None or site.gone:
            return html_reply(404, "<html><body><h1>404 Tidak ditemukan</h1></body></html>")
        if not rest:
            return self._home(site)
        if rest == "feed" and site.kind != "none":
            return self._feed(site, request)
        return html_reply(404, "<html><body><h1>404 Tidak ditemukan</h1></body></html>")

    def _home(self, site: FakeSite) -> Reply:
        kind = "atom" if site.kind == "atom" else "rss"
        link = (
            f'<link rel="alternate" type="application/{kind}+xml" title="Komentar" href="/{site.name}/comments/feed/">'
        )
        link += f'<link rel="alternate" type="application/{kind}+xml" title="{site.name}" href="/{site.name}/feed/" />'
        named = link if site.kind in ("wordpress", "atom") else ""
        form = '<form action="/masuk"><input type="password" name="p"></form>'
        return html_reply(
            200, f"<!doctype html><html><head>{named}<title>{site.name}</title></head><body>{form}</body></html>"
        )

    def _feed(self, site: FakeSite, request: Request) -> Reply:
        number = int(request.first("paged", "1"))
        shown = site.entries[(number - 1) * site.page_size : number * site.page_size]
        if number > 1 and (site.kind != "wordpress" or not shown):
            return html_reply(404) if site.kind == "wordpress" else self._answer(site, request, site.entries[:10])
        return self._answer(site, request, shown)

    def _answer(self, site: FakeSite, request: Request, shown: list[FakeEntry]) -> Reply:
        body = (_atom(site, shown) if site.kind == "atom" else _rss(site, shown)).encode()
        newest = max((entry.at for entry in shown), default=datetime(2020, 1, 1, tzinfo=WIB))
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        modified = format_datetime(newest.astimezone(UTC), usegmt=True)
        headers = {"etag": etag, "last-modified": modified} if site.validators else {}
        if self.clock:
            headers["date"] = format_datetime(self.clock().astimezone(UTC), usegmt=True)
        if site.validators and request.headers.get("if-none-match") == etag:
            self.unchanged += 1
            return Reply(304, b"", headers)
        kind = "atom" if site.kind == "atom" else "rss"
        return Reply(200, body, {"content-type": f"application/{kind}+xml; charset=UTF-8", **headers})


def _rss(site: FakeSite, shown: list[FakeEntry]) -> str:
    items = []
    for entry in shown:
        link = (
            f"https://127.0.0.1/{site.name}/{hashlib.md5(entry.title.encode(), usedforsecurity=False).hexdigest()[:8]}"
        )
        written = site.write_date(entry.at) if entry.date is None else entry.date
        date = f"<pubDate>{written}</pubDate>" if written else ""
        guid = "" if entry.guid == "" else f'<guid isPermaLink="false">{escape(entry.guid or link)}</guid>'
        content = f"<content:encoded><![CDATA[{entry.html}]]></content:encoded>" if site.kind == "wordpress" else ""
        short = f"<description><![CDATA[{entry.html[:260]}]]></description>"
        items.append(
            f"<item><title>{escape(entry.title)}</title><link>{link}</link>{date}{guid}{short}{content}</item>"
        )
    generator = (
        "<generator>https://wordpress.org/?v=6.8.3</generator>"
        if site.kind == "wordpress"
        else "<generator>OpenSID</generator>"
    )
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    head = f"<title>{site.name}</title><link>https://contoh.go.id</link><description>Resmi</description>{generator}"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" {spaces}><channel>{head}{"".join(items)}</channel></rss>\n'


def _atom(site: FakeSite, shown: list[FakeEntry]) -> str:
    items = "".join(
        f"<entry><title>{escape(entry.title)}</title><id>tag:contoh.go.id,2026:{entry.guid or entry.title}</id>"
        f'<link href="/{site.name}/{number}"/><published>{entry.at.isoformat()}</published>'
        f'<updated>{entry.at.isoformat()}</updated><content type="html">{escape(entry.html)}</content></entry>'
        for number, entry in enumerate(shown)
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>{site.name}</title>'
        f"<id>tag:contoh.go.id,2026:{site.name}</id><updated>2026-11-01T00:00:00Z</updated>{items}</feed>\n"
    )
