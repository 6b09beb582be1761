"""Rounding and spreading once more, with fractions: for the second implementations in the tests."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor


def cents(amount: Fraction, exponent: int) -> Fraction:
    """Half up, away from zero."""
    scale = 10**exponent
    whole = floor(abs(amount) * scale + Fraction(1, 2))
    return Fraction(whole if amount >= 0 else -whole, scale)


def spread(total: Fraction, weights: Sequence[Fraction], exponent: int) -> list[Fraction]:
    """Largest remainder, one cent after the other; ties to the larger weight, then to the earlier."""
    scale, whole = 10**exponent, sum(weights, Fraction(0))
    if not whole:
        weights, whole = [Fraction(1)] * len(weights), Fraction(len(weights))
    exact = [total * scale * weight / whole for weight in weights]
    parts = [floor(each) for each in exact]
    first = {i: (-(exact[i] - parts[i]), -weights[i], i) for i in range(len(weights))}
    while sum(parts) < total * scale:
        best = min(first, key=lambda i: first[i])
        parts[best] += 1
        del first[best]
    return [Fraction(part, scale) for part in parts]
