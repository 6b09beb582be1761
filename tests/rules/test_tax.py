"""Tax: who owes what where, with which reason, and what an invoice without evidence gets."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import TaxedLine, round_money, tax_by_group
from rules.refusals import ErrorCode, Refusal, Refusals
from rules.states import ProductKind
from rules.tax import (
    DatedRate,
    ReverseChargeGroup,
    Supply,
    TaxDetermination,
    VatStatus,
    ViesEvidence,
    demand_evidence,
    determine_tax,
    rate_on,
    surcharge_of,
)
from rules.tax_territories import TaxTerritory as T
from rules.tax_territories import territory_of

D = Decimal
DAY = date(2026, 3, 1)
RATES = (
    DatedRate(T.MAINLAND, D(18), date(2010, 7, 1), date(2012, 9, 1)),
    DatedRate(T.MAINLAND, D(21), date(2012, 9, 1)),
    DatedRate(T.CANARY_ISLANDS, D(7), date(2020, 1, 1)),
    DatedRate(T.MELILLA, D(4), date(2020, 1, 1)),
)
VIES = ViesEvidence("DE811193231", "WAPIAAAAX1", date(2026, 2, 27), is_valid=True)
PHONES = ReverseChargeGroup.PHONES
HERE = Supply(T.MAINLAND, T.MAINLAND, VatStatus.DOMESTIC, ProductKind.GOODS, DAY, RATES)
UNION = replace(
    HERE, ship_to=T.EUROPEAN_UNION, status=VatStatus.EU_REGISTERED, vies=VIES, transport_evidence="CMR 1"
)
ABROAD = replace(HERE, ship_to=T.OUTSIDE, status=VatStatus.OUTSIDE, transport_evidence="MRN 1")


@pytest.mark.parametrize(
    ("country", "postal_code", "territory"),
    [
        ("ES", "50001", T.MAINLAND),
        ("ES", "07001", T.MAINLAND),
        ("ES", "35001", T.CANARY_ISLANDS),
        ("ES", "38 001", T.CANARY_ISLANDS),
        ("ES", "51001", T.CEUTA),
        ("ES", "52001", T.MELILLA),
        ("ES", "", None),
        ("ES", "99001", None),
        ("ES", "5000", None),
        ("", "50001", None),
        ("DE", "10115", T.EUROPEAN_UNION),
        ("DE", "27498", T.OUTSIDE),
        ("FI", "AX-22100", T.EUROPEAN_UNION),
        ("FI", "FI-22100", T.OUTSIDE),
        ("FR", "97110", T.OUTSIDE),
        ("MC", "98000", T.EUROPEAN_UNION),
        ("XI", "BT1 1AA", T.EUROPEAN_UNION),
        ("GB", "SW1A 1AA", T.OUTSIDE),
        ("ad", "AD500", T.OUTSIDE),
    ],
)
def test_where_an_address_lies(country: str, postal_code: str, territory: T | None) -> None:
    assert territory_of(country, postal_code) == territory


@pytest.mark.parametrize(
    ("case", "supply", "category", "qualification", "percent", "surcharge", "code", "regime"),
    [
        ("domestic", HERE, "S", "S1", "21", "0", "", "01"),
        (
            "the day a rate ends",
            replace(HERE, supplied_on=date(2012, 9, 1)),
            *("S", "S1", "21", "0", "", "01"),
        ),
        (
            "by the day of supply",
            replace(HERE, supplied_on=date(2012, 8, 31)),
            "S",
            "S1",
            "18",
            "0",
            "",
            "01",
        ),
        ("IN-03: surcharge", replace(HERE, status=VatStatus.SURCHARGE), "S", "S1", "21", "5.2", "", "18"),
        (
            "no surcharge on services",
            replace(HERE, status=VatStatus.SURCHARGE, kind=ProductKind.SERVICE),
            *("S", "S1", "21", "0", "", "01"),
        ),
        (
            "tobacco's own surcharge",
            replace(
                HERE,
                status=VatStatus.SURCHARGE,
                rates=(DatedRate(T.MAINLAND, D(21), DAY, None, D("1.75")),),
            ),
            *("S", "S1", "21", "1.75", "", "18"),
        ),
        (
            "a rate of zero is Z",
            replace(HERE, rates=(DatedRate(T.MAINLAND, D(0), DAY),)),
            *("Z", "S1", "0", "0", "", "01"),
        ),
        (
            "an embassy",
            replace(HERE, status=VatStatus.EXEMPT, exemption_evidence="Certificado 1"),
            *("E", "E3", "0", "0", "VATEX-EU-151", "01"),
        ),
        ("IN-16 a: intra-EU", UNION, "K", "E5", "0", "0", "VATEX-EU-IC", "01"),
        (
            "IN-16 b: reverse charge to a reseller",
            replace(
                HERE,
                status=VatStatus.RESELLER,
                reverse_charge_group=PHONES,
                reverse_charge_net=D("1000.00"),
                reseller_evidence="CENSO-7",
            ),
            *("AE", "S2", "0", "0", "VATEX-EU-AE", "01"),
        ),
        (
            "exactly 10,000.00 is not above it",
            replace(HERE, reverse_charge_group=PHONES, reverse_charge_net=D("10000.00")),
            *("S", "S1", "21", "0", "", "01"),
        ),
        (
            "a cent above 10,000.00",
            replace(HERE, reverse_charge_group=PHONES, reverse_charge_net=D("10000.01")),
            *("AE", "S2", "0", "0", "VATEX-EU-AE", "01"),
        ),
        (
            "other goods of the same invoice",
            replace(HERE, reverse_charge_net=D("20000.00")),
            *("S", "S1", "21", "0", "", "01"),
        ),
        (
            "Canary Islands",
            replace(ABROAD, ship_to=T.CANARY_ISLANDS),
            "G",
            "E2",
            "0",
            "0",
            "VATEX-EU-G",
            "02",
        ),
        ("Ceuta", replace(ABROAD, ship_to=T.CEUTA), "G", "E2", "0", "0", "VATEX-EU-G", "02"),
        ("outside", ABROAD, "G", "E2", "0", "0", "VATEX-EU-G", "02"),
        (
            "a German who takes the goods here",
            replace(UNION, ship_to=T.MAINLAND),
            *("S", "S1", "21", "0", "", "01"),
        ),
        (
            "an EU customer without a number",
            replace(UNION, status=VatStatus.EU_UNREGISTERED),
            *("S", "S1", "21", "0", "", "01"),
        ),
        (
            "a service to an EU business",
            replace(UNION, kind=ProductKind.SERVICE, ship_to=T.MAINLAND, established=T.EUROPEAN_UNION),
            *("AE", "N2", "0", "0", "VATEX-EU-AE", "01"),
        ),
        (
            "a service outside",
            replace(ABROAD, kind=ProductKind.SERVICE),
            *("O", "N2", "0", "0", "VATEX-EU-O", "01"),
        ),
        (
            "an exempt product",
            replace(HERE, product_category="E"),
            *("E", "E1", "0", "0", "VATEX-EU-132", "01"),
        ),
        (
            "a product not subject",
            replace(HERE, product_category="O"),
            *("O", "N1", "0", "0", "VATEX-EU-O", "01"),
        ),
        (
            "IGIC",
            replace(HERE, seller=T.CANARY_ISLANDS, ship_to=T.CANARY_ISLANDS),
            *("L", "S1", "7", "0", "", "01"),
        ),
        ("IPSI", replace(HERE, seller=T.MELILLA, ship_to=T.MELILLA), "M", "S1", "4", "0", "", "01"),
        (
            "from the Canary Islands to the mainland",
            replace(HERE, seller=T.CANARY_ISLANDS, transport_evidence="DUA 1"),
            *("G", "E2", "0", "0", "VATEX-EU-G", "02"),
        ),
    ],
)
def test_determination(
    case: str,
    supply: Supply,
    category: str,
    qualification: str,
    percent: str,
    surcharge: str,
    code: str,
    regime: str,
) -> None:
    found = determine_tax(supply)

    assert (found.category, found.qualification) == (category, qualification), case
    assert (found.percent, found.surcharge_percent) == (D(percent), D(surcharge)), case
    assert (found.reason_code, found.regime) == (code, regime), case
    assert bool(found.reason) == bool(code), case
    assert found.needs_own_series == (found.qualification == "S2"), case
    demand_evidence([found])


@pytest.mark.parametrize(
    ("case", "supply", "path"),
    [
        ("no place", replace(HERE, ship_to=None), ("shipTo", "postalCode")),
        (
            "no place of a service",
            replace(HERE, kind=ProductKind.SERVICE, ship_to=None),
            ("shipTo", "postalCode"),
        ),
        ("no status", replace(HERE, status=VatStatus.UNKNOWN), ("customer", "vatStatus")),
        (
            "a Spanish number abroad",
            replace(UNION, vies=replace(VIES, number="ESB99407116")),
            ("customer", "vatNumber"),
        ),
        ("no number abroad", replace(UNION, status=VatStatus.DOMESTIC), ("customer", "vatNumber")),
    ],
)
def test_unknown_data_is_taxed_with_a_warning(case: str, supply: Supply, path: tuple[str, ...]) -> None:
    found = determine_tax(supply)

    assert (found.category, found.percent) == ("S", D(21)), case
    assert [remark.path for remark in found.warnings] == [path], case


VAT_NUMBER = ("customer", "vatNumber")
TRANSPORT = ("transportEvidence",)


@pytest.mark.parametrize(
    ("case", "supply", "paths"),
    [
        ("no check", replace(UNION, vies=None), [VAT_NUMBER]),
        ("VIES said no", replace(UNION, vies=replace(VIES, is_valid=False)), [VAT_NUMBER]),
        ("no request number", replace(UNION, vies=replace(VIES, request_id="")), [VAT_NUMBER]),
        ("a check too old", replace(UNION, vies=replace(VIES, checked_on=date(2025, 2, 28))), [VAT_NUMBER]),
        ("no transport", replace(UNION, transport_evidence=""), [TRANSPORT]),
        ("nothing at all", replace(UNION, vies=None, transport_evidence=""), [VAT_NUMBER, TRANSPORT]),
        ("export without transport", replace(ABROAD, transport_evidence=""), [TRANSPORT]),
        (
            "a reseller without a certificate",
            replace(HERE, status=VatStatus.RESELLER, reverse_charge_group=PHONES),
            [("customer", "resellerEvidence")],
        ),
    ],
)
def test_an_exemption_without_evidence_is_refused(
    case: str, supply: Supply, paths: list[tuple[str, ...]]
) -> None:
    found = determine_tax(supply)

    assert found.percent == 0, case
    with pytest.raises((Refusal, Refusals)) as refused:
        demand_evidence([found, found])

    raised = refused.value
    said = [raised] if isinstance(raised, Refusal) else list(getattr(raised, "refusals", ()))
    assert [each.path for each in said] == paths, case
    assert {each.code for each in said} == {ErrorCode.EVIDENCE_REQUIRED}, case


def test_no_rate_on_the_day_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        rate_on(RATES, T.CEUTA, DAY)

    assert (refused.value.code, refused.value.path) == (ErrorCode.INVALID, ("taxCategory",))


@pytest.mark.parametrize(
    ("percent", "surcharge"),
    [
        ("21", "5.2"),
        ("10.000000", "1.4"),
        ("4", "0.5"),
        ("5", "0.62"),
        ("2", "0.26"),
        ("7.5", "1"),
        ("0", "0"),
    ],
)
def test_surcharge_of_a_rate(percent: str, surcharge: str) -> None:
    assert surcharge_of(D(percent)) == D(surcharge)


def test_an_unknown_rate_has_no_surcharge() -> None:
    with pytest.raises(Refusal) as refused:
        surcharge_of(D(18))

    assert (refused.value.code, refused.value.path) == (ErrorCode.INVALID, ("surchargePercent",))


@pytest.mark.parametrize(
    ("case", "percent", "tax", "surcharge"),
    [
        ("IN-03", "21", "210.00", "52.00"),
        ("IN-04", "10", "100.00", "14.00"),
        ("IN-04", "4", "40.00", "5.00"),
    ],
)
def test_surcharge_stands_on_the_base_of_the_tax(case: str, percent: str, tax: str, surcharge: str) -> None:
    line = TaxedLine(D("1000.00"), "S", D(percent), 1, surcharge_of(D(percent)))

    [group], _ = tax_by_group([line])

    assert (group.base, group.tax, group.surcharge) == (D("1000.00"), D(tax), D(surcharge)), case


def test_rates_of_one_tax_with_two_surcharges_are_two_groups() -> None:
    lines = [TaxedLine(D("100.00"), "S", D(21), n, D(each)) for n, each in enumerate(("5.2", "1.75"))]

    groups, taxes = tax_by_group(lines)

    assert [group.surcharge for group in groups] == [D("1.75"), D("5.20")]
    assert taxes == [D("21.00"), D("21.00")]


lines = st.lists(
    st.builds(
        TaxedLine,
        st.decimals("0", "10000", places=2),
        st.sampled_from(["S", "K"]),
        st.sampled_from([D(21), D(10), D(4)]),
        st.integers(0, 9),
        st.sampled_from([D(0), D("5.2")]),
    ),
    max_size=12,
)


@given(lines)
def test_groups_sum_to_the_invoice(given_lines: list[TaxedLine]) -> None:
    groups, taxes = tax_by_group(given_lines)

    assert sum(group.base for group in groups) == sum(line.net for line in given_lines)
    assert sum(group.tax for group in groups) == sum(taxes)
    assert len({(group.category, group.percent, group.surcharge_percent) for group in groups}) == len(groups)
    for group in groups:
        assert group.surcharge == round_money(group.base * group.surcharge_percent / 100)


@given(
    st.sampled_from([T.MAINLAND, T.CANARY_ISLANDS, T.MELILLA]),
    st.sampled_from([*T, None]),
    st.sampled_from(list(VatStatus)),
    st.sampled_from(list(ProductKind)),
    st.sampled_from(["S", "E", "O"]),
    st.booleans(),
)
def test_untaxed_means_a_reason_and_taxed_means_none(
    seller: T, ship_to: T | None, status: VatStatus, kind: ProductKind, category: str, has_evidence: bool
) -> None:
    evidence = "CMR" if has_evidence else ""
    found: TaxDetermination = determine_tax(
        replace(
            HERE,
            seller=seller,
            ship_to=ship_to,
            status=status,
            kind=kind,
            product_category=category,
            transport_evidence=evidence,
        )
    )

    assert (found.category in "SZLM") == (found.qualification == "S1")
    assert (found.percent > 0) == (found.qualification == "S1")
    assert bool(found.reason) == bool(found.reason_code) == (found.qualification != "S1")
    assert not found.surcharge_percent or (found.category, status) == ("S", VatStatus.SURCHARGE)
