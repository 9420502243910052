"""Reads ``pantau.toml`` and validates it as a whole before anything else runs: unknown keys are an error, all errors at once."""

import tomllib
import types
from collections.abc import Collection, Iterator
from functools import reduce
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pantau.core.errors import Problem, SettingsError
from pantau.core.settings import MailSettings, Settings, TierNorm
from pantau.core.settings_cluster import cluster_problems
from pantau.core.settings_editions import LAST_MONTHLY_DAY, reader_faults
from pantau.core.settings_meta import meta_problems
from pantau.core.settings_pictures import picture_problems
from pantau.core.settings_reader import reader_problems
from pantau.core.settings_tiktok import tiktok_problems

_UNUSABLE = object()
_NOT_KEYS = {"base_dir", "code"}
_SECRET_KEYS = {
    "password",
    "imap_password",
    "reply_secret",
    "bearer_token",
    "url_secret",
    "api_key",
    "graph_token",
    "app_secret",
    "client_secret",
    "token",
}


def load_settings(path: Path) -> Settings:
    """Read and validate the settings file of a single office. Raises ``SettingsError`` with every problem in it."""
    return settings_from(read_table(path), str(path), path.resolve().parent)


def read_table(path: Path) -> dict[str, Any]:
    """The parsed file, not validated. Raises ``SettingsError`` when it cannot be read."""
    file = str(path)
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError as error:
        remedy = "Salin pantau.example.toml menjadi pantau.toml lalu isi, atau pakai: pantau -c BERKAS ..."
        raise SettingsError([Problem(file, "berkas", "", "berkas setelan tidak ada", remedy)]) from error
    except (OSError, UnicodeDecodeError) as error:
        remedy = "Simpan sebagai teks UTF-8 yang dapat dibaca."
        raise SettingsError([Problem(file, "berkas", "", f"tidak dapat dibaca ({error})", remedy)]) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # besides its own error tomllib raises these for endless numbers and nesting
        remedy = "Teks harus diapit tanda kutip; lihat pantau.example.toml."
        raise SettingsError([Problem(file, "tata tulis", "", f"bukan TOML yang sah: {error}", remedy)]) from error


def settings_from(table: dict[str, Any], file: str, base_dir: Path) -> Settings:
    """Settings from an already parsed table. Raises ``SettingsError`` with every problem in it."""
    problems: list[Problem] = []
    settings = _with_authorities(Settings(**_read_struct(Settings, table, "", file, problems), base_dir=base_dir))
    problems += _cross_checks(settings, file)
    if problems:
        raise SettingsError(problems)
    return settings


def _with_authorities(settings: Settings) -> Settings:
    """Collectors and delivery are handed the network alone and know no folder, so the path is made whole here, once."""
    network = settings.network
    if not network.ca_file:
        return settings
    network = msgspec.structs.replace(network, ca_file=str(settings.path(network.ca_file)))
    return msgspec.structs.replace(settings, network=network)


def _read_struct(kind: type, table: Any, prefix: str, file: str, problems: list[Problem]) -> dict[str, Any]:
    """The usable values of a section; what is wrong goes into ``problems`` and falls back to its default."""
    if not isinstance(table, dict):
        problems.append(Problem(file, prefix, repr(table), "harus berupa bagian [..]", "Lihat pantau.example.toml."))
        return {}
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name not in _NOT_KEYS}
    values: dict[str, Any] = {}
    for key, value in table.items():
        where = f"{prefix}{key}"
        if key not in hints:
            known = ", ".join(sorted(hints))
            problems.append(Problem(file, f"kunci {where}", "", "kunci tidak dikenal", f"Yang dikenal: {known}."))
            continue
        usable = _read_value(hints[key], value, where, file, problems)
        if usable is not _UNUSABLE:
            values[key] = usable
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in table:
            problems.append(Problem(file, f"kunci {prefix}{field.name}", "", "belum diisi", "Tambahkan kunci ini."))
    return values


def _read_value(hint: Any, value: Any, where: str, file: str, problems: list[Problem]) -> Any:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        values = _read_struct(hint, value, f"{where}.", file, problems)
        required = {field.name for field in msgspec.structs.fields(hint) if field.required}
        return hint(**values) if required <= values.keys() else _UNUSABLE
    args = get_args(hint)
    if get_origin(hint) is tuple and args and isinstance(args[0], type) and issubclass(args[0], msgspec.Struct):
        if not isinstance(value, list):
            problems.append(Problem(file, f"kunci {where}", repr(value), "harus berupa daftar", f"Tulis [[{where}]]."))
            return _UNUSABLE
        items = [_read_value(args[0], item, f"{where}[{n}]", file, problems) for n, item in enumerate(value, 1)]
        return tuple(item for item in items if item is not _UNUSABLE)
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError:
        shown = "(disembunyikan)" if where.rsplit(".", 1)[-1] in _SECRET_KEYS else str(value)
        problems.append(Problem(file, f"kunci {where}", shown, f"harus berupa {_words(hint)}", "Perbaiki nilainya."))
        return _UNUSABLE


def _words(hint: Any) -> str:
    """What a type is called in a message to an administrator."""
    if get_origin(hint) is Literal:
        return "salah satu dari: " + ", ".join(str(choice) or '""' for choice in get_args(hint))
    if get_origin(hint) in (Union, types.UnionType):
        return " atau ".join(_words(part) for part in get_args(hint))
    if get_origin(hint) is tuple:
        return f"daftar {_words(get_args(hint)[0])}"
    if get_origin(hint) is dict:
        return f"tabel dengan nilai {_words(get_args(hint)[1])}"
    names = {str: "teks dalam tanda kutip", int: "bilangan bulat", float: "bilangan", bool: "true atau false"}
    return names.get(hint, str(hint))


_POSITIVE = (
    "collect.first_days",
    "collect.deadline_min",
    "collect.gone_after_nights",
    "digest.budget_kb",
    "digest.corrected_within_hours",
    "digest.max_findings",
    "mail.timeout_s",
    "mail.reply_days",
    "collect.x.read_timeout_s",
    "collect.instagram.timeout_s",
    "collect.youtube.timeout_s",
    "collect.website.timeout_s",
    "collect.website.max_mb",
    "collect.website.parallel",
    "rules.demote_after_decisions",
    "pictures.minutes",
    "pictures.max_mb",
    "pictures.timeout_s",
)


def _cross_checks(settings: Settings, file: str) -> list[Problem]:
    problems: list[Problem] = []

    def wrong(key: str, value: object, what: str, remedy: str) -> None:
        problems.append(Problem(file, f"kunci {key}", str(value), what, remedy))

    try:
        ZoneInfo(settings.office.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        wrong("office.timezone", settings.office.timezone, "zona waktu tidak dikenal", "Pakai misalnya Asia/Jakarta.")
    for key, reference in _secrets(settings).items():
        if reference and not reference.startswith(("env:", "file:")):
            wrong(key, "(disembunyikan)", "rahasia tidak boleh ditulis langsung", "Tulis env:NAMA atau file:JALUR.")
    for key in _POSITIVE:
        number: float = reduce(getattr, key.split("."), settings)  # type: ignore[assignment]
        if number <= 0:
            wrong(key, number, "harus lebih besar dari 0", "Perbaiki angkanya.")
    if settings.collect.recheck_posts < 0:
        wrong("collect.recheck_posts", settings.collect.recheck_posts, "tidak boleh negatif", "0: tidak ditanyakan.")
    if settings.checks.workers < 0:
        wrong("checks.workers", settings.checks.workers, "tidak boleh negatif", "0: menurut mesinnya; 1: satu proses.")
    if not 0 <= settings.rules.demote_below <= 1:
        wrong("rules.demote_below", settings.rules.demote_below, "harus antara 0 dan 1", "0 mematikan penurunan.")
    if (
        "@" in settings.store.url
        and "://" in settings.store.url
        and ":" in settings.store.url.split("://")[1].split("@")[0]
    ):
        wrong("store.url", "(disembunyikan)", "berisi kata sandi", 'Pakai store.url_secret = "env:NAMA".')
    for name in ("opd", "bumd", "kecamatan", "kelurahan", "desa", "rsud", "puskesmas", "sekolah", "pejabat"):
        norm: TierNorm = getattr(settings.norms, name)
        if norm.days < 1 or norm.grace < 0:
            wrong(f"norms.{name}", f"{norm.days} + {norm.grace}", "hari harus >= 1 dan toleransi >= 0", "Perbaiki.")
    if not 0.2 <= settings.digest.mail_mb <= 8:
        wrong(
            "digest.mail_mb",
            settings.digest.mail_mb,
            "harus antara 0,2 dan 8",
            "Server surel menolak yang lebih berat.",
        )
    authorities = settings.network.ca_file
    if authorities and not Path(authorities).is_file():
        wrong("network.ca_file", authorities, "berkas tidak ada", "Jalur dihitung dari folder berkas setelan ini.")
    if not 0 <= settings.digest.monthly_on <= LAST_MONTHLY_DAY:
        remedy = "Pilih tanggal yang ada di setiap bulan; 0: tanpa edisi bulanan."
        wrong("digest.monthly_on", settings.digest.monthly_on, f"harus antara 0 dan {LAST_MONTHLY_DAY}", remedy)
    emblem = settings.office.emblem
    if emblem and not settings.path(emblem).is_file():
        wrong("office.emblem", emblem, "berkas tidak ada", 'Tulis nama berkas PNG atau JPEG, atau "" tanpa lambang.')
    for fault in _section_faults(settings):
        wrong(*fault)
    problems += _mail_checks(settings.mail, settings.digest.off, file)
    return problems


def _section_faults(settings: Settings) -> Iterator[tuple[str, object, str, str]]:
    """What is wrong inside single sections: key, value, fault and remedy."""
    collect = settings.collect
    instagram = collect.instagram
    if instagram.graph_token and not (instagram.graph_user_id.isascii() and instagram.graph_user_id.isdigit()):
        what = "bukan nomor akun Instagram profesional kantor"
        yield "collect.instagram.graph_user_id", instagram.graph_user_id, what, 'Tulis misalnya "17841400000000000".'
    if instagram.overlap_days < 0:
        what = "tidak boleh negatif"
        yield "collect.instagram.overlap_days", instagram.overlap_days, what, "0: jangan bandingkan lagi."
    yield from meta_problems(collect.meta)
    yield from tiktok_problems(collect.tiktok)
    yield from reader_problems(settings.reader)
    yield from picture_problems(settings.pictures)
    database = "?" if settings.store.url_secret else settings.store.url
    yield from cluster_problems(settings.cluster, database, settings.network.proxy, settings.path)


def _secrets(settings: Settings) -> dict[str, str]:
    """Every reference to a secret, by its key."""
    return {
        "collect.x.bearer_token": settings.collect.x.bearer_token,
        "collect.youtube.api_key": settings.collect.youtube.api_key,
        "collect.instagram.graph_token": settings.collect.instagram.graph_token,
        "collect.facebook.token": settings.collect.facebook.token,
        "collect.meta.app_secret": settings.collect.meta.app_secret,
        "collect.tiktok.client_secret": settings.collect.tiktok.client_secret,
        "mail.password": settings.mail.password,
        "mail.imap_password": settings.mail.imap_password,
        "mail.reply_secret": settings.mail.reply_secret,
        "store.url_secret": settings.store.url_secret,
        "reader.api_key": settings.reader.api_key,
    }


def _mail_checks(mail: MailSettings, off: Collection[str], file: str) -> list[Problem]:
    problems: list[Problem] = []
    addresses = {"mail.from_address": mail.from_address, "mail.own_copy": mail.own_copy, "mail.reply_to": mail.reply_to}
    addresses |= {f"mail.reader[{n}].address": reader.address for n, reader in enumerate(mail.reader, 1)}
    for key, address in addresses.items():
        if address and not _plausible_address(address):
            problems.append(
                Problem(file, f"kunci {key}", address, "bukan alamat surel", "Tulis misalnya staf@kabupaten.go.id.")
            )
    problems += [
        Problem(file, f"kunci {key}", str(value), what, remedy)
        for key, value, what, remedy in reader_faults(mail.reader, off)
    ]
    if mail.host and not mail.from_address:
        problems.append(
            Problem(file, "kunci mail.from_address", "", "belum diisi", "Alamat pengirim wajib bila mail.host diisi.")
        )
    if mail.host and not (mail.user and mail.password):
        what = "user dan password (env:NAMA atau file:JALUR) wajib bila mail.host diisi"
        problems.append(Problem(file, "kunci mail.user, mail.password", "", what, "Isi keduanya."))
    return problems


def _plausible_address(address: str) -> bool:
    """ASCII ``local@domain.tld`` without blanks: yagmail fails in the middle of a session on anything else."""
    local, at, domain = address.rpartition("@")
    return bool(
        at and local and "." in domain and address.isascii() and not any(c.isspace() or c in ",;<>" for c in address)
    )
