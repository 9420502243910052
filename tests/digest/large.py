"""A regency of any size on a bad night."""

from datetime import date, timedelta

import msgspec

from pantau.core.model import Account, Finding, Observation, Unit
from pantau.digest.model import DigestInput
from tests.digest import sample


def night(villages: int, posts: int) -> DigestInput:
    """``villages`` more units, a quarter of them silent and a quarter unread, and ``posts`` flagged posts of one account."""
    units = tuple(
        Unit(code=f"D{n}", name=f"Desa Rekaan Nomor {n}", kind="desa", parent="KEC-01") for n in range(villages)
    )
    accounts, seen, findings, shown = [], [], [], {}
    for n, unit in enumerate(units):
        account = Account(platform=("x", "instagram")[n % 2], handle=f"pemdes_rekaan_{n}", unit=unit.code)
        state = ("active", "quiet", "unread", "gone")[n % 4]
        accounts.append(account)
        seen.append(
            Observation(
                account=account.key,
                unit=unit.code,
                state=state,  # type: ignore[arg-type]
                unread_class="rate_limit" if state == "unread" else "",
                reason="dibatasi platform" if state == "unread" else "",
                silent_days=12,
                norm_days=7,
                limit_days=10,
                since=date(2026, 11, 20),
                complete=True,
            )
        )
        if state == "quiet":
            findings.append(
                Finding(
                    rule_id="akun-diam",
                    rule_version=1,
                    family="AKT",
                    level="sedang",
                    strength="flag",
                    unit=unit.code,
                    account=account.key,
                    subject="2026-11-19",
                    message="Diam.",
                )
            )
    for n in range(posts):
        post = msgspec.structs.replace(
            sample.LUXURY, post_id=str(5000 + n), published_at=sample.NIGHT - timedelta(minutes=n)
        )
        shown[post.key] = post
        level = ("tinggi", "sedang", "rendah")[n % 3]
        findings.append(sample.finding("pamer-barang-mewah", "FLX", level, post, sample.words(post, "auto sultan")))
    data = sample.rich()
    return msgspec.structs.replace(
        data,
        units=(*data.units, *units),
        accounts=(*data.accounts, *accounts),
        observations=(*data.observations, *seen),
        findings=tuple(findings),
        posts=shown,
    )
