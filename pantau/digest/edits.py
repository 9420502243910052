"""How the text of a finding's post was changed, word by word, with personal data masked on both sides."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from pantau.core.model import Finding, Post
from pantau.digest import clean, words
from pantau.digest.blocks import DiffPiece, Edit
from pantau.digest.context import Context
from pantau.digest.model import TextVersion

_MOST_WORDS = 1_500
"""Of the part that differs; comparing takes the square of it."""
_AROUND_WORDS = 6
_RUN_WORDS = 40
_MOST_CHANGES = 8
_GAP = "…"
_LEAST_SECRET_CHARS = 3
_PERSONAL_FAMILY = "DPR"

Run = tuple[str, list[str]]
"""Kind (``same``, ``cut``, ``new``) and words."""


def edit_of(ctx: Context, findings: Sequence[Finding]) -> Edit | None:
    """The change of the findings' post since the version they judged, or of its last edit; None when it was never edited."""
    key = findings[0].post
    versions = ctx.data.versions.get(key, ())
    if len(versions) < 2:
        return None
    now = versions[-1]
    judged = {finding.subject for finding in findings}
    flagged = next((n for n, one in enumerate(versions[:-1]) if one.post.text_sha256 in judged), None)
    before = versions[-2] if flagged is None else versions[flagged]
    first = versions[-1] if flagged is None else versions[flagged + 1]
    label = _label(ctx, first, now, after_flag=flagged is not None)
    about = [
        finding for finding in (*ctx.data.findings, *(item.finding for item in ctx.data.earlier)) if finding.post == key
    ]
    secrets = _secrets(about, [one.post for one in versions])
    if secrets is None:
        return Edit(label, note="Perubahannya tidak ditampilkan karena teksnya memuat data pribadi.")
    personal = any(finding.family == _PERSONAL_FAMILY for finding in about)
    spam = any(finding.family == "SPM" for finding in about)
    old, new = (_safe_words(one.post.text, secrets, personal, spam) for one in (before, now))
    pieces = tuple(_pieces(_runs(old, new)))
    if any(piece.kind != "same" for piece in pieces):
        return Edit(label, pieces)
    same_words = before.post.text.split() == now.post.text.split()
    what = "spasi atau baris" if same_words else "bagian yang disamarkan"
    return Edit(label, note=f"Yang berubah hanya {what}.")


def _label(ctx: Context, first: TextVersion, now: TextVersion, *, after_flag: bool) -> str:
    since = " sesudah ditandai" if after_flag else ""
    text = f"Disunting{since}; perubahannya pertama terlihat {ctx.moment(first.seen_at)}"
    return text if first is now else f"{text}, terakhir {ctx.moment(now.seen_at)}"


def _secrets(findings: Sequence[Finding], versions: Sequence[Post]) -> list[tuple[str, str]] | None:
    """What rules mask (as published, and what stands for it), longest first; None when some of it cannot be located."""
    found: dict[str, str] = {}
    texts = [text for post in versions for text in (post.text, post.image_text)]
    for finding in findings:
        judged = next((post for post in versions if post.text_sha256 == finding.subject), None)
        for item in finding.evidence:
            if item.field not in ("text", "image_text") or any(item.quote in text for text in texts):
                continue
            if judged is None:
                return None
            plain = (judged.text if item.field == "text" else judged.image_text)[item.start : item.end]
            found[plain] = item.quote
            for word in plain.split():
                if len(word) >= _LEAST_SECRET_CHARS:
                    found.setdefault(word, clean.MASK * 4)
    return sorted(((plain, shown) for plain, shown in found.items() if plain.strip()), key=lambda pair: -len(pair[0]))


def _safe_words(text: str, secrets: Sequence[tuple[str, str]], personal: bool, spam: bool) -> list[str]:
    for plain, shown in secrets:
        literal = shown.replace("\\", r"\\")
        text = re.sub(rf"(?<!\w){re.escape(plain)}(?!\w)", literal, text, flags=re.IGNORECASE)
    chars = list(clean.masked(text, personal=personal))
    if spam:
        clean.defanged(chars)
    return [word for word in (clean.line(word) for word in "".join(chars).split()) if word]


def _runs(old: list[str], new: list[str]) -> Iterator[Run]:
    """The changes in order, common words between them."""
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - head
    tail = next((n for n in range(most) if old[-1 - n] != new[-1 - n]), most)
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    yield "same", old[:head]
    if max(len(left), len(right)) > _MOST_WORDS:
        yield "cut", left
        yield "new", right
    else:
        for what, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            if what == "equal":
                yield "same", left[a:b]
            else:
                yield "cut", left[a:b]
                yield "new", right[c:d]
    yield "same", old[len(old) - tail :]


def _pieces(runs: Iterator[Run]) -> Iterator[DiffPiece]:
    """Runs as text: of long common runs only the words next to a change, of long changes the beginning."""
    held = [(kind, run) for kind, run in runs if run]
    changes = 0
    for number, (kind, run) in enumerate(held):
        first, last = number == 0, number == len(held) - 1
        if kind == "same":
            yield DiffPiece(_around(run, first=first, last=last))
            continue
        changes += 1
        if changes > _MOST_CHANGES:
            left = sum(other != "same" for other, _ in held[number:])
            yield DiffPiece(f"{_GAP} (dan {words.number(left)} perubahan lain)")
            return
        shown = " ".join(run[:_RUN_WORDS])
        yield DiffPiece(f"{shown} {_GAP}" if len(run) > _RUN_WORDS else shown, "cut" if kind == "cut" else "new")


def _around(run: list[str], *, first: bool, last: bool) -> str:
    keep = _AROUND_WORDS
    if first and last:
        return " ".join(run[:keep])
    if first and len(run) > keep:
        return " ".join([_GAP, *run[-keep:]])
    if last and len(run) > keep:
        return " ".join([*run[:keep], _GAP])
    if not first and not last and len(run) > 2 * keep + 1:
        return " ".join([*run[:keep], _GAP, *run[-keep:]])
    return " ".join(run)
