"""Who accounts of X are now, and what asking costs, as the local server counts it."""

from datetime import timedelta

from pantau.core.model import Account, Scan
from tests.collectors.x_support import Clock, Office, open_office
from tests.servers.base import Fault, html_reply
from tests.servers.x_feed import FakeXAccount, generated_accounts
from tests.servers.x_problems import credits_depleted
from tests.servers.x_server import XServer


def ask(office: Office, accounts: list[Account] | None = None) -> dict[str, Scan]:
    collector = office.collector()
    chosen = office.accounts if accounts is None else accounts
    scans = list(collector.identify(chosen))
    office.cost = collector.costs()[0]
    assert sorted(scan.reading.account for scan in scans) == sorted(account.key for account in chosen)
    by_key = {account.key: account.handle for account in chosen}
    return {by_key[scan.reading.account]: scan for scan in scans}


def test_a_thousand_accounts_cost_ten_requests_and_a_cent_for_each_user_found() -> None:
    accounts = generated_accounts(1000, 0, Clock().now(), Clock().now() + timedelta(days=1))
    accounts[7].state = "suspended"
    with XServer(accounts) as server:
        office = open_office(server, Clock())
        scans = ask(office)
        assert server.count() == 10
        assert server.users_billed == office.cost.users_billed == 999
        assert office.cost.usd == 9.99
    assert scans["unit_contoh0007"].reading.outcome == "suspended"


def test_ids_are_learnt_by_handle_and_a_changed_handle_is_found_by_id() -> None:
    with XServer([FakeXAccount("desa_baru", 11), FakeXAccount("desa_lain", 12)]) as server:
        office = open_office(server, Clock())
        renamed = Account(platform="x", handle="desa_lama", unit="u", platform_id="11")
        unknown = Account(platform="x", handle="Desa_Lain", unit="u")
        scans = ask(office, [renamed, unknown])
    assert (scans["desa_lama"].platform_id, scans["desa_lama"].handle) == ("11", "desa_baru")
    assert (scans["Desa_Lain"].platform_id, scans["Desa_Lain"].handle) == ("12", "desa_lain")


def test_missing_suspended_and_protected_accounts_are_told_apart() -> None:
    states = ("missing", "suspended", "protected", "ok")
    with XServer([FakeXAccount(f"desa_{s}", 20 + n, state=s) for n, s in enumerate(states)]) as server:  # type: ignore[arg-type]
        office = open_office(server, Clock())
        scans = ask(office)
    assert [scans[f"desa_{s}"].reading.outcome for s in states] == ["missing", "suspended", "private", "read"]


def test_a_handle_with_a_new_owner_is_never_taken_for_the_account() -> None:
    with XServer([FakeXAccount("desa_kita", 99)]) as server:
        office = open_office(server, Clock())
        scans = ask(office, [Account(platform="x", handle="desa_kita", unit="u", platform_id="11")])
    scan = scans["desa_kita"]
    assert (scan.reading.outcome, scan.platform_id) == ("missing", "99")
    assert "akun lain" in scan.reading.reason


def test_one_impossible_number_spoils_no_other_account() -> None:
    with XServer([FakeXAccount(f"desa_{n}", n) for n in range(1, 9)]) as server:
        office = open_office(server, Clock())
        bad = Account(platform="x", handle="desa_salah", unit="u", platform_id="9" * 20)
        scans = ask(office, [*office.accounts[:4], bad, *office.accounts[4:]])
    assert scans["desa_salah"].reading.outcome == "unread"
    assert {scan.reading.outcome for name, scan in scans.items() if name != "desa_salah"} == {"read"}


def test_empty_credit_leaves_the_rest_unread_with_one_reason_and_asks_no_more() -> None:
    with XServer([FakeXAccount(f"desa_{n}", n) for n in range(1, 301)]) as server:
        office = open_office(server, Clock())
        server.faults.add(Fault(credits_depleted(), endpoint="users", first=2, times=None))
        scans = ask(office)
        assert server.count() == 2
    reasons = {scan.reading.reason for scan in scans.values() if scan.reading.unread_class == "budget"}
    assert sum(scan.reading.outcome == "read" for scan in scans.values()) == 100
    assert len(reasons) == 1


def test_a_server_that_only_errs_makes_nobody_missing() -> None:
    with XServer([FakeXAccount("desa_a", 1), FakeXAccount("desa_b", 2)]) as server:
        office = open_office(server, Clock())
        server.faults.add(Fault(html_reply(503), times=None))
        scans = ask(office)
    assert {(scan.reading.outcome, scan.reading.unread_class) for scan in scans.values()} == {("unread", "network")}
