"""Repairs the text of Meta's exports: every byte of UTF-8 stands there as a character of its own (``é`` as ``\\u00c3\\u00a9``)."""

from collectors.text import storable


def repaired(text: str) -> str:
    """``text`` as it was published. What is right already stays as it is: such text is no UTF-8 when taken for bytes.

    A sign of which the end was cut off becomes U+FFFD.
    """
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:  # a character beyond one byte: this text was written properly
        return storable(text)
    try:
        return storable(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        whole = data[: error.start].decode("utf-8")
        cut_short = error.end == len(data) and error.reason == "unexpected end of data"
        return storable(whole + "\ufffd") if cut_short and not whole.isascii() else storable(text)
