"""Instagram through instaloader, alone and behind the Graph API."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from pantau.core.model import Account
from tests.collectors.contract.meta_stage import APP_SECRET, TOKEN, InstagramGraphStage
from tests.collectors.contract.stage import Case, Item, Stage, State, always, once, renaming
from tests.servers.base import broken_off, dropped, stalled, truncated
from tests.servers.graph_server import OUR_USER_ID, GraphServer, expired_token
from tests.servers.instagram_server import CHANGES, REPLIES, InstagramServer
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost

SESSION = "70000%3AkenariRahasiaSesi%3A1"
CSRF = "kenariCsrfRahasia"


def _reply(name: str, *, endpoint: str = "") -> Case:
    outcomes = {
        "rate429": "unread rate_limit",
        "login": "unread token",
        "login_required403": "unread token",
        "server_error": "unread network",
        "html200": "unread format",
        "no_data": "unread format",
        "execution_error": "unread format",
        "bad_request": "unread format",
    }
    return Case(always(REPLIES[name](), endpoint=endpoint), outcomes.get(name, "unread blocked"))


class InstaloaderStage(Stage):
    """Reached as the product reaches it: through the office's proxy and authority."""

    platform = "instagram"
    variant = "instaloader"
    overlap = timedelta(days=7)
    secrets = (SESSION, CSRF)
    states = ("ok", "gone", "private")
    waits_s = 15.0
    cases: ClassVar[Mapping[str, Case]] = {
        "429": _reply("rate429"),
        "429 once": Case(once(REPLIES["rate429"]()), "read", also=("unread rate_limit",)),
        "401": _reply("wait401"),
        "403": _reply("forbidden403"),
        "403 logged out": _reply("login_required403"),
        "checkpoint": _reply("checkpoint"),
        "challenge": _reply("challenge"),
        "feedback": _reply("feedback"),
        "login": _reply("login"),
        "5xx html": _reply("server_error"),
        "html": _reply("html200", endpoint="timeline"),
        "no data": _reply("no_data", endpoint="timeline"),
        "execution error": _reply("execution_error", endpoint="timeline"),
        "bad request": _reply("bad_request"),
        "drop": Case(always(dropped()), "unread network"),
        "stall": Case(always(stalled(5)), "unread network", stalls=True),
        "truncated": Case(always(change=truncated, endpoint="timeline"), "unread format"),
        "broken off": Case(always(change=broken_off), "unread network"),
        "renamed fields": Case(always(change=renaming("taken_at"), endpoint="timeline"), "unread format"),
        "empty list": Case(
            always(change=CHANGES["empty_timeline"], endpoint="timeline"), "unread format", also=("unread unproven",)
        ),
    }

    def open(self) -> None:
        self.server: InstagramServer = self.serve(InstagramServer())
        self.server.cookies |= {"sessionid": SESSION, "csrftoken": CSRF}

    def populate(self) -> None:
        self.server.accounts = self.people_of_instagram()

    def people_of_instagram(self) -> list[FakeIgAccount]:
        """Accounts without posts."""
        numbers = range(self.offset, self.offset + self.people)
        return [FakeIgAccount(f"warga.ig.{number}", str(6000 + number)) for number in numbers]

    def table(self) -> dict[str, Any]:
        self.server.write_session(self.folder / "session.json").chmod(0o600)
        instagram = {"enabled": True, "session_file": "session.json", "timeout_s": self.timeout_s}
        network = {"proxy": self.server.proxy_url, "ca_file": self.server.ca_file}
        return {"network": network, "collect": {"instagram": instagram}}

    def registered(self, who: int) -> Account:
        number = self.offset + who
        known = "" if who % 2 else str(6000 + number)
        return Account(
            platform="instagram", handle=f"warga.ig.{number}", unit=f"{self.variant}{who}", platform_id=known
        )

    def add(self, item: Item) -> FakeIgPost:
        post = FakeIgPost(item.at, self.shown(item.serial, item.text))
        self.server.accounts[item.who].posts.append(post)
        return post

    def change(self, item: Item, text: str) -> bool:
        item.native.caption = self.shown(item.serial, text)
        return True

    def remove(self, item: Item) -> None:
        self.server.accounts[item.who].posts.remove(item.native)

    def become(self, who: int, state: State) -> None:
        account = self.server.accounts[who]
        account.private, account.state = state == "private", "gone" if state == "gone" else "ok"

    def pinned(self, item: Item) -> None:
        item.native.pinned = True

    def renamed(self, who: int, handle: str) -> bool:
        if self.registered(who).platform_id:
            self.server.accounts[who].handle = handle
            return True
        return False

    def counted(self) -> dict[str, int]:
        return {"instaloader": self.server.count()}


class BothInstagramStage(InstaloaderStage):
    """The Graph API first; the last account is a personal one, which only instaloader can read."""

    variant = "instagram-both"
    secrets = (SESSION, CSRF, TOKEN, APP_SECRET)
    gone_states: Sequence[State] = ()  # type: ignore[assignment]
    cases: ClassVar[Mapping[str, Case]] = {
        **{name: InstagramGraphStage.cases[name] for name in ("quota with reset",)},
        "401": Case(always(expired_token()), "unread token", also=("read",)),
    }

    def open(self) -> None:
        self.server = self.serve(InstagramServer())
        self.server.cookies |= {"sessionid": SESSION, "csrftoken": CSRF}
        self.graph: GraphServer = self.serve(GraphServer(now=self.now, app_secret=APP_SECRET))
        self.graph.token = TOKEN

    def populate(self) -> None:
        super().populate()
        self.graph.instagram = self.server.accounts
        self.graph.personal = {self.server.accounts[-1].handle}

    def table(self) -> dict[str, Any]:
        table = super().table()
        meta = {"api_url": self.graph.url, "read_timeout_s": self.timeout_s}
        meta["app_secret"] = self.write_secret("app.secret", APP_SECRET)
        table["collect"]["meta"] = meta
        graph = {"graph_token": self.write_secret("ig.token", TOKEN), "graph_user_id": OUR_USER_ID}
        table["collect"]["instagram"] |= graph
        return table

    def servers(self) -> list[Any]:
        """The Graph API first, since faults go there."""
        return [self.graph, self.server]

    def renamed(self, who: int, handle: str) -> bool:
        return False

    def counted(self) -> dict[str, int]:
        return {"instagram-graph": self.graph.count(), "instaloader": self.server.count()}
