"""Raw answers by month in PostgreSQL: nothing is refused, nothing doubled, and an old month goes at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from pantau.core.model import Post
from pantau.store import open_store, partitions, portable, schema
from pantau.store.portable import snapshot
from pantau.store.records import Purged
from pantau.store.store import Store

from .builders import DAY, NIGHT, ON, account, before_months, begin, everything, finding, post, scan
from .conftest import own_schema

RUN = "n-20261101"


@pytest.fixture(scope="module")
def months_store() -> Iterator[Store]:
    """A PostgreSQL store of its own, since dropped months do not come back for other tests."""
    with own_schema() as address, open_store(address) as opened:
        begin(opened)
        opened.accounts.sync([account()], ON)
        yield opened


def places(store: Store) -> dict[str, str]:
    """In which partition the raw answer of each post lies."""
    with store._database.read() as connection:
        return dict(
            connection.exec_driver_sql("SELECT post, tableoid::regclass::text FROM raws ORDER BY post").fetchall()
        )


def on_day(name: str, at: datetime) -> Post:
    return msgspec.structs.replace(post(name, f"Kiriman {name}"), published_at=at)


def test_a_run_makes_the_months_around_it_and_two_in_advance(months_store: Store) -> None:
    with months_store._database.read() as connection:
        assert partitions.names(connection) == [
            "raws_202610", "raws_202611", "raws_202612", "raws_202701", "raws_rest",
        ]  # fmt: skip


def test_each_answer_lies_in_the_month_of_its_post_and_strays_are_kept_too(months_store: Store) -> None:
    last = datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC)
    wanted = {"a": last, "b": last + timedelta(microseconds=1), "c": datetime(2011, 5, 5, tzinfo=UTC)}
    months_store.save_scan(RUN, scan(*(on_day(*pair) for pair in wanted.items())))
    found = places(months_store)
    assert {name: found[f"x:{name}"] for name in wanted} == {"a": "raws_202610", "b": "raws_202611", "c": "raws_rest"}
    assert all(months_store.posts.raw(f"x:{name}") for name in wanted)


def test_the_same_answer_again_is_kept_once(months_store: Store) -> None:
    for _ in range(2):
        months_store.save_scan(RUN, scan(on_day("same", NIGHT - DAY)))
    with months_store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM raws WHERE post = 'x:same'").scalar() == 1


def test_a_post_that_another_reading_dates_into_another_month_is_still_one_post(months_store: Store) -> None:
    first = NIGHT - 3 * DAY
    months_store.save_scan(RUN, scan(on_day("moved", first)))
    months_store.save_scan(RUN, scan(post("moved", "Diubah", 24 * 70)))
    assert months_store.posts.get(["x:moved"])["x:moved"].published_at == first
    assert len(months_store.posts.versions("x:moved")) == 2
    with months_store._database.read() as connection:
        rows = connection.exec_driver_sql("SELECT tableoid::regclass::text FROM raws WHERE post = 'x:moved'").fetchall()
    assert rows == [("raws_202610",), ("raws_202610",)]


def test_a_month_made_late_takes_over_what_waited_in_the_rest(months_store: Store) -> None:
    late = datetime(2027, 6, 15, tzinfo=UTC)
    months_store.save_scan(RUN, scan(on_day("late", late)))
    assert places(months_store)["x:late"] == "raws_rest"
    months_store.runs.begin("nightly", "n-20270616", begin(months_store).window, late + DAY, late + DAY)
    assert places(months_store)["x:late"] == "raws_202706"


def test_a_month_past_its_time_is_dropped_whole_but_for_answers_behind_a_finding(months_store: Store) -> None:
    september = datetime(2026, 9, 10, tzinfo=UTC)
    with months_store._database.write() as connection:
        partitions.make_ahead(connection, september)
    items = {"old": september, "judged": september + DAY, "young": NIGHT - DAY}
    months_store.save_scan(RUN, scan(*(on_day(*pair) for pair in items.items())))
    months_store.findings.save(RUN, [finding(post="x:judged")])
    before = places(months_store)
    assert before["x:old"] == before["x:judged"] == "raws_202609"
    purged = months_store.purge(raw_before=datetime(2026, 10, 1, tzinfo=UTC))
    after = places(months_store)
    assert set(before) - set(after) == {"x:old", "x:c"}
    assert purged == Purged(raws=2)
    assert after["x:judged"] == "raws_rest"
    with months_store._database.read() as connection:
        assert "raws_202609" not in partitions.names(connection)
    assert months_store.posts.get(["x:old"]), "the post itself stays"


def test_a_month_that_is_not_over_by_the_limit_loses_only_what_is_older(months_store: Store) -> None:
    days = {"d5": datetime(2026, 10, 5, tzinfo=UTC), "d20": datetime(2026, 10, 20, tzinfo=UTC)}
    months_store.save_scan(RUN, scan(*(on_day(*pair) for pair in days.items())))
    assert months_store.purge(raw_before=datetime(2026, 10, 10, tzinfo=UTC)) == Purged(raws=1)
    assert {"x:d5", "x:d20"} & set(places(months_store)) == {"x:d20"}


def test_an_older_database_keeps_every_answer_when_its_table_is_divided(tmp_path: Path) -> None:
    with own_schema() as address:
        with open_store(address) as store:
            begin(store)
            store.accounts.sync([account()], ON)
            ages = {"now": NIGHT - DAY, "before": NIGHT - 40 * DAY, "ancient": NIGHT - 3000 * DAY}
            store.save_scan(RUN, scan(*(on_day(*pair) for pair in ages.items())))
            kept = everything(store)
            with store._database.write() as connection:
                before_months(connection)
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0006'")
        with open_store(address) as store:
            assert everything(store) == kept
            assert places(store) == {"x:ancient": "raws_rest", "x:before": "raws_202609", "x:now": "raws_202610"}


def test_a_backup_holds_no_row_twice_and_is_divided_again_when_it_is_restored(
    months_store: Store, tmp_path: Path
) -> None:
    with snapshot(months_store._database) as kept:
        assert kept.tables.count("raws") == 1
        assert not any(name.startswith("raws_") for name in kept.tables)
        lines = {name: list(kept.lines(name)) for name in kept.tables}
    with own_schema() as address:
        portable.restore(address, schema.REVISION, lines)
        restored = open_store(address)
        with restored:
            assert everything(restored) == everything(months_store)
            assert places(restored)["x:young"] == "raws_202610"
    portable.restore(f"sqlite:///{tmp_path / 'sana.db'}", schema.REVISION, lines)
    with open_store(f"sqlite:///{tmp_path / 'sana.db'}") as plain:
        assert everything(plain)["raws"] == everything(months_store)["raws"]
