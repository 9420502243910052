"""What a probe found, in Indonesian, for the administrator."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median

from jobs.points import Verdict
from jobs.probing import Plan, Probed
from pantau.core.clock import to_utc
from pantau.core.exchange import Difference, Look

_VERDICTS: dict[Verdict, str] = {
    "confirmed": "benar",
    "refuted": "TIDAK BENAR",
    "measured": "terukur",
    "open": "belum terjawab",
    "untold": "tidak dapat dijawab",
}
_TYPES = {
    "str": "teks",
    "number": "angka",
    "bool": "ya/tidak",
    "null": "kosong",
    "list": "daftar",
    "object": "objek",
}
_LIMITS = re.compile(r"x-rate-?limit-|x-app-usage|x-business-use-case-usage|x-page-usage|retry-after")
_SETTINGS = {
    "x": "collect.x.bearer_token",
    "instagram": "collect.instagram.graph_token atau collect.instagram.enabled",
    "facebook": "collect.facebook.token",
    "tiktok": "collect.tiktok.client_key dan collect.tiktok.client_secret",
}
_MOST_LISTED = 20


def beforehand(plans: Sequence[Plan], x_usd: float) -> str:
    """What is going to be read, and the most that it can cost."""
    lines = []
    for plan in plans:
        if plan.state == "read":
            cost = f"; biaya paling banyak ${x_usd:.2f} (--x-usd)" if plan.platform == "x" else "; tanpa biaya"
            lines.append(f"{plan.platform}: {len(plan.accounts)} dari {plan.registered} akun akan dibaca{cost}")
    return "\n".join(lines)


def report(results: Sequence[Probed], at: datetime, x_usd: float) -> str:
    """The whole report. ``at``: local time of the end."""
    lines = [
        f"Uji layanan, {at:%d-%m-%Y %H.%M}. Tidak ada yang disimpan ke basis data; uji ini tidak dihitung sebagai malam.",
    ]
    for result in results:
        lines += ["", *_platform(result, x_usd)]
    return "\n".join(lines) + "\n"


def _platform(result: Probed, x_usd: float) -> list[str]:
    name = result.platform
    if result.state == "not_set_up":
        key = _SETTINGS.get(name, f"collect.{name}.enabled")
        return [f"{name}: belum disiapkan ({result.registered} akun di daftar). Isi {key} di pantau.toml."]
    if result.problem:
        return [f"{name}: tidak dapat dibaca. {result.problem}"]
    if result.look is None:
        return [f"{name}: tidak ada akun di daftar akun."]
    look = result.look
    lines = [f"{name}: {len(look.scans)} dari {result.registered} akun dicoba"]
    lines += [f"  {line}" for line in (*_accounts(result, look), *_costs(look, name, x_usd), *_times(look))]
    lines += [f"  {line}" for line in (*_limits(look), *_shapes(look.differences))]
    lines.append("  Butir yang selama ini hanya menurut dokumen (docs/platforms.md):")
    for answer in result.answers:
        detail = f" ({answer.detail})" if answer.detail else ""
        lines.append(f"    [{_VERDICTS[answer.verdict]}] {answer.id}: {answer.claim}{detail}")
    return lines


def _accounts(result: Probed, look: Look) -> list[str]:
    posts = sum(len(scan.posts) for scan in look.scans)
    outcomes = Counter(scan.reading.outcome for scan in look.scans)
    said = [f"terbaca {outcomes['read']}", f"gagal {result.failed}"]
    words = {"missing": "tidak ditemukan", "suspended": "ditangguhkan", "private": "privat"}
    if waiting := outcomes["unread"] - result.failed:
        said.append(f"belum dipantau {waiting}")
    said += [f"{words[outcome]} {count}" for outcome, count in sorted(outcomes.items()) if outcome in words]
    lines = [f"Akun: {', '.join(said)}; {posts} unggahan"]
    labels = {account.key: account.label for account in result.accounts}
    reasons: dict[str, list[str]] = {}
    for scan in look.scans:
        if scan.reading.outcome != "read":
            reasons.setdefault(scan.reading.reason, []).append(labels[scan.reading.account])
    for reason, names in reasons.items():
        who = (
            f"semua {len(names)} akun"
            if len(names) == len(look.scans) and len(names) > 1
            else ", ".join(sorted(names)[:_MOST_LISTED])
        )
        lines.append(f"  - {who}: {reason}")
    return lines


def _costs(look: Look, platform: str, x_usd: float) -> list[str]:
    lines = []
    for cost in look.costs:
        if not cost.requests:
            continue
        unit = "unit kuota" if cost.source == "youtube-api" else "permintaan"
        said = [f"{cost.requests} {unit} ({cost.source})"]
        if platform == "x":
            said += [f"{cost.posts_billed} tweet dan {cost.users_billed} pengguna ditagih"]
            said += [f"${cost.usd:.3f} dari paling banyak ${x_usd:.2f}"]
        lines.append(f"Biaya: {', '.join(said)}")
    return lines


def _times(look: Look) -> list[str]:
    took = [exchange.elapsed_s for exchange in (*look.exchanges, *look.again)]
    lines = []
    if took:
        lines.append(
            f"Waktu jawab: tengah {_s(median(took))} detik, terlama {_s(max(took))} detik, {len(took)} jawaban"
        )
    if look.unanswered:
        lines.append(f"Tanpa jawaban utuh: {look.unanswered} permintaan (sambungan putus, diam, atau terlalu besar)")
    return lines


def _s(seconds: float) -> str:
    return f"{seconds:.2f}".replace(".", ",")


def _limits(look: Look) -> list[str]:
    """The last word of each header that states a limit, per endpoint."""
    said: dict[str, dict[str, str]] = {}
    for exchange in look.exchanges:
        for name, value in exchange.headers.items():
            if _LIMITS.match(name):
                said.setdefault(exchange.endpoint, {})[name] = _shown(name, value)
    return [
        f"Batas laju {endpoint or 'situs'}: " + ", ".join(f"{name} {value}" for name, value in sorted(headers.items()))
        for endpoint, headers in sorted(said.items())
    ]


def _shown(name: str, value: str) -> str:
    if name == "x-rate-limit-reset" and value.isdigit():
        return f"{to_utc(datetime.fromtimestamp(min(int(value), 4_000_000_000)).astimezone()):%H:%M} UTC"
    return "".join(letter for letter in value if letter.isprintable())[:160]


def _shapes(differences: Iterable[Difference]) -> list[str]:
    found = list(differences)
    odd = [one for one in found if one.kind != "absent"]
    lines = ["Bentuk jawaban: seperti yang diharapkan" if not odd else "Bentuk jawaban BERBEDA dari yang diharapkan:"]
    lines += [f"  - {_difference(one)}" for one in odd[:_MOST_LISTED]]
    if len(odd) > _MOST_LISTED:
        lines.append(f"  - dan {len(odd) - _MOST_LISTED} lagi")
    never = [f"{one.endpoint} {one.path}" for one in found if one.kind == "absent"]
    if never:
        more = f" dan {len(never) - _MOST_LISTED} lagi" if len(never) > _MOST_LISTED else ""
        lines.append(f"Tidak datang kali ini, memang boleh tidak ada: {', '.join(never[:_MOST_LISTED])}{more}")
    return lines


def _difference(one: Difference) -> str:
    types = " atau ".join(_TYPES.get(kind, kind) for kind in one.types)
    expected = " atau ".join(_TYPES.get(kind, kind) for kind in one.expected)
    if one.kind == "unknown":
        what = f"{one.path}: kolom yang tidak dikenal ({types})" if one.path else "jawaban yang tidak dikenal"
        return f"{one.endpoint} {what}, {one.count} kali"
    if one.kind == "missing":
        return f"{one.endpoint} {one.path}: selalu diharapkan ({expected}), tidak ada {one.count} kali"
    return f"{one.endpoint} {one.path}: berisi {types}, diharapkan {expected}, {one.count} kali"
