"""Names in the settings that nothing else knows, most likely misspelt: platforms, and units of readers."""

from collections.abc import Sequence
from pathlib import Path

from pantau.accounts.registry import Register
from pantau.core.errors import Problem
from pantau.core.settings import Settings


def unknown_units(settings: Settings, register: Register, config: Path) -> list[Problem]:
    """Readers of a unit's part whose unit is not in the register."""
    codes, remedy = {unit.code for unit in register.units}, "Salin kode unit dari daftar akun (kolom unit_code)."
    where = f"[[office]] {settings.code}: " if settings.code else ""
    return [
        Problem(
            str(config), f"{where}kunci mail.reader[{n}].unit", reader.unit, "unit tidak ada di daftar akun", remedy
        )
        for n, reader in enumerate(settings.mail.reader, 1)
        if reader.unit and reader.unit not in codes
    ]


def unknown_platforms(settings: Settings, known: Sequence[str], config: Path) -> list[Problem]:
    """Limits for platforms that Pantau cannot read."""
    collect = settings.collect
    keys = {"collect.deadlines_min": [*collect.deadlines_min], "collect.max_accounts": [*collect.max_accounts]}
    remedy = f"Yang dikenal: {', '.join(sorted(known))}."
    return [
        Problem(str(config), f"kunci {key}", platform, "bukan nama platform yang dapat dibaca", remedy)
        for key, platforms in keys.items()
        for platform in platforms
        if platform not in known
    ]
