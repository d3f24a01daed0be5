"""Passwords: hashed, checked, and refused where many would guess them."""

from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from serving.errors import RequestInvalidError

# Argon2id, RFC 9106's second profile (64 MiB, 3 passes) on one lane, so that a sign-in
# takes one core and no more.
_HASHER = PasswordHasher(parallelism=1)
SHORTEST = 12  # the CNIL's recommendation of 2022, for passwords without other proof
LONGEST = 200
_READ = 72  # characters that zxcvbn looks at: it takes long over more
_STRONG_ENOUGH = 3  # of 4, zxcvbn: more than 10^8 guesses


def hashed(password: str, about: Iterable[str] = ()) -> str:
    """The hash of a password; `about`: what a stranger knows of the person.

    Raises RequestInvalidError if it is too short, or easily guessed.
    """
    if len(password) < SHORTEST:
        raise RequestInvalidError("password", "password_too_short")
    if len(password) > LONGEST:
        raise RequestInvalidError("password", "string_too_long")
    if _is_common(password, about):
        raise RequestInvalidError("password", "password_common")
    return _HASHER.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Tell whether the hash is that password's; as slow where there is none."""
    try:
        _HASHER.verify(stored or _hash_of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def _is_common(password: str, about: Iterable[str]) -> bool:
    from zxcvbn import zxcvbn  # its lists take a while to read

    known = [word for text in about for word in (text, *text.split())]
    judged = zxcvbn(password[:_READ], user_inputs=["frein", *known])
    return int(judged["score"]) < _STRONG_ENOUGH


@cache
def _hash_of_nobody() -> str:
    return _HASHER.hash("nobody has this password")
