from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.x_plan import ARCHIVE_QUERY_CHARS, LEAST_OVERLAP, RECENT_QUERY_CHARS, plan
from tests.random_cases import cases

NOW = datetime(2026, 11, 10, 19, 0, tzinfo=UTC)
OVERLAP = timedelta(hours=6)


@dataclass(frozen=True)
class Wanted:
    handle: str
    since: datetime = NOW
    newest_stored_at: datetime | None = None


def _many(count: int, since: datetime = NOW, stored: datetime | None = None) -> list[Wanted]:
    return [Wanted(f"unit_contoh{n:04d}", since, stored) for n in range(count)]


def test_a_thousand_long_handles_fit_into_the_fewest_queries() -> None:
    assert len(plan(_many(1000), query_chars=ARCHIVE_QUERY_CHARS, overlap=OVERLAP)) == 24
    assert len(plan(_many(1000), query_chars=RECENT_QUERY_CHARS, overlap=OVERLAP)) == 48


def test_a_new_account_does_not_make_its_group_pay_for_five_weeks() -> None:
    new = Wanted("baru", NOW - timedelta(days=35))
    groups = plan([*_many(20), new], query_chars=ARCHIVE_QUERY_CHARS, overlap=OVERLAP)
    assert sorted(len(group.members) for group in groups) == [1, 20]


def test_the_most_important_accounts_are_asked_for_first() -> None:
    first = Wanted("penting", NOW - timedelta(days=35))
    assert plan([first, *_many(50)], query_chars=ARCHIVE_QUERY_CHARS, overlap=OVERLAP)[0].members == (first,)


def test_stored_posts_in_the_overlap_are_not_bought_again_when_they_are_many() -> None:
    busy = [Wanted(f"ramai{n}", NOW, NOW - timedelta(hours=5, minutes=-n)) for n in range(200)]
    groups = plan([*_many(200), *busy], query_chars=ARCHIVE_QUERY_CHARS, overlap=OVERLAP)
    for group in groups:
        assert all(member.newest_stored_at is None or member.newest_stored_at < group.start for member in group.members)
    assert sum(group.start == NOW - OVERLAP for group in groups) >= 2


_readings = st.lists(
    st.builds(
        Wanted,
        st.text("abc_19", min_size=1, max_size=15),
        st.integers(0, 60 * 24 * 40).map(lambda minutes: NOW - timedelta(minutes=minutes)),
        st.none() | st.integers(-600, 60 * 24 * 40).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    ),
    max_size=120,
)


@settings(max_examples=cases(40, 500), deadline=None)
@given(_readings, st.sampled_from([ARCHIVE_QUERY_CHARS, RECENT_QUERY_CHARS]), st.sampled_from([0, 1, 6, 48]))
def test_every_account_is_in_one_query_that_fits_and_begins_early_enough(
    readings: list[Wanted], query_chars: int, overlap_hours: int
) -> None:
    overlap = timedelta(hours=overlap_hours)
    groups = plan(readings, query_chars=query_chars, overlap=overlap)
    assert sorted(id(member) for group in groups for member in group.members) == sorted(
        id(reading) for reading in readings
    )
    for group in groups:
        assert len(group.query) <= query_chars
        for member in group.members:
            assert group.start <= member.since - min(overlap, LEAST_OVERLAP)
            newest = member.newest_stored_at
            assert group.start >= min(member.since - overlap - timedelta(hours=1), newest or NOW)


def test_an_account_silent_for_long_is_asked_from_its_last_post_on_at_no_cost() -> None:
    silent = Wanted("sepi", NOW, NOW - timedelta(days=4))
    lively = [Wanted(f"ramai{n}", NOW, NOW - timedelta(hours=9)) for n in range(20)]
    groups = plan([silent, *lively], query_chars=ARCHIVE_QUERY_CHARS, overlap=OVERLAP)
    assert groups[0].members == (silent,)
    assert NOW - timedelta(days=4) < groups[0].start <= NOW - timedelta(days=4) + timedelta(hours=1)
