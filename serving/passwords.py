"""Passwords: hashed with Argon2id, and compared without telling whether one exists."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from serving.errors import RequestInvalidError

# Argon2id with the library's profile, RFC 9106's second: 64 MiB, 3 passes, 4 lanes.
_HASHER = PasswordHasher()
SHORTEST = 12  # the CNIL's recommendation of 2022, for passwords without other proof
LONGEST = 200


def hashed(password: str) -> str:
    """What is stored of a password; raises RequestInvalidError if it is too short."""
    if len(password) < SHORTEST:
        raise RequestInvalidError("password", "password_too_short")
    if len(password) > LONGEST:
        raise RequestInvalidError("password", "string_too_long")
    return _HASHER.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Is it the password of that hash? As slow where there is none."""
    try:
        _HASHER.verify(stored or _of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _of_nobody() -> str:
    return _HASHER.hash("nobody has this password")
