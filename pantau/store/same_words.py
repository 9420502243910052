"""Whether two readings of a post by different sources differ in more than the source's manner of writing."""

import re

_HANDLE_SIGN = re.compile(r"(?<![\w.])@(?=\w)")
_BLANKS = re.compile(r"\s+")


def same_words(one: str, other: str) -> bool:
    """True when the texts are equal but for the ``@`` before handles (Meta's Graph API leaves it out) and blanks.

    To be asked only when different sources brought them: what one and the same source writes differently was edited.
    """
    return plain_words(one) == plain_words(other)


def plain_words(text: str) -> str:
    """What is left of a text when the manner of writing of a source is taken away."""
    return _BLANKS.sub(" ", _HANDLE_SIGN.sub("", text)).strip()
