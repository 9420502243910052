"""What every parsed post must be, wherever it came from: storable, dated in UTC, under the account that was asked for."""

from datetime import timedelta

import msgspec

from collectors.text import storable
from pantau.core.errors import ProblemsError
from pantau.core.model import Account, Collected, Post

X = Account(platform="x", handle="dinas_contoh", unit="OPD-01", platform_id="77")
INSTAGRAM = Account(platform="instagram", handle="dinas.contoh", unit="OPD-01", platform_id="1001")
FACEBOOK = Account(platform="facebook", handle="dinas.contoh", unit="OPD-01", platform_id="2002")
YOUTUBE = Account(platform="youtube", handle="dinascontoh", unit="OPD-01", platform_id="UC" + "a" * 22)
TIKTOK = Account(platform="tiktok", handle="desa_contoh", unit="OPD-01")
WEBSITE = Account(platform="website", handle="dinas.contoh.example", unit="OPD-01")
ACCOUNTS = [X, INSTAGRAM, FACEBOOK, YOUTUBE, TIKTOK, WEBSITE]


def hold(collected: Collected, account: Account) -> None:
    """Raises ``AssertionError`` for a post that the store or a reader could not take."""
    post = collected.post
    assert post.account == account.key, "another account"
    assert post.platform == account.platform, "another platform"
    assert post.post_id, "no id"
    assert post.published_at.utcoffset() == timedelta(0), "not in UTC"
    texts = [post.post_id, post.text, post.url, *(one.url for one in post.media), *(one.alt for one in post.media)]
    assert all(storable(text) == text for text in texts), "not storable"
    assert post.url == "" or post.url.startswith(("https://", "http://")), "no address"
    assert all(one.url == "" or one.url.startswith(("https://", "http://", "file:")) for one in post.media), (
        "no picture"
    )
    assert all(type(count) is int and 0 <= count < 2**53 for count in post.metrics.values()), (
        "a count beyond all bounds"
    )
    assert msgspec.json.decode(msgspec.json.encode(post), type=Post) == post, "does not come back"
    assert isinstance(collected.raw, bytes), "raw is no bytes"


def refused_in_words(error: ProblemsError) -> bool:
    """False, for a refusal whose every problem names the file, the place and what is wrong."""
    assert error.problems, "refused without a reason"
    assert all(one.file and one.where and one.what for one in error.problems), "half a reason"
    return False


def refused_with(words: str) -> bool:
    """False, for a refusal that says why."""
    assert words, "refused without a reason"
    return False
