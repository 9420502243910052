"""Targets: folding against the plain reference, reply codes, incoming mail, patterns of rules, answers of the model reader."""

import re
import warnings
from email import message_from_bytes
from functools import cache
from typing import Any

from pantau.checks.fold import fold
from pantau.checks.fold_tables import fold_character
from pantau.checks.linear import PIECE_CHARS, problem_of
from pantau.checks.reader_answer import locate, read_answers
from pantau.checks.reader_prompt import prepare
from pantau.core.tokens import ReplyKey, codes_in, without_codes
from pantau.delivery.review import judge
from tests.checks import oracle
from tests.checks.material import HOSTILE, post
from tests.checks.oracle import Folded
from tests.delivery.letters_from import (
    FINDING,
    HEAD,
    KEY,
    OTHER,
    OUTSIDE,
    SEKDA,
    STAFF,
    TODAY,
    bounce,
    clicked,
    code,
    mail,
    rules,
)
from tests.delivery.test_mailbox_rules import ACCEPTED, NOT_ACCEPTED
from tests.fuzz.mutations import BYTES, JSON, LINES, TEXT
from tests.fuzz.target import ROOT, Target

_CAPTIONS = (
    "Gobl0k 𝗴𝗼𝗯𝗹𝗼𝗸 #MobilMewah 🇮🇩 b.o.d.o.h",
    "dasar anj!ng, ma'af @dinkes slot88 mobil2",
    "#ASNHebat ﬁﬃ ½ ʀᴏʟᴇx 2045 info@blora.go.id",
)


def _short() -> list[str]:
    return [*_CAPTIONS, *(text for text in HOSTILE.values() if len(text) < 120)]


oracle.fold_character = cache(fold_character)  # the reference is otherwise nine tenths of the time


def check_fold(text: str) -> bool:
    """Equal to the reference; every place leads back to the code point that the reference names."""
    text = text[:80]
    block, plain = fold([text]), Folded(text)
    assert block.skeleton.decode() == plain.skeleton, "another skeleton"
    assert block.light.decode() == " " + "".join(cell.char for cell in plain.light) + " ", "another light text"
    back = block.way_back(0)
    for place, group in enumerate(plain.groups):
        wide = back.wide_place(place)
        assert wide in group.cells or not group.cells, "another place"
        assert back.wide_point(wide) == plain.wide[wide].point, "another code point"
    for place, cell in enumerate(plain.light, 1):
        assert back.light_point(place) == cell.point, "another code point of the light text"
    return len(block.skeleton) > 2


_MADE = {
    made: reader
    for reader in (SEKDA, STAFF, HEAD, OUTSIDE)
    for action in ("dismiss", "answer", "undo", "followed_up")
    for finding in (FINDING, OTHER)
    for made in codes_in(code(action, reader, finding=finding))
}
_OTHER_KEY = ReplyKey(b"kunci lama yang bocor")


def check_codes(text: str) -> bool:
    """No code is good but those that were made, each for its own reader; what is left has no word of a code's label."""
    found = codes_in(text)
    for one in found:
        for reader in (SEKDA, STAFF, HEAD, OUTSIDE):
            if KEY.flaw(one, reader, TODAY, 30) is None:
                assert _MADE.get(one) == reader, "a code that nobody made"
        assert _OTHER_KEY.flaw(one, SEKDA, TODAY, 30) is not None, "a code of another key"
    without_codes(text)
    return bool(found)


def _code_texts() -> list[str]:
    codes = [
        code("dismiss", SEKDA),
        code("answer", HEAD),
        code("undo", SEKDA, finding=OTHER),
        code("followed_up", SEKDA),
    ]
    return [f"Kode {one}" for one in codes] + [
        "\n> ".join((codes[0][:30], codes[0][30:])),
        codes[0].lower(),
        " ".join(codes[:2]),
    ]


def check_mail(raw: bytes) -> bool:
    """A decision only with a code that was made for its sender; nothing is raised, whatever the mail is made of."""
    judged = judge(message_from_bytes(raw), rules(recipient_of=lambda _id: SEKDA))
    letter = judged.letter
    assert letter.sent_at is None or letter.sent_at.utcoffset() is not None
    assert letter.outcome, "no outcome"
    if judged.action is None:
        return letter.outcome == "bounce"
    labels = {one.label for one, reader in _MADE.items() if reader == letter.sender}
    assert letter.code in labels, "a decision without a code of its sender"
    return True


def _letters() -> list[bytes]:
    alternative = mail(text="ya", html="").replace(
        b"Content-Type: text/plain", b"Content-Type: multipart/alternative; boundary=B", 1
    )
    return [
        *ACCEPTED.values(),
        *NOT_ACCEPTED.values(),
        clicked("answer", HEAD, "Sudah."),
        bounce("<a@b>", SEKDA),
        alternative,
    ]


def check_pattern(pattern: str) -> bool:
    """A pattern that is let in searches any piece of text within the time of one input."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of what a pattern may mean some day
        return not problem_of(pattern) and _searches(pattern)


def _searches(pattern: str) -> bool:
    compiled = re.compile(pattern.encode("ascii"))
    for sign in (b"a", b"1", b" ", b"1.", b"a ", b"3349014507680003 "):
        compiled.search((sign * PIECE_CHARS)[:PIECE_CHARS] + b"!")
    return True


def _patterns() -> list[str]:
    found = [r"\brp ?\d{1,3}(\.\d{3})+", r"(?P<hit>\d{16})($|[^0-9])", r"[a-z]+@[a-z.]+", r"(a|b)c{2,5}?d*"]
    for path in sorted((ROOT / "rules").rglob("*.toml")):
        for row in re.findall(r"^patterns = \[(.*)\]$", path.read_text("utf-8"), re.M):
            found += re.findall(r"'([^']+)'", row)
    return found


_SENT = {str(n): made for n, text in enumerate(_CAPTIONS) if (made := prepare(post(n, text), 500))}


def check_answer(value: Any) -> bool:
    """An answer of the model: quotes stand in the post to the letter, families are those that were asked for."""
    answers = read_answers(JSON.pack(value).decode(), _SENT, {"BHS", "FLX"})
    for number, found in answers.posts.items():
        for one in found:
            assert one.family in ("BHS", "FLX", "-"), "a family that nobody asked for"
            assert one.verdict == "no" or locate(_SENT[number], one.quote) is not None, "words that are not there"
            assert len(one.why) <= 160, "too long a reason"
    return bool(answers.posts)


def _answers() -> list[Any]:
    item = {
        "id": "0",
        "family": "BHS",
        "verdict": "yes",
        "quote": "b.o.d.o.h",
        "why": "Kata kasar di https://a.b/c 08123456789.",
    }
    return [
        {
            "answers": [
                item,
                {**item, "id": "1", "verdict": "unsure", "quote": "anj!ng"},
                {**item, "family": "-", "verdict": "no"},
            ]
        }
    ]


TARGETS = (
    Target("fold", TEXT, _short, check_fold, 1_000_000),
    Target("codes", TEXT, _code_texts, check_codes, 1_000_000),
    Target("mail", BYTES, _letters, check_mail, 500_000),
    Target(
        "mail-text",
        LINES,
        lambda: [raw.decode("latin-1") for raw in _letters()],
        lambda text: check_mail(text.encode("latin-1", "replace")),
        500_000,
    ),
    Target("patterns", TEXT, _patterns, check_pattern, 300_000),
    Target("reader-answers", JSON, _answers, check_answer, 300_000),
)
