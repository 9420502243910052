"""``pantau probe --record``: what is kept is fit for a fixture, what is secret or about others is nowhere in it."""

import json
import os
import re
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.__main__ import run
from jobs.cleaning import Cleaner
from tests.jobs.office import Office, open_office
from tests.jobs.probe_office import PLATFORMS, ProbeOffice, ago, open_probe_office
from tests.servers.base import Fault, Reply
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost
from tests.servers.tiktok_server import CLIENT_SECRET
from tests.servers.x_feed import FakeXPost
from tests.servers.youtube_server import KEY

NIK = "3349014507680003"
PHONE = "081234567890"
MAIL = "warga.kenari@surat.example"
PERSON = "orang_kenari"
NAME = "Kenari Wulandari"
NUMBER = "8877665544"
WORD = "rahasiakenari77"
_SAID = ("text", "message", "caption", "title", "description", "video_description")
CANARIES = (NIK, PHONE, MAIL, PERSON, NAME, NUMBER, WORD)
OWN = "Jalan Krajan selesai dicor"


def planted(value: Any) -> Any:
    """The same answer with secrets and strangers in every object of it."""
    if isinstance(value, list):
        return [planted(item) for item in value]
    if not isinstance(value, dict):
        return value
    person = {"id": NUMBER, "pk": int(NUMBER), "username": PERSON, "full_name": NAME, "name": NAME}
    more = {
        "access_token": WORD,
        "session_token": f"{WORD}1",
        "csrf_token": f"{WORD}2",
        "fb_dtsg": f"{WORD}3",
        "unknown_note": f"{NAME} menulis kepada {MAIL}",
        "unknown_number": int(NUMBER),
        "unknown_address": f"https://cdn.example/foto.jpg?oh={WORD}4&oe=AB",
        "comments": {"count": 2, "data": [{"text": f"{NAME}: {PHONE}", "from": person}]},
        "preview_comments": [{"text": NAME, "user": person}],
        "message_tags": [person],
        "usertags": {"in": [{"user": person}]},
        "liked_by": [person],
        "mentions": [person | {"start": 1, "end": 2}],
    }
    own = {name: planted(inner) for name, inner in value.items()}
    own |= {name: f"{own[name]} {WORD}" for name in _SAID if isinstance(own.get(name), str)}  # a secret echoed in words
    return {**more, **own}


def plant(reply: Reply) -> Reply:
    """``planted`` for whatever a local server answers, and canaries in its headers."""
    headers = {**reply.headers, "set-cookie": f"sesi={WORD}5; Path=/", "x-fb-trace-id": f"{WORD}6"}
    try:
        body = json.dumps(planted(json.loads(reply.body))).encode()
    except ValueError:
        author = f"<dc:creator>{NAME}</dc:creator><author>{NAME} {MAIL}</author>".encode()
        body = reply.body.replace(b"<item>", b"<item>" + author)
        body = body.replace(b"</body>", f"<p>{NAME} {PHONE} {WORD}</p></body>".encode())
    return Reply(reply.status, body, headers)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def assert_clean(folder: Path, *secrets: str) -> None:
    for path in files(folder):
        text = path.read_text("utf-8")
        for canary in (*CANARIES, *secrets):
            for written in (canary, quote(canary, safe=""), canary.encode().hex()):
                assert written not in text, (
                    f"{canary} in {path.relative_to(folder)}: {text[max(0, text.find(written) - 80) :][:200]}"
                )


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProbeOffice]:
    with open_probe_office(tmp_path, monkeypatch) as one:
        own = f"{OWN}. Hubungi {PHONE} atau {MAIL}, NIK {NIK}, terima kasih @{PERSON}"
        one.x.accounts[0].posts += [
            FakeXPost(own, ago(2)),
            FakeXPost(f"RT @{PERSON}: {NAME} mengeluh", ago(13), kind="repost"),
        ]
        one.graph.instagram[0].posts[0].caption = own
        one.graph.pages[0].posts[1].message = own
        one.tube.channels[0].videos[0].description = own
        one.tiktok.accounts[0].clips[0].caption = own
        one.log_in(one.tiktok.accounts[0], timedelta(hours=3))
        one.web.sites["desa"].entries[0].html = f"<p>{own}</p>"
        yield one


def test_no_secret_and_no_stranger_is_left_and_the_office_s_own_words_are(office: ProbeOffice, tmp_path: Path) -> None:
    for server in (office.x, office.graph, office.tube, office.web, office.tiktok):
        server.faults.add(Fault(change=plant, times=None))
    folder = tmp_path / "rekaman"
    office.probe("--record", str(folder))
    assert {path.name for path in folder.iterdir()} == set(PLATFORMS)
    pages = [page.own_token for page in office.graph.pages if page.own_token]
    tokens = list(office.tiktok._issued)
    assert len(tokens) >= 4
    assert_clean(folder, office.x.token, office.graph.token, KEY, CLIENT_SECRET, *pages, *tokens)
    for platform in PLATFORMS:
        texts = "".join(path.read_text("utf-8") for path in files(folder / platform))
        assert OWN in texts, platform
        assert "0812****" in texts or "081*" in texts, platform


def test_the_proof_of_the_app_secret_is_not_kept(
    office: ProbeOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_APP", f"{WORD}app")
    office.graph._app_secret = f"{WORD}app"
    with office.config.open("a") as file:
        file.write('app_secret = "env:PROBE_APP"\n')
    folder = tmp_path / "rekaman"
    assert office.probe("--platform", "facebook", "--record", str(folder)) == 0
    sent = next(request.first("appsecret_proof") for request in office.graph.log if request.first("appsecret_proof"))
    assert_clean(folder, sent, office.graph.token)


def test_only_the_owner_can_read_it_and_an_old_folder_is_not_mixed_with(
    office: ProbeOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old_mask = os.umask(0)
    try:
        folder = tmp_path / "baru" / "rekaman"
        assert office.probe("--platform", "youtube", "--record", str(folder)) == 0
    finally:
        os.umask(old_mask)
    kept = files(folder)
    assert f"{len(kept)} jawaban disimpan di {folder}" in capsys.readouterr().out
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "youtube")} == {0o700}
    asked = office.tube.count()
    assert office.probe("--platform", "youtube", "--record", str(folder)) == 2
    assert office.tube.count() == asked, "nothing is paid for what cannot be kept"


def test_what_is_kept_can_be_read_back_as_an_answer_of_the_service(office: ProbeOffice, tmp_path: Path) -> None:
    folder = tmp_path / "rekaman"
    office.probe("--record", str(folder))
    posts = [json.loads(path.read_text("utf-8")) for path in (folder / "x").glob("*search*.json")]
    (post,) = [item for item in posts[0]["json"]["data"] if item["text"].startswith(OWN)]
    assert {"id", "created_at", "author_id", "public_metrics", "edit_history_tweet_ids"} <= set(post)
    (repost,) = [
        item for item in posts[0]["json"]["data"] if item.get("text", "").startswith("[teks") and NAME not in str(item)
    ][:1]
    assert repost["referenced_tweets"][0]["type"] == "retweeted"
    feeds = [json.loads(path.read_text("utf-8")) for path in (folder / "website").iterdir()]
    assert any(feed["status"] == 304 for feed in feeds)
    assert any("<pubDate>" in feed.get("text", "") for feed in feeds)
    assert all(feed["url"].startswith("http://situs.contoh.go.id/") for feed in feeds)


@pytest.fixture
def instagram(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    posts = [
        FakeIgPost(ago(3), f"{OWN}, telepon {PHONE}, @{PERSON}"),
        FakeIgPost(ago(5), NAME, author=(NUMBER, PERSON)),
    ]
    with open_office(tmp_path, instagram=[FakeIgAccount("contoh.umum", "201", posts)], apart=False) as one:
        monkeypatch.setenv("PANTAU_X_TOKEN", one.x.token)
        monkeypatch.chdir(tmp_path)  # where the settings name the authority from
        one.instagram.cookies |= {"sessionid": f"70000%3A{WORD}", "csrftoken": f"{WORD}csrf", "mid": f"{WORD}mid"}
        one.write()
        yield one


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_session_of_instagram_leaves_no_cookie_no_token_and_no_page(
    instagram: Office, tmp_path: Path, signed_in: bool
) -> None:
    if not signed_in:
        text = instagram.config.read_text("utf-8").replace('session_file = "session.json"', "")
        instagram.config.write_text(text, "utf-8")
    instagram.instagram.faults.add(Fault(change=plant, times=None))
    folder = tmp_path / "rekaman"
    run(["-c", str(instagram.config), "probe", "--platform", "instagram", "--record", str(folder)])
    kept = "".join(path.read_text("utf-8") for path in files(folder))
    assert OWN in kept
    assert_clean(folder, "lsd-token", "dtsg-token")
    assert "<html" not in kept


names = st.text("abcdefgh_", min_size=4, max_size=12)


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        names | st.integers() | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    ),
    names,
)
def test_whatever_an_answer_holds_words_at_unknown_places_do_not_pass(value: Any, secret: str) -> None:
    cleaner = Cleaner(["contoh_dpu"], [secret])
    kept = cleaner.final(json.dumps(cleaner.json({"dalam": value}, {})))
    words = set(re.findall(r"[a-z0-9_]+", re.sub(r'"[^"]*":', "", kept)))
    assert words <= {"rahasia", "teks", "huruf", "null"} | {word for word in words if word.isdigit()}


@given(names, names)
def test_a_person_has_one_pseudonym_as_long_as_the_name(one: str, other: str) -> None:
    cleaner = Cleaner(["kantor"])
    shown = cleaner.text(f"@{one} dan @{other} dan @{one} dan @kantor")
    parts = re.findall(r"@(\w+)", shown)
    assert parts[0] == parts[2]
    assert (parts[0] == parts[1]) == (one == other)
    assert [len(part) for part in parts[:2]] == [len(one), len(other)] if "kantor" not in (one, other) else True
    assert parts[3] == "kantor"
