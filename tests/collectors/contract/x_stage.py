"""X: full-archive search and, as a variant, recent search."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from pantau.core.model import Account, Reading
from tests.collectors.contract.stage import Case, Item, Stage, State, always, as_html, once
from tests.servers import x_problems
from tests.servers.base import dropped, html_reply, redirect_reply, stalled, truncated
from tests.servers.x_feed import FakeXAccount, FakeXPost
from tests.servers.x_server import XServer

TOKEN = "AAAAkenariRahasiaX"


class XStage(Stage):
    """Every second account is registered without its id."""

    platform = "x"
    variant = "x-archive"
    overlap = timedelta(hours=6)
    waits_s = 1.0
    secrets = (TOKEN,)
    states = ("ok", "gone", "suspended", "private")
    archive = True
    cases: ClassVar[Mapping[str, Case]] = {
        "429": Case(always(x_problems.rate_limited()), "unread rate_limit"),
        "429 with reset": Case(once(lambda now: x_problems.rate_limited(now + timedelta(minutes=5))), "read"),
        "429 usage cap": Case(always(x_problems.usage_capped()), "unread budget"),
        "401": Case(always(x_problems.unauthorized()), "unread token"),
        "402": Case(always(x_problems.credits_depleted()), "unread budget"),
        "403 spend cap": Case(always(x_problems.spend_cap()), "unread budget"),
        "403 not enrolled": Case(always(x_problems.client_not_enrolled()), "unread token"),
        "403": Case(always(x_problems.forbidden()), "unread blocked"),
        "5xx html": Case(always(html_reply(503)), "unread network"),
        "html": Case(always(html_reply(200)), "unread format"),
        "drop": Case(always(dropped()), "unread network"),
        "stall": Case(always(stalled(5)), "unread network", stalls=True),
        "truncated": Case(always(change=truncated), "unread format"),
        "renamed fields": Case(always(change=x_problems.renamed), "read"),
        "missing fields": Case(always(change=x_problems.without("text", "username")), "unread format"),
        "wrong content type": Case(always(change=as_html), "read"),
        "login": Case(always(redirect_reply("https://x.com/login")), "unread network"),
    }

    def open(self) -> None:
        self.server: XServer = self.serve(XServer(token=TOKEN, now=self.now, archive=self.archive))

    def populate(self) -> None:
        numbers = range(self.offset, self.offset + self.people)
        self.server.accounts = [FakeXAccount(f"akun_x_{number}", 7000 + number) for number in numbers]
        self.server._windows.clear()

    def table(self) -> dict[str, Any]:
        x = {"bearer_token": self.write_secret("x.token", TOKEN), "api_url": self.server.url}
        return {"collect": {"x": {**x, "read_timeout_s": self.timeout_s, "archive_access": self.archive}}}

    def registered(self, who: int) -> Account:
        handle, number = f"akun_x_{self.offset + who}", str(7000 + self.offset + who)
        return Account(platform="x", handle=handle, unit=f"{self.variant}{who}", platform_id="" if who % 2 else number)

    def add(self, item: Item) -> FakeXPost:
        post = FakeXPost(self.shown(item.serial, item.text), item.at, sequence=self.offset + len(self.items))
        self.server.accounts[item.who].posts.append(post)
        return post

    def change(self, item: Item, text: str) -> bool:
        if self.now() - item.at > timedelta(minutes=30) or len(item.native.edits) >= 5:
            return False
        item.native.edits = [*item.native.edits, (self.now(), self.shown(item.serial, text))]
        return True

    def remove(self, item: Item) -> None:
        item.native.deleted_at = self.now()

    def become(self, who: int, state: State) -> None:
        self.server.accounts[who].state = "missing" if state == "gone" else "protected" if state == "private" else state

    def renamed(self, who: int, handle: str) -> bool:
        if self.registered(who).platform_id:
            self.server.accounts[who].handle = handle.replace(".", "_")
            return True
        return False

    def counted(self) -> dict[str, int]:
        return {"x-api": self.server.count()}

    def sources(self) -> set[str]:
        return {"x-search", "x-recent", "x-timeline"}

    def edit_reach(self, reading: Reading) -> timedelta | None:
        return timedelta()


class XRecentStage(XStage):
    """An app without full-archive access."""

    variant = "x-recent"
    archive = False
