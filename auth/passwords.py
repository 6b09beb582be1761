"""Passwords: Argon2id, one at a time, the same work whether or not the account exists."""

import asyncio
import unicodedata
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from rules.refusals import ErrorCode, Refusal

LEAST_CHARACTERS = 12
MOST_CHARACTERS = 256

# OWASP's Password Storage Cheat Sheet, second choice for Argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)


def hash_password(password: str) -> str:
    """
    The hash to store; takes some 30 ms, so inside the server `Passwords.hash` runs it in a thread.

    Raises:
        Refusal(INVALID): shorter or longer than a password may be.
    """
    text = _normal(password)
    if len(text) < LEAST_CHARACTERS:
        raise Refusal(
            ErrorCode.INVALID,
            "A password needs at least {least} characters.",
            ("password",),
            least=LEAST_CHARACTERS,
        )
    if len(text) > MOST_CHARACTERS:
        raise Refusal(
            ErrorCode.INVALID,
            "A password may have at most {most} characters.",
            ("password",),
            most=MOST_CHARACTERS,
        )
    return hash_again(text)


def hash_again(password: str) -> str:
    """A new hash of a password that was right; it may be from a time when shorter ones were taken."""
    return _HASHER.hash(_bytes(_normal(password)))


@cache
def _nobodys_hash() -> str:
    """What the password of an unknown account is compared with; made with the same parameters as a real one."""
    return _HASHER.hash(b"nobody has this password")


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. None is an account that is unknown or has no password: same work, and no."""
    text = _normal(password)
    try:
        right = _HASHER.verify(password_hash or _nobodys_hash(), _bytes(text[:MOST_CHARACTERS]))
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None and len(text) <= MOST_CHARACTERS


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _normal(password: str) -> str:
    """Keyboards differ in how they compose an accented letter (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def _bytes(text: str) -> bytes:
    # A lone surrogate is no character, but it must not be a fault either.
    return text.encode("utf-8", "surrogatepass")


class Passwords:
    """Hashes and verifies in a thread, one at a time: a burst of sign-ins takes neither all memory nor all cores."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        # The first unknown account must not cost one hash more than a known one.
        _nobodys_hash()

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(hash_password, password)

    async def hash_again(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(hash_again, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        async with self._turn:
            return await asyncio.to_thread(verify_password, password_hash, password)
