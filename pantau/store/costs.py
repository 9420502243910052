"""What the sources used and what it cost, per run and month."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pantau.core.clock import WIB, day_start
from pantau.core.model import Cost
from pantau.store import schema
from pantau.store.database import Database
from pantau.store.runs import get_run

_T = schema.costs
_FIELDS = ("requests", "posts_billed", "users_billed", "usd")


class Costs:
    """Costs per run, platform and source."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, run_id: str, costs: Iterable[Cost], attempt: str = "") -> None:
        """Keep what one process used so far, in place of what it saved for the same platform and source before.

        ``attempt`` names the process (its start time, say): what a killed process used before the run went on is kept.
        """
        with self._database.write() as connection:
            get_run(connection, run_id)
            for cost in costs:
                place = {"run_id": run_id, "platform": cost.platform, "source": cost.source, "attempt": attempt}
                values = {name: getattr(cost, name) for name in _FIELDS}
                insert = self._database.insert(_T).values(**place, **values)
                connection.execute(insert.on_conflict_do_update(index_elements=list(place), set_=values))

    def of_run(self, run_id: str) -> list[Cost]:
        """What a run used, all its processes together, by platform and source."""
        return self._sum(_T.c.run_id == run_id)

    def of_month(self, year: int, month: int, zone: ZoneInfo = WIB) -> list[Cost]:
        """What the runs that started in a calendar month of ``zone`` used, by platform and source."""
        start = day_start(date(year, month, 1), zone)
        return self.between(start, day_start(date(year + month // 12, month % 12 + 1, 1), zone))

    def between(self, start: datetime, end: datetime) -> list[Cost]:
        """What the runs with ``start <= started_at < end`` used, by platform and source."""
        started = schema.runs.c.started_at
        runs = sa.select(schema.runs.c.run_id).where(started >= start, started < end)
        return self._sum(_T.c.run_id.in_(runs))

    def _sum(self, where: "sa.ColumnElement[bool]") -> list[Cost]:
        rows: dict[tuple[str, str], list[Any]] = {}
        with self._database.read() as connection:
            for row in connection.execute(sa.select(_T).where(where)):
                rows.setdefault((row.platform, row.source), []).append(row)
        return [
            Cost(platform=platform, source=source, **_totals(group))
            for (platform, source), group in sorted(rows.items())
        ]


def _totals(rows: list[Any]) -> dict[str, Any]:
    return {name: sum(getattr(row, name) for row in rows) for name in _FIELDS}
