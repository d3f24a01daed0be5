"""Limits of calls: how many are let in at a time, and from whom.

They are counted in this process: several services each have their own.
"""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from serving.errors import TooManyCallsError

T = TypeVar("T")
QUEUE_RETRY_SECONDS = 2
_NETWORK = 64  # bits of an IPv6 address that one subscriber has


class CallLimits:
    """Counts of sign-ins and refused secrets by address, and of calls by key."""

    def __init__(self, *, sign_in: str, refusal: str, key: str) -> None:
        self._sign_in, self._refusal, self._key = map(parse, (sign_in, refusal, key))
        self._counts = FixedWindowRateLimiter(MemoryStorage())

    @property
    def calls_a_minute(self) -> int:
        """How often a key may call; at least once."""
        return max(1, self._key.amount * 60 // self._key.get_expiry())

    def count_sign_in(self, address: str) -> None:
        """Raises TooManyCallsError."""
        self._count(self._sign_in, "sign_in", address)

    def count_call(self, key_id: str) -> None:
        """Raises TooManyCallsError."""
        self._count(self._key, "call", key_id)

    def count_refusal(self, address: str) -> None:
        """A key or a token was wrong."""
        self._counts.hit(self._refusal, "refusal", address)

    def check_refusals(self, address: str) -> None:
        """Raises TooManyCallsError: too many wrong ones came from there."""
        if not self._counts.test(self._refusal, "refusal", address):
            raise self._refused(self._refusal, "refusal", address)

    def _count(self, limit: RateLimitItem, *who: str) -> None:
        if not self._counts.hit(limit, *who):
            raise self._refused(limit, *who)

    def _refused(self, limit: RateLimitItem, *who: str) -> TooManyCallsError:
        until = self._counts.get_window_stats(limit, *who).reset_time
        return TooManyCallsError(max(1, math.ceil(until - time.time())))


class SlowCalls:
    """A few threads for what takes a core for long, such as to hash a password.

    What comes when the queue is full is refused at once.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self._limiter, self._most, self._n = (
            CapacityLimiter(threads),
            threads + queue,
            0,
        )

    async def run(self, function: Callable[[], T]) -> T:
        """The function's result; raises TooManyCallsError."""
        if self._n >= self._most:
            raise TooManyCallsError(QUEUE_RETRY_SECONDS)
        self._n += 1
        try:
            return await to_thread.run_sync(function, limiter=self._limiter)
        finally:
            self._n -= 1


def subscriber(address: str) -> str:
    """The address as limits count it: of IPv6, the network of one subscriber.

    >>> subscriber("192.0.2.7"), subscriber("2001:db8:1:2:3::4")
    ('192.0.2.7', '2001:db8:1:2::')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    kept = int(parsed) >> (128 - _NETWORK) << (128 - _NETWORK)
    return str(IPv6Address(kept))
