"""What mail programs that cannot run here do to a page, as far as their documents and sources say it."""

import json
import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from pathlib import Path

_RULES = json.loads((Path(__file__).parent / "zimbra.json").read_text("utf-8"))
_VOID = {"br", "img", "hr", "col", "meta", "link", "input"}


def without_style(html: str) -> str:
    """As Gmail's app shows a mailbox of another provider: no style element, and no class that could match one."""
    return re.sub(r' class="[^"]*"', "", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


@dataclass
class Kept:
    """A page after a filter, and what the filter took: element names, ``element.attribute`` and style properties."""

    html: str = ""
    elements: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    properties: set[str] = field(default_factory=set)


def zimbra(html: str) -> Kept:
    """As Zimbra's web client shows it; the worst case also loses the style element."""
    model = _Filter()
    model.feed(without_style(html))
    model.close()
    model.kept.html = "".join(model.out)
    return model.kept


class _Filter(HTMLParser):
    """Drops what is on no list. The text of a dropped element stays, as in the real filter."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept = Kept()
        self.out: list[str] = ["<!DOCTYPE html>"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            return
        if tag not in _RULES["elements"]:
            self.kept.elements.add(tag)
            return
        allowed = {*_RULES["elements"][tag], *(() if tag in _RULES["without_common"] else _RULES["common"])}
        kept = []
        for name, value in attrs:
            shown = self._style(value or "") if name == "style" else value or ""
            if name not in allowed or (name in ("href", "src") and not shown.startswith(tuple(_RULES["schemes"]))):
                self.kept.attributes.add(f"{tag}.{name}")
            else:
                kept.append(f' {name}="{escape(shown)}"')
        self.out.append(f"<{tag}{''.join(kept)}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _RULES["elements"] and tag not in _VOID:
            self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.out.append(escape(data, quote=False))

    def _style(self, css: str) -> str:
        kept = []
        for part in filter(None, (part.strip() for part in css.split(";"))):
            name = part.split(":", 1)[0].strip().lower()
            if name in _RULES["style_names"] or name.startswith(tuple(_RULES["style_starts"])):
                kept.append(part)
            else:
                self.kept.properties.add(name)
        return ";".join(kept)
