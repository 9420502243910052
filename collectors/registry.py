"""The sources Pantau can read, by platform. A new platform is one entry here."""

from collections.abc import Callable, Mapping

import msgspec

from collectors.base import Pace
from pantau.core.model import Account
from pantau.core.ports import Collector
from pantau.core.settings import Settings


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """How a platform's collector is built, and whether the office has set it up."""

    is_set_up: Callable[[Settings], bool]
    build: Callable[[Settings, Pace], Collector]
    """Raises ``SecretError`` when a credential cannot be read. Makes no request."""
    stays_home: Callable[[Settings], bool] = lambda _settings: False
    """Whether its credential belongs to one machine, so that no worker of a cluster may read with it."""
    apart: Callable[[Account], str] | None = None
    """Accounts of which this differs may be read from several machines at once; None: one credential, one machine."""
    notes: tuple[str, ...] = ()
    """Its files of notes in the state folder (``collectors.notes``); a worker that reads for another machine is handed them."""


def _build_x(settings: Settings, pace: Pace) -> Collector:
    from collectors.x import XCollector

    token = settings.secret(settings.collect.x.bearer_token).reveal()
    return XCollector(settings.collect.x, settings.network, token, pace)


def _build_instagram(settings: Settings, pace: Pace) -> Collector:
    """The Graph API where a token is configured, instaloader where it is enabled, or the one with the other behind it."""
    instagram, meta = settings.collect.instagram, settings.collect.meta
    web: Collector | None = None
    if instagram.enabled:
        from collectors.instagram_web import InstagramWebCollector

        session = settings.path(instagram.session_file) if instagram.session_file else None
        notes = settings.shared_dir / "instagram.json"
        web = InstagramWebCollector(instagram, settings.network, session, pace, notes)
        if not instagram.graph_token:
            return web
    from collectors.instagram import InstagramCollector
    from collectors.instagram_graph import InstagramGraphCollector

    token = settings.secret(instagram.graph_token).reveal()
    secret = settings.secret(meta.app_secret).reveal() if meta.app_secret else ""
    notes = settings.shared_dir / "instagram-graph.json"
    graph = InstagramGraphCollector(instagram.graph_user_id, token, meta, settings.network, secret, pace, notes)
    return InstagramCollector(graph, web) if web else graph


def _instagram_is_set_up(settings: Settings) -> bool:
    return settings.collect.instagram.enabled or bool(settings.collect.instagram.graph_token)


def _build_facebook(settings: Settings, pace: Pace) -> Collector:
    from collectors.facebook import FacebookCollector

    meta = settings.collect.meta
    token = settings.secret(settings.collect.facebook.token).reveal()
    secret = settings.secret(meta.app_secret).reveal() if meta.app_secret else ""
    return FacebookCollector(token, meta, settings.network, secret, pace)


def _build_website(settings: Settings, pace: Pace) -> Collector:
    from collectors.website import WebsiteCollector

    notes = settings.shared_dir / "website.json"
    return WebsiteCollector(settings.collect.website, settings.network, pace, settings.zone, notes)


def _build_youtube(settings: Settings, pace: Pace) -> Collector:
    from collectors.youtube import YouTubeCollector

    youtube = settings.collect.youtube
    key = settings.secret(youtube.api_key).reveal() if youtube.api_key else ""
    return YouTubeCollector(youtube, settings.network, key, pace, settings.shared_dir / "youtube.json")


def _build_tiktok(settings: Settings, pace: Pace) -> Collector:
    from collectors.tiktok import TikTokCollector
    from collectors.tiktok_tokens import Shelf

    tiktok = settings.collect.tiktok
    secret = settings.secret(tiktok.client_secret).reveal()
    return TikTokCollector(tiktok, settings.network, secret, Shelf(settings.tiktok_tokens_dir), pace)


COLLECTORS: Mapping[str, Source] = {
    "x": Source(is_set_up=lambda settings: bool(settings.collect.x.bearer_token), build=_build_x),
    "instagram": Source(
        is_set_up=_instagram_is_set_up,
        build=_build_instagram,
        stays_home=lambda settings: (
            settings.collect.instagram.enabled
        ),  # a session that wanders from address to address is closed
        notes=("instagram-graph.json",),
    ),
    "facebook": Source(is_set_up=lambda settings: bool(settings.collect.facebook.token), build=_build_facebook),
    "website": Source(
        is_set_up=lambda settings: settings.collect.website.enabled,
        build=_build_website,
        apart=lambda account: account.handle.split("/", 1)[0].lower(),
        notes=("website.json",),
    ),
    "youtube": Source(
        is_set_up=lambda settings: settings.collect.youtube.enabled, build=_build_youtube, notes=("youtube.json",)
    ),
    "tiktok": Source(
        is_set_up=lambda settings: bool(settings.collect.tiktok.client_secret),
        build=_build_tiktok,
        stays_home=lambda _settings: True,  # each use of a token replaces it, and there is one shelf of tokens
    ),
}
"""Platform name as in the register to its source. Libraries load only when a collector is built."""
