"""What a night costs at 1,000 accounts and 2,000 new posts, as the server counts it."""

import random
from datetime import timedelta

import pytest

from collectors.x_seat import BY_SEARCH_ALONE
from tests.collectors.x_support import NIGHT, Clock, Office, open_office
from tests.servers.x_feed import FakeXAccount, FakeXPost, generated_accounts
from tests.servers.x_server import XServer

DAY = timedelta(days=1)
POSTS = 2000


def _even() -> list[FakeXAccount]:
    """Two posts a day and account, spread evenly over day and night."""
    return generated_accounts(1000, 4, NIGHT - DAY, NIGHT + DAY)


def _uneven() -> list[FakeXAccount]:
    """The same number at random times, some accounts far busier than others; each posted within the last two days."""
    accounts = generated_accounts(1000, 1, NIGHT - DAY, NIGHT)
    chance = random.Random(4)
    weights = [1 / (1 + number) ** 0.5 for number in range(1000)]
    for number, account in enumerate(chance.choices(accounts, weights, k=1000 + POSTS)):
        first = NIGHT - DAY if number < 1000 else NIGHT
        at = first + timedelta(milliseconds=chance.randrange(86_400_000))
        account.posts.append(FakeXPost(f"kabar {number}", at, sequence=number))
    return accounts


def _second_night(server: XServer, **settings: object) -> tuple[Office, int, int]:
    """The office after a normal second night, with its requests and the posts billed for it."""
    office = open_office(server, Clock(), **settings)
    office.first_days = 2
    office.night()
    requests, billed = server.count(), server.posts_billed
    office.clock.moment += DAY - timedelta(seconds=sum(office.clock.slept))
    office.clock.slept.clear()
    scans = office.night()
    assert all(scan.reading.complete for scan in scans.values())
    return office, server.count() - requests, server.posts_billed - billed


@pytest.mark.parametrize(("archive", "most_requests"), [(True, 26), (False, 54)], ids=["archive", "recent"])
@pytest.mark.parametrize("feed", [_even, _uneven], ids=["even", "uneven"])
def test_a_normal_night_stays_near_the_floor_of_requests_and_posts(
    feed: object, archive: bool, most_requests: int
) -> None:
    with XServer(feed()) as server:  # type: ignore[operator]
        office, requests, billed = _second_night(server, archive_access=archive)
        total = sum(len(account.posts) for account in server.accounts)
        unseen = sum(
            post.at >= NIGHT + DAY - timedelta(minutes=2) for account in server.accounts for post in account.posts
        )
    assert requests <= most_requests
    assert billed <= 1.02 * POSTS
    assert total - unseen <= len(office.stored) <= total
    assert office.cost.posts_billed == billed
    assert office.cost.requests == requests


def test_a_second_run_on_the_same_utc_day_costs_next_to_nothing() -> None:
    with XServer(_even()) as server:
        office, _, billed = _second_night(server)
        before = server.posts_billed
        office.clock.moment += timedelta(hours=2)
        office.night()
        assert server.posts_billed - before <= 0.02 * billed


def test_ten_times_the_accounts_take_ten_times_the_requests() -> None:
    counts = []
    for accounts in (100, 1000):
        with XServer(generated_accounts(accounts, 1, NIGHT - DAY, NIGHT)) as server:
            office = open_office(server, Clock())
            office.first_days = 1
            office.night()
            counts.append(server.count())
    assert counts == [3, 24]


def test_in_a_large_register_a_fresh_suspension_is_known_within_two_days_and_until_then_its_blindness_is_said() -> None:
    accounts = generated_accounts(1000, 4, NIGHT - DAY, NIGHT + 3 * DAY)
    victim = accounts[7]
    del victim.posts[1:]
    said = []
    with XServer(accounts) as server:
        office = open_office(server, Clock())
        office.first_days = 1
        office.night()
        victim.state = "suspended"
        for _ in range(3):
            office.clock.moment += DAY - timedelta(seconds=sum(office.clock.slept))
            office.clock.slept.clear()
            scans = office.night()
            reading = scans[victim.handle].reading
            said.append((reading.outcome, reading.reason == BY_SEARCH_ALONE))
    assert said[0] == ("read", True)
    assert said[-1] == ("suspended", False)
    assert scans[accounts[8].handle].reading.reason == ""
