"""Accounts that could not be read: a source that is down is said once, whatever the number of its accounts."""

from collections.abc import Callable
from datetime import date, timedelta

from pantau.core.model import Account, Observation, Unit, UnreadClass
from pantau.core.settings import DigestSettings
from pantau.digest.blocks import UnreadGroup
from pantau.digest.build import build
from pantau.digest.model import DigestInput
from pantau.digest.render import Renderer
from tests.digest import sample
from tests.digest.pages import Page, flat

REASON = "sambungan ke Instagram gagal"
GIVEN_UP = f"Instagram dihentikan setelah 5 akun berturut-turut gagal: {REASON}"
NIGHT = sample.NIGHT


def town(
    unread: int,
    read: int,
    reason: Callable[[int], str] = lambda _n: REASON,
    *,
    kind: UnreadClass = "network",
    platform: str = "instagram",
) -> DigestInput:
    """Accounts of one platform: the first could not be read, each last seen at a minute of its own, the others were."""
    units, accounts, seen, last = [], [], [], {}
    for n in range(unread + read):
        unit = Unit(code=f"D{n}", name=f"Desa Rekaan {n}", kind="desa")
        account = Account(platform=platform, handle=f"desa_{n}", unit=unit.code)
        failed = n < unread
        units.append(unit)
        accounts.append(account)
        seen.append(
            Observation(
                account=account.key,
                unit=unit.code,
                state="unread" if failed else "active",
                unread_class=kind if failed else "",
                reason=reason(n) if failed else "",
                since=date(2026, 11, 21 if n == 0 else 24),
                complete=not failed,
            )
        )
        last[account.key] = NIGHT - timedelta(days=4 if n == 0 else 1, minutes=n)
    return DigestInput(
        run=sample.rich().run,
        units=tuple(units),
        accounts=tuple(accounts),
        observations=tuple(seen),
        last_read_at=last,
    )


def only_group(data: DigestInput) -> UnreadGroup:
    (group,) = build(data).unread.groups
    return group


def test_three_hundred_accounts_of_a_source_that_is_down_are_one_line_in_html_and_text() -> None:
    data = town(300, 20, lambda n: REASON if n < 5 else GIVEN_UP)
    group = only_group(data)
    assert (group.count, group.items, group.hidden) == (300, (), 0)
    assert len(group.account_keys) == 300
    page = Renderer().render(build(data), DigestSettings())
    for text in (Page(page.html).text, flat(page.text)):
        block = text.partition("tidak dihitung terhadap unit.")[2] or text.partition("Tidak dihitung terhadap unit.")[2]
        assert "Instagram: jaringan terganggu (300 akun)" in block
        assert block.count(GIVEN_UP) == 1
        assert "Yang paling lama tidak dapat diperiksa sejak 21 Nov (4 malam)." in block
        assert "periksa jaringan mesin Pantau" in block
        assert "pantau accounts status" in block
        assert "desa_7" not in block


def test_an_account_with_a_reason_of_its_own_is_still_named() -> None:
    group = only_group(town(60, 0, lambda n: "jawaban untuk akun ini terputus" if n == 3 else REASON))
    assert [(item.account, item.reason) for item in group.items] == [
        ("@desa_3 (Instagram)", "Jawaban untuk akun ini terputus.")
    ]
    assert group.reason == "Sambungan ke Instagram gagal."


def test_a_small_office_whose_platform_is_dark_reads_one_line_and_few_failures_among_many_are_named() -> None:
    assert only_group(town(6, 0)).items == ()
    assert len(only_group(town(6, 100)).items) == 6


def test_accounts_and_sites_whose_trouble_is_their_own_are_named_each() -> None:
    assert len(only_group(town(60, 40, kind="unproven")).items) == 60
    certificate = "sertifikat keamanan situs tidak sah (https); beri tahu pengelolanya"
    assert len(only_group(town(60, 40, lambda _n: certificate, platform="website")).items) == 60
    assert only_group(town(60, 0, lambda _n: "tidak satu situs pun dapat dicapai", platform="website")).items == ()


def test_what_a_reading_could_not_show_of_active_accounts_is_said_once_per_reason() -> None:
    data = town(0, 40)
    notes = tuple(
        Observation(account=one.account, unit=one.unit, state="active", reason="hanya menurut pencarian", complete=True)
        for one in data.observations[:30]
    )
    digest = build(DigestInput(run=data.run, units=data.units, accounts=data.accounts, observations=notes))
    said = [entry.text for entry in digest.unchecked.entries if "pencarian" in entry.text]
    assert said == ["30 akun: hanya menurut pencarian"]
