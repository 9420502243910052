"""From which hosts small pictures may come."""

import pytest

from collectors.picture_hosts import is_below, media_hosts
from pantau.core.model import Account


def account(platform: str, handle: str = "dinas") -> Account:
    return Account(platform=platform, handle=handle, unit="1")


@pytest.mark.parametrize(
    ("platform", "host"),
    [
        ("x", "pbs.twimg.com"),
        ("instagram", "scontent-cgk1-1.cdninstagram.com"),
        ("instagram", "scontent.fcgk1-2.fna.fbcdn.net"),
        ("facebook", "scontent.fcgk1-2.fna.FBCDN.net"),
        ("youtube", "i.ytimg.com"),
        ("tiktok", "p16-sign-va.tiktokcdn.com"),
    ],
)
def test_where_platforms_keep_pictures_is_known(platform: str, host: str) -> None:
    assert is_below(host, media_hosts(account(platform), {}))


@pytest.mark.parametrize(
    "host", ["evilpbs.twimg.com", "twimg.com", "pbs.twimg.com.jahat.example", "cdninstagram.com", "x.com", "", "."]
)
def test_hosts_that_only_look_alike_are_not_among_them(host: str) -> None:
    assert not is_below(host, media_hosts(account("x"), {}))


def test_a_website_keeps_its_pictures_itself_and_the_office_may_add_hosts() -> None:
    site = account("website", "www.dinas.example/berita")
    assert is_below("dinas.example", media_hosts(site, {}))
    assert is_below("gambar.dinas.example", media_hosts(site, {}))
    assert not is_below("cdn.example", media_hosts(site, {}))
    assert is_below("cdn.example", media_hosts(site, {"website": ["CDN.example"]}))
    assert media_hosts(account("lain"), {}) == ()
