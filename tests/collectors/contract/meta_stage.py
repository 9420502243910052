"""Meta's Graph API: Facebook pages, and Instagram's professional accounts."""

from datetime import timedelta
from typing import Any

from pantau.core.model import Account, Reading
from tests.collectors.contract.stage import Case, Item, Stage, State, always, once
from tests.servers.graph_pages import FakeFbPost, FakePage
from tests.servers.graph_server import CHANGES, OUR_USER_ID, REPLIES, GraphServer, app_limit
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost

TOKEN = "EAAkenariRahasiaGraph"
PAGE_TOKEN = "EAAkenariHalaman"
APP_SECRET = "kenari0123456789rahasia"

GRAPH_CASES = {
    "429": Case(always(REPLIES["rate429"]), "unread budget"),
    "quota": Case(always(REPLIES["rate4"]), "unread budget"),
    "quota with reset": Case(once(app_limit(5)), "read"),
    "quota without end": Case(always(app_limit(5)), "unread budget"),
    "401": Case(always(REPLIES["expired"]), "unread token"),
    "403": Case(always(REPLIES["permission"]), "unread token"),
    "403 blocked": Case(always(REPLIES["blocked"]), "unread blocked"),
    "5xx html": Case(always(REPLIES["html503"]), "unread network"),
    "unknown error": Case(always(REPLIES["unknown_error"]), "unread network"),
    "html": Case(always(REPLIES["html200"]), "unread format"),
    "drop": Case(always(REPLIES["drop"]), "unread network"),
    "stall": Case(always(REPLIES["stall"]), "unread network", stalls=True),
    "truncated": Case(always(change=CHANGES["truncated"]), "unread format"),
    "broken off": Case(always(change=CHANGES["broken_off"]), "unread network"),
    "renamed fields": Case(always(change=CHANGES["renamed"]), "unread format"),
    "wrong content type": Case(always(change=CHANGES["wrong_type"]), "read"),
    "login": Case(always(REPLIES["login"]), "unread network"),
    "odd refusal": Case(always(REPLIES["odd100"]), "unread format"),
}


class FacebookStage(Stage):
    """The first page has its own token, the others are read with the configured one."""

    platform = "facebook"
    variant = "facebook"
    overlap = timedelta(hours=3)
    secrets = (TOKEN, PAGE_TOKEN, APP_SECRET)
    states = ("ok", "gone", "private")
    gone_states = ("gone", "private")  # Facebook says the same of both
    cases = GRAPH_CASES | {
        "empty list": Case(always(change=CHANGES["empty_list"], endpoint="posts"), "unread unproven")
    }

    def open(self) -> None:
        self.server: GraphServer = self.serve(GraphServer(now=self.now, app_secret=APP_SECRET))
        self.server.token = TOKEN

    def populate(self) -> None:
        numbers = range(self.offset, self.offset + self.people)
        self.server.pages = [FakePage(f"halaman.{number}", str(880001000 + number)) for number in numbers]
        self.server.pages[0].own_token = PAGE_TOKEN

    def table(self) -> dict[str, Any]:
        meta = {"api_url": self.server.url, "read_timeout_s": self.timeout_s}
        meta["app_secret"] = self.write_secret("app.secret", APP_SECRET)
        return {"collect": {"meta": meta, "facebook": {"token": self.write_secret("fb.token", TOKEN)}}}

    def registered(self, who: int) -> Account:
        number = self.offset + who
        known = "" if who % 2 else str(880001000 + number)
        return Account(platform="facebook", handle=f"halaman.{number}", unit=f"{self.variant}{who}", platform_id=known)

    def add(self, item: Item) -> FakeFbPost:
        post = FakeFbPost(item.at, self.shown(item.serial, item.text), "status")
        self.server.pages[item.who].posts.append(post)
        return post

    def change(self, item: Item, text: str) -> bool:
        item.native.message = self.shown(item.serial, text)
        return True

    def remove(self, item: Item) -> None:
        self.server.pages[item.who].posts.remove(item.native)

    def become(self, who: int, state: State) -> None:
        self.server.pages[who].state = "hidden" if state == "private" else state  # type: ignore[assignment]

    def renamed(self, who: int, handle: str) -> bool:
        if self.registered(who).platform_id:
            self.server.pages[who].username = handle
            return True
        return False

    def counted(self) -> dict[str, int]:
        return {"facebook-graph": self.server.count()}

    def edit_reach(self, reading: Reading) -> timedelta | None:
        return timedelta(days=20)


class InstagramGraphStage(Stage):
    """Accounts are asked for by name, so a new name must be entered into the register."""

    platform = "instagram"
    variant = "instagram-graph"
    overlap = timedelta(hours=3)
    secrets = (TOKEN, APP_SECRET)
    states = ("ok", "gone", "private")
    gone_states = ()
    cases = GRAPH_CASES | {
        "not shown": Case(always(REPLIES["not_professional"]), "unread unproven"),
        "empty list": Case(always(change=CHANGES["empty_list"]), "unread format"),
    }

    def open(self) -> None:
        self.server: GraphServer = self.serve(GraphServer(now=self.now, app_secret=APP_SECRET))
        self.server.token = TOKEN

    def populate(self) -> None:
        numbers = range(self.offset, self.offset + self.people)
        self.server.instagram = [FakeIgAccount(f"akun.ig.{number}", str(5000 + number)) for number in numbers]

    def table(self) -> dict[str, Any]:
        meta = {"api_url": self.server.url, "read_timeout_s": self.timeout_s}
        meta["app_secret"] = self.write_secret("app.secret", APP_SECRET)
        token = self.write_secret("ig.token", TOKEN)
        return {"collect": {"meta": meta, "instagram": {"graph_token": token, "graph_user_id": OUR_USER_ID}}}

    def registered(self, who: int) -> Account:
        number = self.offset + who
        known = "" if who % 2 else str(5000 + number)
        return Account(platform="instagram", handle=f"akun.ig.{number}", unit=f"{self.variant}{who}", platform_id=known)

    def add(self, item: Item) -> FakeIgPost:
        post = FakeIgPost(item.at, self.shown(item.serial, item.text))
        self.server.instagram[item.who].posts.append(post)
        return post

    def change(self, item: Item, text: str) -> bool:
        item.native.caption = self.shown(item.serial, text)
        return True

    def remove(self, item: Item) -> None:
        self.server.instagram[item.who].posts.remove(item.native)

    def become(self, who: int, state: State) -> None:
        account = self.server.instagram[who]
        account.private, account.state = state == "private", "gone" if state == "gone" else "ok"

    def pinned(self, item: Item) -> None:
        item.native.pinned = True

    def counted(self) -> dict[str, int]:
        return {"instagram-graph": self.server.count()}

    def edit_reach(self, reading: Reading) -> timedelta | None:
        return timedelta(days=20)
