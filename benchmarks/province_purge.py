"""What dividing raw answers by month saves when a month is past its time: PostgreSQL, the same rows with and without partitions.

PANTAU_TEST_POSTGRES=... python -m benchmarks.province_purge [--rows 300000]
"""

import argparse
import os
import sys
import time
from datetime import UTC, datetime

from benchmarks.province_run import own_schema
from pantau.core.model import Account, Window
from pantau.store import open_store, partitions
from pantau.store.columns import to_us
from pantau.store.store import Store

OLD, NEW, AT = (datetime(2026, month, 1, tzinfo=UTC) for month in (9, 10, 11))
RAW_BYTES = 600
"""Of a compressed answer, about what is measured in ``benchmarks.province``."""
JUDGED = 100
"""One answer of so many stands behind a finding and stays."""


def main() -> int:
    """Print one row for each way; 1 when they do not leave the same rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.province_purge")
    parser.add_argument("--rows", type=int, default=300_000, help="of each of two months")
    rows = parser.parse_args().rows
    print(f"{rows:,} raw answers in each of two months, the older one is removed\n")
    print("| raw answers | seconds | MB before | MB after | rows left |\n|---|---|---|---|---|")
    left = []
    for divided in (True, False):
        with own_schema(os.environ["PANTAU_TEST_POSTGRES"]) as url, open_store(url) as store:
            _fill(store, rows, divided=divided)
            before, began = _megabytes(store), time.perf_counter()
            store.purge(raw_before=NEW)
            seconds = time.perf_counter() - began
            left.append(_rows(store))
            name = "by month" if divided else "in one table"
            print(f"| {name} | {seconds:.1f} | {before:.0f} | {_megabytes(store):.0f} | {left[-1]:,} |", flush=True)
    return 0 if left[0] == left[1] else 1


def _fill(store: Store, rows: int, *, divided: bool) -> None:
    store.runs.begin("nightly", "n-20261101", Window(OLD, AT), AT, AT)
    store.accounts.sync([Account(platform="x", handle="contoh", unit="u")], AT.date())
    month_us = to_us(NEW) - to_us(OLD)
    with store._database.write() as connection:
        if divided:
            partitions.make_ahead(connection, NEW)
        else:  # all months but none lie in the rest, as if there were no partitions
            for name in partitions.names(connection):
                if name != partitions.REST:
                    connection.exec_driver_sql(f"DROP TABLE {name}")
        connection.exec_driver_sql(
            "INSERT INTO posts (published_at, key, account_id, kind, text, image_text, media, url, metrics, edited_from, "
            "raw_sha256, first_run, changed_run, changed_at) "
            f"SELECT {to_us(OLD)} + n * {month_us // rows}::bigint, 'x:' || n, (SELECT id FROM accounts), 'post', "
            "repeat('kata ', 60), '', '', '', '', '', md5(n::text), 'n-20261101', 'n-20261101', 0 "
            f"FROM generate_series(0, {2 * rows - 1}) n"
        )
        connection.exec_driver_sql(
            "INSERT INTO raws (post, raw_sha256, data, published_at) SELECT key, raw_sha256, "
            f"decode(repeat(raw_sha256, {RAW_BYTES // 16}), 'hex'), published_at FROM posts"
        )
        connection.exec_driver_sql(
            "INSERT INTO findings (run_id, n, key, rule_id, strength, unit, post, body) "
            "SELECT 'n-20261101', n, n::text, 'r', 'flag', 'u', 'x:' || n, '' "
            f"FROM generate_series(0, {rows - 1}, {JUDGED}) n"
        )
    with store._database._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _megabytes(store: Store) -> float:
    """Room of the raw answers on disk."""
    with store._database.read() as connection:
        names = ", ".join(f"pg_total_relation_size('{name}')" for name in partitions.names(connection))
        sizes = connection.exec_driver_sql(f"SELECT {names}").one()
    return sum(sizes) / 1e6


def _rows(store: Store) -> int:
    with store._database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM raws").scalar_one())


if __name__ == "__main__":
    sys.exit(main())
