"""An edit is shown word by word, in HTML and text, and never shows what a rule masks, on neither side."""

import re
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.core.model import Evidence, Finding, Post
from pantau.digest.blocks import Edit
from pantau.digest.build import build
from pantau.digest.context import Context
from pantau.digest.edits import edit_of
from pantau.digest.model import TextVersion
from pantau.digest.render import changed
from tests.digest import golden, sample
from tests.digest.pages import Page, flat
from tests.random_cases import cases

RICH = sample.rich()
PAGE = Page(golden.rendered("rich").html)
TEXT = flat(golden.rendered("rich").text)
WORDS = st.lists(
    st.sampled_from(["kami", "rapat", "desa", "3316011203990001", "Fulan", "panen", "raya", "di"]), max_size=30
)


def edit(
    post: Post, *texts: str, judged: int = -1, evidence: tuple[Evidence, ...] = (), family: str = "BHS"
) -> Edit | None:
    """The edit of a post that read like each of the texts in turn, flagged on the version ``judged``."""
    versions = tuple(
        TextVersion(
            post=msgspec.structs.replace(post, text=text), seen_at=sample.NIGHT - timedelta(days=len(texts) - n)
        )
        for n, text in enumerate(texts)
    )
    found: Finding = sample.finding("kata-kasar", family, "sedang", versions[judged].post, *evidence)
    data = msgspec.structs.replace(RICH, versions={post.key: versions}, findings=(found,), earlier=())
    return edit_of(Context(data), [found])


def test_deleted_and_inserted_words_are_marked_in_page_and_text():
    assert "[-Klaim hadiah di sini-]" not in TEXT  # common words are not marked
    assert "Klaim hadiah {+lomba desa di kantor, bukan+} di sini" in TEXT
    assert "Klaim hadiah lomba desa di kantor, bukan di sini" in PAGE.text
    assert {"del", "ins"} <= set(PAGE.tags)


def test_an_edit_says_when_it_was_first_seen_and_whether_it_came_after_the_flag():
    assert "Disunting; perubahannya pertama terlihat 24 Nov 2026" in TEXT
    assert "Disunting sesudah ditandai; perubahannya pertama terlihat 24 Nov 2026" in TEXT


def test_several_edits_since_the_flag_are_shown_as_one_with_both_times():
    found = edit(sample.RUDE, "satu dua", "satu tiga", "satu tiga empat", judged=0)
    assert found is not None
    assert changed(found.pieces) == "satu [-dua-] {+tiga empat+}"
    assert "sesudah ditandai; perubahannya pertama terlihat 22 Nov 2026" in found.label
    assert ", terakhir 23 Nov 2026" in found.label


def test_a_post_that_was_never_edited_shows_no_edit():
    assert edit(sample.RUDE, "satu dua") is None


def test_a_long_unchanged_text_is_cut_to_the_words_around_the_change():
    many = " ".join(f"kata{n}" for n in range(100))
    found = edit(sample.RUDE, f"{many} lama {many}", f"{many} baru {many}")
    assert found is not None
    before, after = "kata94 kata95 kata96 kata97 kata98 kata99", "kata0 kata1 kata2 kata3 kata4 kata5"
    assert changed(found.pieces) == f"… {before} [-lama-] {{+baru+}} {after} …"


def test_a_change_of_line_breaks_alone_is_said_in_words():
    found = edit(sample.RUDE, "satu\ndua", "satu dua")
    assert found is not None
    assert (found.pieces, found.note) == ((), "Yang berubah hanya spasi atau baris.")


def test_personal_numbers_are_masked_on_both_sides():
    for secret in ("9999010203040006", "9999010203040005", "0812-3456-7890", "01020304"):
        assert secret not in TEXT
        assert secret not in PAGE.text
    assert "[-penderita TBC.-]" in TEXT


def test_words_that_a_rule_masks_are_masked_wherever_they_stand():
    before = "Bantuan untuk Siti Aminah, sakit kusta. Selamat!"
    start = before.index("Siti")
    evidence = (Evidence(field="text", start=start, end=start + 11, quote="S••• A•••••"),)
    found = edit(
        sample.RUDE, before, "Bantuan untuk warga. Siti sembuh. Aminah", judged=0, evidence=evidence, family="DPR"
    )
    assert found is not None
    shown = changed(found.pieces)
    assert "Siti" not in shown
    assert "Aminah" not in shown
    assert "{+warga." in shown


def test_masked_words_that_cannot_be_located_hide_the_whole_change():
    evidence = (Evidence(field="text", start=0, end=5, quote="S•••"),)
    post = sample.RUDE
    versions = tuple(
        TextVersion(post=msgspec.structs.replace(post, text=text), seen_at=sample.NIGHT)
        for text in ("Siti A", "Siti B")
    )
    found = sample.finding("kata-kasar", "DPR", "sedang", post, *evidence, subject="versi yang tidak tersimpan")
    data = msgspec.structs.replace(RICH, versions={post.key: versions}, findings=(found,), earlier=())
    shown = edit_of(Context(data), [found])
    assert shown is not None
    assert shown.pieces == ()
    assert "data pribadi" in shown.note


def test_only_a_masked_number_changed_is_said_without_it():
    found = edit(sample.RUDE, "NIK 3316011203990001", "NIK 3316011203990002")
    assert found is not None
    assert (found.pieces, found.note) == ((), "Yang berubah hanya bagian yang disamarkan.")


@settings(max_examples=cases(80, 1000), deadline=None)
@given(before=WORDS, after=WORDS)
def test_the_two_texts_can_be_read_off_the_marks_and_no_number_with_them(before: list[str], after: list[str]) -> None:
    found = edit(sample.RUDE, " ".join(before), " ".join(after))
    assert found is not None
    shown = changed(found.pieces)
    assert not re.search(r"\d{8}", shown)
    if not found.pieces or "…" in shown:
        return
    old = " ".join(piece.text for piece in found.pieces if piece.kind != "new").replace("•" * 16, "3316011203990001")
    new = " ".join(piece.text for piece in found.pieces if piece.kind != "cut").replace("•" * 16, "3316011203990001")
    assert (old, new) == (" ".join(before), " ".join(after))


def test_an_endless_caption_is_compared_in_time_and_shown_in_part():
    many = [f"k{n}" for n in range(20_000)]
    found = edit(sample.RUDE, " ".join(many), " ".join(reversed(many)))
    assert found is not None
    assert len(changed(found.pieces)) < 1_000


def test_a_post_no_longer_to_be_seen_is_said_so_neutrally_beside_its_finding():
    card = next(card for card in build(RICH).flags.cards if card.place == sample.PARTY.key)
    (note,) = [note for note in card.notes if "tidak tampak lagi" in note]
    assert note.startswith("Unggahan tidak tampak lagi sejak 24 Nov 2026")
    assert "terakhir tampak" in note
    assert not re.search(r"\bdihapus oleh|menghapus\b", TEXT)


def test_nothing_new_is_said_of_an_account_that_cannot_be_seen_tonight():
    unread = tuple(
        msgspec.structs.replace(item, state="unread", unread_class="network")
        if item.account == sample.PARTY.account
        else item
        for item in sample.observations()
    )
    card = next(
        card
        for card in build(msgspec.structs.replace(RICH, observations=unread)).flags.cards
        if card.place == sample.PARTY.key
    )
    assert any("(malam ini akunnya tidak dapat dilihat)" in note for note in card.notes)


def test_the_whole_fingerprint_is_printed_in_page_and_text():
    assert f"Sidik data: {'5f3c' * 16}" in PAGE.text
    assert f"Sidik data: {'5f3c' * 16}" in TEXT
    assert all(golden.rendered(name).text.count("Sidik data") <= 1 for name in golden.NIGHTS)
