"""A packed journey made smaller: the upper half of its instants is replaced by a single byte that does not occur in it.

It knows nothing of what is packed, so it stays exact whatever fields a journey gets.
"""

# Bytes that packed text and small numbers hardly hold; any will do that is absent.
_CANDIDATES = tuple(bytes((each,)) for each in (*range(0xC7, 0xCA), *range(0xD4, 0xD9), *range(0xF5, 0x100), 0xC1))
_PLAIN = b"\x00"
_UINT64 = b"\xcf\x00\x00"
# Beyond it hardly a byte is absent, and these few do not matter.
_LARGE = 2048


def substitute(data: bytes, instant: int) -> bytes:
    """Data with its repetitions replaced; instants around `instant` (epoch ms) are likely to occur in it."""
    if len(data) < _LARGE and 1 << 32 <= instant < 1 << 48:
        for mark in _CANDIDATES:
            if mark not in data:
                upper = (instant >> 32).to_bytes(2, "big")
                return mark + upper + data.replace(_UINT64 + upper, mark)
    return _PLAIN + data


def restore(substituted: bytes) -> bytes:
    """What was given to `substitute`."""
    mark = substituted[:1]
    if mark == _PLAIN:
        return substituted[1:]
    return substituted[3:].replace(mark, _UINT64 + substituted[1:3])
