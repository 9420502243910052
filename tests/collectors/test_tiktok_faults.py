"""No fault of TikTok followed by a normal night loses or doubles a video, and no lost token goes unsaid."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.collectors.feed_office import outcome, outcomes
from tests.collectors.tiktok_office import FAULTS, TOKEN_FAULTS, TikTokOffice, account, publish
from tests.random_cases import cases
from tests.servers.base import Fault, broken_off, truncated


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _number: None)


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_of_the_list_followed_by_a_normal_night_loses_or_doubles_a_video(name: str, tmp_path: Path) -> None:
    make, expected = FAULTS[name]
    office = TikTokOffice(tmp_path, [account(1), account(2)])
    office.settings["timeout_s"] = 0.5
    with office.server as server:
        office.connect()
        office.night()
        office.next_day()
        publish(server.accounts[0], 20, "Baru 1")
        publish(server.accounts[1], 21, "Baru 2")
        fault = make()
        fault.endpoint = "list"
        server.faults.add(fault)
        scans = list(office.night().values())
        assert fault.hits
        assert any(outcome(scan).startswith(expected) for scan in scans)
        for scan in scans:
            assert scan.reading.outcome in ("read", "unread")
            assert scan.reading.complete == (scan.reading.outcome == "read")
            assert scan.reading.reason or scan.reading.outcome == "read"
            assert scan.seen_from is None or scan.reading.outcome == "read"
        server.faults.clear()
        office.next_day()
        assert outcomes(list(office.night().values())) == {"read"}
        assert len(office.stored) == 10
        assert office.texts().count("Baru 1") == office.texts().count("Baru 2") == 1
        assert not office.edits


@pytest.mark.parametrize("name", TOKEN_FAULTS)
def test_a_fault_before_the_exchange_of_a_token_costs_one_night_only(name: str, tmp_path: Path) -> None:
    office = TikTokOffice(tmp_path, [account(1)])
    with office.server as server:
        office.connect()
        office.night()
        office.next_day()
        publish(server.accounts[0], 20, "Baru")
        server.faults.add(TOKEN_FAULTS[name]())
        assert outcome(office.only()).split()[0] == "unread"
        server.faults.clear()
        office.next_day()
        assert outcome(office.only()) == "read"
        assert len(office.stored) == 5


@pytest.mark.parametrize("damage", [broken_off, truncated], ids=["broken off", "half"])
def test_a_lost_answer_with_the_new_token_is_said_until_the_account_logs_in_again(
    damage: object, tmp_path: Path
) -> None:
    office = TikTokOffice(tmp_path, [account(1), account(2)])
    with office.server as server:
        office.connect()
        office.night()
        office.next_day()
        publish(server.accounts[0], 20, "Baru")
        server.faults.add(Fault(change=damage, endpoint="token", account="desa1"))  # type: ignore[arg-type]
        scans = office.night()
        assert (outcome(scans["desa1"])[:6], outcome(scans["desa2"])) == ("unread", "read")
        for _ in range(2):
            office.next_day()
            scan = office.night()["desa1"]
            assert outcome(scan) == "unread token"
            assert "hilang di jalan" in scan.reading.reason
            assert "pantau accounts tiktok-login desa1" in scan.reading.reason
        office.connect(server.accounts[0])
        office.next_day()
        assert outcomes(list(office.night().values())) == {"read"}
        assert len(office.stored) == 9


_STEP = st.tuples(
    st.sampled_from([None, *(name for name in FAULTS if name != "silence"), *TOKEN_FAULTS]),
    st.integers(0, 25),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=cases(6, 100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights=st.lists(_STEP, min_size=2, max_size=5))
def test_any_sequence_of_faults_and_videos_ends_with_every_video_once(
    nights: list[tuple[str | None, int, bool, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    office = TikTokOffice(tmp_path_factory.mktemp("kantor"), [account(1)])
    office.settings["timeout_s"] = 0.5
    with office.server as server:
        office.connect()
        written = {f"Akun 1 video {n}" for n in range(4)}
        for number, (name, videos, lose, pin) in enumerate([*nights, (None, 0, False, False)]):
            for n in range(videos):
                publish(server.accounts[0], 24 * number - 1 + n // 3 / 60, f"Malam {number} video {n}")
                written.add(f"Malam {number} video {n}")
            server.accounts[0].pinned = 2 if pin else 0
            if name:
                fault = TOKEN_FAULTS[name]() if name in TOKEN_FAULTS else FAULTS[name][0]()
                fault.endpoint = fault.endpoint or "list"
                server.faults.add(fault)
            scan = office.night(lose=lose)["desa1"]
            assert scan.reading.outcome in ("read", "unread")
            assert scan.reading.complete == (scan.reading.outcome == "read")
            server.faults.clear()
            office.next_day()
        assert office.texts() == sorted(written)
        assert not office.edits
