"""What many tests try by turns: each a part of it, together all of it."""

import os
from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")
IS_LONG = os.environ.get("VENTAS_LONG") == "1"


def by_turns(everything: Sequence[T], count: int, *whose: object) -> Sequence[T]:
    """
    So many of them, from a place on that `whose` turn tells, the same in each run; everything in the long run.

    For what one mechanism treats alike wherever it comes, so that trying all of it everywhere only repeats.
    """
    if IS_LONG or count >= len(everything):
        return everything
    start = crc32(repr(whose).encode()) % len(everything)
    return [*everything, *everything][start : start + count]
