"""Secrets of OAuth clients: how they are made, stored and compared. A leaf: it knows no tables."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

# By the prefix, scanners of source code recognise a secret that was committed by mistake.
PREFIX = "ventas_cs_"
HINT_CHARACTERS = 4
_NOBODYS = hashlib.sha256(b"nobody has this secret").digest()


def new_client_secret() -> str:
    """256 random bits, in characters that need no quoting in a form, a header or a shell."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of_secret(secret: str) -> bytes:
    """What is stored. A plain hash suffices: 256 random bits cannot be guessed from it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def hint_of(secret: str) -> str:
    return secret[-HINT_CHARACTERS:]


def is_one_of(secret: str, stored: Iterable[bytes], slots: int) -> bool:
    """
    Whether the secret is one of those stored; the same work whichever it is, and where none is stored.

    Args:
        slots: how many comparisons are made, stored secrets or not.
    """
    given = hash_of_secret(secret)
    hashes = [*stored]
    right = False
    for known in [*hashes, *[_NOBODYS] * (slots - len(hashes))]:
        right |= hmac.compare_digest(given, known)
    return right
