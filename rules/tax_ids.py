"""Tax ids: what a country's numbers look like, by python-stdnum."""

from stdnum.es import nif
from stdnum.eu import vat

from rules.refusals import ErrorCode, Path, Refusal


def check_tax_id(country: str, tax_id: str, path: Path = ("taxId",)) -> str:
    """
    The tax id in its compact form.

    Spanish ids (DNI, NIE and companies' CIF) and the VAT numbers of EU members are checked by their check digits;
    those of other countries are kept as they are, since their forms are not known here.

    Raises:
        Refusal(INVALID): the check digit or the form is wrong.
    """
    compact = tax_id.strip().upper()
    if country == "ES":
        number = compact.removeprefix("ES")
        valid = nif.is_valid(number)
        compact = nif.compact(number)
    elif country.lower() in vat.MEMBER_STATES:
        prefixed = compact if compact[:2].isalpha() else f"{country}{compact}"
        valid = vat.is_valid(prefixed)
    else:
        valid = bool(compact)
    if not valid:
        text = "{tax_id} is no valid tax id of {country}."
        raise Refusal(ErrorCode.INVALID, text, path, tax_id=tax_id, country=country)
    return compact
