"""A register on four platforms with their local services, for ``pantau probe``; posts of every kind, as of now."""

import csv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.tiktok_tokens import Shelf, token_of
from jobs.__main__ import run
from tests.jobs.office import COLUMNS
from tests.servers.base import Reply, Request
from tests.servers.graph_pages import FakeFbPost, FakePage
from tests.servers.graph_server import OUR_USER_ID, GraphServer
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost
from tests.servers.tiktok_server import CLIENT_KEY, CLIENT_SECRET, FakeClip, FakeTikTok, TikTokServer
from tests.servers.website_server import FakeEntry, FakeSite, WebsiteServer, indonesian
from tests.servers.x_feed import FakeXAccount, FakeXPost
from tests.servers.x_server import XServer
from tests.servers.youtube_server import KEY, FakeChannel, FakeVideo, YouTubeServer, channel_id

PLATFORMS = ("x", "instagram", "facebook", "website", "youtube", "tiktok")
ENTITIES = {
    "hashtags": [{"start": 0, "end": 5, "tag": "desa"}],
    "mentions": [{"start": 6, "end": 12, "username": "warga_lain", "id": "777000111"}],
    "urls": [
        {
            "start": 13,
            "end": 36,
            "url": "https://t.co/contoh",
            "expanded_url": "https://contoh.go.id/berita?s=1",
            "display_url": "contoh.go.id/berita",
        }
    ],
    "annotations": [{"start": 0, "end": 4, "probability": 0.7, "type": "Place", "normalized_text": "Krajan"}],
}


def ago(hours: float) -> datetime:
    """An instant of the last days, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=hours)


def x_accounts() -> list[FakeXAccount]:
    """Posts of every kind; one account each that is protected and missing."""
    posts = [
        FakeXPost("Jalan desa selesai dicor.", ago(3), media_keys=("3_1",)),
        FakeXPost("@warga_lain terima kasih laporannya", ago(5), kind="reply", extra={"entities": ENTITIES}),
        FakeXPost("RT @warga_lain: banjir surut", ago(7), kind="repost"),
        FakeXPost("Kutipan pengumuman", ago(9), kind="quote"),
        FakeXPost("Laporan panjang. " * 30, ago(11)),
    ]
    return [
        FakeXAccount("contoh_dpu", 101, posts),
        FakeXAccount("contoh_kec", 102, [FakeXPost("Pelayanan KTP buka.", ago(4), sequence=1)]),
        FakeXAccount("contoh_lama", 103),
        FakeXAccount("contoh_kunci", 104, state="protected"),
    ]


def ig_accounts() -> list[FakeIgAccount]:
    """Posts of every kind; more than a page of them; an empty account."""
    kinds = ("image", "video", "reel", "carousel")
    posts = [FakeIgPost(ago(2 + n), f"Layanan {n}", kind=kinds[n % 4]) for n in range(30)]  # type: ignore[arg-type]
    posts += [FakeIgPost(ago(40), "", likes=None), FakeIgPost(ago(900), "Tersemat", pinned=True)]
    return [
        FakeIgAccount("contoh.umum", "201", posts),
        FakeIgAccount("contoh.rsud", "202", [FakeIgPost(ago(6), "Jadwal")]),
    ]


def fb_pages() -> list[FakePage]:
    """Own and foreign pages, posts of every kind, a page without posts."""
    kinds = ("status", "photo", "album", "video", "share")
    posts = [FakeFbPost(ago(2 + n), f"Kabar {n}" if n % 6 else "", kind=kinds[n % 5], shares=n) for n in range(30)]  # type: ignore[arg-type]
    return [
        FakePage("contoh.desa", "300001", posts, own_token="EAAtokenhalaman300001"),
        FakePage("contoh.camat", "300002", [FakeFbPost(ago(5), "Rapat camat")]),
        FakePage("contoh.kosong", "300003"),
    ]


def channels() -> list[FakeChannel]:
    """Videos of every kind, a private one, a channel without any."""
    videos = [FakeVideo(f"video{n:06d}", ago(3 + 5 * n), f"Video {n}") for n in range(6)]
    videos += [
        FakeVideo("videopriv01", ago(60), "Rahasia", private=True),
        FakeVideo("videolive01", ago(70), "Siaran", live="live"),
    ]
    return [FakeChannel(channel_id(1), "dinas1", videos), FakeChannel(channel_id(2), "dinas2")]


def clips() -> list[FakeTikTok]:
    """Videos and a series of pictures; an account without any."""
    own = [FakeClip(ago(3 + 7 * n), f"Klip {n}", photo=n == 2) for n in range(24)]
    return [FakeTikTok("desa.satu", own), FakeTikTok("desa.dua")]


def sites() -> list[FakeSite]:
    """One of each kind."""
    entries = [FakeEntry(ago(4 + 9 * n), f"Berita {n}", "<p>" + "Isi berita panjang. " * 20 + "</p>") for n in range(4)]
    return [
        FakeSite("desa", entries),
        FakeSite("kelurahan", [*entries], kind="opensid", write_date=indonesian),
        FakeSite("dinas", [*entries], kind="atom"),
    ]


class Gateway(WebsiteServer):
    """The office's proxy, behind which the sites lie; what is meant for YouTube and TikTok it hands on."""

    def __init__(self, tube: YouTubeServer, tiktok: TikTokServer) -> None:
        super().__init__(sites())
        self.tube = tube
        self.tiktok = tiktok

    def handle(self, name: str) -> str:
        """The site as the register holds it."""
        return f"situs.contoh.go.id/{name}"

    def answer(self, request: Request) -> Reply:
        """By the path."""
        if request.path.startswith(("/youtube/v3/", "/feeds/videos.xml")):
            return self.tube.answer(request)
        return self.tiktok.answer(request) if request.path.startswith("/v2/") else super().answer(request)


@dataclass
class ProbeOffice:
    """The folder and its services. ``off``: platforms left out of the settings."""

    folder: Path
    x: XServer
    graph: GraphServer
    tube: YouTubeServer
    web: Gateway
    tiktok: TikTokServer
    off: set[str] = field(default_factory=set)
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    """Further rows: platform, handle, number."""

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "pantau.toml"

    def write(self) -> None:
        """Write register and settings as they now are."""
        rows = [("x", account.handle, "") for account in self.x.accounts]
        rows += [("instagram", account.handle, "") for account in self.graph.instagram]
        rows += [("facebook", page.username, page.id) for page in self.graph.pages]
        rows += [("youtube", one.handle, one.channel_id if n else "") for n, one in enumerate(self.tube.channels)]
        rows += [("website", self.web.handle(name), "") for name in self.web.sites]
        rows += [("tiktok", one.handle, "") for one in self.tiktok.accounts]
        kinds = ("opd", "kecamatan", "desa")
        with (self.folder / "accounts.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            for n, (platform, handle, number) in enumerate([*rows, *self.rows]):
                unit = {"unit_code": f"U-{n:02}", "unit_name": f"Unit {n}", "unit_kind": kinds[n % 3]}
                table.writerow({**unit, "platform": platform, "handle": handle, "platform_id": number})
        self.config.write_text(self._settings(), "utf-8")

    def _settings(self) -> str:
        sections = {
            "x": f'[collect.x]\nbearer_token = "env:PROBE_X"\napi_url = "{self.x.url}"\n',
            "instagram": f'[collect.instagram]\ngraph_token = "env:PROBE_META"\ngraph_user_id = "{OUR_USER_ID}"\n',
            "facebook": '[collect.facebook]\ntoken = "env:PROBE_META"\n',
            "youtube": '[collect.youtube]\nenabled = true\napi_key = "env:PROBE_TUBE"\napi_url = "http://api.youtube.example"\n'
            'rss_url = "http://www.youtube.example"\n',
            "tiktok": f'[collect.tiktok]\nclient_key = "{CLIENT_KEY}"\nclient_secret = "env:PROBE_TIKTOK"\n'
            'api_url = "http://tiktok.example"\n',
            "website": '[collect.website]\nenabled = true\nhttp_hosts = ["situs.contoh.go.id"]\n',
        }
        kept = "".join(text for platform, text in sections.items() if platform not in self.off)
        return f'[office]\nname = "Kabupaten Contoh"\n[network]\nproxy = "{self.web.proxy_url}"\n{kept}' + (
            f'[collect.meta]\napi_url = "{self.graph.url}"\n'
        )

    def log_in(self, one: FakeTikTok, life: timedelta = timedelta(0)) -> None:
        """The account allows the office's app to read it; its first token was given out ``life`` ago."""
        token = token_of(self.tiktok.issue(one), one.handle, CLIENT_KEY, datetime.now(UTC) - life)
        Shelf(self.folder / "data" / "tiktok").save(token)

    def probe(self, *arguments: str) -> int:
        """``pantau probe`` in this process; its exit code."""
        return run(["-c", str(self.config), "probe", *arguments])


@contextmanager
def open_probe_office(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[ProbeOffice]:
    """An office with its services running and its secrets in the environment."""
    with ExitStack() as stack:
        x = stack.enter_context(XServer(x_accounts()))
        graph = stack.enter_context(GraphServer(ig_accounts(), pages=fb_pages()))
        tube = stack.enter_context(YouTubeServer(channels()))
        tiktok = stack.enter_context(TikTokServer(clips(), lambda: datetime.now(UTC)))
        web = stack.enter_context(Gateway(tube, tiktok))
        for name, secret in (
            ("PROBE_X", x.token),
            ("PROBE_META", graph.token),
            ("PROBE_TUBE", KEY),
            ("PROBE_TIKTOK", CLIENT_SECRET),
        ):
            patch.setenv(name, secret)
        office = ProbeOffice(folder, x, graph, tube, web, tiktok)
        office.write()
        for one in tiktok.accounts:
            office.log_in(one)
        yield office
