"""Whatever jobs hand over: an account that could not be read is never called quiet, and every account has one state."""

from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.core.model import ACCOUNT_STATES, Account, Finding, Observation, Unit
from pantau.core.settings import DigestSettings
from pantau.digest.build import build
from pantau.digest.model import DigestInput, OpenFinding
from pantau.digest.render import Renderer
from tests.digest import sample
from tests.digest.pages import Page
from tests.random_cases import cases

RENDERER = Renderer()
UNITS = tuple(Unit(code=f"U{n}", name=f"Unit Rekaan {n}", kind="desa") for n in range(6))
ACCOUNTS = tuple(
    Account(platform=platform, handle=f"akun_{platform}_{n}", unit=f"U{n}")
    for n in range(6)
    for platform in ("x", "instagram")
)
account_states = st.sampled_from([state for state in ACCOUNT_STATES if state != "unregistered"])


@st.composite
def nights(draw: st.DrawFn) -> DigestInput:
    observations = []
    for account in ACCOUNTS:
        if draw(st.integers(0, 9)) == 0:
            continue
        state = draw(account_states)
        unread = state == "unread"
        observations.append(
            Observation(
                account=account.key,
                unit=account.unit,
                state=state,
                unread_class=draw(st.sampled_from(["network", "token", "not_watched", ""])) if unread else "",
                reason="alasan" if unread else "",
                silent_days=draw(st.integers(0, 90)),
                limit_days=draw(st.integers(0, 12)),
                last_post_at=sample.NIGHT - timedelta(days=draw(st.integers(0, 90))),
            )
        )
    findings = [
        Finding(
            rule_id="akun-diam",
            rule_version=1,
            family=draw(st.sampled_from(["AKT", "KIN"])),
            level=draw(st.sampled_from(["tinggi", "sedang", "rendah", "info"])),
            strength=draw(st.sampled_from(["flag", "review"])),
            unit=account.unit,
            account=account.key,
            subject="2026-11-01",
            message="Perlu dicek.",
        )
        for account in draw(st.lists(st.sampled_from(ACCOUNTS), unique_by=lambda a: a.key))
    ]
    earlier = (
        [OpenFinding(finding=f, first_day=sample.TODAY, times=1) for f in draw(st.lists(st.sampled_from(findings)))]
        if findings
        else []
    )
    return msgspec.structs.replace(
        sample.calm(),
        units=UNITS,
        accounts=ACCOUNTS,
        observations=tuple(observations),
        previous_observations=tuple(draw(st.lists(st.sampled_from(observations)))) if observations else (),
        findings=tuple(findings),
        earlier=tuple({item.finding.key: item for item in earlier}.values()),
        unwatched=draw(st.sampled_from([(), ("instagram",)])),
    )


@settings(max_examples=cases(20, 300))
@given(nights())
def test_an_unread_account_is_never_called_quiet(data):
    digest = build(data)
    page = Page(RENDERER.render(digest, DigestSettings()).html)
    states = {item.account: item.state for item in data.observations}
    quiet = page.sections["Tidak aktif"]
    results = page.sections.get("Kinerja belum tampil", "")
    for account in ACCOUNTS:
        if states.get(account.key, "unread") == "unread":
            assert f"@{account.handle} " not in quiet + results


@settings(max_examples=cases(20, 300))
@given(nights())
def test_states_partition_the_accounts_and_every_account_not_active_is_named(data):
    digest = build(data)
    counts = digest.counts
    listed = [row.account_key for row in (*digest.quiet.rows, *digest.quiet.settled)]
    listed += [key for group in digest.unread.groups for key in group.account_keys]
    assert len(listed) == len(set(listed)) == counts.quiet + counts.unread
    lists = sum(group.count for group in digest.missing.groups)
    assert lists == counts.never_posted + counts.gone + counts.private + counts.unregistered
    assert len(digest.excused.entries) == counts.excused
    assert counts.read + counts.unread + counts.unwatched == counts.accounts == len(ACCOUNTS)
