"""Words of posts and people as the archive shows them: masked like the digest, and without strangers' names."""

import re
from collections.abc import Callable, Collection, Sequence

import msgspec

from pantau.core.model import Evidence, Finding, Post
from pantau.digest import clean
from pantau.digest.blocks import Excerpt, Piece
from pantau.digest.excerpt import excerpts

_MOST_CHARS = 4_000
_MENTION = re.compile(r"(?<![\w.@/])@([A-Za-z0-9_][A-Za-z0-9_.]{1,29})")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_OFFICE_MAIL = re.compile(r"\.go\.id$", re.IGNORECASE)
_OTHERS_WORDS = "Unggahan ulang; kata-kata akun lain tidak dimuat di arsip."


class Shower:
    """Knows whose names may stand open: ``handles`` are those of the register, in lower case."""

    def __init__(self, handles: Collection[str]) -> None:
        self._handles = handles

    def without_strangers(self, text: str) -> str:
        """``text`` of the same length with mentions of unregistered accounts and private mail addresses masked."""
        if "@" not in text:
            return text
        text = _MAIL.sub(lambda hit: hit[0] if _OFFICE_MAIL.search(hit[0]) else _dots(hit[0]), text)
        return _MENTION.sub(
            lambda hit: hit[0] if hit[1].lower().rstrip(".") in self._handles else f"@{_dots(hit[1])}", text
        )

    def words(self, text: str, limit: int = 600, *, personal: bool = False) -> str:
        """One clean, masked line of what people wrote."""
        return clean.quoted(self.without_strangers(text), limit, personal=personal)

    def post(self, post: Post, findings: Sequence[Finding]) -> tuple[Excerpt, ...]:
        """The texts of a post. With findings exactly as masked as their card in the digest.

        The words of a repost are somebody else's: they are shown only where a finding quotes them.
        """
        if findings:
            return self.evidence(post, findings)
        if post.kind == "repost":
            return (Excerpt("Teks unggahan", (Piece(_OTHERS_WORDS),)),)
        shown = [Excerpt("Teks unggahan", (Piece(self._plain(post.text) or "(tanpa teks)"),))]
        if image_text := self._plain(post.image_text):
            shown.append(Excerpt("Tulisan pada gambar", (Piece(image_text),)))
        return tuple(shown)

    def evidence(self, post: Post | None, findings: Sequence[Finding]) -> tuple[Excerpt, ...]:
        """The text around the evidence of findings about one post, with the quoted words marked."""
        about = [finding for finding in findings if finding.post]
        same_version = post is not None and all(finding.subject in ("", post.text_sha256) for finding in about)
        safe = post and _replaced(post, self.without_strangers)
        evidence = tuple(_quote_replaced(item, self.without_strangers) for f in about for item in f.evidence)
        return excerpts(
            safe,
            evidence,
            limit_chars=_MOST_CHARS,
            same_version=same_version,
            personal=any(finding.family == "DPR" for finding in about),
            spam=any(finding.family == "SPM" for finding in about),
        )

    def _plain(self, text: str) -> str:
        """The whole text, masked, line by line."""
        masked = clean.shorten(clean.masked(self.without_strangers(text)), _MOST_CHARS)
        return "\n".join(line for line in (clean.line(part, _MOST_CHARS) for part in masked.splitlines()) if line)


def _dots(text: str) -> str:
    return clean.MASK * len(text)


def _replaced(post: Post, change: Callable[[str], str]) -> Post:
    return msgspec.structs.replace(post, text=change(post.text), image_text=change(post.image_text))


def _quote_replaced(item: Evidence, change: Callable[[str], str]) -> Evidence:
    return msgspec.structs.replace(item, quote=change(item.quote))
