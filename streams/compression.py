"""Packed journeys made small: zstd, with a dictionary of what they have in common (`python -m benchmarks.dictionary`).

Frames tell neither their size nor that they are zstd, and hold no checksum: Kafka has one for every batch.
"""

import threading
from functools import cache
from hashlib import sha256
from pathlib import Path

import zstandard

# What a value may be unpacked to, so that a broken one cannot take the memory of a worker.
MOST_BYTES = 256 * 1024 * 1024
DICTIONARY = Path(__file__).with_name("journey.dictionary")
# Only with this very dictionary state can be read: another one is another version of state.
DIGEST = "4a44b92edf1f4d73836de10c7dc72a4b353871bcae367ef9e3f786002cb1ff6c"
_FORMAT = zstandard.FORMAT_ZSTD1_MAGICLESS
LEVEL = -1
# Of a frame without a size, a checksum and a dictionary's number.
_BEGINS = b"\x00"
_threads = threading.local()


class CompressionError(ValueError):
    """What is to be decompressed is not what was compressed, or is larger than `MOST_BYTES`."""


def parameters(level: int = LEVEL) -> zstandard.ZstdCompressionParameters:
    """How frames are written."""
    return zstandard.ZstdCompressionParameters.from_level(
        level, format=_FORMAT, write_content_size=False, write_checksum=False, write_dict_id=False
    )


class Codec:
    """Compresses and decompresses by one dictionary. Not for two threads at once."""

    def __init__(self, dictionary: zstandard.ZstdCompressionDict, level: int = LEVEL) -> None:
        with_dictionary = parameters(level)
        dictionary.precompute_compress(compression_params=with_dictionary)
        self.compress = zstandard.ZstdCompressor(dict_data=dictionary, compression_params=with_dictionary).compress
        self._decompress = zstandard.ZstdDecompressor(dict_data=dictionary, format=_FORMAT).decompress

    def decompress(self, frame: bytes, size: int) -> bytes:
        """What was compressed to `frame`; it had `size` bytes. Raises CompressionError."""
        if size > MOST_BYTES:
            raise CompressionError(f"{size} bytes; at most {MOST_BYTES} are unpacked")
        # A frame that told a size of its own would be believed, however much memory that takes.
        if frame[:1] != _BEGINS:
            raise CompressionError("it does not begin as what is compressed does")
        try:
            raw = self._decompress(frame, max_output_size=size, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise CompressionError(str(error)) from error
        if len(raw) != size:
            raise CompressionError(f"{len(raw)} bytes where {size} are told")
        return raw


def codec() -> Codec:
    """The calling thread's own codec."""
    try:
        return _threads.codec  # type: ignore[no-any-return]
    except AttributeError:
        _threads.codec = made = Codec(zstandard.ZstdCompressionDict(_dictionary()))
        return made


@cache
def _dictionary() -> bytes:
    raw = DICTIONARY.read_bytes()
    if sha256(raw).hexdigest() != DIGEST:
        raise RuntimeError(f"{DICTIONARY.name} is not what this program's state is written with: install it anew")
    return raw
