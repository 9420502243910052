import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pantau.core.model import Evidence, Post
from pantau.digest.excerpt import excerpts

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def post(text: str, image_text: str = "") -> Post:
    return Post(platform="x", post_id="1", account="x:1", published_at=NOW, text=text, image_text=image_text)


def quote(text: str, words: str, **more: object) -> Evidence:
    start = text.index(words)
    fields: dict[str, object] = {"field": "text", "start": start, "end": start + len(words), "quote": words}
    return Evidence(**(fields | more))  # type: ignore[arg-type]


def shown(text: str, *evidence: Evidence, limit: int = 280, **more: bool) -> list[tuple[str, bool]]:
    found = excerpts(post(text), evidence, limit_chars=limit, same_version=True, **more)
    return [(piece.text, piece.strong) for piece in found[0].pieces]


def test_the_quoted_words_are_marked_in_their_sentence():
    text = "Kalau tidak suka, pindah saja!"
    assert shown(text, quote(text, "pindah saja")) == [
        ("Kalau tidak suka, ", False),
        ("pindah saja", True),
        ("!", False),
    ]


def test_a_long_caption_is_shortened_around_the_evidence():
    text = "awal " * 200 + "auto sultan" + " akhir" * 200
    pieces = shown(text, quote(text, "auto sultan"))
    assert [t for t, strong in pieces if strong] == ["auto sultan"]
    assert pieces[0][0].startswith("… awal")
    assert pieces[-1][0].endswith("akhir …")
    assert sum(len(t) for t, _ in pieces) < 330


def test_several_pieces_of_evidence_far_apart_are_all_marked():
    text = "satu " * 60 + "emas" + " dua" * 60 + " berlian" + " tiga" * 60
    pieces = shown(text, quote(text, "emas"), quote(text, "berlian"))
    assert [t for t, strong in pieces if strong] == ["emas", "berlian"]


def test_overlapping_evidence_is_marked_once():
    text = "dasar kamu bodoh sekali"
    pieces = shown(text, quote(text, "kamu bodoh"), quote(text, "bodoh sekali"))
    assert pieces == [("dasar ", False), ("kamu bodoh sekali", True)]


def test_a_masked_quote_replaces_the_words_and_the_rest_hides_its_numbers_too():
    text = "NIK 9999010203040005 dan KK 9999.0102.0304.0006 a.n. Fulan"
    evidence = quote(text, "9999010203040005", quote="9999************")
    joined = "".join(t for t, _ in shown(text, evidence, personal=True))
    assert "9999************" in joined
    assert not re.search(r"\d{5}|0102|0304", joined)


def test_an_open_quote_over_a_masked_one_does_not_uncover_it():
    text = "hubungi ibu Fulanah di jalan nomor rahasia"
    hidden = quote(text, "Fulanah", quote="F******")
    joined = "".join(t for t, _ in shown(text, hidden, quote(text, "ibu Fulanah di jalan")))
    assert "Fulanah" not in joined


def test_an_edited_post_shows_only_the_quotes_of_the_version_that_was_judged():
    found = excerpts(post("sekarang sopan"), [quote("dulu kasar", "kasar")], limit_chars=280, same_version=False)
    assert [p.text for p in found[0].pieces if p.strong] == ["kasar"]
    assert "sopan" not in "".join(p.text for p in found[0].pieces)


def test_picture_text_is_its_own_excerpt():
    evidence = Evidence(field="image_text", start=0, end=4, quote="EMAS")
    found = excerpts(post("Foto.", "EMAS BATANGAN"), [evidence], limit_chars=280, same_version=True)
    assert [excerpt.label for excerpt in found] == ["Tulisan pada gambar"]


def test_a_post_without_words_says_so():
    found = excerpts(post(""), [], limit_chars=280, same_version=True)
    assert found[0].pieces[0].text == "(tanpa teks)"


@given(
    st.text(max_size=900),
    st.lists(st.tuples(st.integers(-5, 950), st.integers(-5, 950)), max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_no_evidence_however_odd_breaks_the_excerpt(text, spans, personal, spam):
    evidence = [Evidence(field="text", start=a, end=b, quote=text[max(a, 0) : max(b, 0)]) for a, b in spans]
    found = excerpts(post(text), evidence, limit_chars=200, same_version=True, personal=personal, spam=spam)
    assert len(found) == 1
    joined = "".join(piece.text for piece in found[0].pieces)
    assert joined
    assert "\n" not in joined
    assert not re.search(r"\d{8,}", joined)


@given(st.text(alphabet="ab 🎆é\u0301", min_size=1, max_size=700), st.data())
def test_the_marked_words_are_exactly_those_of_the_evidence(text, data):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, min(len(text), start + 60)))
    pieces = shown(text, Evidence(field="text", start=start, end=end, quote=text[start:end]), limit=150)
    marked = [t for t, strong in pieces if strong]
    assert marked in ([re.sub(r" +", " ", text[start:end]).strip()], [])
    if text[start:end].strip():
        assert len(marked) == 1
