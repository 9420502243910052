"""The tokens of TikTok accounts: renewed when used up, never lost unnoticed, never shown, never readable by others."""

import stat
from pathlib import Path

import msgspec
import pytest

from collectors.base import CollectorError
from collectors.tiktok_tokens import Shelf, Token, token_of
from tests.collectors.feed_office import NIGHT, outcome
from tests.collectors.tiktok_office import TikTokOffice, account, publish
from tests.servers.base import Fault, Reply
from tests.servers.tiktok_server import CLIENT_KEY, CLIENT_SECRET


def token(office: TikTokOffice, number: int = 0) -> Token:
    found = Shelf(office.folder).find(office.accounts[number])
    assert found is not None
    return found


def test_tokens_are_renewed_night_after_night_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()
        first = token(office)
        for day in range(4):
            assert outcome(office.only()) == "read"
            office.next_day()
            publish(server.accounts[0], 24 * day + 12, f"Hari {day}")
        assert token(office).refresh_token != first.refresh_token
        assert server.count("token") == 3, "the first night uses the token of the login"
        assert token(office).asked_at is None
        (file,) = office.folder.iterdir()
        assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("desa1.json", 0o600)
        assert stat.S_IMODE(office.folder.stat().st_mode) == 0o700


def test_a_second_reading_within_the_hour_needs_no_new_token(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()
        office.night()
        office.next_day(1)
        office.night()
        assert server.count("token") == 0


def test_the_new_token_is_on_the_disk_before_anything_is_read_with_it(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()
        office.night()
        office.next_day()
        stored: list[str] = []

        def look(reply: Reply) -> Reply:
            stored.append(token(office).access_token)
            return reply

        server.faults.add(Fault(change=look, endpoint="list"))
        office.night()
        assert f"Bearer {stored[0]}" == server.log[-1].headers["authorization"]


def test_a_token_is_not_exchanged_when_the_new_one_could_not_be_written(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1), account(2)])
    with office.server as server:
        office.connect()
        office.night()
        office.next_day()
        (office.folder / "desa1.new").mkdir()
        scans = office.night()
        assert (outcome(scans["desa1"]), outcome(scans["desa2"])) == ("unread token", "read")
        assert str(office.folder) in scans["desa1"].reading.reason
        assert server.count("token") == 1
        (office.folder / "desa1.new").rmdir()
        office.next_day()
        assert outcome(office.night()["desa1"]) == "read"


@pytest.mark.parametrize("mended", [True, False])
def test_a_disk_that_fails_after_the_exchange_is_tried_again_and_else_reported_with_what_was_read(
    mended: bool, tmp_path: Path
) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()
        office.night()
        office.next_day()
        publish(server.accounts[0], 20, "Baru")
        stop = office.folder / "desa1.new"

        def break_disk(reply: Reply) -> Reply:
            stop.mkdir()
            return reply

        def mend_disk(reply: Reply) -> Reply:
            if mended:
                stop.rmdir()
            return reply

        server.faults.add(Fault(change=break_disk, endpoint="token"))
        server.faults.add(Fault(change=mend_disk, endpoint="list"))
        scan = office.only()
        assert [item.post.text for item in scan.posts] == ["Baru"]
        assert outcome(scan) == ("read" if mended else "unread token")
        if not mended:
            assert "desa1.json" in scan.reading.reason
            stop.rmdir()
        office.next_day()
        scan = office.only()
        assert outcome(scan) == ("read" if mended else "unread token")
        assert mended or "hilang di jalan" in scan.reading.reason


def test_a_token_that_ended_or_was_taken_back_or_is_another_apps_says_what_to_do(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(n) for n in (1, 2, 3)])
    with office.server as server:
        office.connect()
        server.revoke(server.accounts[1])
        Shelf(office.folder).save(msgspec.structs.replace(token(office, 2), client_key="lain"))
        office.next_day(24 * 200)
        server.log.clear()
        Shelf(office.folder).save(msgspec.structs.replace(token(office, 1), refresh_until=None))
        scans = office.night()
        assert {outcome(scan) for scan in scans.values()} == {"unread token"}
        assert "habis pada 09-05-2027" in scans["desa1"].reading.reason
        assert "dicabut" in scans["desa2"].reading.reason
        assert "aplikasi TikTok yang lain" in scans["desa3"].reading.reason
        for name, scan in scans.items():
            assert f"pantau accounts tiktok-login {name}" in scan.reading.reason
        assert server.count() == 1


def test_a_file_that_others_can_read_or_that_is_damaged_is_refused_without_showing_it(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1), account(2), account(3)])
    with office.server as server:
        office.connect()
        secret = token(office).refresh_token
        (office.folder / "desa1.json").chmod(0o640)
        half = (office.folder / "desa2.json").read_bytes()[:-40]
        (office.folder / "desa2.json").write_bytes(half)
        scans = office.night()
        assert [outcome(scans[f"desa{n}"]) for n in (1, 2, 3)] == ["unread token", "unread token", "read"]
        assert "chmod 600" in scans["desa1"].reading.reason
        assert "pantau accounts tiktok-login desa2" in scans["desa2"].reading.reason
        assert secret not in repr(scans)
        assert server.count() == 1


def test_without_rotation_the_old_refresh_token_is_kept(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        server.rotates = False
        office.connect()
        first = token(office)

        def without(reply: Reply) -> Reply:
            answer = msgspec.json.decode(reply.body)
            del answer["refresh_token"], answer["refresh_expires_in"]
            return Reply(reply.status, msgspec.json.encode(answer), reply.headers)

        server.faults.add(Fault(change=without, endpoint="token", times=None))
        for _ in range(3):
            office.next_day()
            assert outcome(office.only()) == "read"
        assert token(office).refresh_token == first.refresh_token
        assert token(office).refresh_until == first.refresh_until


def test_no_token_and_no_secret_reaches_a_log_an_error_or_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()
        office.next_day()
        one = token(office)
        server.faults.add(Fault(Reply(500, one.refresh_token.encode()), endpoint="token", times=None))
        scan = office.only()
        shown = capsys.readouterr()
        text = f"{shown.out}{shown.err}{scan!r}{one!r}"
        for secret in (CLIENT_SECRET, one.access_token, one.refresh_token):
            assert secret not in text


def test_an_answer_for_another_account_or_without_a_token_is_refused(tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1), account(2)])
    with office.server as server:
        office.connect()
        other = server.issue(server.accounts[1])
    with pytest.raises(CollectorError, match="akun lain"):
        token_of(other, "desa1", CLIENT_KEY, NIGHT, token(office))
    for name in ("access_token", "open_id", "refresh_token"):
        with pytest.raises(CollectorError, match="berubah"):
            token_of(other | {name: None}, "desa1", CLIENT_KEY, NIGHT)
