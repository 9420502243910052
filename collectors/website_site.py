"""One site: conditional request, feed or not, discovery of the feed, and what a refusal means."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import msgspec

from collectors.base import CollectorError, Pace
from collectors.clocks import told_at
from collectors.web_client import Page, TransientWebError, WebClient
from collectors.website_parse import Feed, parse_feed
from collectors.website_text import read_head

LONGEST_WAIT_S = 120.0
"""Longest wait that a site may ask for (Retry-After); beyond it the site stays unread tonight."""
_WAIT_S = 20.0
"""Wait before the second try after a 429 that names none."""
_RETRY_S = 5.0
MAX_PAGES = 10
"""Older pages of a WordPress feed that are read to close a gap."""
_USUAL_PLACES = ("feed", "rss", "index.php/feed", "feed.xml")
_LOGIN = re.compile(r"(?:^|[/._-])(?:wp-login|log-?in|sign-?in|masuk|auth|sso)(?:[/._?-]|$)", re.IGNORECASE)
_FEEDISH = re.compile(r"(?:feed|rss|atom)[^/]*/?$|\.xml$", re.IGNORECASE)
_CHALLENGE = re.compile(rb"just a moment|checking your browser|captcha|access denied|request rejected", re.IGNORECASE)


class SiteNote(msgspec.Struct, frozen=True):
    """What is remembered of a site: where its feed is and how it stood when it was last read to the end.

    ``until`` is where the watermark stands if that reading was stored; only then the validators may be used.
    """

    feed: str = ""
    etag: str = ""
    modified: str = ""
    until: datetime | None = None
    last_post_at: datetime | None = None
    sightings: dict[str, datetime] = {}
    """When entries that carry no usable date were first seen."""
    ids: tuple[str, ...] = ()
    seen_from: datetime | None = None
    """From where that reading proved what is there: a feed that has not changed since proves the same again."""


class SiteGoneError(Exception):
    """Address and site root were both asked, and the page is not there. The message is Indonesian."""


class Found(msgspec.Struct, frozen=True):
    """What a site answered. ``feed`` None: unchanged since the note was made."""

    url: str
    feed: Feed | None
    etag: str = ""
    modified: str = ""
    told_at: datetime | None = None
    """The site's own clock when it answered, None when it did not say."""


class Site:
    """Asks one registered site, ``handle`` being its host and path."""

    def __init__(self, client: WebClient, pace: Pace, handle: str, zone: tzinfo) -> None:
        self._client = client
        self._pace = pace
        self._handle = handle
        self._zone = zone
        self._home = client.address(handle)
        self._host = _bare(urlsplit(self._home).hostname or "")

    def read(self, note: SiteNote, *, since: datetime) -> Found:
        """The feed as it stands now. Raises ``CollectorError`` or ``SiteGoneError``."""
        if note.feed and self._stays(urlsplit(note.feed).hostname or ""):
            headers = {}
            if note.until is not None and since >= note.until:
                asked = {"If-None-Match": note.etag, "If-Modified-Since": note.modified}
                headers = {name: value for name, value in asked.items() if value}
            page = self.ask(note.feed, headers)
            if page.status == 304 and headers:
                return Found(note.feed, None)
            if found := self._feed_of(page):
                return found
            if page.status == 200:
                self._refuse_login(page, is_home=note.feed == self._home)
        return self._discover(tried=note.feed)

    def older(self, url: str, page_number: int) -> Feed | None:
        """A further page of a WordPress feed; None behind the last one. Raises ``CollectorError``."""
        page = self.ask(f"{url}{'&' if '?' in url else '?'}paged={page_number}", {})
        if page.status in (404, 410):
            return None
        found = self._feed_of(page)
        if found is None or found.feed is None or not found.feed.whole:
            raise CollectorError("halaman lama umpan situs tidak dapat dibaca", "format")
        return found.feed

    def ask(self, url: str, headers: Mapping[str, str]) -> Page:
        """A page with status 200, 304, 404 or 410; one second try after trouble. Raises ``CollectorError``."""
        try:
            page = self._client.get(url, headers, self._stays)
            wait = _wait_of(page, self._pace.now)
        except TransientWebError:
            wait = _RETRY_S
        if wait:
            if wait > LONGEST_WAIT_S:
                raise CollectorError("situs membatasi permintaan (429) untuk waktu yang lama", "rate_limit")
            self._pace.wait(wait)
            page = self._client.get(url, headers, self._stays)
        if page.status in (200, 304, 404, 410):
            return page
        if page.status == 429:
            raise CollectorError("situs membatasi permintaan (429)", "rate_limit")
        if page.status >= 500:
            raise CollectorError(f"server situs sedang bermasalah ({page.status})", "network")
        if page.status in (401, 403, 407, 451):
            raise CollectorError(f"situs menolak dibaca oleh mesin ({page.status})", "blocked")
        raise CollectorError(f"jawaban situs tidak dikenal ({page.status})", "format")

    def _stays(self, host: str) -> bool:
        """Whether a host belongs to the registered site: the same one, above or below it."""
        other = _bare(host)
        nested = other.endswith(f".{self._host}") or (self._host.endswith(f".{other}") and other.count(".") >= 2)
        return other == self._host or nested

    def _feed_of(self, page: Page) -> Found | None:
        if page.status != 200:
            return None
        feed = parse_feed(page.body, page.headers, page.url, self._handle, self._zone)
        if not feed.version:
            return None
        validators = (page.headers.get("etag", ""), page.headers.get("last-modified", ""))
        return Found(page.url, feed, *validators, told_at=told_at(page.headers))

    def _discover(self, tried: str) -> Found:
        home = self.ask(self._home, {})
        if home.status in (404, 410):
            home = self._second_look(home)
        if home.status == 304:
            raise CollectorError("situs menjawab 304 tanpa ditanya", "format")
        if found := self._feed_of(home):
            return found
        named, _ = read_head(home.body.decode("utf-8", "replace"), home.url)
        if not named:
            self._refuse_login(home, is_home=True)
        base = home.url.split("?")[0].rstrip("/") + "/"
        places = [url for url in named if self._stays(urlsplit(url).hostname or "")]
        places = places[:3] or [urljoin(base, place) for place in _USUAL_PLACES]
        trouble = "halamannya tidak memuat alamat umpan (RSS/Atom)"
        for place in places:
            page = home if place == home.url else self.ask(place, {})
            if found := self._feed_of(page):
                return found
            if page.status == 200:
                self._refuse_login(page, is_home=False)
                trouble = "alamat umpannya berisi halaman web, bukan umpan"
        if tried:
            trouble = f"umpan yang dulu terbaca tidak ada lagi dan {trouble}"
        raise CollectorError(f"situs ini tidak dapat dipantau: {trouble}", "format")

    def _second_look(self, first: Page) -> Page:
        """The registered address says 404: what the site's root says decides. A lost feed is looked for again from there."""
        address = urlsplit(self._home)
        root = f"{address.scheme}://{address.netloc}/"
        probe = root if address.path.strip("/") else urljoin(root, "feed")
        page = self.ask(probe, {})
        if page.status == 200 and (_FEEDISH.search(address.path) or not address.path.strip("/")):
            return page
        if page.status == 304:
            raise CollectorError("jawaban situs tentang halamannya bertentangan", "unproven")
        raise SiteGoneError(f"halaman situs tidak ada ({first.status})")

    def _refuse_login(self, page: Page, *, is_home: bool) -> None:
        """Raise ``CollectorError`` when a page is a login form or a gate instead of the site."""
        asked_path = urlsplit(self._home).path
        path = urlsplit(page.url).path
        asks_password = not is_home and read_head(page.body.decode("utf-8", "replace"), page.url)[1]
        if asks_password or (_LOGIN.search(path) and not _LOGIN.search(asked_path)):
            raise CollectorError("situs mengalihkan pembaca ke halaman masuk (login)", "blocked")
        if len(page.body) < 20_000 and _CHALLENGE.search(page.body):
            raise CollectorError("situs meminta bukti bahwa pembacanya manusia (captcha atau sejenisnya)", "blocked")


def _bare(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")


def _wait_of(page: Page, now: Callable[[], datetime]) -> float:
    """Seconds to wait before asking again; 0: no second try."""
    if page.status >= 500 and page.status != 503:
        return _RETRY_S
    if page.status not in (429, 503):
        return 0.0
    text = page.headers.get("retry-after", "").strip()
    if text.isdigit():
        return max(1.0, float(text))
    try:
        return max(1.0, (parsedate_to_datetime(text) - now()).total_seconds())
    except (ValueError, TypeError):
        return _WAIT_S if page.status == 429 else _RETRY_S
