"""What a post is for, guessed from cue words."""

from pathlib import Path

import pytest

from pantau.checks.category import CategoryCues, categorise, read_cues
from pantau.core.errors import RuleError
from tests.checks.material import HOSTILE, post

PLAIN = [
    ("layanan", "PENGUMUMAN: loket pindah datang tutup Senin, pendaftaran dibuka kembali Selasa pukul 08.00 WIB."),
    ("ucapan", "Segenap pegawai Kecamatan Lorjati mengucapkan selamat Hari Raya Nyepi."),
    ("ucapan", "Turut berduka cita atas wafatnya Bapak Sarmin. Semoga amalnya diterima."),
    ("kinerja", "Sebanyak 164 KK di Dusun Karangpoh telah menerima air bersih; 3 tangki disalurkan hari ini."),
    ("seremonial", "Apel pagi dipimpin Sekcam di halaman kantor, dilanjutkan foto bersama."),
    ("edukasi", "Kenali gejala demam berdarah: demam tinggi mendadak, nyeri kepala. Ayo cegah dengan 3M!"),
    ("promosi", "OPEN PO serum glowing! Minat DM, COD bisa, gratis ongkir."),
    ("promosi", "SL0T GACOR hari ini, bonus new member, link di bio"),
    ("pribadi", "Weekend vibes, healing tipis-tipis bareng istri, mimin mah santai gaes"),
]


@pytest.mark.parametrize(("category", "text"), PLAIN)
def test_plain_posts_get_their_category(category, text):
    assert categorise([post(1, text)]) == [category]


def test_text_on_the_picture_counts():
    assert categorise([post(1, "", "Selamat Hari Ibu")]) == ["ucapan"]


def test_order_and_number_are_kept_over_many_posts():
    posts = [post(n, PLAIN[n % len(PLAIN)][1]) for n in range(1_203)]
    assert categorise(posts) == [PLAIN[n % len(PLAIN)][0] for n in range(1_203)]
    assert categorise([]) == []


def test_hostile_posts_get_some_category():
    assert len(categorise([post(n, text) for n, text in enumerate(HOSTILE.values())])) == len(HOSTILE)


def test_a_cue_counts_once_and_weights_add_up():
    cues = CategoryCues(
        {"kinerja": {"start": 0.5, "2": ["panen"]}, "layanan": {"3": ["jadwal"], "1": ["{jadwal|loket}"]}}
    )
    rows = cues.scores(["panen panen panen", "jadwal loket", ""])
    assert rows[0].tolist() == [2.5, 0, 0, 0, 0, 0, 0]
    assert rows[1].tolist() == [0.5, 4, 0, 0, 0, 0, 0]
    assert rows[2].tolist() == [0.5, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "body", ["[lain]\n1 = ['a']\n", "[kinerja]\nx = ['a']\n", "[kinerja]\n1 = ['{a']\n", "kinerja = 1\n", "[\n"]
)
def test_a_broken_cue_file_is_named(tmp_path: Path, body: str):
    path = tmp_path / "cues.toml"
    path.write_text(body, "utf-8")
    with pytest.raises(RuleError, match=r"cues\.toml"):
        read_cues(path)
