"""A stored digest as a page of the archive: word for word, but nothing in it can load, run, send or vote.

The digest is ours and escaped already; this is the second lock. Signed ``mailto`` links become plain words: a published
page hands nobody a vote.
"""

from html import escape
from html.parser import HTMLParser

from pantau.digest import clean

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"  # styles are inlined
_VOID = frozenset({"br", "img", "hr", "meta", "col", "wbr"})
_KEPT = _VOID | {
    *("html", "head", "title", "body", "style", "table", "caption", "colgroup", "thead", "tbody", "tfoot", "tr", "th"),
    *("td", "div", "span", "p", "a", "b", "strong", "i", "em", "u", "s", "small", "sup", "sub", "h1", "h2", "h3", "h4"),
    *("ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "code", "center", "font", "del", "ins"),
}
_SILENT = frozenset({"script", "iframe", "object", "embed", "form", "template", "svg", "math", "noscript", "textarea"})
"""Elements whose content goes too."""
_ATTRIBUTES = {
    *("class", "style", "lang", "dir", "width", "height", "align", "valign", "bgcolor", "border", "cellpadding"),
    *("cellspacing", "role", "alt", "scope", "colspan", "rowspan", "id", "aria-hidden", "aria-label", "charset"),
    *("content", "name", "title"),
}


def safe_page(html: str, back: str) -> bytes:
    """The page with its policy and a link back to the night; ``back`` is relative."""
    parser = _Sieve(back)
    parser.feed(html)
    parser.close()
    return ("<!doctype html>\n" + "".join(parser.out).strip() + "\n").encode()


class _Sieve(HTMLParser):
    """Copies what is on the lists and drops the rest; comments (Outlook's conditions) go."""

    def __init__(self, back: str) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._back = back
        self._skipping: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Attributes are written anew, so that nothing depends on how they were quoted."""
        if tag in _SILENT:
            self._skipping.append(tag)
        if self._skipping or tag not in _KEPT:
            return
        if tag == "meta" and not any(value == "color-scheme" for _, value in attrs):
            return
        kept = [(name, value or "") for name, value in attrs if name in _ATTRIBUTES]
        kept += [pair for pair in (_link(tag, name, value or "") for name, value in attrs) if pair]
        self.out.append(f"<{tag}{''.join(f' {name}=' + chr(34) + escape(value) + chr(34) for name, value in kept)}>")
        self._style = tag == "style"
        if tag == "head":
            self.out.append('<meta charset="utf-8">')  # the mail's own is in a form that goes
            self.out.append(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">')
            self.out.append('<meta name="referrer" content="no-referrer">')
            self.out.append('<meta name="viewport" content="width=device-width, initial-scale=1">')
        if tag == "body":
            self.out.append(
                f'<nav style="padding:12px 16px"><a href="{escape(self._back)}">Kembali ke arsip</a></nav><main>'
            )

    def handle_endtag(self, tag: str) -> None:
        """Closes what was copied."""
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.pop()
            return
        self._style = False
        if tag == "body":
            self.out.append("</main>")
        if tag in _KEPT - _VOID:
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Text, escaped anew; a style sheet as it is, since it is ours and the policy lets it load nothing."""
        if not self._skipping:
            self.out.append(data.replace("<", "") if self._style else escape(data, quote=False))


def _link(tag: str, name: str, value: str) -> tuple[str, str] | None:
    if tag == "a" and name == "href" and clean.url(value):
        return "href", value
    if tag == "img" and name == "src" and value.startswith(("data:image/jpeg;base64,", "data:image/png;base64,")):
        return "src", value
    return None
