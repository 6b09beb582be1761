"""Where a place lies for VAT: the mainland, the Spanish territories with taxes of their own, the Union, the rest."""

from enum import StrEnum

from stdnum.eu import vat


class TaxTerritory(StrEnum):
    """The mainland stands for the Peninsula and the Balearics, where VAT is IVA; codes of ISO 3166-2."""

    MAINLAND = "ES"
    CANARY_ISLANDS = "ES-CN"
    CEUTA = "ES-CE"
    MELILLA = "ES-ML"
    EUROPEAN_UNION = "EU"
    OUTSIDE = "OUTSIDE"


SPAIN = frozenset(
    {TaxTerritory.MAINLAND, TaxTerritory.CANARY_ISLANDS, TaxTerritory.CEUTA, TaxTerritory.MELILLA}
)
# Directive 2006/112/EC; Monaco counts as France (art. 7), Northern Ireland as a member for goods (prefix XI).
_MEMBERS = frozenset(each.upper() for each in vat.MEMBER_STATES) | {"GR", "EL", "MC", "XI"}
# Parts of members outside the VAT territory (Directive 2006/112/EC, art. 6), by how their postal codes begin:
# Heligoland, Buesingen, Livigno, Aland, Mount Athos, the French overseas departments.
_NOT_IN_UNION = frozenset(
    {("DE", "27498"), ("DE", "78266"), ("IT", "23041"), ("FI", "22"), ("GR", "63086"), ("FR", "97")}
    | {("FR", "98"), ("EL", "63086")}
)
_SPANISH_PROVINCES = {
    "35": TaxTerritory.CANARY_ISLANDS,
    "38": TaxTerritory.CANARY_ISLANDS,
    "51": TaxTerritory.CEUTA,
    "52": TaxTerritory.MELILLA,
}


def territory_of(country: str, postal_code: str) -> TaxTerritory | None:
    """
    The territory of an address; None where the address does not say (no country, or no Spanish postal code).

    Args:
        country: two letters of ISO 3166, or a VAT prefix (EL, XI).
        postal_code: as written; Spanish ones have five digits and begin with the province.
    """
    country, code = country.strip().upper(), postal_code.replace(" ", "").upper()
    if not country:
        return None
    if country == "ES":
        if len(code) != 5 or not code.isdecimal() or not "01" <= code[:2] <= "52":
            return None
        return _SPANISH_PROVINCES.get(code[:2], TaxTerritory.MAINLAND)
    if country not in _MEMBERS:
        return TaxTerritory.OUTSIDE
    bare = code.removeprefix(f"{country}-")
    excluded = any(country == member and bare.startswith(prefix) for member, prefix in _NOT_IN_UNION)
    return TaxTerritory.OUTSIDE if excluded else TaxTerritory.EUROPEAN_UNION
