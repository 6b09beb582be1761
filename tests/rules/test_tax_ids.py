"""Tax ids: which are taken, which refused."""

import pytest

from rules.refusals import Refusal
from rules.tax_ids import check_tax_id


@pytest.mark.parametrize(
    ("label", "country", "tax_id", "compact"),
    [
        ("a company's CIF", "ES", "B12345674", "B12345674"),
        ("with its country and spaces", "ES", " es b-12345674", "B12345674"),
        ("a person's DNI", "ES", "12345678Z", "12345678Z"),
        ("a foreigner's NIE", "ES", "X1234567L", "X1234567L"),
        ("a German VAT number", "DE", "DE136695976", "DE136695976"),
        ("a country whose numbers are not known", "MX", "abc123", "ABC123"),
    ],
)
def test_a_valid_id_is_taken(label: str, country: str, tax_id: str, compact: str) -> None:
    assert check_tax_id(country, tax_id) == compact, label


@pytest.mark.parametrize(
    ("country", "tax_id"),
    [("ES", "B12345670"), ("ES", "12345678A"), ("ES", ""), ("DE", "DE136695970"), ("MX", " ")],
)
def test_a_wrong_id_is_refused(country: str, tax_id: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_tax_id(country, tax_id)

    assert refused.value.path == ("taxId",)
