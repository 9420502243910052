"""Websites: WordPress, OpenSID-like and Atom feeds on one server."""

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any, ClassVar

from pantau.core.model import Account, Reading
from tests.collectors.contract.stage import Case, Item, Stage, State, always, as_html, once
from tests.servers.base import Fault, Reply, broken_off, dropped, html_reply, redirect_reply, stalled, truncated
from tests.servers.website_server import FakeEntry, FakeSite, WebsiteServer

LOGIN = "/wp-login.php"


def _login() -> list[Fault]:
    form = html_reply(200, "<html><body><form><input type='password' name='p'></form></body></html>")
    to_form = Fault(redirect_reply(LOGIN), when=lambda request: request.path != LOGIN, times=None)
    return [Fault(form, when=lambda request: request.path == LOGIN, times=None), to_form]


def _renamed(reply: Reply) -> Reply:
    body = reply.body.replace(b"<item>", b"<berita>").replace(b"</item>", b"</berita>")
    body = body.replace(b"<entry>", b"<berita>").replace(b"</entry>", b"</berita>")
    return Reply(reply.status, body, {name: value for name, value in reply.headers.items() if "etag" not in name})


class WebsiteStage(Stage):
    """``handle`` holds the server's port; sites have no other id."""

    platform = "website"
    variant = "website"
    overlap = timedelta(days=7)
    cases: ClassVar[Mapping[str, Case]] = {
        "429": Case(always(Reply(429, b"slow down")), "unread rate_limit"),
        "429 with reset": Case(once(Reply(429, b"slow down", {"retry-after": "30"})), "read"),
        "429 for hours": Case(always(Reply(429, b"slow down", {"retry-after": "9000"})), "unread rate_limit"),
        "401": Case(always(html_reply(401)), "unread blocked"),
        "402": Case(always(html_reply(402)), "unread format"),
        "403": Case(always(html_reply(403)), "unread blocked"),
        "5xx html": Case(always(html_reply(500)), "unread network"),
        "html": Case(always(html_reply(200)), "unread format"),
        "drop": Case(always(dropped()), "unread network"),
        "stall": Case(always(stalled(5)), "unread network", stalls=True),
        "truncated": Case(always(change=truncated), "unread format"),
        "broken off": Case(always(change=broken_off), "unread network"),
        "renamed fields": Case(always(change=_renamed), "unread unproven"),
        "wrong content type": Case(always(change=as_html), "read"),
        "login": Case(lambda _now: _login(), "unread blocked"),
        "checkpoint": Case(always(html_reply(200, "<html>Checking your browser, captcha</html>")), "unread blocked"),
        "elsewhere": Case(always(redirect_reply("https://judi.example/")), "unread format"),
    }

    def open(self) -> None:
        self.server: WebsiteServer = self.serve(WebsiteServer())

    def populate(self) -> None:
        kinds = ("wordpress", "atom", "wordpress")
        sites = [self._site(who, kinds[who % 3]) for who in range(self.people)]
        self.server.sites = {site.name: site for site in sites}

    def _site(self, who: int, kind: Any) -> FakeSite:
        return FakeSite(f"desa{self.offset + who}", kind=kind, page_size=40)

    def table(self) -> dict[str, Any]:
        local = ["127.0.0.1"]
        website = {"enabled": True, "http_hosts": local, "private_hosts": local, "timeout_s": self.timeout_s}
        return {"collect": {"website": {**website, "parallel": 1}}}

    def registered(self, who: int) -> Account:
        handle = self.server.handle(f"desa{self.offset + who}")
        return Account(platform="website", handle=handle, unit=f"{self.variant}{who}")

    def shown(self, serial: str, text: str) -> str:
        return f"{serial}\n\n{text}"

    def add(self, item: Item) -> FakeEntry:
        entry = FakeEntry(item.at, item.serial, _html(item.text))
        entries = self.server.sites[f"desa{self.offset + item.who}"].entries
        entries.append(entry)
        entries.sort(key=lambda one: one.at, reverse=True)
        return entry

    def change(self, item: Item, text: str) -> bool:
        item.native.html = _html(text)
        return True

    def remove(self, item: Item) -> None:
        self.server.sites[f"desa{self.offset + item.who}"].entries.remove(item.native)

    def become(self, who: int, state: State) -> None:
        self.server.sites[f"desa{self.offset + who}"].gone = state == "gone"

    def counted(self) -> dict[str, int]:
        return {"rss": self.server.count()}

    def edit_reach(self, reading: Reading) -> timedelta | None:
        return timedelta(days=6)


def _html(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.split("\n"))
