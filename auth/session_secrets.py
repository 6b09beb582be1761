"""The secrets of sessions, links and tickets: 256 random bits that only the client holds, and their hash. A leaf."""

import hashlib
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret() -> str:
    """256 random bits, in 43 characters that need no quoting anywhere."""
    return secrets.token_urlsafe(32)


def looks_like_secret(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def hash_of(token: str) -> bytes:
    """What is stored. A plain hash suffices: 256 random bits cannot be guessed from it."""
    return hashlib.sha256(token.encode()).digest()
