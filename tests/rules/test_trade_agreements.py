"""Trade agreements: the cases of the rule book (TA-), and what holds for any rows."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.money import line_amount, round_money
from rules.pricing_facts import (
    GroupMembership,
    LineFacts,
    LineMultilineMode,
    Party,
    PercentBase,
    Scope,
    TradeRelation,
    TradeRow,
)
from rules.trade_agreements import (
    Discount,
    TradeBook,
    combine,
    hits,
    line_discount,
    multiline_discount,
    multiline_quantities,
    total_discount,
    trade_price,
)
from rules.trade_settings import DateType, pricing_day

D = Decimal
DAY = date(2026, 3, 2)
PRICE = TradeRelation.PRICE
LINE = TradeRelation.LINE_DISCOUNT
MULTILINE = TradeRelation.MULTILINE_DISCOUNT
TOTAL = TradeRelation.TOTAL_DISCOUNT


def row(relation: TradeRelation = PRICE, customer: str = "", item: str = "A", **values: Any) -> TradeRow:
    """`customer` and `item` as ids in upper case, as groups with a leading "g:", as all when empty."""

    def scope(text: str) -> tuple[Scope, str]:
        if not text:
            return Scope.ALL, ""
        return (Scope.GROUP, text[2:]) if text.startswith("g:") else (Scope.ONE, text)

    customer_scope, customer_key = scope(customer)
    item_scope, item_key = scope(item)
    for name in (
        "from_quantity",
        "to_quantity",
        "unit_price",
        "price_unit",
        "amount",
        "percent1",
        "percent2",
    ):
        if name in values and values[name] is not None:
            values[name] = D(values[name])
    return TradeRow(
        values.pop("id", "R"),
        relation,
        customer_scope,
        customer_key,
        item_scope,
        item_key,
        values.pop("currency", "EUR"),
        **values,
    )


def party(*customers: str, groups: dict[str, int] | None = None, **values: Any) -> Party:
    memberships = tuple(GroupMembership(code, priority) for code, priority in (groups or {}).items())
    return Party(
        customers or ("C1",),
        values.pop("currency", "EUR"),
        trade_groups=dict.fromkeys(TradeRelation, memberships),
        **values,
    )


def line(quantity: str = "1", **values: Any) -> LineFacts:
    return LineFacts(
        1, "A", "A-1", D(quantity), values.pop("priced_on", DAY), values.pop("breaks", ()), **values
    )


def price_of(
    rows: list[TradeRow], quantity: str = "1", buyer: Party | None = None, **values: Any
) -> Decimal | None:
    found = trade_price(TradeBook(rows), buyer or party(groups={"G1": 0}), line(quantity, **values))
    return None if found is None else found.unit_price


THREE = [
    row(customer="g:G1", id="R1", unit_price="95"),
    row(id="R2", unit_price="90"),
    row(customer="C1", id="R3", unit_price="100"),
]


def find_next(*ids: str) -> list[TradeRow]:
    return [replace(each, find_next=each.id in ids) for each in THREE]


@pytest.mark.parametrize(
    ("case", "rows", "chosen", "price", "others"),
    [
        ("TA-01: the first cell wins although dearer", find_next(), "R3", "100", []),
        ("TA-02: the cheapest of all that are found", find_next("R3", "R1"), "R2", "90", ["R3", "R1"]),
        ("the search stops at the first that says no", find_next("R3"), "R1", "95", ["R3"]),
        ("TA-23: a second price may only lower", [
            row(customer="C1", id="T", unit_price="80", find_next=True), row(id="ADJUSTED", unit_price="85"),
        ], "T", "80", ["ADJUSTED"]),
        ("of equal prices the first that was found", [
            row(id="R2", unit_price="9", find_next=True), row(id="R1", unit_price="9", find_next=True),
        ], "R1", "9", ["R2"]),
        ("a price of 0 is a price", [row(id="FREE", unit_price="0")], "FREE", "0", []),
        ("prices of unlike units are compared by the unit", [
            row(id="R1", unit_price="10", price_unit="3", find_next=True), row(id="R2", unit_price="3.34"),
        ], "R1", "10", ["R2"]),
    ],
)  # fmt: skip
def test_a_price_is_chosen(
    case: str, rows: list[TradeRow], chosen: str, price: str, others: list[str]
) -> None:
    found = trade_price(TradeBook(rows), party(groups={"G1": 0}), line())

    assert found is not None, case
    assert (found.row.id, found.unit_price) == (chosen, D(price)), case
    assert [each.id for each in found.passed_over] == others, case


BREAKS = [
    row(id="1", from_quantity="0", to_quantity="10", unit_price="12.00"),
    row(id="2", from_quantity="10", to_quantity="50", unit_price="11.00"),
    row(id="3", from_quantity="50", unit_price="10.00"),
]


@pytest.mark.parametrize(
    ("case", "quantity", "price"),
    [
        ("TA-13", "9", "12.00"),
        ("TA-13: from is inclusive", "10", "11.00"),
        ("TA-13: to is exclusive", "49", "11.00"),
        ("TA-13: no limit", "50", "10.00"),
        ("TA-14: no quantity falls between", "9.5", "12.00"),
        ("TA-22: six deliveries of 100 are one line of 600", "600", "10.00"),
    ],
)
def test_a_break_is_half_open(case: str, quantity: str, price: str) -> None:
    assert price_of(BREAKS, quantity) == D(price), case


def test_a_price_unit_is_divided_once_at_the_line() -> None:
    """TA-16."""
    found = trade_price(TradeBook([row(unit_price="10.00", price_unit="3")]), party(), line("7"))

    assert found is not None
    assert line_amount(D(7), found.unit_price, found.price_unit) == D("23.33")


@pytest.mark.parametrize(
    ("case", "groups", "price"),
    [
        ("TA-17: Manhattan", {"NORTH_EAST": 0, "NYC": 5}, "70"),
        ("TA-17: Boston", {"NORTH_EAST": 0}, "50"),
        ("a group without a row decides nothing", {"NORTH_EAST": 0, "OTHER": 9}, "50"),
        ("groups of equal priority count as one", {"NYC": 1, "NORTH_EAST": 1}, "50"),
        ("no group, no price", {}, None),
    ],
)
def test_the_group_of_highest_priority_decides(case: str, groups: dict[str, int], price: str | None) -> None:
    rows = [
        row(customer="g:NORTH_EAST", id="N", unit_price="50"),
        row(customer="g:NYC", id="Y", unit_price="70"),
    ]

    assert price_of(rows, buyer=party(groups=groups)) == (None if price is None else D(price)), case


def test_the_deciding_group_is_searched_in_every_cell_and_no_other_is() -> None:
    rows = [
        row(LINE, "g:LOW", "A", id="LOW", percent1="50"),
        row(LINE, "g:HIGH", "", id="HIGH", percent1="1", find_next=True),
        row(LINE, "", "", id="ALL", percent1="2"),
    ]

    found = line_discount(TradeBook(rows), party(groups={"LOW": 0, "HIGH": 1}), line())

    assert [each.id for each in found.rows] == ["HIGH", "ALL"]


USD = [row(id="EUR", unit_price="100"), row(id="GENERIC", unit_price="99", is_generic_currency=True)]


@pytest.mark.parametrize(
    ("case", "rows", "rates", "price"),
    [
        ("TA-19: only a generic row is converted", USD, {"EUR": "1.10"}, "108.90"),
        ("no rate, no price", USD, {}, None),
        ("not generic, no price", USD[:1], {"EUR": "1.10"}, None),
        ("own currency first, even where a generic one is more specific and cheaper",
         [row(customer="C1", unit_price="1", is_generic_currency=True), row(unit_price="120", currency="USD")],
         {"EUR": "1.10"}, "120"),
    ],
)  # fmt: skip
def test_no_currency_is_silently_converted(
    case: str, rows: list[TradeRow], rates: dict[str, str], price: str | None
) -> None:
    buyer = party(currency="USD", rates={code: D(rate) for code, rate in rates.items()})

    assert price_of(rows, buyer=buyer) == (None if price is None else D(price)), case


@pytest.mark.parametrize(
    ("date_type", "matches"),
    [(DateType.ORDER, False), (DateType.REQUESTED_SHIP, True), (DateType.REQUESTED_RECEIPT, False)],
)
def test_the_date_type_says_which_day_counts(date_type: DateType, matches: bool) -> None:
    """TA-20: valid through 31 March, entered as the last day, stored as the day after."""
    march = row(unit_price="9", valid_from=date(2026, 3, 1), valid_until=date(2026, 4, 1))

    day = pricing_day(
        date_type, ordered_on=date(2026, 2, 27), ships_on=date(2026, 3, 2), wanted_on=date(2026, 4, 1)
    )

    assert (price_of([march], priced_on=day) is not None) is matches
    assert price_of([march], priced_on=date(2026, 3, 31)) == D(9)


TIERS = [
    row(LINE, id="base", from_quantity="1", percent1="5"),
    row(LINE, id="ten", from_quantity="10", to_quantity="101", percent1="10"),
    row(LINE, id="hundred", from_quantity="101", to_quantity="501", percent1="20"),
]


@pytest.mark.parametrize(
    ("case", "quantity", "has_next", "percent"),
    [
        ("TA-04: the highest break that is met, and no more", "11", False, "10"),
        ("TA-05: percents are summed, not compounded", "12", True, "15"),
        ("only the base", "9", True, "5"),
        ("none", "0.5", True, "0"),
    ],
)
def test_line_discounts_of_one_cell(case: str, quantity: str, has_next: bool, percent: str) -> None:
    book = TradeBook([replace(each, find_next=has_next) for each in TIERS])

    found = line_discount(book, party(), line(quantity))

    assert found.percent == D(percent), case
    assert found.net_of(D(100)) == 100 - D(percent), case


def discount(relation: TradeRelation = LINE, **values: Any) -> Discount:
    book = TradeBook([row(relation, item="" if relation is MULTILINE else "A", **values)])
    if relation is MULTILINE:
        return multiline_discount(book, party(), line(), D(1))
    return line_discount(book, party(), line())


@pytest.mark.parametrize(
    ("case", "price", "values", "net"),
    [
        ("TA-10: 20 then 20 are 36", "100", {"percent1": "20", "percent2": "20"}, "64"),
        ("TA-11: the amount first", "15.00", {"amount": "1.00", "percent1": "5"}, "13.30"),
        ("TA-11: the percent on gross", "15.00",
         {"amount": "1.00", "percent1": "5", "percent_base": PercentBase.GROSS}, "13.25"),
        ("an amount off three units, exact on a price of three", "10", {"amount": "1", "price_unit": "3"}, "9"),
        ("never below zero", "0.50", {"amount": "1.00", "percent1": "5"}, "0"),
    ],
)  # fmt: skip
def test_a_record_becomes_money(case: str, price: str, values: dict[str, Any], net: str) -> None:
    assert discount(**values).net_of(D(price), D(values.get("price_unit", 1))) == D(net), case


M = LineMultilineMode


@pytest.mark.parametrize(
    ("case", "price", "of_line", "of_multiline", "nets"),
    [
        ("TA-07", "1000", {"amount": "60"}, {"percent1": "5"},
         {M.MAX: "940.00", M.MIN: "950.00", M.SUM: "893.00", M.PRODUCT: "893.00"}),
        ("TA-08", "100", {"amount": "20", "percent1": "10"}, {"amount": "10", "percent1": "5"},
         {M.LINE: "72.00", M.MULTILINE: "85.50", M.MAX: "72.00", M.MIN: "85.50", M.SUM: "59.50", M.PRODUCT: "58.90"}),
        ("never below zero", "10", {"amount": "6", "percent1": "80"}, {"amount": "6", "percent1": "80"},
         {M.LINE: "0.80", M.SUM: "0", M.PRODUCT: "0"}),
        ("more than 100 % together", "10", {"percent1": "60"}, {"percent1": "60"}, {M.SUM: "0", M.PRODUCT: "1.60"}),
    ],
)  # fmt: skip
def test_line_and_multiline_make_one(
    case: str, price: str, of_line: dict[str, Any], of_multiline: dict[str, Any], nets: dict[M, str]
) -> None:
    both = discount(**of_line), discount(MULTILINE, **of_multiline)

    assert {mode: combine(mode, D(price), *both) for mode in nets} == {
        mode: D(net) for mode, net in nets.items()
    }, case


def test_a_multiline_row_counts_the_lines_it_speaks_of() -> None:
    lines = [
        line("30", multiline_discount_group="OIL"),
        replace(line("30", multiline_discount_group="OIL"), number=2),
        replace(line("50"), number=3),
    ]
    sums = multiline_quantities(lines)
    of_group = TradeBook([row(MULTILINE, "", "g:OIL", from_quantity="60", percent1="3")])
    of_all = TradeBook([row(MULTILINE, "", "", from_quantity="100", percent1="2")])

    def percents(book: TradeBook) -> list[Decimal]:
        return [
            multiline_discount(book, party(), each, sums[each.multiline_discount_group], sums[""]).percent
            for each in lines
        ]

    assert sums == {"": D(110), "OIL": D(60)}
    assert percents(of_group) == [D(3), D(3), D(0)]
    assert percents(of_all) == [D(2), D(2), D(2)]


def test_a_total_discount_takes_its_tier_from_the_amount() -> None:
    book = TradeBook(
        [
            row(TOTAL, "", "", id="500", from_quantity="500", to_quantity="1000", percent1="2"),
            row(TOTAL, "", "", id="1000", from_quantity="1000", amount="10", percent1="5", percent2="1"),
            row(
                TOTAL,
                "",
                "",
                id="GBP",
                currency="GBP",
                from_quantity="100",
                amount="10",
                is_generic_currency=True,
            ),
        ]
    )
    in_dollars = party(currency="USD", rates={"GBP": D("1.25")})

    def net(base: str, buyer: Party | None = None) -> Decimal:
        return round_money(total_discount(book, buyer or party(), D(base), DAY).net_of(D(base)))

    assert net("499.99") == D("499.99")
    assert net("999.99") == D("979.99")
    assert net("1000.00") == D("931.10")  # (1000 - 10) x 0.95 x 0.99
    assert [net("124.99", in_dollars), net("125.00", in_dollars)] == [D("124.99"), D("112.50")]
    assert not total_discount(book, party(), D(0), DAY)


def test_ancestors_units_and_inactive_cells() -> None:
    rows = [
        row(customer="PARENT", id="P", unit_price="7", from_quantity="5"),
        row(customer="C1", id="OWN", unit_price="8"),
        row(customer="C1", id="BOX", unit_price="1", unit_code="BOX", from_quantity="9"),
        row(id="ALL", unit_price="6"),
    ]
    book = TradeBook(rows)

    def found(buyer: Party, quantity: str = "10") -> list[str]:
        return [
            each.id
            for each in hits(
                book, PRICE, buyer, item="A", item_group="", unit_code="EA", quantity=D(quantity), day=DAY
            )
        ]

    assert found(party("C1", "PARENT")) == ["OWN"]
    assert found(party("CHILD", "PARENT")) == ["P"]
    assert found(party("CHILD", "PARENT"), "4") == ["ALL"]
    only_all = frozenset({(PRICE, Scope.ALL, Scope.ONE)})
    assert found(party("C1", active_cells=only_all)) == ["ALL"]
    assert found(party("C1", active_cells=frozenset())) == []


quantities = st.integers(0, 60).map(D)
percents = st.integers(0, 100).map(D)
discount_rows = st.lists(
    st.builds(
        TradeRow,
        id=st.uuids().map(str),
        relation=st.sampled_from([LINE, MULTILINE]),
        customer_scope=st.sampled_from(Scope),
        customer=st.sampled_from(["C1", "PARENT"]),
        item_scope=st.sampled_from(Scope),
        item=st.sampled_from(["A", "OTHER"]),
        currency=st.sampled_from(["EUR", "USD"]),
        from_quantity=quantities,
        find_next=st.booleans(),
        amount=st.integers(0, 20).map(D),
        percent1=percents,
        percent2=percents,
        percent_base=st.sampled_from(PercentBase),
        is_generic_currency=st.booleans(),
    ),
    max_size=8,
)


@given(discount_rows, st.randoms(use_true_random=False), quantities, st.sampled_from(M))
def test_laws(rows: list[TradeRow], random: Any, quantity: Decimal, mode: M) -> None:
    """Entry order changes nothing; nothing goes below zero; only the last hit may say that the search ends."""
    shuffled = list(rows)
    random.shuffle(shuffled)
    buyer = party("C1", "PARENT", groups={"C1": 1, "PARENT": 0}, rates={"USD": D("0.9")})
    asked = line(str(quantity), line_discount_group="A", multiline_discount_group="OTHER")

    def priced(entered: list[TradeRow]) -> tuple[Decimal, Discount, Discount]:
        book = TradeBook(entered)
        both = line_discount(book, buyer, asked), multiline_discount(book, buyer, asked, quantity)
        return combine(mode, D("19.99"), *both), *both

    net, of_line, of_multiline = priced(rows)

    assert priced(shuffled) == (net, of_line, of_multiline)
    assert D(0) <= net <= D("19.99")
    for found in (of_line.rows, of_multiline.rows):
        assert all(each.find_next for each in found[:-1])
