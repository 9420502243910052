import pytest

from pantau.accounts.handles import Handle, check_platform_id, parse_handle, parse_platform
from pantau.accounts.values import Mistake


@pytest.mark.parametrize(
    ("written", "platform"),
    [
        ("X", "x"),
        (" Twitter ", "x"),
        ("IG", "instagram"),
        ("Tik Tok", "tiktok"),
        ("Threads", "threads"),
        ("snackvideo", "snackvideo"),
    ],
)
def test_platforms_are_known_by_their_usual_names(written: str, platform: str) -> None:
    assert parse_platform(written) == platform


def test_a_platform_that_is_not_collected_is_allowed() -> None:
    assert parse_platform("Kuaishou") == "kuaishou"


@pytest.mark.parametrize(
    ("written", "suggested"),
    [
        ("twiter", "x"),
        ("instagrm", "instagram"),
        ("facebok", "facebook"),
        ("youtub", "youtube"),
        ("tiktokk", "tiktok"),
        ("tread", "threads"),
    ],
)
def test_a_slip_of_a_known_platform_gets_a_suggestion(written: str, suggested: str) -> None:
    with pytest.raises(Mistake, match=f'"{suggested}"'):
        parse_platform(written)


@pytest.mark.parametrize("written", ["tidak ada", "belum ada", "Nihil", "instagram, facebook", "?", "zz"])
def test_words_for_nothing_and_lists_are_no_platform(written: str) -> None:
    with pytest.raises(Mistake):
        parse_platform(written)


@pytest.mark.parametrize(
    ("platform", "written", "name"),
    [
        ("x", "@Contoh_Kab", "Contoh_Kab"),
        ("x", "https://x.com/contoh_kab?s=20", "contoh_kab"),
        ("x", "mobile.twitter.com/contoh_kab/", "contoh_kab"),
        ("instagram", "https://www.instagram.com/contoh.kab/?hl=id", "contoh.kab"),
        ("instagram", "instagram.com/contoh.kab", "contoh.kab"),
        ("facebook", "https://m.facebook.com/contoh.kab", "contoh.kab"),
        ("tiktok", "https://www.tiktok.com/@contoh.kab?lang=id", "contoh.kab"),
        ("youtube", "https://youtube.com/@contohkab/videos", "contohkab"),
        ("youtube", "https://www.youtube.com/c/ContohKab", "ContohKab"),
        ("website", "https://Dinkes.Contoh.go.id/", "dinkes.contoh.go.id"),
        ("website", "contoh.desa.id/berita/", "contoh.desa.id/berita"),
        ("threads", "https://www.threads.net/@contoh", "www.threads.net/@contoh"),
        ("threads", "@contoh", "contoh"),
    ],
)
def test_a_handle_is_read_from_a_name_or_a_pasted_address(platform: str, written: str, name: str) -> None:
    assert parse_handle(platform, written).name == name


def test_an_address_that_shows_the_id_gives_the_id() -> None:
    assert parse_handle("facebook", "https://www.facebook.com/profile.php?id=100012345678901") == Handle(
        "100012345678901", "100012345678901"
    )
    assert parse_handle("facebook", "facebook.com/people/Desa-Contoh/100012345678901/").platform_id == "100012345678901"
    channel = "UC" + "a" * 22
    assert parse_handle("youtube", f"youtube.com/channel/{channel}").platform_id == channel


@pytest.mark.parametrize(
    ("platform", "written", "words"),
    [
        ("x", "contoh kab", "tidak mungkin"),
        ("x", "contoh.kab", "garis bawah"),
        ("x", "https://instagram.com/contoh", "milik instagram"),
        ("x", "https://contoh.go.id/x", "bukan alamat platform"),
        ("x", "https://x.com/", "tanpa nama"),
        ("x", "https://x.com/hashtag/contoh", "bukan halaman akun"),
        ("instagram", "https://www.instagram.com/p/Cabc/", "bukan halaman akun"),
        ("instagram", "contoh..kab", "tidak mungkin"),
        ("instagram", "contoh.", "tidak mungkin"),
        ("tiktok", "https://vt.tiktok.com/ZS1/", "alamat pendek"),
        ("facebook", "https://facebook.com/groups/contoh", "bukan halaman akun"),
        ("facebook", "https://facebook.com/profile.php", "tanpa nomor"),
        ("website", "dinkes", "bukan alamat situs"),
        ("website", "https://contoh.go.id/?page=2", "bukan alamat muka"),
        ("x", "https://[x.com/", "tidak dapat dibaca"),
        ("x", "con\u200btoh", "tidak mungkin"),
    ],
)
def test_what_cannot_be_a_handle_is_explained(platform: str, written: str, words: str) -> None:
    with pytest.raises(Mistake, match=words):
        parse_handle(platform, written)


def test_ids_are_checked_per_platform() -> None:
    assert check_platform_id("x", "1234567890123456789") == "1234567890123456789"
    for platform, written in (("x", "contoh"), ("youtube", "123"), ("tiktok", "a b"), ("x", "1.84E+18")):
        with pytest.raises(Mistake):
            check_platform_id(platform, written)
