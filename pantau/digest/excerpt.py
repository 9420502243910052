"""The words around the evidence: shortened, masked, with the quoted words marked."""

import unicodedata
from collections.abc import Sequence

from pantau.core.model import Evidence, Post
from pantau.digest import clean
from pantau.digest.blocks import CAPTION, Excerpt, Piece

_FIELD_LABELS = {"text": CAPTION, "image_text": "Tulisan pada gambar"}
_LEAST_CONTEXT_CHARS = 24
_LONGEST_SPAN_CHARS = 140
_GAP = " … "

Span = tuple[int, int, str]
"""Start, end (code points of the field) and the words to show there; empty words mean: as published."""


def excerpts(
    post: Post | None,
    evidence: Sequence[Evidence],
    *,
    limit_chars: int,
    same_version: bool,
    personal: bool = False,
    spam: bool = False,
) -> tuple[Excerpt, ...]:
    """One excerpt per field that has evidence; without any, the beginning of the caption.

    ``same_version`` false means that the post has been edited since it was judged: then only the quotes themselves are shown.
    ``personal`` masks every longer number, ``spam`` breaks web addresses.
    """
    if post is None or not same_version:
        return _quotes_only(evidence, personal, spam)
    found = []
    for field, text in (("text", post.text), ("image_text", post.image_text)):
        spans = _spans([item for item in evidence if item.field == field], text)
        pieces = _pieces(text, spans, limit_chars, personal, spam) if spans else ()
        if pieces:
            found.append(Excerpt(_FIELD_LABELS[field], pieces))
    if not found:
        field = "text" if post.text.strip() or not post.image_text.strip() else "image_text"
        text = post.text if field == "text" else post.image_text
        pieces = _pieces(text, [], limit_chars // 2, personal, spam) or (Piece("(tanpa teks)"),)
        found.append(Excerpt(_FIELD_LABELS[field], pieces))
    return tuple(found)


def _quotes_only(evidence: Sequence[Evidence], personal: bool, spam: bool) -> tuple[Excerpt, ...]:
    found = []
    for field, label in _FIELD_LABELS.items():
        quotes = [item.quote for item in evidence if item.field == field and item.quote.strip()]
        pieces: list[Piece] = []
        for quote in dict.fromkeys(quotes):
            shown = _show(list(clean.masked(quote, personal=personal)), spam)
            pieces += [
                Piece(_GAP if pieces else "… "),
                Piece(clean.shorten(clean.line(shown), _LONGEST_SPAN_CHARS), True),
            ]
        if pieces:
            found.append(Excerpt(label, (*pieces, Piece(" …"))))
    return tuple(found)


def _spans(evidence: Sequence[Evidence], text: str) -> list[Span]:
    """Sorted, disjoint spans inside ``text``; overlapping ones are united (a masked quote wins over open words)."""
    raw = []
    for item in evidence:
        start, end = max(0, item.start), min(len(text), item.end)
        if text[start:end].strip():
            raw.append((start, end, "" if item.quote == text[start:end] else item.quote))
    united: list[Span] = []
    for start, end, words in sorted(set(raw), key=lambda span: (span[0], -span[1], span[2])):
        if united and start < united[-1][1]:
            before = united[-1]
            last = max(before[1], end)
            keep = before[2] if last == before[1] else ""
            hides = bool(before[2] or words)
            united[-1] = (before[0], last, keep or (clean.MASK * 6 if hides else ""))
        else:
            united.append((start, end, words))
    return united


def _pieces(text: str, spans: list[Span], limit_chars: int, personal: bool, spam: bool) -> tuple[Piece, ...]:
    chars = list(clean.masked(text, personal=personal))
    if spam:
        clean.defanged(chars)
    windows = _windows(text, spans, limit_chars)
    pieces: list[Piece] = []
    for number, (left, right) in enumerate(windows):
        if number or left > 0:
            pieces.append(Piece(_GAP if number else "… "))
        at = left
        for start, end, words in spans:
            if not left <= start < right:
                continue
            pieces.append(Piece(clean.visible("".join(chars[at:start]))))
            open_words = clean.line("".join(chars[start:end]))
            pieces.append(Piece(clean.shorten(clean.line(words) or open_words, _LONGEST_SPAN_CHARS), True))
            at = end
        pieces.append(Piece(clean.visible("".join(chars[at:right]))))
    if windows and windows[-1][1] < len(text):
        pieces.append(Piece(" …"))
    left_over = sum(1 for span in spans if windows and span[0] >= windows[-1][1])
    if left_over:
        pieces.append(Piece(f" (dan {left_over} bagian lain)"))
    return _joined(pieces)


def _windows(text: str, spans: list[Span], limit_chars: int) -> list[tuple[int, int]]:
    """The stretches of ``text`` to show: all of it when short, else some context around each span until the limit is spent."""
    if len(text) <= limit_chars + limit_chars // 8:
        return [(0, len(text))] if text.strip() else []
    if not spans:
        return [(0, _cut(text, limit_chars, forward=False))]
    marked = sum(min(end - start, _LONGEST_SPAN_CHARS) for start, end, _ in spans)
    context = max(_LEAST_CONTEXT_CHARS, (limit_chars - marked) // (2 * len(spans)))
    windows: list[tuple[int, int]] = []
    spent = 0
    for start, end, _ in spans:
        if windows and spent >= limit_chars:
            break
        left = _cut(text, max(0, start - context), forward=True, stop=start)
        right = _cut(text, min(len(text), end + context), forward=False, stop=end)
        if windows and left <= windows[-1][1] + 3:
            left = windows[-1][0]
            spent -= windows.pop()[1] - left
        windows.append((left, max(right, end)))
        spent += windows[-1][1] - left
    return windows


def _cut(text: str, at: int, *, forward: bool, stop: int | None = None) -> int:
    """A place near ``at`` where a word begins (``forward``) or ends, at most 20 characters away, never inside a sign."""
    if at in (0, len(text)):
        return at
    step = 1 if forward else -1
    limit = at + 20 * step
    if stop is not None:
        limit = min(limit, stop) if forward else max(limit, stop)
    place = at
    while place != limit and 0 < place < len(text) and not (text[place - 1].isspace() or text[place].isspace()):
        place += step
    if 0 < place < len(text) and (text[place - 1].isspace() or text[place].isspace()):
        return place
    while 0 < at < len(text) and (unicodedata.combining(text[at]) or text[at] in "\u200d\ufe0f"):
        at += step
    return at


def _show(chars: list[str], spam: bool) -> str:
    if spam:
        clean.defanged(chars)
    return "".join(chars)


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbours of the same kind put together, doubled blanks removed, nothing empty."""
    merged: list[Piece] = []
    for piece in pieces:
        text = piece.text
        if merged and merged[-1].text.endswith(" "):
            text = text.lstrip(" ")
        if not text:
            continue
        if merged and merged[-1].strong == piece.strong and not piece.strong:
            merged[-1] = Piece(merged[-1].text + text)
        else:
            merged.append(Piece(text, piece.strong))
    return tuple(merged)
