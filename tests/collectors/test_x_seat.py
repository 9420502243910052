from datetime import timedelta

import pytest

from collectors.x_parse import parse_post
from collectors.x_seat import Seat
from pantau.core.model import Account, Target, Window
from tests.collectors.x_support import NIGHT
from tests.servers.x_feed import snowflake

DAY = timedelta(days=1)


def _seat(silent_days: float, norm_days: int | None = None, grace_days: int | None = None) -> Seat:
    account = Account(
        platform="x", handle="dinas_air", unit="U1", platform_id="11", norm_days=norm_days, grace_days=grace_days
    )
    last = str(snowflake(NIGHT - silent_days * DAY))
    return Seat(0, Target(account=account, since=NIGHT - DAY, last_post_id=last), Window(NIGHT - DAY, NIGHT))


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_versions_of_a_post_the_newest_stays_in_whatever_order_they_come(order: int) -> None:
    seat = _seat(1)
    ids = [str(snowflake(NIGHT - timedelta(minutes=20))), str(snowflake(NIGHT - timedelta(minutes=10)))]
    first = {"id": ids[0], "author_id": "11", "text": "lama", "edit_history_tweet_ids": ids[:1]}
    second = {"id": ids[1], "author_id": "11", "text": "baru", "edit_history_tweet_ids": ids}
    for item in [first, second][::order]:
        seat.keep(parse_post(item, seat.target.account))
    posts = seat.read(NIGHT, "x-search").posts
    assert [(collected.post.post_id, collected.post.text) for collected in posts] == [(ids[0], "baru")]


def test_an_account_is_asked_by_id_before_its_norm_runs_out() -> None:
    assert _seat(1.5).needs_timeline() == "may"
    assert _seat(2).needs_timeline() == "must"
    assert _seat(1, norm_days=1, grace_days=1).needs_timeline() == "must"
    assert _seat(2, norm_days=30, grace_days=5).needs_timeline() == "must"


def test_a_timeline_is_never_read_from_after_the_watermark() -> None:
    assert _seat(0.5).timeline_start(timedelta(hours=6)) < NIGHT - DAY
    assert _seat(9).timeline_start(timedelta(hours=6)) < NIGHT - 8 * DAY
