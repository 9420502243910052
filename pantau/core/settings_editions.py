"""Who gets which edition: the ``[[mail.reader]]`` entries and what ``[digest]`` says about editions."""

from collections.abc import Collection
from typing import Literal, get_args

import msgspec

EditionName = Literal["staff", "regent", "unit", "operator", "weekly", "monthly"]
NightlyEdition = Literal["staff", "regent", "unit"]
PeriodEditionName = Literal["weekly", "monthly"]
WeeklyOn = Literal["senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu", ""]
WEEKDAYS: tuple[WeeklyOn, ...] = get_args(WeeklyOn)[:7]
LAST_MONTHLY_DAY = 28
"""The last day that every month has."""
Heads = Literal["off", "when_needed", "nightly"]


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient. One mail for each of its editions."""

    address: str
    name: str = ""
    edition: EditionName = "staff"
    editions: tuple[EditionName, ...] = ()
    """Several at once; then ``edition`` is not looked at."""
    unit: str = ""
    """Code of the unit whose part the edition ``unit`` shows."""
    may_decide: bool = True
    """May decide about findings by mail; heads of units (``head_email`` of the register) may only answer for their unit."""

    @property
    def chosen(self) -> tuple[EditionName, ...]:
        """The editions, each once."""
        return tuple(dict.fromkeys(self.editions or (self.edition,)))

    @property
    def codes(self) -> tuple[str, ...]:
        """The same as they are kept with a run: ``unit:OPD-01`` for the part of a unit."""
        return tuple(f"unit:{self.unit}" if name == "unit" else name for name in self.chosen)


def reader_faults(readers: tuple[Reader, ...], off: Collection[str]) -> list[tuple[str, object, str, str]]:
    """What is wrong with the readers: key, value, fault and remedy of each. ``off``: editions that are never made."""
    found: list[tuple[str, object, str, str]] = []
    seen: set[tuple[str, str]] = set()
    for n, reader in enumerate(readers, 1):
        if ("unit" in reader.chosen) != bool(reader.unit):
            what = "edisi unit perlu kode unit, dan kode unit hanya untuk edisi unit"
            found.append((f"mail.reader[{n}].unit", reader.unit, what, 'Tulis edition = "unit" dan unit = "OPD-01".'))
        for name in reader.chosen:
            if name in off:
                what = f"edisi {name} tidak pernah dibuat menurut digest.{name}_on"
                found.append((f"mail.reader[{n}].edition", name, what, f"Isi digest.{name}_on atau hapus edisi ini."))
        for code in reader.codes:
            if (reader.address.lower(), code) in seen:
                what = f"alamat penerima tertulis dua kali untuk edisi {code}"
                found.append((f"mail.reader[{n}].address", reader.address, what, "Hapus salah satu."))
            seen.add((reader.address.lower(), code))
    return found
