"""Files as a bad disk or a broken download leaves them."""

from hypothesis import strategies as st


def damaged(data: st.DataObject, whole: bytes) -> bytes:
    """``whole`` with up to four changed bytes, perhaps cut off."""
    found = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        found[data.draw(st.integers(0, len(found) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(1, len(found))) if data.draw(st.booleans()) else len(found)
    return bytes(found[:end])
