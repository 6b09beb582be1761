"""What quantities may be asked of a product."""

from decimal import Decimal

import pytest

from rules.quantities import check_quantity, plain, round_up_to_pack
from rules.refusals import ErrorCode


@pytest.mark.parametrize(
    ("label", "quantity", "decimals", "pack", "code"),
    [
        ("fine", "6", 0, "6", None),
        ("zero", "0", 0, "1", ErrorCode.QUANTITY_INVALID),
        ("negative", "-1", 0, "1", ErrorCode.QUANTITY_INVALID),
        ("half a piece", "0.5", 0, "1", ErrorCode.QUANTITY_INVALID),
        ("half a kilogram", "0.5", 3, "0.5", None),
        ("too finely divided", "0.0005", 3, "0.0005", ErrorCode.QUANTITY_INVALID),
        ("not a pack", "7", 0, "6", ErrorCode.PACK_SIZE),
        ("beyond the most", "1000001", 0, "1", ErrorCode.QUANTITY_INVALID),
        ("absurd", "1e30", 0, "1", ErrorCode.QUANTITY_INVALID),
    ],
)
def test_a_quantity_is_judged(
    label: str, quantity: str, decimals: int, pack: str, code: ErrorCode | None
) -> None:
    refusal = check_quantity(
        Decimal(quantity), sku="A", unit="ud", decimals=decimals, pack_size=Decimal(pack), path=("quantity",)
    )

    assert (None if refusal is None else refusal.code) == code, label
    assert refusal is None or refusal.path == ("quantity",)


@pytest.mark.parametrize(
    ("quantity", "pack", "up"), [("7", "6", "12"), ("12", "6", "12"), ("0.1", "0.25", "0.25")]
)
def test_rounding_up_to_a_pack(quantity: str, pack: str, up: str) -> None:
    assert round_up_to_pack(Decimal(quantity), Decimal(pack)) == Decimal(up)


@pytest.mark.parametrize(
    ("value", "text"), [("12.000000", "12"), ("1.50", "1.5"), ("1E+3", "1000"), ("0.0", "0")]
)
def test_plain_text(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text
