"""Writes ``collectors/shapes.json`` anew: ``python -m tests.renew_shapes``.

What the local servers answer to the real collectors says which fields come always and which sometimes; recordings of the services
(``tests/fixtures``) add fields that are known though Pantau does not ask for them.
"""

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from collectors.base import Pace
from collectors.probe import look
from collectors.shapes import Seen, Shape, documents, gather, learn
from pantau.accounts.office_files import read_office_files
from pantau.core.exchange import Exchange
from pantau.core.model import Account, Target, Window
from pantau.core.settings import Collect, InstagramSettings, Settings
from pantau.core.settings_file import load_settings
from tests.jobs.probe_office import PLATFORMS, ago, ig_accounts, open_probe_office
from tests.servers.instagram_server import InstagramServer
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost, recorded_account

ROOT = Path(__file__).resolve().parent
FIXTURES = ROOT / "fixtures"
FILE = ROOT.parent / "collectors" / "shapes.json"
RECORDED = {
    "x.search": ("x/search_all.json", "x/search_tweets_query.json"),
    "x.timeline": ("x/timeline_tweets.json", "x/users_tweets.json"),
    "x.users": ("x/users.json",),
    "x.usage": ("x/usage_tweets.json",),
    "graph.discovery": (
        "documented/graph.discovery.json",
        "instagram/pyfacebook_discovery_user_fields.json",
        "instagram/pyfacebook_discovery_medias_p1.json",
        "instagram/pyfacebook_discovery_medias_p2.json",
        "instagram/pyfacebook_discovery_video_medias_p1.json",
    ),
    "graph.accounts": ("documented/graph.accounts.json",),
    "graph.posts": (
        "documented/graph.posts.json",
        "facebook/pyfacebook_feed_fields_p1.json",
        "facebook/pyfacebook_feeds_default_fields_p1.json",
    ),
    "youtube.channels": ("documented/youtube.channels.json",),
    "youtube.feed": ("documented/youtube.feed.xml",),
    "youtube.playlistItems": ("documented/youtube.playlistItems.json",),
    "youtube.videos": ("documented/youtube.videos.json",),
    "instagram.web_profile_info": ("instagram/pgrimaud_web_profile_info.json",),
}
"""Recordings, and answers as the services document them, by endpoint."""
LEFT_OUT_AT_TIMES = {
    "graph.discovery": (
        "business_discovery.media.data[].comments_count",
        "business_discovery.media.data[].like_count",
        "business_discovery.media.data[].media_product_type",
        "business_discovery.media.data[].media_url",
        "business_discovery.media.data[].children.data[].media_url",
    ),
    "graph.posts": ("data[].status_type", "data[].from", "data[].attachments.data[].type"),
    "tiktok.video-list": ("data.videos[].cover_image_url", "data.videos[].duration"),
    "youtube.channels": (
        "items[].contentDetails.relatedPlaylists.likes",
        "items[].snippet.customUrl",
        "items[].statistics.videoCount",
    ),
    "youtube.feed": ("entry[].updated",),
    "youtube.videos": ("items[].statistics.likeCount", "items[].statistics.viewCount"),
}
"""What the services document as absent where it is hidden, unset or not allowed, and the local servers always send."""


def seen_by(platform: str, settings: Settings, accounts: Sequence[Account]) -> tuple[Exchange, ...]:
    """Everything that crosses the line when these accounts are read."""
    now = datetime.now(UTC)
    pace = Pace(lambda: datetime.now(UTC), time.sleep, now + timedelta(minutes=5))
    targets = [Target(account=account, since=now - timedelta(days=6)) for account in accounts]
    with tempfile.TemporaryDirectory() as folder:
        seen = look(platform, settings, pace, targets, Window(now - timedelta(days=6), now), Path(folder), 0.5)
    return (*seen.exchanges, *seen.again)


def signed_in_accounts() -> list[FakeIgAccount]:
    """Everything that a timeline of Instagram's web service can hold here."""
    posts = [
        FakeIgPost(ago(50), None, alt="Foto balai desa"),
        FakeIgPost(ago(51), "Bersama", author=("555", "dinas.lain"), views=7),
        FakeIgPost(ago(52), "Tersemat", pinned=True, comments=None),
    ]
    private = FakeIgAccount("contoh.kunci", "205", [FakeIgPost(ago(9), "Tertutup")], private=True)
    more = [FakeIgAccount("contoh.rapat", "204", posts), private, FakeIgAccount("contoh.baru", "206")]
    return [*ig_accounts(), *more, *recorded_account(FIXTURES / "instagram")]


def instaloader_exchanges() -> Iterator[tuple[Exchange, ...]]:
    """With a session and as a visitor, with and without known numbers."""
    with tempfile.TemporaryDirectory() as folder, InstagramServer(signed_in_accounts()) as server:
        session = str(server.write_session(Path(folder) / "session.json"))
        known = [Account(platform="instagram", handle=a.handle, unit="a", platform_id=a.id) for a in server.accounts]
        unknown = [msgspec.structs.replace(account, platform_id="") for account in known]
        for accounts, file in ((known, session), (unknown, session), (unknown[1:3], "")):
            own = InstagramSettings(enabled=True, session_file=file, pause_s=0.0)
            yield seen_by("instagram", Settings(network=server.network, collect=Collect(instagram=own)), accounts)


def all_exchanges() -> Iterator[tuple[Exchange, ...]]:
    """All platforms of the local servers."""
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        open_probe_office(Path(folder), patch) as office,
    ):
        office.rows = [("x", "contoh_hilang", "9999"), ("x", "contoh_baru", "")]
        office.write()
        office.log_in(office.tiktok.accounts[0], timedelta(hours=3))
        settings = load_settings(office.config)
        accounts = read_office_files(settings).register.accounts
        for platform in PLATFORMS:
            own = [one for one in accounts if one.platform == platform]
            yield seen_by(platform, settings, own)
            for one in own:  # what comes only beside other accounts is left out here
                yield seen_by(platform, settings, [one])
    yield from instaloader_exchanges()


def shapes() -> dict[str, Shape]:
    """The shapes of all endpoints."""
    asked: defaultdict[str, Seen] = defaultdict(Seen)
    for exchanges in all_exchanges():
        for endpoint, seen in gather(exchanges).items():
            asked[endpoint].objects.update(seen.objects)
            for path, types in seen.fields.items():
                asked[endpoint].fields[path].update(types)
    recorded: defaultdict[str, Seen] = defaultdict(Seen)
    for endpoint, names in RECORDED.items():
        for name in names:
            for document in documents(endpoint, (FIXTURES / name).read_bytes()):
                recorded[endpoint].add(document)
    found = {name: learn(asked[name], recorded[name]) for name in sorted({*asked, *recorded})}
    for endpoint, paths in LEFT_OUT_AT_TIMES.items():
        found[endpoint] |= {path: f"?{found[endpoint][path].lstrip('?')}" for path in paths}
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(shapes(), ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
