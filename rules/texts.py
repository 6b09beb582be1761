"""Text keys: how names sort and how what people type is compared."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")


def fold(text: str) -> str:
    """Lower case without accents and doubled spaces; what a search compares."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _SPACES.sub(" ", plain).strip()


def sort_key(text: str) -> str:
    """
    A key that sorts bytewise as Spanish does: accents ignored, ñ after every n.

    The tilde is above all letters in ASCII, so "n~" follows "nz".
    """
    return fold(unicodedata.normalize("NFC", text.casefold()).replace("ñ", "n~"))


def item_key(code: str) -> str:
    """A code as people type it: case, spaces, dots and dashes do not matter."""
    return re.sub(r"[\s.\-_/]", "", fold(code)).upper()
