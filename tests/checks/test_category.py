"""What a post is for, by the trained model."""

import pytest

from pantau.checks.category import categorise
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
