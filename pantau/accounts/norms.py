"""Posting norms per account, and the days on which nobody is expected to post."""

from datetime import date

import msgspec

from pantau.core.model import Account, Unit
from pantau.core.settings import Norms, TierNorm


class HolidayCalendar(msgspec.Struct, frozen=True):
    """Public holidays and collective leave (cuti bersama) of Indonesia.

    ``names`` holds each day's Indonesian name; ``notes`` says, for readers of the digest, what the calendar does not know.
    """

    names: dict[date, str]
    notes: tuple[str, ...] = ()

    @property
    def days(self) -> frozenset[date]:
        """The days themselves."""
        return frozenset(self.names)


def norm_for(account: Account, unit: Unit, norms: Norms) -> TierNorm:
    """The norm of the unit's tier; days and grace given for the account itself take precedence, the kind of day stays."""
    tier: TierNorm = getattr(norms, unit.kind)
    return TierNorm(
        days=tier.days if account.norm_days is None else account.norm_days,
        grace=tier.grace if account.grace_days is None else account.grace_days,
        unit=tier.unit,
    )


def holiday_calendar(first: date, last: date) -> HolidayCalendar:
    """All holidays from ``first`` to ``last``, both included, as the package ``holidays`` knows them.

    Collective leave is decreed year by year, and days that follow the moon are estimates until then: a year without decree
    is said in ``notes``, since its days would otherwise count against the accounts without a word.
    """
    import holidays as library  # 0.2 s: only commands that judge accounts pay for it

    names: dict[date, str] = {}
    notes: list[str] = []
    table = library.country_holidays("ID")
    known = range(table.start_year, table.end_year + 1)
    for year in range(first.year, last.year + 1):
        if year not in known:
            notes.append(f"Tidak ada data hari libur untuk tahun {year}; semua hari dihitung sebagai hari biasa.")
            continue
        public = library.country_holidays("ID", years=year, language="id")
        leave = library.country_holidays("ID", years=year, language="id", categories=("government",))
        names |= {day: name for part in (leave, public) for day, name in part.items() if first <= day <= last}
        if not leave:
            notes.append(
                f"Cuti bersama tahun {year} belum ada dalam data hari libur, sehingga harinya ikut dihitung; "
                "perbarui paket holidays."
            )
        elif any("(perkiraan)" in name for name in public.values()):
            notes.append(f"Sebagian hari libur tahun {year} masih perkiraan, belum menurut keputusan resmi.")
    return HolidayCalendar(dict(sorted(names.items())), tuple(notes))
