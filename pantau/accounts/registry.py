"""The register of units and accounts (``accounts.csv`` or ``.xlsx``): read, checked as a whole, or refused as a whole."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from pantau.accounts.codes import check_code
from pantau.accounts.handles import Handle, check_platform_id, parse_handle, parse_platform
from pantau.accounts.tables import Layout, Problems, Row, nearest, read_table
from pantau.accounts.values import Mistake, parse_email, parse_whole
from pantau.core.errors import RegisterError
from pantau.core.model import UNIT_KINDS, Account, Unit, UnitKind

COLUMNS = (
    "unit_code",
    "unit_name",
    "unit_kind",
    "parent_code",
    "platform",
    "handle",
    "platform_id",
    "norm_days",
    "grace_days",
    "head_name",
    "head_email",
    "operator",
    "deputy",
    "priority",
    "note",
)
LAYOUT = Layout(COLUMNS, frozenset({"unit_code", "unit_name", "unit_kind", "platform", "handle"}))
_UNIT_COLUMNS = ("unit_name", "unit_kind", "parent_code", "head_name", "head_email", "priority")
_KIND_WORDS: dict[str, UnitKind] = {
    "dinas": "opd",
    "badan": "opd",
    "bagian": "opd",
    "sekretariat": "opd",
    "inspektorat": "opd",
    "kec": "kecamatan",
    "kel": "kelurahan",
    "rs": "rsud",
    "pkm": "puskesmas",
    "sd": "sekolah",
    "smp": "sekolah",
    "sma": "sekolah",
    "perumda": "bumd",
    "bupati": "pejabat",
}
_MAX_DAYS = 366


class Register(msgspec.Struct, frozen=True):
    """Units and their accounts in the order of the file. A unit without an account has none in ``accounts``."""

    units: tuple[Unit, ...]
    accounts: tuple[Account, ...]


def read_register(path: Path, region_code: str = "") -> Register:
    """Read the register. Raises ``RegisterError`` with every mistake in it.

    ``region_code`` (``office.region_code`` of the settings) may be named as parent without a row of its own. When it is not
    given, the parent code without a row that most rows name is taken for the region.
    """
    problems = Problems(path)
    rows = [row for row in read_table(path, LAYOUT, problems) if _has_code(row, problems)]
    units = _units(rows, region_code, problems)
    accounts = _accounts(rows, problems)
    if not rows and not problems.items:
        problems.add("berkas", "", "tidak ada satu baris unit pun", "Isi satu baris untuk tiap unit.")
    if problems.items:
        raise RegisterError(sorted(problems.items, key=lambda problem: _row_number(problem.where)))
    return Register(tuple(units), tuple(accounts))


class Placed(msgspec.Struct, frozen=True):
    """An account with the row that holds it, and the cells of that row as they stand in the file, by column."""

    row: int
    account: Account
    cells: dict[str, str]


def placed_accounts(path: Path) -> list[Placed]:
    """The accounts of a register with their rows, in its order. Raises ``RegisterError``."""
    problems = Problems(path)
    rows = [(row, _account(row, problems)) for row in read_table(path, LAYOUT, problems) if row["unit_code"]]
    if problems.items:
        raise RegisterError(problems.items)
    return [Placed(row.number, account, row.values) for row, account in rows if account]


def _row_number(where: str) -> int:
    digits = "".join(c for c in where.split(",")[0] if c.isdigit())
    return int(digits or 0)


def _has_code(row: Row, problems: Problems) -> bool:
    if not row["unit_code"]:
        problems.at(row, "unit_code", "kode unit kosong", "Isi kode unit; kode inilah pengenal unit, bukan namanya.")
    return bool(row["unit_code"])


def _units(rows: list[Row], region_code: str, problems: Problems) -> list[Unit]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["unit_code"], []).append(row)
    region = region_code or _guessed_region(rows, groups.keys())
    seen: dict[str, str] = {}
    units = []
    for code, own in groups.items():
        twin = seen.setdefault(code.casefold(), code)
        if twin != code:
            what = f'kode ini hanya berbeda huruf besar/kecil dari "{twin}"'
            problems.at(own[0], "unit_code", what, "Tulis kode yang sama persis bila unitnya sama.")
        units.append(_unit(code, own, problems))
    for unit in units:
        _check_parent(unit, groups, region, problems)
    _check_circles(units, groups, problems)
    return units


def _guessed_region(rows: list[Row], codes: Iterable[str]) -> str:
    known = set(codes)
    parents = Counter(row["parent_code"] for row in rows if row["parent_code"] and row["parent_code"] not in known)
    return parents.most_common(1)[0][0] if parents else ""


def _unit(code: str, rows: list[Row], problems: Problems) -> Unit:
    """One unit from all its rows; a value given in several rows must be the same everywhere."""
    given = {column: _agreed(column, code, rows, problems) for column in _UNIT_COLUMNS}
    texts = {column: row[column] if row else "" for column, row in given.items()}
    first = rows[0]
    if not texts["unit_name"]:
        problems.at(first, "unit_name", "nama unit kosong", "Isi nama unit.")
    kind = _kind(first, given["unit_kind"], problems)
    check_code(first, "unit_code", kind, problems)
    email_row, priority_row = given["head_email"], given["priority"]
    priority = 0
    try:
        if email_row:
            parse_email(texts["head_email"])
    except Mistake as mistake:
        problems.at(email_row or first, "head_email", mistake.what, mistake.remedy)
    try:
        if priority_row:
            priority = parse_whole(texts["priority"], 0, 9999)
    except Mistake as mistake:
        problems.at(priority_row or first, "priority", mistake.what, mistake.remedy)
    return Unit(
        code=code,
        name=" ".join(texts["unit_name"].split()),
        kind=kind,
        parent=texts["parent_code"],
        head_name=texts["head_name"],
        head_email=texts["head_email"],
        priority=priority,
    )


def _agreed(column: str, code: str, rows: list[Row], problems: Problems) -> Row | None:
    """The first row that fills ``column``; every other row that fills it otherwise is a mistake."""
    filled = [row for row in rows if row[column]]
    for row in filled[1:]:
        if " ".join(row[column].casefold().split()) != " ".join(filled[0][column].casefold().split()):
            what = f'berbeda dari baris {filled[0].number} untuk unit {code} yang sama ("{filled[0][column]}")'
            problems.at(row, column, what, "Samakan, atau perbaiki kode unit bila unitnya memang lain.")
    return filled[0] if filled else None


def _kind(first: Row, given: Row | None, problems: Problems) -> UnitKind:
    text = given["unit_kind"] if given else ""
    for kind in UNIT_KINDS:
        if text.casefold() == kind:
            return kind
    near = _KIND_WORDS.get(text.casefold()) or nearest(text.casefold(), list(UNIT_KINDS))
    remedy = f'Mungkin maksudnya "{near}".' if near else f"Pilih salah satu: {', '.join(UNIT_KINDS)}."
    if text.casefold() in ("kabupaten", "kota", "pemkab"):
        remedy = "Akun resmi pemerintah kabupaten didaftarkan sebagai opd."
    problems.at(given or first, "unit_kind", "jenis unit tidak dikenal" if text else "jenis unit kosong", remedy)
    return "opd"


def _check_parent(unit: Unit, groups: dict[str, list[Row]], region: str, problems: Problems) -> None:
    parent = unit.parent
    if not parent:
        return
    row = next((row for row in groups[unit.code] if row["parent_code"]), groups[unit.code][0])
    if parent == unit.code:
        problems.at(row, "parent_code", "unit menjadi induk bagi dirinya sendiri", "Isi kode unit di atasnya.")
    elif parent not in groups and parent != region:
        if not check_code(row, "parent_code", None, problems):
            return
        near = nearest(parent, list(groups))
        hint = f'Mungkin maksudnya "{near}"; ' if near else ""
        remedy = f"{hint}induk harus punya baris sendiri, atau kode daerah{f' {region}' if region else ''}."
        problems.at(row, "parent_code", "kode induk tidak terdaftar", remedy)
    elif _is_foreign_village(unit):
        what = f"kode {unit.code} bukan bagian dari induk {parent}"
        problems.at(row, "parent_code", what, "Induk desa atau kelurahan adalah kecamatannya; perbaiki salah satu.")


def _is_foreign_village(unit: Unit) -> bool:
    """True for a village whose code says that it lies in another district than its parent."""
    coded = _is_region_code(unit.code) and _is_region_code(unit.parent)
    return unit.kind in ("desa", "kelurahan") and coded and not unit.code.startswith(unit.parent + ".")


def _is_region_code(code: str) -> bool:
    return code.replace(".", "").isdigit() and "." in code


def _check_circles(units: list[Unit], groups: dict[str, list[Row]], problems: Problems) -> None:
    parents = {unit.code: unit.parent for unit in units if unit.parent != unit.code}
    reported: set[str] = set()
    for code in parents:
        path = [code]
        while (above := parents.get(path[-1], "")) and above not in path:
            path.append(above)
        if above == code and not reported & set(path):
            reported |= set(path)
            chain = " > ".join([*path, code])
            row = groups[code][0]
            problems.at(row, "parent_code", f"susunan induk berputar: {chain}", "Perbaiki salah satu kode induk.")


def _accounts(rows: list[Row], problems: Problems) -> list[Account]:
    accounts: list[Account] = []
    places: dict[str, Row] = {}
    for row in rows:
        account = _account(row, problems)
        if account is None:
            names = [f"unit:{row['unit_code']}"] if not row["platform"] and not row["handle"] else []
        else:
            names = [f"{account.platform}:@{account.handle.lower()}"]
            names += [f"{account.platform}:{account.platform_id}"] if account.platform_id else []
        twin = next((places[name] for name in names if name in places), None)
        for name in names:
            places.setdefault(name, row)
        if twin is not None:
            _report_twin(row, twin, account, problems)
        elif account is not None:
            accounts.append(account)
    return accounts


def _report_twin(row: Row, twin: Row, account: Account | None, problems: Problems) -> None:
    if account is None:
        what = f"unit tanpa akun ini sudah tertulis di baris {twin.number}"
        problems.at(row, "unit_code", what, "Hapus salah satu baris.")
        return
    owner = "unit yang sama" if twin["unit_code"] == account.unit else f"unit {twin['unit_code']}"
    what = f"akun {account.label} sudah tertulis di baris {twin.number} ({owner})"
    problems.at(row, "handle", what, "Satu akun hanya milik satu unit: hapus salah satu baris.")


def _account(row: Row, problems: Problems) -> Account | None:
    """The account of a row; None when the row has none or it cannot be used."""
    if not row["platform"]:
        for column in ("handle", "platform_id"):
            if row[column]:
                problems.at(
                    row, column, "platform kosong padahal akun diisi", "Isi kolom platform, misalnya instagram."
                )
        return None
    before = len(problems.items)
    platform, handle, platform_id = "", Handle(""), ""
    try:
        platform = parse_platform(row["platform"])
    except Mistake as mistake:
        problems.at(row, "platform", mistake.what, mistake.remedy)
    if not row["handle"]:
        remedy = "Isi nama akun tanpa @; bila unit belum punya akun, kosongkan juga platform."
        problems.at(row, "handle", "nama akun kosong", remedy)
    try:
        if platform and row["handle"]:
            handle = parse_handle(platform, row["handle"])
    except Mistake as mistake:
        problems.at(row, "handle", mistake.what, mistake.remedy)
    try:
        platform_id = _platform_id(row, platform) if platform else ""
    except Mistake as mistake:
        problems.at(row, "platform_id", mistake.what, mistake.remedy)
    norm_days = _days(row, "norm_days", 1, problems)
    grace_days = _days(row, "grace_days", 0, problems)
    if len(problems.items) > before:
        return None
    return Account(
        platform=platform,
        handle=handle.name,
        platform_id=platform_id or handle.platform_id,
        unit=row["unit_code"],
        norm_days=norm_days,
        grace_days=grace_days,
        operator=row["operator"],
        deputy=row["deputy"],
        note=row["note"],
    )


def _platform_id(row: Row, platform: str) -> str:
    text = row["platform_id"]
    if not text:
        return ""
    if "platform_id" in row.numeric and len(text) > 15:
        what = "Excel membulatkan nomor yang lebih panjang dari 15 angka"
        raise Mistake(what, "Format kolom sebagai Teks, lalu tulis ulang nomornya; atau kosongkan.")
    return check_platform_id(platform, text)


def _days(row: Row, column: str, smallest: int, problems: Problems) -> int | None:
    if not row[column]:
        return None
    try:
        return parse_whole(row[column], smallest, _MAX_DAYS)
    except Mistake as mistake:
        problems.at(row, column, mistake.what, mistake.remedy)
        return None
