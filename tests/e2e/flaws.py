"""
Flaws to plant in pages: a button that is gone, a token that is not sent, a sum that is another one (method rule R4).

Like those of tests/safety/flaws.py, to which they are added: `VENTAS_FLAW=name pytest tests/e2e/…` plants one.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader

import app.origins
import auth.passwords
import auth.signing_in
import auth.views
import schema.explorer
import storefront.page
import storefront.pages
import storefront.portal.quick_order
import storefront.rendering
from tests.safety import flaws
from tests.safety.flaws import _put

STATIC = storefront.pages.STATIC
TEMPLATES = Path(storefront.rendering.HERE) / "templates"
UNDER = "vendor"  # large, and not ours


def flaw(name: str, test: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    return flaws.flaw(name, test, "tests/e2e")


def _template(name: str, old: str, new: str) -> None:
    """Renders the template with other words in it."""
    assert old in (TEMPLATES / name).read_text(encoding="utf-8"), f"{name}: mend the flaw"
    read = FileSystemLoader.get_source

    def spoilt(self: FileSystemLoader, environment: Any, template: str) -> Any:
        source, path, is_fresh = read(self, environment, template)
        return source.replace(old, new) if template == name else source, path, is_fresh

    FileSystemLoader.get_source = spoilt  # type: ignore[method-assign]


def in_template(flaw_name: str, test: str, name: str, old: str, new: str = "") -> None:
    """A flaw that is nothing but other words in a template."""
    flaw(flaw_name, test)(lambda: _template(name, old, new))


def _script(name: str, old: str, new: str) -> None:
    """Serves a copy of our own files, in which a script has other words."""
    copied = Path(tempfile.mkdtemp(prefix="ventas-static-"))
    shutil.copytree(STATIC, copied, dirs_exist_ok=True, ignore=shutil.ignore_patterns(UNDER))
    text = (STATIC / name).read_text(encoding="utf-8")
    assert old in text, f"{name}: mend the flaw"
    (copied / name).write_text(text.replace(old, new), encoding="utf-8")
    _put("STATIC", copied, storefront.pages)


# Buying

in_template(
    "the checkout sends the first address",
    "test_buying.py::test_from_a_search_with_a_typo_to_an_order_that_is_cancelled[with scripts]",
    "portal/checkout.html", 'name="address" value="{{ each.id }}"', 'name="address" value="{{ customer.addresses[0].id }}"',
)  # fmt: skip
in_template(
    "the last order's form has no token",
    "test_buying.py::test_the_last_order_is_placed_again_with_three_clicks",
    "portal/home.html", '{{ hidden() }}<input type="hidden" name="act" value="reorder">',
    '<input type="hidden" name="act" value="reorder">',
)  # fmt: skip


@flaw("all forms have one key", "test_buying.py::test_two_tabs_place_one_order")
def _one_key() -> None:
    _put("new_key", lambda: "k" * 24, storefront.page)


in_template(
    "forms send no key",
    "test_buying.py::test_a_double_click_and_the_back_button_place_one_order",
    "macros.html", 'name="key" value', 'name="nothing" value',
)  # fmt: skip

# Companies and their people

in_template(
    "every button chooses the first company",
    "test_companies.py::test_changing_the_company_keeps_both_carts",
    "select_company.html", 'name="customer" value="{{ each.id }}"', 'name="customer" value="{{ session.customers[0].id }}"',
)  # fmt: skip


@flaw(
    "a company that cannot be chosen is not said",
    "test_companies.py::test_a_company_one_does_not_belong_to_cannot_be_chosen",
)
def _not_said() -> None:
    choose = auth.signing_in.Auth.choose_customer

    async def unheard(self: Any, visit: Any, customer_id: Any) -> bool:
        await choose(self, visit, customer_id)
        return True

    auth.signing_in.Auth.choose_customer = unheard  # type: ignore[method-assign]


@flaw(
    "another company is not said to be unknown",
    "test_companies.py::test_one_company_leaves_nothing_to_choose_and_no_other_can_be",
)
def _another_not_said() -> None:
    _not_said()


in_template(
    "nobody is told who may approve",
    "test_approvals.py::test_from_a_limit_to_a_decision[light]",
    "order_sheet.html", "{% if consent.approverNames is defined %}", "{% if false %}",
)  # fmt: skip
in_template(
    "the invitation's form has no token",
    "test_approvals.py::test_a_company_invites_and_makes_a_rule_without_scripts",
    "portal/person.html", '{{ hidden() }}<input type="hidden" name="act" value="invite">',
    '<input type="hidden" name="act" value="invite">',
)  # fmt: skip
in_template(
    "the trail shows no reasons",
    "test_approvals.py::test_administrators_keep_accounts_and_search_the_trail",
    "staff/audit.html", '{{ each.reason or "–" }}', "–",
)  # fmt: skip
in_template(
    "a forgotten password's mail is not announced",
    "test_approvals.py::test_the_door_s_other_pages",
    "forgotten.html", "{% if is_sent %}", "{% if false %}",
)  # fmt: skip

# Other front ends


@flaw(
    "other front ends may send no key",
    "test_cross_origin.py::test_an_allowed_front_end_signs_in_and_places_an_order",
)
def _preflight() -> None:
    allowed = app.origins.PREFLIGHT["Access-Control-Allow-Headers"].replace("Idempotency-Key, ", "")
    _put("PREFLIGHT", app.origins.PREFLIGHT | {"Access-Control-Allow-Headers": allowed}, app.origins)


@flaw("every password is right", "test_cross_origin.py::test_a_wrong_password_is_refused_readably")
def _passwords() -> None:
    _put("verify_password", lambda password_hash, password: True, auth.passwords)


@flaw("every origin is allowed", "test_cross_origin.py::test_any_other_origin_is_refused")
def _origins() -> None:
    class Everybody(frozenset[str]):
        def __contains__(self, origin: object) -> bool:
            return True

    begin = app.origins.Origins.__init__

    def open_door(self: Any, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        self.allowed = Everybody()

    app.origins.Origins.__init__ = open_door  # type: ignore[method-assign]


# Every page

in_template(
    "a link leads nowhere",
    "test_every_page.py::test_every_page_answers_and_stays_at_home[compras@laparra.example]",
    "base.html", 'nav_link("/lists", "heart", _("Lists"))', 'nav_link("/list", "heart", _("Lists"))',
)  # fmt: skip
in_template(
    "a field of the door has no label",
    "test_every_page.py::test_pages_before_the_first_one",
    "login.html", '<label for="email">', '<label for="name">',
)  # fmt: skip
in_template(
    "a page has a style of its own, against its policy",
    "test_every_page.py::test_pages_before_the_first_one",
    "base.html", '<main id="main" tabindex="-1">', '<main id="main" tabindex="-1" style="margin: 0">',
)  # fmt: skip
in_template(
    "pictures have no text instead",
    "test_every_page.py::test_every_page_answers_and_stays_at_home[compras@laparra.example]",
    "macros.html", 'src="{{ shown.url }}" alt=""', 'src="{{ shown.url }}"',
)  # fmt: skip
in_template(
    "a text is not translated",
    "test_every_page.py::test_every_page_answers_and_stays_at_home[compras@laparra.example]",
    "base.html", '{{ _("Skip to the content") }}', "Skip to the content",
)  # fmt: skip
in_template(
    "a text is Spanish in every language",
    "test_languages.py::test_a_page_speaks_one_language[compras@laparra.example-en]",
    "base.html", '{{ _("Skip to the content") }}', "Ir al contenido",
)  # fmt: skip
in_template(
    "the total is without tax",
    "test_northwind.py::test_a_buyer_of_northwind_orders_in_chromium",
    "macros.html", "<dd>{{ totals.gross|money }}</dd>", "<dd>{{ totals.net|money }}</dd>",
)  # fmt: skip

in_template(
    "the sums show the net as the total",
    "test_order_to_cash.py::test_an_order_from_the_cart_to_the_last_credit[en-desktop-light]",
    "macros.html", "<dd>{{ totals.gross|money }}</dd>", "<dd>{{ totals.net|money }}</dd>",
)  # fmt: skip
in_template(
    "refused rows have no reason",
    "test_imports.py::test_an_administrator_imports_stock_on_a_phone[es]",
    "staff/import.html", "{{ each.message }}", "–",
)  # fmt: skip

# GraphiQL


@flaw(
    "the explorer documents the whole schema",
    "test_graphiql.py::test_it_documents_and_runs_what_its_viewer_may_use[compras@laparra.example]",
)
def _whole_schema() -> None:
    _put("build_view", lambda full, held, may_use: full, auth.views)


@flaw(
    "the explorer is given an empty list of tabs",
    "test_graphiql.py::test_it_opens_where_no_example_is_allowed",
)
def _no_tabs() -> None:
    read, guarded = schema.explorer._file, "tabs.length ? tabs : undefined"
    assert guarded in read("page.js"), "page.js: mend the flaw"
    _put("_file", lambda name: read(name).replace(guarded, "tabs"), schema.explorer)


# On behalf of a customer

in_template(
    "a buyer is not told who ordered",
    "test_on_behalf.py::test_a_rep_orders_in_a_buyers_place",
    "order_sheet.html", '_("Placed on behalf of %(person)s by %(name)s.", person=order.onBehalfOfName, name=order.placedByName)',
    '""',
)  # fmt: skip
in_template(
    "the bar leaves",
    "test_on_behalf.py::test_everybody_can_use_the_pages_below_the_bar[light]",
    "base.html", '<section class="behalf"', '<section class="behalf" hidden',
)  # fmt: skip

# Quick order and lists


@flaw(
    "invalid lines are left out unasked",
    "test_quick_order_and_lists.py::test_pasted_lines_are_verified_then_added[with scripts]",
)
def _left_out() -> None:
    given = storefront.portal.quick_order._given
    _put("_given", lambda page: given(page) | {"invalidLines": "LEAVE_OUT"}, storefront.portal.quick_order)


@flaw(
    "the lines to review are all lines",
    "test_quick_order_and_lists.py::test_a_file_is_sent_corrected_and_sent_again[with scripts]",
)
def _all_lines() -> None:
    _put("SHOWN", {"": None, "problems": None}, storefront.portal.quick_order)


MARKED = '" aria-invalid="true{% endif %}"'
in_template(
    "a file's field is not marked",
    "test_quick_order_and_lists.py::test_a_file_that_cannot_be_read_says_why_at_its_field",
    "portal/quick_order.html", f"file-error{MARKED}", 'file-error{% endif %}"',
)  # fmt: skip
in_template(
    "pasted nothing is not marked",
    "test_quick_order_and_lists.py::test_nothing_pasted_and_nothing_orderable_are_said",
    "portal/quick_order.html", f"text-error{MARKED}", 'text-error{% endif %}"',
)  # fmt: skip


@flaw(
    "a screen reader is not told the chosen suggestion",
    "test_quick_order_and_lists.py::test_rows_are_typed_with_suggestions_by_keyboard",
)
def _untold() -> None:
    _script("quick_order.js", 'input.setAttribute("aria-activedescendant", option.id);', "")


in_template(
    "the fields of a row have no name",
    "test_quick_order_and_lists.py::test_everybody_can_use_the_verify_step[light]",
    "portal/quick_order.html", ' aria-label="{{ _("Reference of line %(number)s", number=number) }}"',
)  # fmt: skip
in_template(
    "everybody may rename a shared list",
    "test_quick_order_and_lists.py::test_a_list_is_shared_with_the_company_and_ordered_by_a_colleague",
    "portal/list.html", "{% if list.isMine %}\n", "{% if true %}\n",
)  # fmt: skip


@flaw(
    "private lists open for colleagues",
    "test_quick_order_and_lists.py::test_a_private_list_opens_for_nobody_else",
)
def _private_lists() -> None:
    flaws._private_lists()
    flaws._open_policies("wishlist")


# Orders on the road


@flaw(
    "a captured order has another key each time it is sent",
    "test_road.py::test_two_orders_outlive_the_browser_and_are_placed_once_each",
)
def _another_key() -> None:
    _script("road.js", 'act: "send", key, order', 'act: "send", key: newKey(), order')


@flaw(
    "a changed price is agreed to unasked",
    "test_road.py::test_another_price_asks_again_and_another_person_sees_nothing",
)
def _agreed_unasked() -> None:
    asks = 'return { state: "asks", now: changed.actual.amount, moved };'
    _script("road.js", asks, 'return { state: "waiting", total: changed.actual.amount, moved };')


@flaw(
    "whoever signs in sees the orders of the device",
    "test_road.py::test_another_price_asks_again_and_another_person_sees_nothing",
)
def _orders_of_the_device() -> None:
    _script("road_store.js", 'store.index("user").getAll(user)', "store.getAll()")


@flaw(
    "a rep sends without acting for the customer",
    "test_road.py::test_a_rep_captures_for_a_customer_and_sends_it_later",
)
def _without_acting() -> None:
    _script("road.js", "customer: order.customer, reason", 'customer: "C-00002", reason')


# Staff


@flaw(
    "a rep's pages show every customer",
    "test_staff.py::test_a_rep_sees_the_customers_and_orders_of_the_team_only",
)
def _every_customer() -> None:
    flaws._both_walls()


@flaw("mine is not asked for", "test_staff.py::test_a_rep_sees_only_own_customers_as_own")
def _not_mine() -> None:
    query = storefront.page.Page.query
    storefront.page.Page.query = lambda self, name: "" if name == "mine" else query(self, name)  # type: ignore[method-assign]


in_template(
    "a reason need not be given",
    "test_staff.py::test_a_rep_confirms_one_order_and_refuses_another_and_the_buyer_sees_it",
    "order_sheet.html", "required{{ invalid(id) }}>{{ typed.reason", "{{ invalid(id) }}>{{ typed.reason",
)  # fmt: skip
in_template(
    "a missing reason is not marked",
    "test_staff.py::test_a_reason_of_spaces_is_none",
    "order_sheet.html", "required{{ invalid(id) }}>{{ typed.reason", "required>{{ typed.reason",
)  # fmt: skip

# Prices

in_template(
    "what comes free is not shown",
    "test_golden_order.py::test_the_golden_order_explains_itself[es]",
    "portal/cart.html", "{{ gifts(line.freeGoods) }}", "",
)  # fmt: skip


in_template(
    "a draft forgets what it is bought for",
    "test_promise_and_deliver.py::test_promised_bought_received_shipped_and_closed[es-phone-dark-False]",
    "staff/purchasing.html", '{% for peg in row.pegs %}{{ peg.orderLine.id }}={{ peg.quantity }};{% endfor %}',
)  # fmt: skip
in_template(
    "an order's page tells the day that was asked for",
    "test_promise_and_deliver.py::test_promised_bought_received_shipped_and_closed[es-phone-dark-False]",
    "order_sheet.html", "{% if each.confirmedOn %}", "{% if false %}",
)  # fmt: skip
