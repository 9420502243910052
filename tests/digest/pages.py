"""Reads a rendered page the way a reader or a screen reader would: visible text, links, headings, tables."""

import re
from html.parser import HTMLParser

VOID = {"br", "meta", "img", "hr", "col"}


class Page(HTMLParser):
    """The visible text of a page with its structure."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.sections: dict[str, str] = {}
        self._heading = ""
        self._hidden = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag in ("style", "title", "head"):
            self._hidden += 1
        if tag == "h2":
            self._heading = ""
        if tag in ("td", "th", "br", "p", "h1", "h2", "h3", "caption", "tr", "div"):
            self._say(" ")

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.unbalanced.append(tag)
        else:
            self.open.pop()
        if tag in ("style", "title", "head"):
            self._hidden -= 1

    def handle_data(self, data):
        if self._hidden:
            return
        if "h2" in self.open:
            self._heading += data
            self.sections.setdefault(self._heading, "")
        self._say(data)

    def _say(self, data):
        self.words.append(data)
        if self._heading:
            self.sections[self._heading] = self.sections.get(self._heading, "") + data

    @property
    def text(self) -> str:
        """Everything visible, blanks collapsed."""
        return re.sub(r"\s+", " ", "".join(self.words)).strip()


def flat(text: str) -> str:
    """Plain text with its line breaks undone."""
    return re.sub(r"\s+", " ", text)
