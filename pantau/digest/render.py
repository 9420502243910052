"""Templates to text: HTML with inlined styles, its plain twin, and the short text for WhatsApp.

Everything from outside is escaped by the template engine; a name that a template misses is an error, not a blank.
"""

import re
import textwrap
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pantau.core.resources import data_dir
from pantau.core.settings import DigestSettings
from pantau.digest import answers, budget, charts, clean
from pantau.digest.blocks import CardPicture, DiffPiece, Piece
from pantau.digest.model import Digest

TEXT_COLUMNS = 78
_OPEN_MARK, _CLOSE_MARK = ">>", "<<"
_INLINERS_OWN = re.compile(r"</?tbody>| data-css-inline=\"ignore\"")


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A digest ready to be put into mails. ``hidden_findings`` cards stand in the text but not in the HTML."""

    subject: str
    html: str
    """The page of the mail; its pictures are parts of that mail (``cid:``)."""
    text: str
    whatsapp: str
    pictures: tuple[CardPicture, ...] = ()
    """Those that the page shows, each once."""
    hidden_findings: int = 0
    html_bytes: int = 0
    """Size of the HTML as sent (quoted-printable)."""

    @property
    def page(self) -> str:
        """The same page for a browser: with its pictures inside, without reply links."""
        page = answers.unlinked_page(self.html)
        for picture in self.pictures:
            url = f"data:image/{picture.subtype};base64,{b64encode(picture.data).decode()}"
            page = page.replace(f'"cid:{picture.cid}"', f'"{url}"')
        return page

    @property
    def plain(self) -> str:
        """The text without reply links, as it is kept."""
        return answers.unlinked_text(self.text)


class OperatorFailure(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator must know when the job itself is in trouble. All words are Indonesian."""

    office_name: str
    when: str
    run_id: str = ""
    what: str
    """What went wrong, in one sentence."""
    details: tuple[str, ...] = ()
    remedy: str
    safe: str = "Data yang sudah terkumpul aman; pekerjaan dapat dijalankan ulang."


class PlainMail(msgspec.Struct, frozen=True):
    """Subject and text of a mail without HTML."""

    subject: str
    text: str


@cache
def _environments(folder: str) -> tuple[Environment, Environment]:
    """For HTML and for text. Compiling the templates costs half a second; one that was edited is read again."""
    common: dict[str, Any] = {
        "loader": FileSystemLoader(folder, encoding="utf-8"),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
    html, text = Environment(autoescape=True, **common), Environment(autoescape=False, **common)
    text.filters |= {"fold": fold, "marked": marked, "changed": changed, "underlined": underlined}
    return html, text


class Renderer:
    """The templates, loaded once. ``templates`` may point to an office's own folder."""

    def __init__(self, templates: Path | None = None) -> None:
        self._html, self._text = _environments(str(templates or data_dir("templates")))
        self._inliner = css_inline.CSSInliner(
            load_remote_stylesheets=False, remove_inlined_selectors=True, keep_at_rules=True, minify_css=True
        )

    def html(self, digest: Digest) -> str:
        """The page, styles inlined, as it stands in ``digest`` (nothing is cut here)."""
        page = self._html.get_template("digest.html.j2").render(page=digest, digest=digest)
        return compact(self._inliner.inline(page))

    def text(self, digest: Digest, hidden_findings: int = 0) -> str:
        """The plain twin: the same facts, at most 78 columns wide except for links."""
        page = self._text.get_template("digest.txt.j2").render(digest=digest, hidden_findings=hidden_findings)
        return tidy(page)

    def whatsapp(self, digest: Digest) -> str:
        """A few lines to paste into a chat."""
        return tidy(self._text.get_template("ringkasan-wa.txt.j2").render(digest=digest))

    def operator_failure(self, failure: OperatorFailure) -> PlainMail:
        """The short mail to the operator."""
        shown = OperatorFailure(
            office_name=clean.line(failure.office_name),
            when=clean.line(failure.when),
            run_id=clean.line(failure.run_id),
            what=clean.line(failure.what),
            details=tuple(clean.line(detail) for detail in failure.details),
            remedy=clean.line(failure.remedy),
            safe=clean.line(failure.safe),
        )
        text = tidy(self._text.get_template("operator-failure.txt.j2").render(failure=shown))
        return PlainMail(f"Pantau bermasalah: {shown.what}"[:120], text)

    def render(self, digest: Digest, settings: DigestSettings) -> Rendered:
        """Everything that a staff mail needs, the HTML cut to ``settings.max_findings`` and ``settings.budget_kb``."""
        if digest.trend.chart:
            trend = msgspec.structs.replace(digest.trend, picture=charts.png(digest.trend.chart))
            digest = msgspec.structs.replace(digest, trend=trend)
        text_bytes = budget.encoded_bytes(self.text(digest))
        digest = budget.within_mail(digest, text_bytes + settings.budget_kb * 1024)
        shown, html = budget.fit(
            digest, max_findings=settings.max_findings, budget_kb=settings.budget_kb, draw=self.html
        )
        drawn = (*(card.picture for card in (*shown.flags.cards, *shown.reviews.cards)), shown.trend.picture)
        return Rendered(
            subject=digest.subject,
            html=html,
            text=self.text(digest, shown.flags.hidden + shown.reviews.hidden),
            whatsapp=self.whatsapp(digest),
            pictures=tuple({picture.cid: picture for picture in drawn if picture}.values()),
            hidden_findings=shown.flags.hidden + shown.reviews.hidden,
            html_bytes=budget.encoded_bytes(html),
        )


def fold(text: str, indent: int = 0, first: str = "") -> str:
    """``text`` wrapped to 78 columns; ``first`` is put before the first line, the others are indented by ``indent``."""
    lines = textwrap.wrap(
        text,
        TEXT_COLUMNS,
        initial_indent=first.ljust(indent),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines)


def marked(pieces: tuple[Piece, ...]) -> str:
    """An excerpt in plain text: ``>>these words<<`` are the marked ones."""
    return "".join(f"{_OPEN_MARK}{piece.text}{_CLOSE_MARK}" if piece.strong else piece.text for piece in pieces)


def changed(pieces: tuple[DiffPiece, ...]) -> str:
    """An edit in plain text: ``[-taken out-]`` and ``{+put in+}``."""
    marks = {"same": "{}", "cut": "[-{}-]", "new": "{{+{}+}}"}
    return " ".join(marks[piece.kind].format(piece.text) for piece in pieces)


def underlined(title: str) -> str:
    """A heading in plain text."""
    return f"{title.upper()}\n{'-' * min(len(title), TEXT_COLUMNS)}"


def compact(html: str) -> str:
    """Without blank lines, indentation and what only the inliner needs or adds: they cost bytes and say nothing."""
    lines = (line.strip() for line in _INLINERS_OWN.sub("", html).splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def tidy(text: str) -> str:
    """No trailing blanks, never more than one empty line, one newline at the end."""
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
