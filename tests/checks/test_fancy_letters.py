"""Gambling comments hide their brand in letters of other alphabets; offices and citizens use the same letters for decoration."""

import pytest

from pantau.checks.engine import Checker
from pantau.checks.load import load_catalogue
from pantau.core.resources import data_dir
from tests.checks.material import BOLD, CIRCLED, CYRILLIC, DAY, FULLWIDTH, SMALL_CAPS, SQUARED, post

GAMBLING = """Berkat {PULAU88} hidupku berubah, semua hutang lunas
Main di {DORA77} auto cuan tiap hari
{ALEXA17} emang paling gacor, baru depo 20rb sudah pecah
Dulu aku ragu, sekarang percaya {MONA4D} pasti bayar
Gak nyangka malam ini dapat maxwin di {GARUDAHOKI}
{SGI88} link di profil ya kak, bonus new member 100 persen
Yang mau kaya mendadak langsung ke {WETON88}
Slot gacor hari ini cuma ada di {BERKAH99}
Modal receh jadi jutaan di {NAGA138}, wd cepat
Semenjak kenal {ZEUSWIN} aku bisa beli motor
{PROBET855} terbaik, scatter turun terus
Aku menang 15 juta dari {KYT4D} semalam
Info rtp live tertinggi {HOKI303} gas sebelum kehabisan
Depo pulsa tanpa potongan di {MIYA4D}
Petir x500 pecah di {OLYMPUS77} gokil
Jackpot terus di {LUNA168} terima kasih admin
Togel {TOTO5D} hadiah 4D terbesar
{RAJA slot} situs resmi anti rungkad
Cuma modal 10 ribu di {MAHJONG88} bisa bayar kontrakan
{INDO777} jp paus cair ke rekening, sumpah tidak bohong
Ayo spin di {STARLIGHT1000}, gampang menang
Daftar {KOKO303} pakai link ini dapat freebet
Bandar terpercaya {ASIA99}, minimal deposit 5 ribu
Istri bahagia semenjak aku main {DEWA234}
{PSTOTO99} bikin aku bisa renovasi rumah ibu
Situs {AERO88} beneran bayar, WD 3 juta masuk 2 menit
Pola gacor {GATES OF OLYMPUS} jam 12 malam
Casino online {BOLA88} parlay tembus terus
Rezeki datang dari {JUDOL slot} maxwin tiap minggu
{SULTAN777} pilihan para pemain slot, gaskeun""".splitlines()
INNOCENT = """{Selamat Hari Jadi} Kabupaten Wanajati
Semangat pagi {Puskesmas Karangsono}, sehat selalu
{Matur nuwun} pak camat atas perbaikan jalannya
Terima kasih {Damkar}, respons cepat sekali
Jadwal posyandu {Melati 3} kapan ya min?
{Barakallah} semoga amanah bu kades
Stop judi online, lindungi keluarga dari {slot} dan pinjol
{Juara 1} lomba desa tingkat provinsi, bangga!
Mohon info syarat {KIA} untuk anak 3 tahun
{Wonderful} curug di desa kami, ayo berkunjung
Antre di loket {A12} jam berapa min
Hidup {Persikab}! menang 3-1 malam ini
{Bismillah} lancar ujiannya adik-adik
Nomor bus {B 88} lewat pasar baru tidak ya?
Waspada penipuan mengatasnamakan {BANK} daerah
{Sugeng ambal warsa} pak lurah
Konser {Didi} malam minggu gratis di alun-alun
Kerja bakti {RT 04} RW 02 besok jam 7
{Good job} tim kebersihan, kota jadi adem
Bonus tanaman untuk warga yang setor {sampah} terbanyak
Harga gabah {6500} sudah naik, alhamdulillah
Turnamen {voli} putri dimulai pukul 15.00
Mesin antrean rusak di {lantai 2}, mohon dicek
Link pendaftaran {PPDB} ada di laman resmi dinas
{Dirgahayu} Republik Indonesia ke 80
Admin ramah, jawaban cepat, {bintang 5}
Resep {jamu} beras kencur dari bu Sastro
Warga {Dusun 7} siap ikut vaksin PMK
Deposito BPR daerah {bunga 5} persen, dijamin LPS
{Menang} undian jalan sehat dapat kambing, alhamdulillah""".splitlines()

STYLES = {
    "bold": BOLD,
    "fullwidth": FULLWIDTH,
    "circled": CIRCLED,
    "squared": SQUARED,
    "cyrillic": CYRILLIC,
    "small caps": SMALL_CAPS,
}


def dressed(line: str, table: dict[str, str], whole: bool) -> str:
    """The part in braces, or the whole line, in other letters."""
    begin, end = line.index("{"), line.index("}")
    if whole:
        return "".join(table.get(c, c) for c in line.replace("{", "").replace("}", "").lower())
    return line[:begin] + "".join(table.get(c, c) for c in line[begin + 1 : end].lower()) + line[end + 1 :]


@pytest.mark.parametrize("whole", [False, True], ids=["brand only", "whole comment"])
def test_gambling_in_fancy_letters_is_found_and_decorated_comments_are_not(whole):
    checker = Checker(load_catalogue([data_dir("rules")], {}, DAY))
    hits: dict[bool, list[str]] = {}
    for bad, lines in ((True, GAMBLING), (False, INNOCENT)):
        styles = [
            table for name, table in STYLES.items() if bad or name != "cyrillic"
        ]  # no citizen writes in look-alikes
        texts = [dressed(line, table, whole) for line in lines for table in styles]
        report = checker.check([post(n, text) for n, text in enumerate(texts)], {})
        caught = {found.post for found in report.findings if found.family == "SPM"}
        hits[bad] = [texts[int(key.rpartition(":")[2])] for key in sorted(caught)]
    recall = len(hits[True]) / (len(GAMBLING) * len(STYLES))
    precision = len(hits[True]) / (len(hits[True]) + len(hits[False]))
    missed = {dressed(line, table, whole) for line in GAMBLING for table in STYLES.values()} - set(hits[True])
    assert (recall >= 0.95, precision >= 0.95) == (True, True), (recall, precision, sorted(missed)[:40], hits[False])
