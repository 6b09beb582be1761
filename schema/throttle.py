"""A token bucket per caller, in the memory of this process: many cheap documents or few dear ones."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import ceil
from time import monotonic

CALLERS_MAX = 10_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


@dataclass(frozen=True, slots=True)
class Taken:
    """`retry_after` is the seconds to wait before as much is there; None where it was taken."""

    remaining: int
    retry_after: int | None = None


class Throttle:
    """
    Buckets of `capacity` objects, refilled by `per_second`.

    A document that costs more than is there takes nothing. The callers longest unseen are forgotten.
    """

    def __init__(
        self, capacity: int = 200_000, per_second: int = 10_000, clock: Callable[[], float] = monotonic
    ) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._clock = clock
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def take(self, caller: Hashable, cost: int) -> Taken:
        now = self._clock()
        bucket = self._buckets.pop(caller, None) or _Bucket(self._capacity, now)
        self._buckets[caller] = bucket
        if len(self._buckets) > CALLERS_MAX:
            self._buckets.popitem(last=False)
        gained = max(now - bucket.filled_at, 0.0) * self._per_second
        bucket.tokens, bucket.filled_at = min(bucket.tokens + gained, self._capacity), now
        cost = min(max(cost, 1), self._capacity)
        if cost > bucket.tokens:
            return Taken(int(bucket.tokens), max(ceil((cost - bucket.tokens) / self._per_second), 1))
        bucket.tokens -= cost
        return Taken(int(bucket.tokens))
