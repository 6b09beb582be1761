"""What quantities may be asked of a product."""

import re
from decimal import ROUND_CEILING, Decimal

from rules.refusals import ErrorCode, Path, Refusal

QUANTITY_MAX = Decimal(1_000_000)


def check_quantity(
    quantity: Decimal, *, sku: str, unit: str, decimals: int, pack_size: Decimal, path: Path
) -> Refusal | None:
    """
    What is wrong with a quantity in the product's own unit; None when nothing is.

    Args:
        decimals: how many decimals the unit allows.
        pack_size: the product is sold in multiples of it.
    """
    if quantity <= 0:
        return Refusal(ErrorCode.QUANTITY_INVALID, "The quantity of {sku} must be above zero.", path, sku=sku)
    if quantity > QUANTITY_MAX:
        text = "The quantity of {sku} is larger than the largest we take ({most})."
        return Refusal(ErrorCode.QUANTITY_INVALID, text, path, sku=sku, most=f"{QUANTITY_MAX:f}")
    if quantity != quantity.quantize(Decimal(1).scaleb(-decimals)):
        if decimals == 0:
            text = "{sku} is sold in whole units ({unit})."
        else:
            text = "The quantity of {sku} ({unit}) may have {decimals} decimals at most."
        return Refusal(ErrorCode.QUANTITY_INVALID, text, path, sku=sku, unit=unit, decimals=decimals)
    if quantity % pack_size:
        text = "{sku} is sold in packs of {pack_size}; the next quantity possible is {next_quantity}."
        return Refusal(
            ErrorCode.PACK_SIZE,
            text,
            path,
            sku=sku,
            pack_size=plain(pack_size),
            next_quantity=plain(round_up_to_pack(quantity, pack_size)),
        )
    return None


def round_up_to_pack(quantity: Decimal, pack_size: Decimal) -> Decimal:
    """The smallest multiple of the pack size that is not below the quantity."""
    over = quantity % pack_size
    return quantity if over == 0 else quantity - over + pack_size


def round_up_to_unit(quantity: Decimal, decimals: int) -> Decimal:
    """The smallest quantity of so many decimals that is not below the one given."""
    return quantity.quantize(Decimal(1).scaleb(-decimals), ROUND_CEILING)


def plain(value: Decimal) -> str:
    """A quantity as people write it: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_WHOLE = re.compile(r"[0-9]{1,9}")
_FRACTION = re.compile(r"([0-9]{1,9})[.,]([0-9]{1,6})")


def parse_quantity(text: str) -> Decimal | None:
    """
    A quantity as typed, with a point or a comma before its decimals; None where it is none or is ambiguous.

    "1.000" is a thousand to some and one to others: three decimals exactly are refused, not guessed.
    """
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return Decimal(text)
    found = _FRACTION.fullmatch(text)
    if found is None or len(found[2]) == 3:
        return None
    return Decimal(f"{found[1]}.{found[2]}")
