"""The stand-ins of all services for generated accounts, with the published limits, and an office's settings to read them with."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.province_world import Resident
from collectors.tiktok_tokens import Shelf, token_of
from jobs.demo_servers import write_settings
from tests.servers.base import LocalServer, Reply, Request
from tests.servers.certificates import make_certificates
from tests.servers.graph_pages import FakeFbPost, FakePage
from tests.servers.graph_server import OUR_USER_ID, GraphServer
from tests.servers.instagram_server import HOSTS as INSTAGRAM_HOSTS
from tests.servers.instagram_server import InstagramServer
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost
from tests.servers.tiktok_server import CLIENT_KEY, CLIENT_SECRET, REDIRECT, FakeClip, FakeTikTok, TikTokServer
from tests.servers.town import _X, _Graph, _Instagram, _YouTube
from tests.servers.town_world import DOMAIN
from tests.servers.website_server import FakeEntry, FakeSite, WebsiteServer
from tests.servers.x_feed import FakeXAccount, FakeXPost, snowflake
from tests.servers.x_server import _TERM, TOKEN
from tests.servers.youtube_server import KEY, FakeChannel, FakeVideo, channel_id

GRAPH_PER_HOUR = 200
"""Calls of one user token (platforms.md 2.1 and 3.1)."""
TIKTOK_PER_MINUTE = 600
_HOSTS = {
    "api.twitter.com": "x",
    "graph.facebook.com": "graph",
    "www.googleapis.com": "youtube",
    "www.youtube.com": "youtube",
    "open.tiktokapis.com": "tiktok",
    **dict.fromkeys(INSTAGRAM_HOSTS, "instagram"),
}


class _ManyX(_X):
    """A search looks at the accounts that it names, not at half a million."""

    def __init__(self, accounts: Sequence[FakeXAccount], now: Callable[[], datetime], *, limited: bool) -> None:
        limits = {} if limited else dict.fromkeys(("search_all", "users_by", "users", "timeline"), 10**9)
        super().__init__(accounts, now=now, limits=limits, paced=limited)
        self.known = len(self._names)

    def accounts_of(self, request: Request) -> set[str]:
        """Nobody aims a fault here."""
        return set()

    def route(self, request: Request) -> Reply:
        """As ``XServer``."""
        named = (self.account(handle) for handle in _TERM.findall(request.first("query")))
        self.accounts = [one for one in named if one is not None]
        return super().route(request)


class _SitesOfOwnHosts(WebsiteServer):
    """Every site has a host of its own, named as the site is."""

    def answer(self, request: Request) -> Reply:
        """As ``WebsiteServer``, with the site's name put in front of the path."""
        name = request.host.split(".")[0]
        inside = request.path == f"/{name}" or request.path.startswith(f"/{name}/")
        reply = super().answer(request if inside else replace(request, path=f"/{name}{request.path}"))
        return replace(reply, body=reply.body.replace(b"https://127.0.0.1/", f"https://{request.host}/".encode()))


class ProvinceTown:
    """Everything that answers for some accounts. ``limited``: with the published limits of rate, counted by ``now``."""

    def __init__(
        self, people: Sequence[Resident], texts: Sequence[str], now: Callable[[], datetime], *, limited: bool
    ) -> None:
        self._texts, self._used = texts, 0
        self._now = now
        self.people = people
        self._homes: list[tuple[Resident, Any]] = []
        held: dict[str, list[Any]] = {
            name: [] for name in ("x", "discovery", "web", "facebook", "youtube", "sites", "tiktok")
        }
        for one in people:
            kind, home = self._home(one)
            held[kind].append(home)
            self._homes.append((one, home))
            for at in one.older[-2 if one.platform == "x" else 0 :]:
                self._publish(one, home, at)
        per_hour = GRAPH_PER_HOUR if limited else None
        graph = _Graph(held["discovery"], pages=held["facebook"], per_hour=per_hour, now=now)
        self.servers: dict[str, LocalServer] = {
            "x": _ManyX(held["x"], now, limited=limited),
            "graph": graph,
            "instagram": _Instagram(held["web"]),
            "youtube": _YouTube(held["youtube"]),
            "website": _SitesOfOwnHosts(held["sites"]),
            "tiktok": TikTokServer(held["tiktok"], now, TIKTOK_PER_MINUTE if limited else None),
        }

    def publish(self, night: int) -> int:
        """The posts of a night appear; how many they are."""
        count = 0
        for one, home in self._homes:
            for at in one.nights[night]:
                self._publish(one, home, at)
                count += 1
        self.servers["youtube"].__dict__.pop("videos", None)
        return count

    def answer(self, request: Request) -> Reply:
        """By the host that the client meant."""
        name = "website" if request.host.endswith(f".{DOMAIN}") else _HOSTS.get(request.host)
        return self.servers[name].answer(request) if name else Reply(502, b"no such host")

    def counts(self) -> Counter[str]:
        """Requests so far, by ``server.endpoint``."""
        return Counter(f"{name}.{request.endpoint}" for name, server in self.servers.items() for request in server.log)

    def write_office(self, folder: Path) -> Path:
        """Settings, secrets, session and tokens with which a real job reads these accounts; the path of the settings."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_bytes(make_certificates(folder / "tls").ca_file.read_bytes())
        instagram, tiktok = self.servers["instagram"], self.servers["tiktok"]
        assert isinstance(instagram, InstagramServer)
        assert isinstance(tiktok, TikTokServer)
        instagram.write_session(folder / "session.json")
        shelf = Shelf(folder / "tiktok")
        for account in tiktok.accounts:
            shelf.save(token_of(tiktok.issue(account), account.handle, CLIENT_KEY, self._now()), lasting=False)
        ready = {
            "proxy": "http://127.0.0.1:9",
            "graph_user_id": OUR_USER_ID,
            "smtp_port": 9,
            "imap_port": 9,
            "mail_user": f"pantau@{DOMAIN}",
            "tiktok": {"client_key": CLIENT_KEY, "redirect_url": REDIRECT, "tokens_dir": "tiktok"},
            "secrets": {
                "x": TOKEN,
                "tiktok": CLIENT_SECRET,
                "graph": _graph_token(self.servers),
                "youtube": KEY,
                "mail": "x",
            },
        }
        more = '[collect]\ndeadline_min = 1000000\n[digest]\nattach = ["xlsx"]\n[collect.meta]\nmax_wait_s = 100000.0\n'
        config = write_settings(folder, ready, more)
        text = config.read_text("utf-8")
        # The stand-in of the mail server is not part of this: the digest is made, mails stay in the outbox.
        for line in ('host = "localhost"\n', 'imap_host = "localhost"\n'):
            text = text.replace(f"\n{line}", "\n")
        config.write_text(text, "utf-8")
        return config

    def _home(self, one: Resident) -> tuple[str, Any]:
        if one.platform == "x":
            return "x", FakeXAccount(one.handle, one.id)
        if one.platform == "instagram":
            return ("web" if one.personal else "discovery"), FakeIgAccount(one.handle, str(one.id))
        if one.platform == "facebook":
            return "facebook", FakePage(one.handle, str(one.id))
        if one.platform == "youtube":
            return "youtube", FakeChannel(channel_id(one.id), one.site)
        if one.platform == "website":
            return "sites", FakeSite(one.site, kind="opensid" if one.number % 2 else "wordpress")
        return "tiktok", FakeTikTok(one.handle)

    def _publish(self, one: Resident, home: Any, at: datetime) -> None:
        text = self._texts[self._used % len(self._texts)]
        self._used += 1
        title, rest = (*text.partition(". ")[::2],)
        if one.platform == "x":
            home.posts.append(FakeXPost(text, at, sequence=one.id % 4_194_304))
        elif one.platform == "instagram":
            home.posts.append(FakeIgPost(at, text))
        elif one.platform == "facebook":
            home.posts.append(FakeFbPost(at, text))
        elif one.platform == "youtube":
            home.videos.insert(0, FakeVideo(f"V{self._used:010}", at, title[:100], rest))
        elif one.platform == "website":
            home.entries.insert(0, FakeEntry(at, title[:150], f"<p>{escape(rest)}</p>", guid=f"{one.id}-{self._used}"))
        else:
            home.clips.append(FakeClip(at, text))


def _graph_token(servers: dict[str, LocalServer]) -> str:
    graph = servers["graph"]
    assert isinstance(graph, GraphServer)
    return graph.token


def last_id(one: Resident, newest: datetime) -> str:
    """What the store would hold as the id of its newest post on X."""
    return str(snowflake(newest, one.id % 4_194_304)) if one.platform == "x" else ""


def known_id(one: Resident) -> str:
    """The platform's number of the account, as it is known after its first night."""
    if one.platform == "youtube":
        return channel_id(one.id)
    known = one.platform in ("x", "facebook") or (one.platform == "instagram" and one.personal)
    return str(one.id) if known else ""


def handle_of(one: Resident) -> str:
    """As the register holds it."""
    if one.platform == "website":
        return f"{one.site}.{DOMAIN}"
    return one.site if one.platform == "youtube" else one.handle


def count_posts(people: Iterable[Resident], night: int = 0) -> int:
    """Posts of a night."""
    return sum(len(one.nights[night]) for one in people)
