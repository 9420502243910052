"""``identify`` of every source that the registry knows: one scan per account, and no fault makes anybody gone or somebody else."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pantau.core.model import Account, Scan
from tests.collectors.contract.stage import Stage
from tests.collectors.contract.stages import ALL

CASES = [(kind, name) for kind in ALL for name in kind.cases]


def identified(stage: Stage) -> list[Scan]:
    """One scan per registered account, in the order of the register."""
    accounts = stage.accounts()
    scans = list(stage.build().identify(accounts))
    assert sorted(scan.reading.account for scan in scans) == sorted(account.key for account in accounts)
    assert not any(scan.posts for scan in scans)
    assert not any(scan.reading.complete for scan in scans), "a lookup moves no watermark"
    for scan in scans:
        if scan.reading.outcome != "read":
            assert scan.reading.reason
        assert (scan.reading.outcome == "unread") == bool(scan.reading.unread_class)
    found = {scan.reading.account: scan for scan in scans}
    return [found[account.key] for account in accounts]


def nobody_is_taken_for_another(scans: Sequence[Scan], accounts: Sequence[Account]) -> None:
    for scan, account in zip(scans, accounts, strict=True):
        if account.platform_id:
            assert scan.platform_id in ("", account.platform_id)


@pytest.mark.parametrize("kind", ALL, ids=[kind.variant for kind in ALL])
def test_everybody_is_there_and_whoever_goes_away_is_not_read(kind: type[Stage], tmp_path: Path) -> None:
    with kind(tmp_path / "kantor") as stage:
        for who in range(stage.people):
            stage.publish(who, "kabar")
        scans = identified(stage)
        assert {scan.reading.outcome for scan in scans} == {"read"}
        nobody_is_taken_for_another(scans, stage.accounts())
        for state in stage.states:
            if state != "ok":
                stage.become(0, state)
                away, *others = identified(stage)
                assert away.reading.outcome != "read", state
                assert {scan.reading.outcome for scan in others} == {"read"}
                stage.become(0, "ok")


@pytest.mark.parametrize("kind", ALL, ids=[kind.variant for kind in ALL])
def test_a_changed_handle_is_stated_where_the_account_is_asked_for_by_its_number(
    kind: type[Stage], tmp_path: Path
) -> None:
    with kind(tmp_path / "kantor") as stage:
        known = [who for who, account in enumerate(stage.accounts()) if account.platform_id]
        before = stage.accounts()
        if not known or not stage.renamed(known[0], "nama_baru"):
            pytest.skip("this source cannot follow a changed handle")
        scans = {scan.reading.account: scan for scan in stage.build().identify(before)}
        scan = scans[before[known[0]].key]
        assert scan.reading.outcome == "read"
        assert scan.handle == ("" if kind.variant == "youtube-rss" else "nama_baru"), "feeds state no handle"


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[type[Stage], Stage]]:
    """One stage per source for all faults."""
    opened: dict[type[Stage], Stage] = {}
    for kind in ALL:
        opened[kind] = kind(tmp_path_factory.mktemp(kind.variant) / "kantor")
        for who in range(opened[kind].people):
            opened[kind].publish(who, "kabar")
    yield opened
    for stage in opened.values():
        stage.__exit__(None, None, None)


@pytest.mark.parametrize(("kind", "name"), CASES, ids=[f"{kind.variant}: {name}" for kind, name in CASES])
def test_no_fault_makes_anybody_gone_or_somebody_else(
    kind: type[Stage], name: str, stages: dict[type[Stage], Stage]
) -> None:
    stage, case = stages[kind], kind.cases[name]
    stage.switch(name)
    stage.timeout_s = 0.1 if case.stalls else 10.0
    scans = identified(stage)
    allowed = {"read", "unread", case.expected.split()[0], *(one.split()[0] for one in case.also)}
    assert {scan.reading.outcome for scan in scans} <= allowed
    nobody_is_taken_for_another(scans, stage.accounts())
    stage.heal()
    stage.timeout_s = 10.0
    assert {scan.reading.outcome for scan in identified(stage)} == {"read"}
