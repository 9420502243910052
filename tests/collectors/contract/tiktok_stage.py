"""TikTok's Display API: accounts that have logged in. It rotates tokens, so only answers without any are damaged here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from collectors.tiktok_tokens import Shelf, token_of
from pantau.core.model import Account
from tests.collectors.contract.stage import Case, Item, Stage, State, always, as_html, once, renaming
from tests.servers.base import Reply, broken_off, dropped, html_reply, redirect_reply, stalled, truncated
from tests.servers.tiktok_server import CLIENT_KEY, CLIENT_SECRET, FakeClip, FakeTikTok, TikTokServer, refused


class TikTokStage(Stage):
    """The tokens lie in the state folder, as after ``pantau accounts tiktok-login``."""

    platform = "tiktok"
    variant = "tiktok"
    overlap = timedelta(hours=3)
    secrets = (CLIENT_SECRET,)
    states = ("ok",)
    gone_states = ()
    cases: ClassVar[Mapping[str, Case]] = {
        "429": Case(always(refused(429, "rate_limit_exceeded")), "unread rate_limit"),
        "429 with reset": Case(once(refused(429, "rate_limit_exceeded", {"retry-after": "7"})), "read"),
        "429 for hours": Case(always(Reply(429, b"slow down", {"retry-after": "9000"})), "unread rate_limit"),
        "401": Case(always(refused(401, "access_token_invalid"), endpoint="list"), "unread token"),
        "403 scope": Case(always(refused(403, "scope_permission_missed"), endpoint="list"), "unread token"),
        "403": Case(always(html_reply(403)), "unread blocked"),
        "500": Case(once(refused(500, "internal_error")), "read"),
        "5xx html": Case(always(html_reply(503)), "unread network"),
        "html": Case(always(html_reply(200), endpoint="list"), "unread format"),
        "drop": Case(always(dropped()), "unread network"),
        "stall": Case(always(stalled(5)), "unread network", stalls=True),
        "truncated": Case(always(change=truncated, endpoint="list"), "unread format"),
        "broken off": Case(always(change=broken_off, endpoint="list"), "unread network"),
        "wrong content type": Case(always(change=as_html), "read"),
        "renamed fields": Case(always(change=renaming("create_time"), endpoint="list"), "unread format"),
        "no more parameters": Case(always(refused(400, "invalid_params"), endpoint="list"), "unread format"),
        "login": Case(always(redirect_reply("https://www.tiktok.com/login")), "unread blocked"),
    }

    def open(self) -> None:
        self.server: TikTokServer = self.serve(TikTokServer([], self.now))

    def populate(self) -> None:
        numbers = range(self.offset, self.offset + self.people)
        self.server.accounts = [FakeTikTok(f"akun.tt.{number}") for number in numbers]
        shelf = Shelf(self.folder / "data" / "tiktok")
        for one in self.server.accounts:
            shelf.save(token_of(self.server.issue(one), one.handle, CLIENT_KEY, self.clock.now()), lasting=False)

    def table(self) -> dict[str, Any]:
        secret = self.write_secret("tiktok.secret", CLIENT_SECRET)
        keys = {"client_key": CLIENT_KEY, "client_secret": secret}
        return {"collect": {"tiktok": {**keys, "api_url": self.server.url, "timeout_s": self.timeout_s}}}

    def registered(self, who: int) -> Account:
        return Account(platform="tiktok", handle=f"akun.tt.{self.offset + who}", unit=f"{self.variant}{who}")

    def add(self, item: Item) -> FakeClip:
        clip = FakeClip(item.at, self.shown(item.serial, item.text))
        self.server.accounts[item.who].clips.append(clip)
        return clip

    def change(self, item: Item, text: str) -> bool:
        item.native.title = self.shown(item.serial, text)
        return True

    def remove(self, item: Item) -> None:
        self.server.accounts[item.who].clips.remove(item.native)

    def become(self, who: int, state: State) -> None:
        """Only ``ok``: of an account that is gone TikTok merely refuses the token."""

    def renamed(self, who: int, handle: str) -> bool:
        self.server.accounts[who].handle = handle
        return True

    def counted(self) -> dict[str, int]:
        trades = self.server.count("token")
        return {"tiktok-display": self.server.count() - trades, "tiktok-token": trades}
