"""All platforms and the mail server of a regency in one process, for ``pantau demo --servers`` and ``benchmarks/night.py``.

    python -m tests.servers.town --folder OUT/kantor --accounts 12

It is an HTTPS proxy that answers in place of the services (X, Instagram, Graph API, YouTube, TikTok, sites, picture hosts), so that
a job whose settings name the real addresses reaches it by ``network.proxy`` and ``network.ca_file`` alone. It writes register,
authority and session into the folder, prints one JSON line with its addresses, then answers each line on stdin with one of JSON:
``counts``, ``posts``, or ``night TIME`` (a day passes). It ends when stdin closes or its time is up.
"""

import argparse
import json
import random
import signal
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from collectors.tiktok_tokens import Shelf, token_of
from demo.write_demo import HERE as DEMO
from tests.servers.base import Fault, LocalServer, Reply, Request
from tests.servers.certificates import make_certificates
from tests.servers.graph_pages import FakePage
from tests.servers.graph_server import OUR_USER_ID, GraphServer
from tests.servers.imap_server import ImapServer
from tests.servers.instagram_server import HOSTS as INSTAGRAM_HOSTS
from tests.servers.instagram_server import InstagramServer
from tests.servers.instagram_shapes import FakeIgAccount
from tests.servers.mail_store import MailStore
from tests.servers.smtp_server import SmtpServer
from tests.servers.tiktok_server import CLIENT_KEY, CLIENT_SECRET, REDIRECT, TikTokServer
from tests.servers.town_world import DOMAIN, LEAST_ACCOUNTS, TROUBLES, World, faults
from tests.servers.website_server import WebsiteServer
from tests.servers.x_feed import FakeXAccount
from tests.servers.x_problems import rate_limited
from tests.servers.x_server import XServer
from tests.servers.youtube_server import KEY, FakeChannel, FakeVideo, YouTubeServer

PICTURE_HOSTS = (
    "p16-sign-sg.tiktokcdn.com",
    "media.invalid",
    "scontent.example.invalid",
    "i.ytimg.com",
    "i4.ytimg.com",
)
_BOAST = (DEMO / "gambar" / "tas.png").read_bytes()


class _X(XServer):
    """Finds accounts at once however many there are. So do the other servers of the town."""

    @cached_property
    def _names(self) -> dict[str, FakeXAccount]:
        return {name: one for one in self.accounts for name in (one.handle.lower(), str(one.id))}

    def account(self, name: str) -> FakeXAccount | None:
        return self._names.get(name.lower())


class _Graph(GraphServer):
    url = "https://graph.facebook.com"  # type: ignore[assignment]

    @cached_property
    def _handles(self) -> dict[str, FakeIgAccount]:
        return {one.handle.lower(): one for one in self.instagram}

    @cached_property
    def _names(self) -> dict[str, FakePage]:
        return {name: one for one in self.pages for name in (one.username.lower(), one.id)}

    def _profile(self, handle: str) -> FakeIgAccount | None:
        return self._handles.get(handle)

    def _page(self, name: str) -> FakePage | None:
        return self._names.get(name.lower())


class _Instagram(InstagramServer):
    @cached_property
    def _handles(self) -> dict[str, FakeIgAccount]:
        return {one.handle.lower(): one for one in self.accounts}

    @cached_property
    def _ids(self) -> dict[str, FakeIgAccount]:
        return {number: one for one in self.accounts for number in (one.id, one.page_id)}

    def _by_id(self, number: str) -> FakeIgAccount | None:
        return self._ids.get(number)

    def _by_handle(self, handle: str) -> FakeIgAccount | None:
        return self._handles.get(handle)


class _YouTube(YouTubeServer):
    @cached_property
    def _ids(self) -> dict[str, FakeChannel]:
        return {one.channel_id: one for one in self.channels}

    @cached_property
    def _handles(self) -> dict[str, FakeChannel]:
        return {one.handle.lower(): one for one in self.channels}

    def _find(self, wanted: str) -> FakeChannel | None:
        found = self._ids.get(wanted)
        return found if found and not found.gone else None

    def _named(self, name: str) -> list[FakeChannel]:
        found = self._handles.get(name)
        return [found] if found and not found.gone else []

    @cached_property
    def videos(self) -> dict[str, FakeVideo]:
        """All public videos; dropped when new ones appear."""
        return super()._public()

    def _public(self) -> dict[str, FakeVideo]:
        return self.videos


class _Sites(WebsiteServer):
    """Every site has a host of its own; its links stay below its name, as those of a site that moved from a folder do."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        super().__init__(world.website)
        self.clock = clock

    def answer(self, request: Request) -> Reply:
        name = request.host.split(".")[0]
        inside = request.path == f"/{name}" or request.path.startswith(f"/{name}/")
        reply = super().answer(request if inside else replace(request, path=f"/{name}{request.path}"))
        return replace(reply, body=reply.body.replace(b"https://127.0.0.1/", f"https://{request.host}/".encode()))


class _Pictures(LocalServer):
    """A picture for every address, always the same there: coloured squares, and now and then one with words on it."""

    def route(self, request: Request) -> Reply:
        number = zlib.crc32(request.path.encode())
        picture = _BOAST if number % 30 == 0 else _squares(random.Random(number))
        return Reply(200, picture, {"content-type": "image/png"})


def _squares(chance: random.Random) -> bytes:
    """A PNG of 8 by 8 squares of 12 pixels."""
    rows = []
    for _ in range(8):
        row = b"".join(chance.randbytes(3) * 12 for _ in range(8))
        rows += [b"\0" + row] * 12
    head = struct.pack(">IIBBBBB", 96, 96, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class _MailFolder(MailStore):
    """Mailboxes whose mails also lie in a folder, one file each."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def deliver(self, address: str, raw: bytes, folder: str = "INBOX", flags: set[str] | None = None) -> int:
        uid = super().deliver(address, raw, folder, flags)
        if folder == "INBOX":
            (self._folder / f"{uid:04}-{address.lower()}.eml").write_bytes(raw)
        return uid


class Town(LocalServer):
    """The proxy, and behind it the server of each service."""

    def __init__(self, world: World) -> None:
        super().__init__(tls_hosts=[*_HOSTS, f"*.{DOMAIN}"])
        self.world = world
        self._now = world.at + timedelta(hours=1)
        professional = [one for n, one in enumerate(world.instagram) if n % 2 == 0]
        personal = [one for n, one in enumerate(world.instagram) if n % 2]
        # Limits of rate are left to the tests of each platform: here no clock runs by which a window could end.
        limits = dict.fromkeys(("search_all", "search_recent", "users_by", "users", "timeline"), 1_000_000)
        self.servers: dict[str, LocalServer] = {
            "x": _X(world.x, now=self.now, limits=limits),
            "graph": _Graph(professional, pages=world.facebook),
            "instagram": _Instagram(personal),
            "youtube": _YouTube(world.youtube),
            "website": _Sites(world, self.now),
            "tiktok": TikTokServer(world.tiktok, self.now),
            "pictures": _Pictures(),
        }
        youtube = self.servers["youtube"]
        assert isinstance(youtube, YouTubeServer)
        youtube.clock = self.now
        if world.troubled:
            wait = Fault(
                change=lambda _reply: rate_limited(datetime.now(UTC) + timedelta(seconds=2)), endpoint="search_all"
            )
            for name, wrong in {"x": [wait], **faults(world)}.items():
                for fault in wrong:
                    self.servers[name].faults.add(fault)

    def now(self) -> datetime:
        """The clock of the servers: an hour after the end of the last day."""
        return self._now

    def answer(self, request: Request) -> Reply:
        """By the host that the client meant."""
        name = "website" if request.host.endswith(f".{DOMAIN}") else _HOSTS.get(request.host)
        return self.servers[name].answer(request) if name else Reply(502, b"no such host in town")

    def night(self, at: datetime) -> None:
        """A day passes."""
        self.world.grow(at)
        self._now = at + timedelta(hours=1)
        self.servers["youtube"].__dict__.pop("videos", None)

    def counts(self) -> dict[str, dict[str, int]]:
        """Requests so far, by server and endpoint, and what was billed."""
        found = {}
        for name, server in self.servers.items():
            with server.lock:
                found[name] = dict(
                    Counter(request.endpoint if name != "pictures" else "picture" for request in server.log)
                )
        x, youtube, sites = self.servers["x"], self.servers["youtube"], self.servers["website"]
        assert isinstance(x, XServer)
        assert isinstance(youtube, YouTubeServer)
        assert isinstance(sites, WebsiteServer)
        billed = {"x posts": x.posts_billed, "x users": x.users_billed, "youtube units": youtube.units}
        return found | {"billed": billed | {"website 304": sites.unchanged}}


_HOSTS = {
    "api.twitter.com": "x",
    "graph.facebook.com": "graph",
    "www.googleapis.com": "youtube",
    "www.youtube.com": "youtube",
    "open.tiktokapis.com": "tiktok",
    **dict.fromkeys(INSTAGRAM_HOSTS, "instagram"),
    **dict.fromkeys(PICTURE_HOSTS, "pictures"),
}


@contextmanager
def open_town(world: World, folder: Path) -> Iterator[tuple[Town, SmtpServer, dict[str, Any]]]:
    """The town with its mail server, register and session written; and how to reach it."""
    mails = folder / "surel-diterima"
    mails.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        town = stack.enter_context(Town(world))
        certificates = make_certificates(folder / "tls")
        smtp = stack.enter_context(SmtpServer(certificates, store=_MailFolder(mails)))
        imap = stack.enter_context(ImapServer(certificates, smtp.store))
        bundle = [Path(town.ca_file).read_text(), certificates.ca_file.read_text()]
        (folder / "ca.pem").write_text("\n".join(bundle))
        certificates.key_file.unlink()
        world.write_register(folder / "accounts.csv")
        instagram, x, graph = town.servers["instagram"], town.servers["x"], town.servers["graph"]
        assert isinstance(instagram, InstagramServer)
        assert isinstance(x, XServer)
        assert isinstance(graph, GraphServer)
        instagram.write_session(folder / "session.json")
        _write_tokens(town, folder / "tiktok")
        yield (
            town,
            smtp,
            {
                "proxy": town.proxy_url,
                "smtp_port": smtp.port,
                "imap_port": imap.port,
                "mail_user": smtp.user,
                "graph_user_id": OUR_USER_ID,
                "tiktok": {"client_key": CLIENT_KEY, "redirect_url": REDIRECT, "tokens_dir": "tiktok"},
                "secrets": {
                    "x": x.token,
                    "tiktok": CLIENT_SECRET,
                    "graph": graph.token,
                    "youtube": KEY,
                    "mail": smtp.password,
                },
                "mails": str(mails),
                "troubles": [f"{platform}: {what}" for (platform, _n), what in TROUBLES.items()]
                if world.troubled
                else [],
            },
        )


def _write_tokens(town: Town, folder: Path) -> None:
    """As if every account had logged in to the office's app; in a troubled town one of them has thought better of it."""
    server, shelf = town.servers["tiktok"], Shelf(folder)
    assert isinstance(server, TikTokServer)
    for account in server.accounts:
        token = token_of(server.issue(account), account.handle, CLIENT_KEY, town.world.at)
        shelf.save(token, lasting=False)
    if town.world.troubled:
        server.revoke(server.accounts[3])


def _answer(town: Town, smtp: SmtpServer, command: str) -> object:
    name, _, argument = command.partition(" ")
    if name == "counts":
        mails = Counter(address for one in smtp.transactions for address in one.recipients)
        return town.counts() | {"mails": dict(mails)}
    if name == "posts":
        return town.world.posts()
    if name == "night":
        town.night(datetime.fromisoformat(argument))
        return {}
    return {"error": f"unknown command {name}"}


def _arguments(given: Iterable[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.town")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--accounts", type=int, default=12, help="units, each with one account on every platform")
    parser.add_argument("--extra-instagram", type=int, default=0, help="further units with Instagram only")
    parser.add_argument("--at", type=datetime.fromisoformat, help="end of the town's day  [default: now]")
    parser.add_argument("--troubled", action="store_true", help="some accounts are faulty")
    parser.add_argument("--limit-s", type=int, default=900, help="end after so many seconds whatever happens")
    found = parser.parse_args(list(given))
    if found.troubled and found.accounts < LEAST_ACCOUNTS:
        parser.error(f"a troubled town needs {LEAST_ACCOUNTS} accounts or more")
    return found


def main(given: Iterable[str]) -> None:
    """See the module."""
    options = _arguments(given)
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(options.limit_s)
    at = options.at or datetime.now(UTC)
    world = World(options.accounts, at, options.troubled, options.extra_instagram)
    with open_town(world, options.folder) as (town, smtp, ready):
        print(json.dumps(ready), flush=True)
        for line in iter(sys.stdin.readline, ""):
            print(json.dumps(_answer(town, smtp, line.strip())), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
