"""Who lives in the town of ``town.py``: invented units with an account on every platform, their posts, and what is wrong with some.

Texts are the demo's own lines. Every post of a platform has its own second, so that (platform, time) names it.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Literal

from demo.write_demo import HEADS, VILLAGES, filled, lines, units
from tests.servers.base import Fault, Reply, html_reply
from tests.servers.graph_pages import FakeFbPost, FakePage
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost
from tests.servers.tiktok_server import FakeClip, FakeTikTok
from tests.servers.website_server import FakeEntry, FakeSite
from tests.servers.x_feed import FakeXAccount, FakeXPost
from tests.servers.youtube_server import FakeChannel, FakeVideo, channel_id

DOMAIN = "wanajati.example"
LEAST_ACCOUNTS = 6
"""So many units are needed for every trouble to have one of its own."""
PLATFORMS = ("x", "instagram", "facebook", "youtube", "website", "tiktok")
NEW_POSTS = 2
"""Per account and night."""
_QUIET = 5
"""In a troubled town this unit has posted nothing for weeks."""
_COLUMNS = ["unit_code", "unit_name", "unit_kind", "parent_code", "platform", "handle", "platform_id"]
_COLUMNS += ["head_name", "head_email", "priority"]
TROUBLES = {
    ("x", 1): "akun ditangguhkan",
    ("x", 2): "akun berganti nama; daftar akun memuat nama lama dan nomornya",
    ("instagram", 3): "akun digembok",
    ("facebook", 1): "sekali gangguan sesaat, lalu terbaca",
    ("facebook", 4): "halaman tidak ditampilkan Graph API",
    ("youtube", 2): "kanal tidak ada",
    ("tiktok", 3): "akun mencabut izin bagi aplikasi kantor",
    ("website", 1): "server situs bermasalah (502)",
    ("website", 2): "alamat umpan berisi halaman web",
    ("website", 4): "sekali diminta menunggu 2 detik (429), lalu terbaca",
}
"""By platform and number of the unit; besides, X asks once to wait 3 seconds (429)."""
_UNSEEN = {("x", 1), ("tiktok", 3), ("instagram", 3), ("facebook", 4), ("youtube", 2), ("website", 1), ("website", 2)}


@dataclass
class World:
    """``count`` units with one account on every platform, as of ``at``; ``extra_instagram`` further units have Instagram only.

    Instagram accounts of odd number are personal: the Graph API does not show them. ``troubled``: see ``TROUBLES``; such a town
    also has older posts within the first night's reach and more that deserve a look.
    """

    count: int
    at: datetime
    troubled: bool = False
    extra_instagram: int = 0
    night: int = 0
    x: list[FakeXAccount] = field(default_factory=list)
    instagram: list[FakeIgAccount] = field(default_factory=list)
    facebook: list[FakePage] = field(default_factory=list)
    youtube: list[FakeChannel] = field(default_factory=list)
    website: list[FakeSite] = field(default_factory=list)
    tiktok: list[FakeTikTok] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at = self.at.replace(microsecond=0)
        self._units = _units(self.count + self.extra_instagram)
        self._pools: dict[str, list[str]] = {}
        for kind, _category, text in lines("ordinary.txt"):
            self._pools.setdefault(kind, []).append(text)
        self._special = [row[4] for row in lines("special.txt") if len(row) == 5]
        for n, unit in enumerate(self._units):
            self._settle(n, unit)
        older = (timedelta(days=3), timedelta(days=9)) if self.troubled else (timedelta(days=60), timedelta(days=90))
        for turn, age in enumerate(reversed(older)):
            self._publish(self.at - age, turn, all_units=True)
        self.grow(self.at)

    def grow(self, at: datetime) -> None:
        """A new day ends at ``at``: every account publishes again."""
        self.at, self.night = at.replace(microsecond=0), self.night + 1
        for turn in reversed(range(NEW_POSTS)):
            self._publish(self.at - timedelta(hours=1 + 3 * turn), turn, all_units=False)

    def accounts(self) -> Iterator[tuple[str, int, str, str]]:
        """(platform, number of the unit, handle in the register, id in the register) of every account."""
        for n in range(len(self._units)):
            here = {"instagram": self.instagram[n].handle}
            if n < self.count:
                here |= {"x": self.x[n].handle, "facebook": self.facebook[n].username}
                here |= {"tiktok": self.tiktok[n].handle}
                here |= {"youtube": self.youtube[n].handle, "website": f"{self.website[n].name}.{DOMAIN}"}
            for platform, handle in sorted(here.items()):
                renamed = self.troubled and (platform, n) == ("x", 2)
                yield platform, n, f"{handle[:10]}_dulu" if renamed else handle, str(self.x[n].id) if renamed else ""

    def posts(self) -> dict[str, list[str]]:
        """The times (ISO, UTC offset as published) of the posts that can be seen, by platform, back to 35 days."""
        since, seen = self.at - timedelta(days=35), {}
        for platform in PLATFORMS:
            times = []
            for n, resident in enumerate(getattr(self, platform)):
                if not (self.troubled and (platform, n) in _UNSEEN):
                    times += [at for at in _times(resident) if at > since]
            seen[platform] = [at.isoformat() for at in sorted(times)]
        return seen

    def write_register(self, path: Path) -> None:
        """``accounts.csv`` of this town."""
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
            table.writeheader()
            for platform, n, handle, number in self.accounts():
                unit = self._units[n]
                row = {"unit_code": unit["code"], "unit_name": unit["name"], "unit_kind": unit["kind"]}
                row |= {"parent_code": unit["parent"], "head_name": HEADS[n % len(HEADS)], "priority": "0"}
                row |= {"head_email": f"kepala.{unit['tag'].replace('_', '.')}@{DOMAIN}"}
                table.writerow(row | {"platform": platform, "handle": handle, "platform_id": number})

    def _settle(self, n: int, unit: dict[str, str]) -> None:
        tag = unit["tag"]
        short = tag if len(tag) <= 15 else f"{tag[:12]}{n:03}"
        self.instagram.append(FakeIgAccount(tag.replace("_", "."), str(20_000_000 + n)))
        if n < self.count:
            self.x.append(FakeXAccount(short, 10_000_000 + n, name=unit["name"]))
            self.facebook.append(FakePage(f"{tag.replace('_', '.')}.resmi", str(100_000_000 + n)))
            self.tiktok.append(FakeTikTok(tag))
            self.youtube.append(FakeChannel(channel_id(n), tag.replace("_", "-")))
            self.website.append(
                FakeSite(tag.replace("_", "-"), kind="opensid" if unit["kind"] == "desa" else "wordpress")
            )

    def _publish(self, at: datetime, turn: int, *, all_units: bool) -> None:
        """One post of every account. ``all_units``: of those that are quiet now, too; they are older posts then.

        In a troubled town older posts with a picture are rare: a night that reads pictures shall not take minutes.
        """
        for n, unit in enumerate(self._units):
            when, quiet = at - timedelta(seconds=n), self.troubled and n == _QUIET
            if quiet and not (all_units and turn):
                continue
            when -= timedelta(days=30) if quiet else timedelta()
            pictured = quiet or not (self.troubled and all_units)
            if pictured:
                self.instagram[n].posts.append(FakeIgPost(when, self._text("instagram", n, unit, turn)))
            if n < self.count:
                self.x[n].posts.append(FakeXPost(self._text("x", n, unit, turn), when, sequence=n))
                kind: Literal["photo", "status"] = "photo" if turn and pictured else "status"
                self.facebook[n].posts.append(FakeFbPost(when, self._text("facebook", n, unit, turn), kind))
                title, rest = _parts(self._text("website", n, unit, turn))
                entry = FakeEntry(when, title, f"<p>{escape(rest)}</p>", guid=f"{n}-{when:%d%H%M%S}")
                self.website[n].entries.insert(0, entry)
                title, rest = _parts(self._text("youtube", n, unit, turn))
                if pictured:
                    self.tiktok[n].clips.append(FakeClip(when, self._text("tiktok", n, unit, turn)))
                    self.youtube[n].videos.insert(0, FakeVideo(f"W{n:05}{self.night:03}{turn:02}", when, title, rest))

    def _text(self, platform: str, n: int, unit: dict[str, str], turn: int) -> str:
        place = PLATFORMS.index(platform)
        every = 8 if self.troubled else 50
        salt = 1000 * self.night + 10 * place + turn
        if turn == 1 and (n + 3 * place + 1) % every == 0:
            text = self._special[(n + 7 * place + self.night) % len(self._special)]
        else:
            pool = self._pools[unit["kind"]]
            text = pool[(n + place + 2 * self.night + turn) % len(pool)]
        return filled(text, unit, 34, salt)


def faults(world: World) -> dict[str, list[Fault]]:
    """Change the accounts of a troubled town, and say what its servers have to do wrong, by server."""
    world.x[1].state = "suspended"
    world.instagram[3].private = True
    world.facebook[4].state = "hidden"
    world.youtube[2].gone = True
    page, broken, html, busy = world.facebook[1].username, *(world.website[n].name for n in (1, 2, 4))
    wait = Reply(429, b"slow down", {"retry-after": "2", "content-type": "text/plain"})
    return {
        "graph": [Fault(_transient(), account=page)],
        "website": [
            Fault(html_reply(502), account=broken, times=None),
            Fault(html_reply(200), account=html, endpoint="feed", times=None),
            Fault(wait, account=busy, endpoint="feed"),
        ],
    }


def _transient() -> Reply:
    from tests.servers.graph_server import REPLIES

    return REPLIES["transient"]


def _times(resident: FakeXAccount | FakeIgAccount | FakePage | FakeChannel | FakeSite | FakeTikTok) -> list[datetime]:
    match resident:
        case FakeIgAccount():
            return [post.taken_at for post in resident.posts]
        case FakePage():
            return [post.created for post in resident.posts]
        case FakeChannel():
            return [video.at for video in resident.videos]
        case FakeTikTok():
            return [clip.at for clip in resident.clips]
        case FakeSite():
            return [entry.at for entry in resident.entries]
    return [post.at for post in resident.posts]


def _parts(text: str) -> tuple[str, str]:
    """Title and what follows: the first sentence, when it is not the only one."""
    title, dot, rest = text.replace("\n", " ").partition(". ")
    return (title + dot.strip(), rest) if rest else ("Kabar hari ini", text)


def _units(count: int) -> list[dict[str, str]]:
    """The demo's units, those of different kinds in turn, then as many villages as are wanted."""
    named = units()
    kinds: dict[str, list[dict[str, str]]] = {}
    for unit in named:
        kinds.setdefault(unit["kind"], []).append(unit)
    mixed = [group[place] for place in range(len(named)) for group in kinds.values() if place < len(group)]
    for n in range(len(mixed), count):
        name = f"Desa {VILLAGES[n % len(VILLAGES)]} {n}"
        mixed.append({"code": f"DESA-{n:05}", "name": name, "kind": "desa", "tag": f"desa_wnjt_{n:05}", "parent": ""})
    chosen = mixed[:count]
    known = {unit["code"] for unit in chosen}
    return [unit | {"parent": unit["parent"] if unit["parent"] in known else ""} for unit in chosen]
