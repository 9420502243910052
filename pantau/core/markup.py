"""HTML of strangers made fit for the standard library's parser, which such pages can hold up for hours."""

_CLOSES = (("<!--", "-->"), ("<![CDATA[", "]]>"))


def closed(html: str) -> str:
    """A page without comments and declarations, and without a last tag that never ends.

    At each of these that is not closed, the parser reads to the end of the page: of 200 KB full of them, for minutes. At some
    declarations it raises ``AssertionError``.
    """
    kept: list[str] = []
    at = 0
    while (start := html.find("<!", at)) >= 0:
        kept.append(html[at:start])
        close = next((end for begin, end in _CLOSES if html.startswith(begin, start)), ">")
        end = html.find(close, start + 2)
        at = end + len(close) if end >= 0 else len(html)
    text = " ".join([*kept, html[at:]])  # a blank, lest the pieces make a new one
    last = text.rfind(">") + 1
    return text[:last] + text[last:].replace("<", " ")
