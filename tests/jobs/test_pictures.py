"""A night reads pictures: what stands only on a picture is found there, and what could not be read is said."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from jobs.checking import check_posts
from jobs.pictures import read_pictures, reused_pictures
from jobs.progress import Silent
from jobs.wiring import Job, Site, load_job, open_pictures, open_store
from pantau.core.clock import WIB, local_day
from pantau.core.errors import PictureError
from pantau.core.model import Collected, Media, Post, Window
from pantau.core.pictures import PictureLine
from pantau.core.ports import PictureSource
from pantau.digest.build_posts import cards
from pantau.digest.context import Context
from pantau.digest.model import DigestInput
from pantau.store.store import Store
from tests.fakes import SimClock
from tests.jobs.office import NIGHT, Office, open_office
from tests.servers.picture_server import PictureServer
from tests.servers.x_feed import FakeXAccount

REGISTER = (
    "unit_code,unit_name,unit_kind,parent_code,platform,handle,platform_id,norm_days,grace_days,head_name,head_email,"
    "operator,deputy,priority,note\n"
    "OPD-1,Dinas Contoh,opd,,instagram,contoh_dinas,,,,,,,,0,\n"
    "OPD-2,Dinas Penting,opd,,instagram,contoh_penting,,,,,,,,5,\n"
)
BOAST = b"tas mewah"
POSTER = b"jadwal"
SAID = {
    BOAST: (PictureLine("TAS HERMES ASLI", 0.95, (10, 10, 300, 50)), PictureLine("180 JUTA", 0.4, (10, 60, 200, 99))),
    POSTER: (PictureLine("Posyandu Senin pukul 08.00", 0.99, (0, 0, 300, 40)),),
}


class Reader:
    """Implements ``TextReader`` for the pictures of these tests, which carry a number instead of writing."""

    version = "uji-1"

    def __init__(self) -> None:
        self.asked = 0

    def read(self, image: object) -> tuple[PictureLine, ...]:
        self.asked += 1
        colour = image.getpixel((2, 2))  # type: ignore[attr-defined]
        return SAID[BOAST] if colour[0] > 128 else SAID[POSTER]


def files() -> dict[str, bytes]:
    from tests.drawn import drawing, encoded

    boast = drawing(["tas"], colours=("#ff8040", "white"))
    return {
        "/boast.png": encoded(boast),
        "/boast.jpg": encoded(boast.resize((360, 240)), "JPEG", quality=70),
        "/poster.png": encoded(drawing(["jadwal"])),
        "/broken.png": encoded(drawing(["rusak"]))[:900],
        "/page.html": b"<html>",
    }


class Bench:
    """An office in a folder with a server of pictures, a fake reader and a clock."""

    def __init__(self, folder: Path, server: PictureServer, store: Store, job: Job) -> None:
        self.folder, self.server, self.store, self.clock = folder, server, store, SimClock(NIGHT)
        self.reader = Reader()
        self.accounts = store.accounts.sync(job.register.accounts, local_day(NIGHT, WIB))
        self.run = store.runs.begin("nightly", "n-20261120", Window(NIGHT - timedelta(days=2), NIGHT), NIGHT, NIGHT)
        self.site = Site(
            job=job,
            now=self.clock.now,
            sleep=self.clock.sleep,
            build_collectors=lambda _pace: {},
            transport=None,
            open_pictures=lambda: open_pictures(job.settings),
            text_reader=lambda: self.reader,
        )

    def post(self, number: int, *names: str, handle: str = "contoh_dinas", text: str = "Suasana santai.") -> Post:
        media = tuple(Media(kind="image", url=f"{self.server.url}/{name}" if name else "") for name in names)
        made = Post(
            platform="instagram",
            post_id=f"P{number}",
            account=f"instagram:@{handle}",
            published_at=NIGHT - timedelta(hours=20 - number),
            text=text,
            media=media,
        )
        self.store.import_posts(self.run.run_id, [Collected(made, b"{}")], NIGHT)
        return self.store.posts.get([made.key])[made.key]

    def read(self, *posts: Post, **pictures: object):
        settings = msgspec.structs.replace(
            self.site.job.settings, pictures=msgspec.structs.replace(self.site.job.settings.pictures, **pictures)
        )
        site = msgspec.structs.replace(self.site, job=msgspec.structs.replace(self.site.job, settings=settings))
        return read_pictures(site, self.store, posts, self.accounts, Silent())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "accounts.csv").write_text(REGISTER)
    (tmp_path / "pantau.toml").write_text(
        '[pictures]\nenabled = true\nprivate_hosts = ["127.0.0.1"]\ntimeout_s = 2.0\n'
    )
    job = load_job(tmp_path / "pantau.toml", local_day(NIGHT, WIB))
    with PictureServer(files()) as server, open_store(job.settings.database_url) as store:
        yield Bench(tmp_path, server, store, job)


def test_what_stands_only_on_a_picture_is_flagged_with_line_box_and_score(bench: Bench) -> None:
    post = bench.post(1, "poster.png", "boast.png")
    read = bench.read(post)
    assert read.notes == ()
    assert read.posts[0].image_text == "Posyandu Senin pukul 08.00\n\nTAS HERMES ASLI\n180 JUTA"
    report = check_posts(bench.site.job, read.posts, bench.accounts, None, read.pictures)
    found = next(item for item in report.findings if item.rule_id == "luxury-brand-shown")
    spot = found.evidence[0].spot
    assert spot is not None
    assert (spot.picture, spot.line, spot.box) == (2, 1, (10, 10, 300, 50))
    assert found.evidence[0].score == 0.95
    assert found.strength == "flag"
    doubtful = [item for item in report.findings if item.rule_id == "price-boast"]
    assert all(item.strength == "review" for item in doubtful)
    ctx = Context(DigestInput(run=bench.run, findings=(found,), posts={post.key: read.posts[0]}))
    details = cards(ctx)[0].cards[0].reasons[0].details
    assert "Teks pada gambar 2, baris 1, keyakinan 0,95." in details


def test_a_picture_read_in_an_earlier_night_is_neither_fetched_nor_read_again(bench: Bench) -> None:
    first = bench.read(bench.post(1, "boast.png"))
    again = bench.read(*first.posts)
    assert bench.server.count() == 1
    assert bench.reader.asked == 1
    assert again.posts == first.posts
    assert again.pictures == first.pictures


def test_the_same_file_on_another_account_is_fetched_but_not_read_again(bench: Bench) -> None:
    bench.read(bench.post(1, "boast.png"))
    other = bench.read(bench.post(2, "boast.png", handle="contoh_penting"))
    assert bench.reader.asked == 1
    assert "HERMES" in other.posts[0].image_text


def test_a_repeated_picture_is_named_with_the_post_that_showed_it_first(bench: Bench) -> None:
    first, copy = bench.post(1, "boast.png"), bench.post(2, "boast.jpg", handle="contoh_penting")
    bench.read(first, copy, bench.post(3, "poster.png"))
    reused = reused_pictures(bench.store, [first.key, copy.key, "instagram:P3"])
    assert list(reused) == [copy.key]
    assert (reused[copy.key][0].earlier.key, reused[copy.key][0].similar) == (first.key, False)
    stored = bench.store.posts.get([copy.key])
    report = check_posts(bench.site.job, stored.values(), bench.accounts)
    data = DigestInput(
        run=bench.run, findings=tuple(report.findings), posts=stored, reused=reused, accounts=tuple(bench.accounts)
    )
    notes = cards(Context(data))[0].cards[0].notes
    assert notes[0].startswith("Gambar 1 sama dengan gambar pada unggahan @contoh_dinas (Instagram) pada ")


def test_every_picture_that_cannot_be_read_is_counted_with_its_reason_and_the_others_are_read(bench: Bench) -> None:
    post = bench.post(1, "broken.png", "page.html", "gone.png", "", "boast.png")
    read = bench.read(post)
    assert "HERMES" in read.posts[0].image_text
    assert [item.state for item in read.pictures[post.key]] == [
        "unreadable", "unreadable", "unfetched", "unfetched", "read",
    ]  # fmt: skip
    notes = "\n".join(read.notes)
    assert "2 gambar tidak dapat dibaca" in notes
    assert "rusak atau terpotong (1)" in notes
    assert "bukan gambar yang dikenal (1)" in notes
    assert "2 gambar tidak dapat diambil" in notes
    assert "404 (1)" in notes


def test_a_picture_that_could_not_be_fetched_is_tried_again_and_its_words_are_added_behind_the_others(
    bench: Bench,
) -> None:
    post = bench.post(1, "later.png", "poster.png")
    first = bench.read(post)
    bench.server.files["/later.png"] = files()["/boast.png"]
    second = bench.read(*first.posts)
    assert second.posts[0].image_text == "Posyandu Senin pukul 08.00\n\nTAS HERMES ASLI\n180 JUTA"
    starts = {item.n: item.start for item in second.pictures[post.key]}
    assert starts == {1: second.posts[0].image_text.index("TAS"), 2: 0}
    assert bench.server.count("/poster.png") == 1


def test_words_that_the_platform_gave_stay_in_front(bench: Bench) -> None:
    post = msgspec.structs.replace(bench.post(1, "poster.png"), image_text="Tulisan dari platform")
    read = bench.read(post)
    assert read.posts[0].image_text == "Tulisan dari platform\n\nPosyandu Senin pukul 08.00"
    assert read.pictures[post.key][0].start == len("Tulisan dari platform\n\n")


def test_switched_off_nothing_is_fetched_and_the_digest_counts_what_was_not_read(bench: Bench) -> None:
    read = bench.read(bench.post(1, "boast.png", "poster.png"), enabled=False)
    assert bench.server.count() == 0
    assert read.notes == ("2 gambar tidak dibaca: dimatikan pada setelan (pictures.enabled).",)
    assert read.posts[0].image_text == ""


def test_without_the_extra_the_night_goes_on_and_says_so(bench: Bench) -> None:
    def missing() -> Reader:
        raise PictureError("pembaca gambar belum dipasang (tambahan ocr)")

    bench.site = msgspec.structs.replace(bench.site, text_reader=missing)
    read = bench.read(bench.post(1, "boast.png"))
    assert read.notes == ("1 gambar tidak dibaca: pembaca gambar belum dipasang (tambahan ocr).",)
    assert bench.server.count() == 0


def test_when_time_runs_out_important_units_were_read_first_and_the_rest_is_counted(bench: Bench) -> None:
    posts = [bench.post(1, "boast.png", "poster.png"), bench.post(2, "poster.png", handle="contoh_penting")]
    slow = bench.reader.read

    def read(image: object) -> tuple[PictureLine, ...]:
        bench.clock.sleep(90)
        return slow(image)

    bench.reader.read = read  # type: ignore[method-assign]
    found = bench.read(*posts, minutes=1.0)
    assert [bool(post.image_text) for post in found.posts] == [False, True]
    assert len(found.notes) == 1
    assert found.notes[0].startswith("2 gambar tidak dibaca: waktu untuk gambar (1 menit) habis")
    later = bench.read(*found.posts)
    assert [bool(post.image_text) for post in later.posts] == [True, True]
    assert later.notes == ()


def test_a_source_that_hangs_costs_its_picture_and_not_the_night(bench: Bench) -> None:
    import threading

    release = threading.Event()

    class Hanging:
        def fetch(self, url: str) -> bytes:
            release.wait(20)
            return b""

        def close(self) -> None:
            release.set()

    def hanging() -> PictureSource:
        return Hanging()

    bench.site = msgspec.structs.replace(bench.site, open_pictures=hanging)
    read = bench.read(bench.post(1, "boast.png"), timeout_s=0.1)
    assert "terlalu lambat" in read.notes[0]


def test_a_whole_night_with_the_real_reader_quotes_an_imported_picture(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    from tests.drawn import picture

    with open_office(tmp_path, x=[FakeXAccount("contoh_gambar", 301, [])], instagram=[], apart=False) as office:
        _import_pictures(office, {"tas.png": picture("Tas Hermes asli", "milik Ibu Kepala"), "rusak.png": b"bukan"})
        office.settings_tail = '[pictures]\nenabled = true\nfolder = "gambar"\n'
        office.write()
        assert office.night(datetime.now(WIB)).returncode in (0, 1)
        assert "[baik]  gambar: rapidocr-" in office.run("doctor", "--no-mail").stdout
        shown = office.run("digest", "show", "--format", "json")
        digest = json.loads(shown.stdout)
        text = office.run("digest", "show", "--format", "text").stdout
    assert "Hermes" in text
    assert "keyakinan" in text
    unchecked = " ".join(entry["text"] for entry in digest["unchecked"]["entries"])
    assert "1 gambar tidak dapat dibaca: isinya bukan gambar yang dikenal (1)." in unchecked


def _import_pictures(office: Office, pictures: dict[str, bytes]) -> None:
    folder = office.folder / "gambar"
    folder.mkdir()
    for name, data in pictures.items():
        (folder / name).write_bytes(data)
    post = {
        "platform": "x",
        "post_id": "77",
        "account": "x:@contoh_gambar",
        "published_at": (datetime.now(WIB) - timedelta(hours=3)).isoformat(),
        "text": "Suasana santai.",
        "media": [{"kind": "image", "url": f"file:{name}"} for name in pictures],
    }
    export = office.folder / "ekspor.jsonl"
    export.write_text(json.dumps(post) + "\n", "utf-8")
    imported = office.run("import", str(export))
    assert imported.returncode == 0, imported.stderr
