"""The console's navigation as data: one line a page, shown to whoever holds its permission."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storefront.labels import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A page of the navigation: its path, an icon of the sprite, its text, and the permission it takes, as its page does.

    `tab` puts it into the short bar of phones as well, which has room for five; `exact` says that pages below it
    are other entries' pages.
    """

    path: str
    icon: str
    text: str
    needs: str
    tab: bool = False
    exact: bool = False


# In the order shown. A new page of the console adds its line here, and nothing to a template.
NAVIGATION: Sequence[Entry] = (
    Entry("/staff", "home", N_("Today"), "staff", tab=True, exact=True),
    Entry("/staff/orders", "orders", N_("Orders"), "orders:read", tab=True),
    Entry("/staff/quotes", "edit", N_("Quotes"), "quotes:manage"),
    Entry("/staff/deliveries", "truck", N_("Deliveries"), "deliveries:read"),
    Entry("/staff/punctuality", "clock", N_("On time"), "deliveries:read"),
    Entry("/staff/availability", "box", N_("Availability"), "stock-quantity:read"),
    Entry("/staff/scarce", "users", N_("Scarce stock"), "stock:share"),
    Entry("/staff/lots", "tag", N_("Lots"), "lots:read"),
    Entry("/staff/purchasing", "inbox", N_("Purchasing"), "purchasing:read"),
    Entry("/staff/suppliers", "building", N_("Suppliers"), "purchasing:read"),
    Entry("/staff/scheduling", "calendar", N_("Delivery settings"), "purchasing:read"),
    Entry("/staff/invoices", "clipboard", N_("Invoices"), "invoices:read"),
    Entry("/staff/customers", "building", N_("Customers"), "customers:read", tab=True),
    Entry("/road", "edit", N_("Order on the road"), "on-behalf:act", tab=True),
    Entry("/staff/free-goods", "box", N_("Free goods"), "free-goods:read"),
    Entry("/staff/charges", "truck", N_("Charges"), "charges:read"),
    Entry("/staff/trade-agreements", "tag", N_("Trade agreements"), "trade-agreements:read"),
    Entry("/staff/agreements", "archive", N_("Agreements"), "agreements:read"),
    Entry("/staff/discounts", "tag", N_("Discounts"), "discounts:read"),
    Entry("/staff/approvals", "check", N_("Quotes to consent to"), "quotes:approve"),
    Entry("/staff/concessions", "percent", N_("Concessions"), "orders:discount"),
    Entry("/staff/simulator", "chart", N_("Price simulator"), "prices:simulate"),
    Entry("/staff/suggestions", "chart", N_("Suggestions"), "suggestions:measure"),
    Entry("/staff/payments", "inbox", N_("Payments"), "payments:manage"),
    Entry("/staff/bank", "building", N_("Bank"), "payments:manage"),
    Entry("/staff/credit", "pause", N_("Credit desk"), "credit:release"),
    Entry("/staff/journal", "archive", N_("Journal"), "journal:read"),
    Entry("/staff/imports", "upload", N_("Imports"), "imports:write"),
    Entry("/staff/jobs", "clipboard", N_("Jobs"), "staff"),
    Entry("/products", "catalogue", N_("Products"), "catalog:read", tab=True),
    Entry("/staff/users", "users", N_("Users"), "users:write"),
    Entry("/staff/api-clients", "lock", N_("API clients"), "api-clients:manage"),
)


def entries_for(may: Callable[[str], bool]) -> list[Entry]:
    """The entries of a visitor."""
    return [each for each in NAVIGATION if may(each.needs)]
