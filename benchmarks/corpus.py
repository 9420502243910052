"""Captions and a rulebook for measuring, always the same for the same seed; invented, no real person or office.

``captions`` look like what offices of a regency publish: Indonesian and some Javanese, log-normal length (median about 300
characters, mean about 420), three of five with something beyond ASCII, one of thirty with a phrase of the rulebook, a third
of those disguised. Their vocabulary is small: engines find fewer near misses in them than in real text.
"""

import math
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice

from pantau.checks.catalogue import Catalogue, Rule, WordSet
from pantau.checks.kinds.compiled import DISGUISED_FAMILIES
from pantau.core.model import POST_FAMILIES, Account, Post

DAY = date(2026, 6, 1)
START = datetime(2025, 1, 1, tzinfo=UTC)
SECONDS_APART = 30
PHRASES = 5_000
LEXICON_RULES, NEAR_RULES, PATTERN_RULES, EXCEPTED_RULES = 300, 40, 50, 62
VIOLATING = 1 / 30
DISGUISED = 0.3
_POOL = 20_000


def _list(text: str) -> tuple[str, ...]:
    """Parts between bars, or else words."""
    return tuple(text.split("|" if "|" in text else None))


_PLACES = _list(
    "Sumberlor Wanajati Karangpoh Tirtowangi Gebanglor Kedungrejo Randusari Jatisumo Lorjati Ngrambat Pilangsari "
    "Tegalombo Kalisat Mojorembun Banjarwetan Sidamukti Plosorejo Kradenlor Gempolan Sambirejo"
)
_PEOPLE = _list("Sutarmi Wagiman Rukmini Paidi Hartanti Jumadi Suparlan Winarsih Kusnadi Lestari Marsono Endang")
_OFFICES = _list(
    "Camat|Sekretaris Camat|Kepala Desa|Lurah|Kepala Dinas Pertanian|Kepala Puskesmas|Ketua PKK|Bidan desa|"
    "Penyuluh lapangan|Kepala Seksi Pelayanan|Babinsa|Kepala Sekolah"
)
_DEEDS = _list(
    "meninjau perbaikan talud|membagikan bibit durian|membuka pelatihan menjahit|memimpin kerja bakti|mendata lahan kering|"
    "menyerahkan alat semprot|mengecek stok pupuk|menera timbangan pedagang|menghadiri musyawarah dusun|menanam pohon peneduh|"
    "memantau penyaluran air bersih|melatih kader posyandu|menutup lubang jalan|memeriksa hewan kurban|mencatat hasil panen"
)
_MATTERS = _list(
    "pencegahan tengkes|irigasi tersier|bank sampah|arsip kependudukan|pasar rakyat|imunisasi balita|sekolah ramah anak|"
    "pupuk organik|jalan poros desa|kesiapsiagaan kekeringan|layanan keliling|lomba desa|pajak bumi dan bangunan|olahraga warga|"
    "koperasi nelayan rawa|perpustakaan keliling|listrik pedesaan|air minum desa"
)
_SPOTS = _list("balai desa|pendopo kecamatan|lapangan dusun|aula lantai dua|pasar pagi|gedung olahraga|teras posyandu")
_DAYS = _list("Senin Selasa Rabu Kamis Jumat Sabtu Minggu")
_SENTENCES = (
    (9, "{office} {place} bersama {people} {deed} di {spot}, {day} pagi ({d}/{m}/{y})."),
    (8, "Sebanyak {n} warga ikut serta dalam {matter} tahun ini, naik dari {m} warga pada tahun lalu."),
    (8, "Dalam arahannya, {people} menekankan bahwa {matter} perlu dijaga bersama dan tidak bisa dikerjakan sendiri."),
    (7, "“Mugi-mugi {matter} ing {place} saged lancar,” ngendikane {people}."),
    (6, "Yuk sedulur {place}, ikut {matter} ya! Gampang bgt kok, cukup datang ke {spot} jam {h}.{mm} WIB."),
    (4, "Sugeng enjing {place}! Mugi tansah pinaringan waras lan rejeki. Monggo sesarengan {deed}."),
    (3, "Matur nuwun dhateng sedaya warga ingkang sampun rawuh wonten ing {spot}, mugi manfaat."),
    (3, "Info selengkapnya hubungi meja layanan atau buka tautan di bio; nomor antrean {n}-{m}."),
    (2, "Anggaran yg dipakai Rp{n}.000.000,- dari APBD Tahun {y}, rinciannya ditempel di {spot}."),
    (6, "Semoga dgn kegiatan ini warga makin paham pentingnya {matter} utk anak cucu kita semua."),
    (5, "Tim gabungan {deed} di wilayah {place} dan sekitarnya hingga {day} sore."),
    (2, "Selamat hari jadi {place} yang ke-{n}! Guyub warganya, maju daerahnya."),
    (6, "Turut hadir perangkat desa, tokoh agama, kader kesehatan, karang taruna, serta tamu undangan lainnya."),
    (1, "Atlet panahan asal {place} pulang membawa medali emas, selamat!"),
    (1, "Menuju Indonesia Emas 2045 lewat {matter} yang berkelanjutan."),
    (2, "Mobil layanan {matter} singgah di {spot} tiap {day} pukul {h}.00 s.d. selesai."),
    (1, "Kemasan baru keripik {place} kini siap masuk toko modern."),
    (2, "Cek jadwal lengkapnya di gambar berikutnya ya, geser ➡️"),
    (2, "Aja lali njaga awak, udan-udan ngene gampang masuk angin; srawung karo tangga teparo tetep mlaku."),
    (4, "Pelayanan pd hari {day} tetap buka seperti biasa, mulai pukul 08.00-15.30 WIB."),
)
_EMOJI = _list("🙏 😊 ✨ 💪 🇮🇩 📍 📢 ❤️ 👍🏻 🎉 ✅ 👨‍👩‍👧 🌱 🏥 🚜 ‼️ 👇")
_TAGS = _list("#Guyub{p} #{p}Maju #LayananWarga #ASNBerAKHLAK #InfoDesa #{p}Hebat #kabar{p} #CegahStunting #{p}")
_BOLD = {chr(97 + n): chr(0x1D41A + n) for n in range(26)} | {chr(65 + n): chr(0x1D400 + n) for n in range(26)}
_LEET = {"o": "0", "a": "4", "i": "1", "e": "3", "s": "5", "t": "7", "g": "9", "b": "8"}
_SLANG = dict(
    pair.split("=")
    for pair in _list(
        "yg=yang dgn=dengan utk=untuk bgt=banget pd=pada dr=dari tdk=tidak gak=tidak nggak=tidak krn=karena jgn=jangan "
        "org=orang sdh=sudah udah=sudah aja=saja bkn=bukan klo=kalau kalo=kalau gmn=bagaimana trs=terus bnyk=banyak duit=uang "
        "mbl=mobil rmh=rumah mwh=mewah"
    )
)
_SYLLABLES = [onset + vowel for onset in _list("b d g h j k l m n p r s t w c ng ny") for vowel in "aiueo"]
_CODAS = ["", "", "n", "k", "s", "r", "ng", "t", "m", "h"]
_AFFIXES = ("", "di", "me", "ber", "ter", "pe", "ke", "se"), ("", "nya", "kan", "i", "lah", "an", "mu", "ku")
_THINGS = _list(
    "pamer beli jam mobil tas rumah liburan pesta uang cincin kapal pilih dukung coblos judi pinjaman bonus hadiah paket"
)
_BETWEEN = ("yang", "tidak", "banyak", "orang", "sangat")
_TOPICS = _list(
    "rekening transfer promo diskon gacor deposit paslon caleg gaji arisan pinjol dana cair kuota voucher klaim jackpot maxwin"
)


def _bases(rng: random.Random) -> list[str]:
    """Invented stems that no ordinary sentence holds."""
    texts = [*(text for _, text in _SENTENCES), *_PLACES, *_PEOPLE, *_OFFICES, *_DEEDS, *_MATTERS, *_SPOTS, *_DAYS]
    common = {word.strip('.,!()"“”').lower() for text in texts for word in text.split()}
    found: dict[str, None] = {}
    while len(found) < 900:
        word = "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice((2, 2, 3, 3)))) + rng.choice(_CODAS)
        if len(word) > 4 and word not in common:
            found[word] = None
    return list(found)


@cache
def phrases(count: int = PHRASES, seed: int = 7) -> tuple[str, ...]:
    """Different phrases, a third of them single words."""
    rng = random.Random(seed)
    bases = _bases(rng)
    found: dict[str, None] = {}
    while len(found) < count:
        base, kind = rng.choice(bases), rng.random()
        if kind < 0.35:
            phrase = rng.choice(_AFFIXES[0]) + base + rng.choice(_AFFIXES[1])
        elif kind < 0.75:
            phrase = f"{rng.choice(_THINGS)} {base}{rng.choice(('', 'nya', 'an'))}"
        elif kind < 0.9:
            phrase = f"{rng.choice(_THINGS)} {rng.choice(_BETWEEN)} {base}"
        else:
            phrase = f"{base} {rng.choice(bases)} {rng.choice(_THINGS)}"
        found[phrase] = None
    return tuple(found)


def _rule(number: int, kind: str, **fields: object) -> Rule:
    """A rule that says as little as a rule may; families in turn, without those of accounts."""
    return Rule(
        id=f"{kind}-{number:04}",
        family=_FAMILIES[number % len(_FAMILIES)],
        kind=kind,  # type: ignore[arg-type]
        level="sedang",
        status="aktif",
        version=1,
        what="x",
        why="x",
        basis="x",
        since=DAY,
        message="Perlu dicek.",
        **fields,  # type: ignore[arg-type]
    )


_FAMILIES = tuple(family for family in POST_FAMILIES if family not in DISGUISED_FAMILIES)
"""Without those whose words may be disguised by a sign inside: the plain loop and the pipelines of others cannot do that."""


@cache
def rulebook(count: int = PHRASES, seed: int = 7) -> Catalogue:
    """Lexicon rules with ``count`` phrases between them, some with exceptions; pairs; patterns; slang."""
    rng = random.Random(seed + 1)
    words: list[list[str]] = [[] for _ in range(LEXICON_RULES)]
    for number, phrase in enumerate(phrases(count, seed)):
        words[number % LEXICON_RULES].append(phrase)
    rules = [
        _rule(number, "lexicon", sets=(WordSet(tuple(held)),), excepts=_excepts(rng, number, held))
        for number, held in enumerate(words)
        if held
    ]
    stems = _bases(random.Random(seed))
    rules += [
        _rule(number, "near", sets=(WordSet((near,)), WordSet(tuple(far))), within_words=7)
        for number, (near, far) in enumerate(_pairs(rng, stems))
    ]
    rules += [_rule(number, "pattern", patterns=(pattern,)) for number, pattern in enumerate(_patterns())]
    return Catalogue(rules=tuple(sorted(rules, key=lambda rule: rule.id)), slang=_SLANG, on=DAY)


def _excepts(rng: random.Random, number: int, held: Sequence[str]) -> WordSet:
    if number >= EXCEPTED_RULES:
        return WordSet()
    return WordSet((f"{rng.choice(_THINGS)} {held[0]} {rng.choice(_THINGS)}", f"bukan {held[0]}"))


def _pairs(rng: random.Random, stems: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """A common word and rare ones that must stand near it."""
    yield "mobil", ["mewah"]
    yield "musyawarah", ["hotel"]
    yield "camat", ["kampanye", "coblos"]
    for _ in range(NEAR_RULES - 3):
        yield rng.choice(_THINGS), rng.sample(list(stems), 3)


def _patterns() -> Iterator[str]:
    yield r"\brp ?\d{1,3}(?:[.,]\d{3})* ?(?:juta|miliar)\b"
    yield r"\b(?:no|nomor) ?rekening:? ?\d{6,}"
    yield r"\bpilih (?:paslon|nomor|no) ?\d\b"
    yield r"\bwa\.me/\d{8,}"
    for number in range(PATTERN_RULES - 4):
        first, second, third = (_TOPICS[number * step % len(_TOPICS)] for step in (1, 7, 5))
        yield rf"\b{first}(?: \w+){{0,2}} (?:{second}|{third}) ?\d+"


def _disguise(rng: random.Random, phrase: str) -> str:
    way = rng.random()
    if way < 0.35:
        return "".join(_LEET[c] if c in _LEET and rng.random() < 0.6 else c for c in phrase)
    place = rng.randrange(1, len(phrase))
    if way < 0.6:
        return phrase[:place] + phrase[place] * rng.randint(1, 4) + phrase[place:]
    if way < 0.75:
        return phrase[:place] + rng.choice("\u200b\u200d\u2060\ufe0f") + phrase[place:]
    return "".join(_BOLD.get(c, c) for c in phrase) if way < 0.9 else phrase.upper()


def _violation(rng: random.Random, rules: Catalogue, listed: Sequence[str]) -> str:
    kind = rng.random()
    if kind < 0.85:
        phrase = rng.choice(listed)
        if rng.random() < 0.1:
            short = {formal: form for form, formal in rules.slang.items()}
            phrase = " ".join(short.get(word, word) for word in phrase.split())
        if rng.random() < DISGUISED:
            phrase = _disguise(rng, phrase)
        return rng.choice(("Dasar {} kowe iki!", "katanya sih {} lho", "ayo {} sekarang juga", "{}")).format(phrase)
    if kind < 0.93:
        near = rng.choice([rule for rule in rules.rules if rule.kind == "near"])
        between = "yang sangat " if rng.random() < 0.5 else ""
        return f"{near.sets[0].words[0]} baru {between}{rng.choice(near.sets[1].words)}"
    return rng.choice(
        ("bayar Rp250.000 juta saja", "Pilih paslon 2 ya", "no rekening: 123456789", "wa.me/628123456789")
    )


@cache
def _pool(seed: int) -> tuple[str, ...]:
    """Sentences from which captions are put together."""
    rng = random.Random(seed)
    weights, texts = zip(*_SENTENCES, strict=True)
    found = []
    for template in rng.choices(texts, weights, k=_POOL):
        sentence = template.format(
            office=rng.choice(_OFFICES),
            place=rng.choice(_PLACES),
            people=rng.choice(_PEOPLE),
            deed=rng.choice(_DEEDS),
            matter=rng.choice(_MATTERS),
            spot=rng.choice(_SPOTS),
            day=rng.choice(_DAYS),
            d=rng.randint(1, 28),
            m=rng.randint(1, 12),
            y=rng.randint(2019, 2026),
            n=rng.randint(2, 400),
            h=rng.randint(8, 20),
            mm=rng.randint(10, 59),
        )
        style = rng.random()
        if style < 0.012:
            sentence = "".join(_BOLD.get(c, c) for c in sentence)
        elif style < 0.07:
            sentence = sentence.upper()
        if rng.random() < 0.25:
            sentence += " " + "".join(rng.choices(_EMOJI, k=rng.randint(1, 3)))
        found.append(sentence)
    return tuple(found)


def captions(seed: int = 1, violating: float = VIOLATING, rules: Catalogue | None = None) -> Iterator[str]:
    """Captions without end."""
    rules = rules or rulebook()
    listed = [word for rule in rules.rules if rule.kind == "lexicon" for word in rule.sets[0].words]
    rng, pool = random.Random(seed), _pool(seed)
    while True:
        wanted = min(2_200, max(50, int(math.exp(rng.gauss(math.log(262), 0.88)))))
        place = rng.choice(_PLACES)
        tags = " ".join(tag.format(p=place) for tag in rng.sample(_TAGS, rng.choice((0, 2, 3, 5, 8))))
        parts: list[str] = []
        length = len(tags)
        while length < wanted:
            parts.append(rng.choice(pool))
            length += len(parts[-1]) + 1
        if len(parts) > 1 and length > wanted + 60:
            parts.pop()
        if rng.random() < violating:
            parts.insert(rng.randint(0, len(parts)), _violation(rng, rules, listed))
        text = (" " if rng.random() < 0.6 else rng.choice(("\n", "\n", "\n\n"))).join(parts)
        if rng.random() < 0.02:
            text = rng.choice("ﬁ½…™ßİéñ") + text
        yield f"{text}\n\n{tags}" if tags else text


def account(number: int) -> Account:
    """An account whose posts these are."""
    return Account(platform="bench", handle=f"akun{number}", unit=f"U{number % 100}")


def posts(count: int, seed: int = 1, *, accounts: int = 1_000, rules: Catalogue | None = None) -> Iterator[Post]:
    """``count`` posts, one every ``SECONDS_APART`` from ``START`` on."""
    rng = random.Random(seed + 2)
    for number, text in enumerate(islice(captions(seed, rules=rules), count)):
        yield Post(
            platform="bench",
            post_id=f"{number:08}",
            account=account(rng.randrange(accounts)).key,
            published_at=START + timedelta(seconds=number * SECONDS_APART),
            text=text,
        )
