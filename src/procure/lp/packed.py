"""Arrays of numbers as text: exact, compressed, and of a length that is known before they are read.

Bytes of one weight stand together before they are compressed: signs and exponents of neighbours are alike, digits are not.
"""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np

from procure.languages import Said
from procure.units import Array

_NOT_PACKED = Said("it is not what was packed", "詰めたものではない")
_N_NUMBERS = Said("{count:,} numbers", "数値 {count:,} 個")
_MORE = Said("more numbers", "それより多い数値")
_EXPECTED = Said("{seen}, where {length:,} are expected", "{seen}、必要なのは {length:,} 個")

_BYTES = 8  # of a float


def packed(values: Array) -> str:
    """The text of an array of floats.

    >>> unpacked(packed(np.array([0.1, -0.0, 3e300])), 3).tolist()
    [0.1, -0.0, 3e+300]
    """
    of_bytes = np.ascontiguousarray(values, dtype="<f8").view(np.uint8).reshape(-1, _BYTES)
    return base64.b64encode(zlib.compress(of_bytes.T.tobytes(), 9)).decode("ascii")


def unpacked(text: str, length: int) -> Array:
    """The array of so many floats behind `packed`; `ValueError` where the text is none of that length.

    >>> unpacked(packed(np.zeros(3)), 4)
    Traceback (most recent call last):
    ...
    ValueError: 3 numbers, where 4 are expected
    """
    expected = length * _BYTES
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(base64.b64decode(text, validate=True), expected + 1)  # never more than is expected
    except (binascii.Error, zlib.error, ValueError):
        raise ValueError(_NOT_PACKED) from None
    if len(raw) != expected or not (inflate.eof or not expected):
        seen = _N_NUMBERS.format(count=len(raw) // _BYTES) if inflate.eof else _MORE
        raise ValueError(_EXPECTED.format(seen=seen, length=length))
    return np.frombuffer(raw, np.uint8).reshape(_BYTES, -1).T.copy().view("<f8").reshape(-1).astype(float)
