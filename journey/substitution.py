"""A packed journey made smaller: what stands in it again and again is replaced by single bytes that do not occur in it.

That is the upper half of instants, and the word for the team that owns most customers. It knows nothing of what is
packed, so it stays exact whatever fields a journey gets.
"""

# Bytes that packed text and small numbers hardly hold; any will do that is absent.
_CANDIDATES = bytes((0xC1, 0xC7, 0xC8, 0xC9, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB,
                     0xFC, 0xFD, 0xFE, 0xEF, 0xEE, 0xED, 0xEC, 0xEB, 0xEA, 0xE9, 0x7F, 0x7E, 0x7D, 0x7C))  # fmt: skip
_LARGE = 4096
_PLAIN = b"\x00"
_UINT64 = b"\xcf\x00\x00"
_FREQUENT = b"\xa9marketing"


def substitute(data: bytes, instant: int) -> bytes:
    """Data with its repetitions replaced; instants around `instant` (epoch ms) are likely to occur in it."""
    # What is large has too few absent bytes, and it does not matter there.
    marks = _CANDIDATES.translate(None, data) if len(data) < _LARGE else b""
    if len(marks) < 2 or not 1 << 32 <= instant < 1 << 48:
        return _PLAIN + data
    upper, marks = (instant >> 32).to_bytes(2, "big"), marks[:2]
    return marks + upper + data.replace(_UINT64 + upper, marks[:1]).replace(_FREQUENT, marks[1:])


def restore(substituted: bytes) -> bytes:
    """What was given to `substitute`."""
    if substituted[:1] == _PLAIN:
        return substituted[1:]
    data = substituted[4:].replace(substituted[1:2], _FREQUENT)
    return data.replace(substituted[:1], _UINT64 + substituted[2:4])
