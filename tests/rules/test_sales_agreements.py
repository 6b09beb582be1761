"""Sales agreements: the worked cases SA-01 to SA-17, and what holds for any lines and commitments."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import ZERO, line_amount
from rules.pricing_facts import Break, Concessions, LineFacts, Party
from rules.refusals import ErrorCode, InvalidTransition, Refusal
from rules.sales_agreements import (
    ABOVE_MAX_RELEASE,
    BELOW_MIN_RELEASE,
    NOT_ENOUGH_LEFT,
    AgreementPricing,
    AgreementStatus,
    Commitment,
    CommitmentType,
    Ineligibility,
    LinkChoice,
    LinkChoiceKind,
    agreed_net,
    choose,
    consumed,
    demand_room,
    eligible,
    takes_agreed_net,
)
from rules.sales_agreements_ledger import (
    Consumption,
    columns,
    consumption_of,
    is_behind,
    move_agreement,
    scaled,
    shortfall,
    status_on,
)

D = Decimal
T = CommitmentType
DAY = date(2026, 6, 20)
PARTY = Party(customers=("own", "parent"), currency="EUR")


def commitment(id: str = "c1", type: CommitmentType = T.PRODUCT_QUANTITY, **given: Any) -> Commitment:
    given.setdefault("committed", D(1000))
    product = "A" if type in (T.PRODUCT_QUANTITY, T.PRODUCT_VALUE) else ""
    if type is T.CATEGORY_VALUE:
        given.setdefault("category_path", "/X/")
    facts: dict[str, Any] = {
        "agreement": "a1",
        "number": "SA-1",
        "label": id,
        "pricing": AgreementPricing.FIXED,
        "holder": "own",
        "released": ZERO,
        "currency": "EUR",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2026, 7, 1),
        "product": product,
        "unit_code": "EA" if type is T.PRODUCT_QUANTITY else "",
    }
    return Commitment(id=id, type=type, **(facts | given))


def line(quantity: str = "10", number: int = 1, sku: str = "A", **given: Any) -> LineFacts:
    facts: dict[str, Any] = {
        "product": sku,
        "priced_on": DAY,
        "breaks": [Break(ZERO, D(20), D(1))],
        "category_path": "/X/Y/",
    }
    return LineFacts(number=number, sku=sku, quantity=D(quantity), **(facts | given))


def at_list(line: LineFacts, commitment: Commitment) -> Decimal:
    """The net under a commitment, where the rules' price is the line's first break."""
    return agreed_net(commitment, line, line.breaks[0].unit_price, line.breaks[0].price_unit, 2)


def test_sa_01_a_quantity_commitment_counts_what_was_ordered() -> None:
    agreed = commitment(committed=D(1000))

    for quantity in ("400", "350"):
        (found,) = choose([agreed], PARTY, [line(quantity)], at_list)
        assert found.link is not None
        agreed = replace(agreed, released=agreed.released + found.link.consumed)

    counted = columns(agreed.committed, Consumption(released=agreed.released))
    assert (counted.released, counted.remaining, counted.overfulfilled) == (D(750), D(250), ZERO)


def test_sa_02_an_enforced_maximum_offers_choices() -> None:
    agreed = commitment(released=D(750), max_enforced=True)

    (found,) = choose([agreed], PARTY, [line("300")], at_list)

    assert found.link is None
    assert found.choices == (
        LinkChoice(LinkChoiceKind.REDUCE, D(250), ZERO),
        LinkChoice(LinkChoiceKind.SPLIT, D(250), D(50)),
        LinkChoice(LinkChoiceKind.KEEP_UNLINKED, ZERO, D(300)),
    )
    assert [(each.reason, dict(each.data)) for each in found.excluded] == [
        (NOT_ENOUGH_LEFT, {"left": "250", "committed": "1000"})
    ]


def test_without_enforcement_more_is_linked_and_shown_as_overfulfilled() -> None:
    (found,) = choose([commitment(released=D(750))], PARTY, [line("300")], at_list)

    assert found.link is not None
    assert columns(D(1000), Consumption(released=D(1050))).overfulfilled == D(50)


@pytest.mark.parametrize(
    ("label", "agreed", "facts", "reason"),
    [
        (
            "SA-04: it ships after the last day",
            {},
            {"priced_on": date(2026, 7, 2)},
            Ineligibility.OUT_OF_DATES,
        ),
        (
            "SA-04: the first day after the last",
            {},
            {"priced_on": date(2026, 7, 1)},
            Ineligibility.OUT_OF_DATES,
        ),
        ("SA-04: the last day", {}, {"priced_on": date(2026, 6, 30)}, None),
        ("SA-04: the first day", {}, {"priced_on": date(2026, 1, 1)}, None),
        ("another currency", {"currency": "USD"}, {}, Ineligibility.OTHER_CURRENCY),
        ("no conversion", {"unit_code": "BOX"}, {}, Ineligibility.NO_CONVERSION),
        ("a conversion", {"unit_code": "BOX"}, {"units": {"BOX": D(12)}}, None),
        (
            "SA-05: a manual price",
            {"is_price_fixed": True},
            {"concessions": Concessions(unit_price=D("8.50"))},
            Ineligibility.PRICE_BROKEN,
        ),
        (
            "SA-05: a manual discount",
            {"is_price_fixed": True},
            {"concessions": Concessions(discount_percent=D(5))},
            Ineligibility.PRICE_BROKEN,
        ),
        ("a manual price, not fixed", {}, {"concessions": Concessions(unit_price=D("8.50"))}, None),
    ],
)
def test_what_a_commitment_takes(
    label: str, agreed: dict[str, Any], facts: dict[str, Any], reason: str | None
) -> None:
    wanted = line(**facts)
    assert eligible(commitment(**agreed), PARTY, wanted, wanted.priced_on) == reason

    (found,) = choose([commitment(**agreed)], PARTY, [wanted], at_list)
    assert (found.link is None) == (reason is not None)
    assert [each.reason for each in found.excluded] == ([] if reason is None else [reason])


@pytest.mark.parametrize(
    ("label", "pricing", "by_rules", "net"),
    [
        ("SA-07: FIXED also when dearer", AgreementPricing.FIXED, "9.50", "100.00"),
        ("CEILING gives way to the rules", AgreementPricing.CEILING, "9.50", "95.00"),
        ("CEILING holds when lower", AgreementPricing.CEILING, "10.50", "100.00"),
    ],
)
def test_fixed_and_ceiling(label: str, pricing: AgreementPricing, by_rules: str, net: str) -> None:
    agreed = commitment(unit_price=D("10.00"), pricing=pricing)

    def price_of(line: LineFacts, commitment: Commitment) -> Decimal:
        by_trade = line_amount(line.quantity, D(by_rules))
        mine = agreed_net(commitment, line, D(by_rules), D(1), 2)
        return mine if takes_agreed_net(commitment, mine, by_trade) else by_trade

    (found,) = choose([agreed], PARTY, [line("10")], price_of)

    assert found.link is not None
    assert (found.link.net, found.link.consumed) == (D(net), D(10))  # it consumes either way


@pytest.mark.parametrize(
    ("label", "agreed", "net"),
    [
        ("SA-06: a percent replaces the line discount", {"discount_percent": D(10)}, "180.00"),
        (
            "the amount comes before the percent",
            {"discount_percent": D(10), "cash_discount_amount": D(1)},
            "171.00",
        ),
        (
            "an amount is of the commitment's unit",
            {"cash_discount_amount": D(12), "unit_code": "BOX"},
            "190.00",
        ),
        ("a price of a box", {"unit_price": D(200), "unit_code": "BOX"}, "166.67"),
        ("a price per 50", {"unit_price": D(100), "price_unit": D(50)}, "20.00"),
        ("never below zero", {"cash_discount_amount": D(30)}, "0.00"),
        ("free is a price", {"unit_price": ZERO}, "0.00"),
    ],
)
def test_agreed_net(label: str, agreed: dict[str, Any], net: str) -> None:
    assert at_list(line("10", units={"BOX": D(12)}), commitment(**agreed)) == D(net)


def test_sa_08_the_most_specific_commitment_takes_the_line() -> None:
    all_three = [
        commitment("L3", T.OVERALL_VALUE, committed=D("20000.00"), discount_percent=D(50)),
        commitment("L2", T.CATEGORY_VALUE, committed=D("5000.00")),
        commitment("L1", committed=D(100)),
    ]

    (found,) = choose(all_three, PARTY, [line("30")], at_list)

    assert found.link is not None
    assert (found.link.commitment.id, found.link.consumed, found.link.net) == ("L1", D(30), D("600.00"))
    left = {each.id: each.left for each in all_three} | {"L1": D(100) - found.link.consumed}
    assert left == {"L1": D(70), "L2": D("5000.00"), "L3": D("20000.00")}


@pytest.mark.parametrize(
    ("label", "first", "second", "header"),
    [
        ("the header's before the own company's", {"holder": "parent", "agreement": "h"}, {}, "h"),
        ("own before ancestor", {"type": T.OVERALL_VALUE}, {"holder": "parent"}, None),
        ("value of a product before a category", {"type": T.PRODUCT_VALUE}, {"type": T.CATEGORY_VALUE}, None),
        (
            "the deepest category",
            {"type": T.CATEGORY_VALUE, "category_path": "/X/Y/"},
            {"type": T.CATEGORY_VALUE, "discount_percent": D(20)},
            None,
        ),
        (
            "the lower net",
            {"discount_percent": D(20), "valid_until": date(2027, 1, 1)},
            {"discount_percent": D(10)},
            None,
        ),
        ("the earliest expiration", {"valid_until": date(2026, 6, 22)}, {}, None),
        ("the id", {}, {}, None),
    ],
)
def test_the_order_of_choice(
    label: str, first: dict[str, Any], second: dict[str, Any], header: str | None
) -> None:
    # The one that should win bears the later id, but where the id itself decides.
    ids = ("a", "b") if label == "the id" else ("b", "a")
    wins, loses = commitment(ids[0], **first), commitment(ids[1], **second)

    for offered in ([wins, loses], [loses, wins]):
        (found,) = choose(offered, PARTY, [line("10")], at_list, header=header)
        assert found.link is not None
        assert found.link.commitment == wins


def test_what_has_too_little_left_is_passed_over() -> None:
    full = commitment("L1", released=D(995), max_enforced=True)
    broad = commitment("L2", T.OVERALL_VALUE, committed=D("20000.00"))

    (found,) = choose([full, broad], PARTY, [line("10")], at_list)

    assert found.link is not None
    assert (found.link.commitment.id, found.choices) == ("L2", ())
    assert [each.commitment.id for each in found.excluded] == ["L1"]


def test_what_an_earlier_line_takes_is_not_left_for_a_later_one() -> None:
    agreed = commitment(committed=D(100), type=T.OVERALL_VALUE, max_enforced=True)
    lines = [line("3", 1, "B"), line("3", 2, "A")]  # 60.00 each, of 100.00

    found = choose([agreed], PARTY, lines, at_list)

    assert [each.link is not None for each in found] == [False, True]  # by SKU, not by entry
    assert found[0].choices == (LinkChoice(LinkChoiceKind.KEEP_UNLINKED, ZERO, D(3)),)


def test_other_customers_commitments_do_not_exist() -> None:
    (found,) = choose([commitment(holder="rival")], PARTY, [line()], at_list)
    assert (found.link, found.excluded) == (None, ())


# SA-09: 500 committed, 200 ordered, all of it delivered, 120 invoiced.
SA_09 = {"ordered": D(200), "cancelled": ZERO, "shipped": D(200), "invoiced": D(120)}


@pytest.mark.parametrize(
    ("case", "returned", "credited", "invoiced", "remaining", "released"),
    [
        ("SA-10: a linked return gives back", "20", "20", "100", "320", "180"),
        ("SA-11: an unlinked one does not", "0", "0", "120", "300", "200"),
    ],
)
def test_returns(
    case: str, returned: str, credited: str, invoiced: str, remaining: str, released: str
) -> None:
    before = consumption_of(**SA_09, returned=ZERO, credited=ZERO)
    after = consumption_of(**SA_09, returned=D(returned), credited=D(credited))

    booked = before + (after - before)  # target minus booked

    counted = columns(D(500), booked)
    assert (counted.invoiced, counted.remaining, counted.released) == (D(invoiced), D(remaining), D(released))
    assert counted.returned == D(returned)


def test_a_cancelled_remainder_releases_capacity() -> None:
    target = consumption_of(D(200), D(80), D(120), D(120), ZERO, ZERO)
    assert columns(D(500), target).remaining == D(380)


def test_sa_13_two_releases_of_sixty_and_a_hundred_left() -> None:
    agreed = demand_room(commitment(committed=D(100), max_enforced=True), D(60))

    with pytest.raises(Refusal) as refused:
        demand_room(agreed, D(60))

    assert (refused.value.code, refused.value.data["left"]) == (ErrorCode.COMMITMENT_EXCEEDED, "40")
    assert agreed.left == D(40)


def test_sa_14_units_are_converted() -> None:
    agreed = commitment(committed=D(100), unit_code="BOX")

    (found,) = choose([agreed], PARTY, [line("300", units={"BOX": D(12)})], at_list)

    assert found.link is not None
    assert found.link.consumed == D(25)
    assert columns(D(100), Consumption(released=found.link.consumed)).remaining == D(75)
    with pytest.raises(Refusal) as refused:
        consumed(agreed, D(300), "EA", {}, ZERO)
    assert refused.value.code is ErrorCode.UNIT_MISMATCH


def test_sa_16_a_call_off_exceeds_its_blanket_line() -> None:
    blanket = [commitment(f"week {n}", committed=D(250), max_enforced=True) for n in range(1, 5)]

    with pytest.raises(Refusal) as refused:
        demand_room(blanket[0], D(260))
    (found,) = choose(blanket, PARTY, [line("260")], at_list)

    assert (refused.value.code, refused.value.data["left"]) == (ErrorCode.COMMITMENT_EXCEEDED, "250")
    assert found.link is None  # one order line consumes one commitment, also where four have 1000 left
    assert found.choices[0] == LinkChoice(LinkChoiceKind.REDUCE, D(250), ZERO)


def test_sa_17_shortfall_and_penalty() -> None:
    assert shortfall(D("12000.00"), D("9500.00"), D(3)) == (D("2500.00"), D("75.00"))
    assert shortfall(D("9000.00"), D("9500.00"), D(3)) == (ZERO, ZERO)


def test_sa_12_release_limits_are_messages() -> None:
    agreed = commitment(min_release=D(300), max_release=D(500))

    said = []
    for quantity in ("10", "20", "30"):
        (found,) = choose([agreed], PARTY, [line(quantity)], at_list)
        assert found.link is not None
        said.append([each.reason for each in found.link.warnings])

    assert said == [[BELOW_MIN_RELEASE], [], [ABOVE_MAX_RELEASE]]


def test_both_sides_confirm_before_it_takes_effect() -> None:
    with pytest.raises(InvalidTransition) as refused:
        move_agreement(AgreementStatus.DRAFT, AgreementStatus.EFFECTIVE)

    assert refused.value.allowed == ("CANCELLED", "PROPOSED")
    proposed = move_agreement(AgreementStatus.DRAFT, AgreementStatus.PROPOSED)
    assert move_agreement(proposed, AgreementStatus.EFFECTIVE) is AgreementStatus.EFFECTIVE


def test_it_expires_the_day_after_its_last() -> None:
    until = date(2026, 7, 1)
    assert status_on(AgreementStatus.EFFECTIVE, until, date(2026, 6, 30)) is AgreementStatus.EFFECTIVE
    assert status_on(AgreementStatus.EFFECTIVE, until, until) is AgreementStatus.EXPIRED
    assert status_on(AgreementStatus.DRAFT, until, until) is AgreementStatus.DRAFT


quantities = st.integers(1, 60).map(Decimal)


@st.composite
def commitments(draw: st.DrawFn) -> list[Commitment]:
    found = []
    for index in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(CommitmentType))
        found.append(
            commitment(
                f"c{index}",
                kind,
                committed=D(draw(st.integers(10, 400))),
                holder=draw(st.sampled_from(["own", "parent", "rival"])),
                max_enforced=draw(st.booleans()),
                discount_percent=D(draw(st.sampled_from([0, 5, 10]))),
                valid_until=draw(st.sampled_from([DAY, date(2026, 7, 1), date(2026, 8, 1)])),
            )
        )
    return found


@st.composite
def documents(draw: st.DrawFn) -> list[LineFacts]:
    skus = draw(st.lists(st.sampled_from("ABCDEFG"), min_size=1, max_size=6, unique=True))
    return [line(str(draw(quantities)), number, sku) for number, sku in enumerate(skus, 1)]


def _by_sku(given: Sequence[Commitment], lines: Sequence[LineFacts]) -> dict[str, tuple[str, Decimal] | None]:
    found = choose(given, PARTY, lines, at_list)
    return {
        each.sku: None if one.link is None else (one.link.commitment.id, one.link.consumed)
        for each, one in zip(lines, found, strict=True)
    }


@given(commitments(), documents(), st.randoms(use_true_random=False))
def test_the_order_of_entry_changes_nothing(
    given: list[Commitment], lines: list[LineFacts], random: Any
) -> None:
    entered = random.sample(lines, len(lines))
    renumbered = [replace(each, number=number) for number, each in enumerate(entered, 1)]

    assert _by_sku(given, lines) == _by_sku(random.sample(given, len(given)), renumbered)


@given(commitments(), documents())
def test_never_more_is_linked_than_is_left(given: list[Commitment], lines: list[LineFacts]) -> None:
    taken: dict[str, Decimal] = {}
    for each in choose(given, PARTY, lines, at_list):
        if each.link is not None:
            taken[each.link.commitment.id] = taken.get(each.link.commitment.id, ZERO) + each.link.consumed

    assert all(taken.get(each.id, ZERO) <= each.left for each in given if each.max_enforced)


@given(st.lists(quantities, min_size=1, max_size=6), st.integers(1, 100_000))
def test_pieces_sum_to_the_whole(parts: list[Decimal], cents: int) -> None:
    whole, net = sum(parts, ZERO), D(cents) / 100
    booked, shipped = Consumption(), ZERO
    for part in parts:
        shipped += part
        target = scaled(consumption_of(whole, ZERO, shipped, shipped, ZERO, ZERO), whole, net, 2)
        booked += target - booked

    assert (booked.released, booked.delivered, booked.invoiced) == (net, net, net)


@pytest.mark.parametrize(
    ("label", "released", "today", "expected"),
    [
        ("nothing on the first day", "0", date(2026, 1, 1), True),
        ("a tenth on the first day of ten", "10", date(2026, 1, 1), False),
        ("half on the fifth day", "50", date(2026, 1, 5), False),
        ("one less than half on the fifth day", "49.99", date(2026, 1, 5), True),
        ("one less than all on the last day", "99", date(2026, 1, 10), True),
        ("all", "100", date(2026, 1, 10), False),
        ("before the first day", "0", date(2025, 12, 31), False),
        ("after the last", "0", date(2026, 1, 11), False),
    ],
)
def test_who_is_behind_with_a_commitment(label: str, released: str, today: date, expected: bool) -> None:
    assert is_behind(D(100), D(released), date(2026, 1, 1), date(2026, 1, 11), today) is expected, label
