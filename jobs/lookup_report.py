"""What ``pantau accounts lookup`` says, in words for the office."""

from collections import defaultdict
from collections.abc import Sequence

from jobs.looking_up import Answer, LookedUp
from pantau.accounts.proposal import Change

_SHOWN = 5
"""Accounts that share one reason for not having been checked are named up to here."""
_SECTIONS = (
    ("handed_on", "PERINGATAN: namanya kini dipakai akun lain (tidak diusulkan; pastikan dahulu akun mana yang resmi)"),
    ("twin", "Satu akun tertulis di lebih dari satu baris (tidak diusulkan; hapus salah satu)"),
    ("missing", "Tidak ditemukan (periksa nama akunnya; mungkin berganti nama atau dihapus)"),
    ("suspended", "Ditangguhkan oleh platform"),
    ("private", "Privat: terkunci untuk umum"),
)


def estimate(answerable: dict[str, int], usd: float) -> str:
    """What is going to be asked and what it costs at most."""
    parts = ", ".join(f"{platform} {number}" for platform, number in sorted(answerable.items()))
    bill = "tanpa biaya" if not usd else f"biaya paling banyak ${usd:.2f} (X: ${usd / answerable['x']:.3f} per akun)"
    return f"Akan diperiksa: {parts} akun; {bill}."


def report(result: LookedUp, units: dict[str, str]) -> str:
    """The whole report. ``units``: names by code."""
    answers = result.answers
    lines: list[str] = []
    learnt = [answer for answer in answers if answer.learnt]
    lines += _section(
        "Nomor akun baru diketahui", [f"{_who(answer, units)}: nomor {answer.learnt}" for answer in learnt]
    )
    renamed = [answer for answer in answers if answer.renamed]
    lines += _section(
        "Nama akun berubah (nomornya tetap)",
        [f"{_who(answer, units)}: {answer.account.handle} -> {answer.renamed}" for answer in renamed],
    )
    for state, title in _SECTIONS:
        chosen = [answer for answer in answers if answer.state == state]
        lines += _section(title, [f"{_who(answer, units)}: {_why(answer)}" for answer in chosen])
    lines += _section("Tidak diperiksa", _unread(answers, units))
    same = sum(answer.state == "found" and not answer.changes for answer in answers)
    lines += [
        f"{len(answers)} akun: {same} sesuai dengan daftar, {len(learnt)} nomor baru, {len(renamed)} nama berubah."
    ]
    usd = sum(cost.usd for cost in result.costs)
    lines += [f"Biaya: ${usd:.2f}." if usd else "Tanpa biaya."]
    return "\n".join(lines) + "\n"


def diff(changes: Sequence[Change]) -> str:
    """The proposed cells, one a line."""
    rows = [f"  baris {one.row}, kolom {one.column}: {one.old or '(kosong)'} -> {one.new}" for one in changes]
    return "\n".join(["Usulan perubahan daftar akun:", *rows]) + "\n" if rows else "Tidak ada usulan perubahan.\n"


def _section(title: str, rows: Sequence[str]) -> list[str]:
    return [f"{title} ({len(rows)})", *(f"  {row}" for row in rows), ""] if rows else []


def _who(answer: Answer, units: dict[str, str]) -> str:
    return f"baris {answer.row}, {answer.account.label}, {units.get(answer.account.unit, answer.account.unit)}"


def _why(answer: Answer) -> str:
    number = f" (nomor akun itu {answer.platform_id})" if answer.state == "handed_on" else ""
    return f"{answer.reason}{number}"


def _unread(answers: Sequence[Answer], units: dict[str, str]) -> list[str]:
    """One line per platform and reason, so that a source that is down is said once."""
    groups: defaultdict[tuple[str, str], list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.state in ("unread", "not_watched"):
            groups[answer.account.platform, answer.reason].append(answer)
    rows = []
    for (platform, reason), members in groups.items():
        names = ", ".join(f"{one.account.label} baris {one.row}" for one in members[:_SHOWN])
        more = f" dan {len(members) - _SHOWN} lagi" if len(members) > _SHOWN else ""
        rows.append(f"{platform}, {len(members)} akun: {reason} ({names}{more})")
    return rows
