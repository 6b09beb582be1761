"""What promised days follow from: each form sets one thing, and shows what is wrong with it at its field."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.labels import LABELS, N_
from storefront.page import At, Handler, Page
from storefront.staff.deliveries import version_of

PATH = "/staff/scheduling"
# What takes days in the form of a delivery control: the API's name, and the input's.
CONTROL_DAYS = {
    "salesLeadDays": "lead", "issueMarginDays": "margin", "purchaseLeadDays": "purchase", "horizonDays": "horizon",
    "supplyFenceDays": "supply_fence", "demandFenceDays": "demand_fence", "supplyOffsetDays": "supply_offset",
    "demandOffsetDays": "demand_offset",
}  # fmt: skip
_OPTIONAL = ("purchaseLeadDays", "supplyFenceDays", "demandFenceDays")


async def show(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("Scheduling")
    typed = {name: page.field(name) for name in page.form} if problems else {}
    return page.show(
        "staff/scheduling.html", 422 if problems else 200, frame=data, settings=data["schedulingSettings"],
        typed=typed, sent=_form(page) if problems else "", controls=CONTROL_DAYS,
        optional=_OPTIONAL, methods=tuple(LABELS["delivery_control"]), criteria=tuple(LABELS["lot_criterion"]),
        displays=tuple(LABELS["availability_display"]), policies=tuple(LABELS["sharing_policy"]),
        problems=list(problems),
    )  # fmt: skip


def _form(page: Page) -> str:
    """Which of the page's forms was sent: what the ids of its inputs begin with."""
    return f"{page.field('act')}-{page.field('row')}"


def _days(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else -1  # the API says what is wrong with it


def _maybe_days(text: str) -> int | None:
    return _days(text) if text else None


def _code(text: str) -> str | None:
    return text or None


def holidays_of(text: str) -> tuple[list[dict[str, str]], list[str]]:
    """One a line, a day and a name: "2026-12-25 Navidad"; the lines that begin with no day are told apart."""
    found, bad = [], []
    for line in filter(None, (each.strip() for each in text.splitlines())):
        day, _, name = line.partition(" ")
        if read_date(day) is None:
            bad.append(line)
        else:
            found.append({"day": day, "name": name.strip()})
    return found, bad


async def _act(page: Page, operation: str, fields: Mapping[str, str], **given: Any) -> Response:
    outcome = await page.act(operation, expectedVersion=version_of(page), **given)
    if not outcome.done:
        at = {name: f"{_form(page)}-{field}" for name, field in fields.items()}
        return await show(page, problems_of(outcome.errors, at))
    here = f"{PATH}#{page.field('act')}"
    return page.go(here, page.gettext("The settings were saved."), warnings=outcome.warnings)


async def _of_product(page: Page, text: str) -> tuple[str | None, list[Problem]]:
    """The id of the product by the number typed; None without one: all products."""
    sku = page.field("sku")[:64]
    found = (await page.ask("SchedulingProduct", sku=sku))["product"] if sku else None
    if sku and found is None:
        return None, [Problem(page.gettext(text), f"{_form(page)}-sku")]
    return (found["id"] if found else None), []


async def _of_customer(page: Page, text: str) -> tuple[str | None, list[Problem]]:
    number = page.field("number")[:64]
    found = (await page.ask("SchedulingCustomer", number=number))["customer"] if number else None
    if number and found is None:
        return None, [Problem(page.gettext(text), f"{_form(page)}-number")]
    return (found["id"] if found else None), []


async def save_calendar(page: Page) -> Response:
    days, bad = holidays_of(page.field("holidays"))
    if bad:
        text = page.gettext(
            "Begin each line with a day such as 2026-12-25: “%(line)s” does not.", line=bad[0]
        )
        return await show(page, [Problem(text, f"{_form(page)}-holidays")])
    weekdays = [day for day in range(1, 8) if page.field(f"day-{day}")]
    fields = {"code": "code", "name": "name", "weekdays": "weekdays", "holidays": "holidays"}
    return await _act(
        page, "SaveCalendar", {**fields, "day": "holidays"}, code=page.field("code"), name=page.field("name"),
        weekdays=weekdays, holidays=days,
    )  # fmt: skip


async def save_warehouse(page: Page) -> Response:
    return await _act(
        page, "SetWarehouseTimes", {"calendarCode": "calendar", "handlingDays": "days", "timeZone": "zone"},
        warehouseId=page.field("row"), calendarCode=_code(page.field("calendar")),
        handlingDays=_days(page.field("days")), timeZone=page.field("zone"),
    )  # fmt: skip


async def save_deadline(page: Page) -> Response:
    return await _act(
        page, "SetEntryDeadline",
        {"warehouseId": "warehouse", "weekday": "weekday", "at": "at", "customerGroup": "group"},
        warehouseId=page.field("warehouse"), weekday=_days(page.field("weekday")), at=_code(page.field("at")),
        customerGroup=_code(page.field("group")),
    )  # fmt: skip


async def save_transport(page: Page) -> Response:
    fields = {"warehouseId": "warehouse", "mode": "mode", "country": "country", "postalPrefix": "prefix",
              "days": "days", "calendarCode": "calendar"}  # fmt: skip
    return await _act(
        page, "SetTransportTime", fields, warehouseId=page.field("warehouse"), mode=page.field("mode"),
        country=page.field("country"), postalPrefix=page.field("prefix"), days=_maybe_days(page.field("days")),
        calendarCode=_code(page.field("calendar")),
    )  # fmt: skip


async def save_control(page: Page) -> Response:
    product, problems = await _of_product(page, N_("No product has this number."))
    if page.field("row") == "product" and not page.field("sku"):
        problems = [Problem(page.gettext("Enter the number of a product."), f"{_form(page)}-sku")]
    if problems:
        return await show(page, problems)
    given: dict[str, Any] = {"productId": product, "method": _code(page.field("method"))}
    if given["method"] is not None:
        given |= {
            name: (_maybe_days if name in _OPTIONAL else _days)(page.field(field))
            for name, field in CONTROL_DAYS.items()
        }
        given |= {
            "isUnlimitedAfterHorizon": bool(page.field("unlimited")),
            "lotCriterion": page.field("criterion"),
        }
    return await _act(page, "SetDeliveryControl", CONTROL_DAYS, **given)


async def save_sellable(page: Page) -> Response:
    customer, unknown = await _of_customer(page, N_("No customer has this number."))
    product, problems = await _of_product(page, N_("No product has this number."))
    if unknown or problems:
        return await show(page, [*unknown, *problems])
    return await _act(
        page, "SetSellableDays", {"days": "days", "customerGroup": "group"}, customerId=customer, productId=product,
        customerGroup=_code(page.field("group")), days=_maybe_days(page.field("days")),
    )  # fmt: skip


async def save_receiving(page: Page) -> Response:
    customer, problems = await _of_customer(page, N_("No customer has this number."))
    if customer is None:
        missing = Problem(page.gettext("Enter the number of a customer."), f"{_form(page)}-number")
        return await show(page, problems or [missing])
    return await _act(
        page, "SetCustomerCalendar", {"calendarCode": "calendar"}, customerId=customer,
        calendarCode=_code(page.field("calendar")),
    )  # fmt: skip


async def save_display(page: Page) -> Response:
    typed = page.field("threshold")
    threshold = read_number(typed, page.locale) if typed else None
    if typed and threshold is None:
        text = page.gettext("Enter a quantity, such as 12.")
        return await show(page, [Problem(text, f"{_form(page)}-threshold")])
    group = page.field("row")
    return await _act(
        page, "SetAvailabilityDisplay", {"display": "display", "lowStockThreshold": "threshold"},
        customerGroup=None if group == "all" else group, display=_code(page.field("display")),
        lowStockThreshold=threshold,
    )  # fmt: skip


async def save_sharing(page: Page) -> Response:
    product, problems = await _of_product(page, N_("No product has this number."))
    if page.field("row") == "product" and not page.field("sku"):
        problems = [Problem(page.gettext("Enter the number of a product."), f"{_form(page)}-sku")]
    if problems:
        return await show(page, problems)
    return await _act(
        page, "SetSharingPolicy", {"policy": "policy"}, productId=product, policy=_code(page.field("policy"))
    )


async def save_holding(page: Page) -> Response:
    return await _act(
        page, "SetHoldLimits", {"cartMinutes": "minutes", "staffDays": "days"},
        cartMinutes=_days(page.field("minutes")), staffDays=_days(page.field("days")),
    )  # fmt: skip


ACTS: Mapping[str, Handler] = {
    "calendar": save_calendar,
    "warehouse": save_warehouse,
    "deadline": save_deadline,
    "transport": save_transport,
    "control": save_control,
    "sellable": save_sellable,
    "receiving": save_receiving,
    "display": save_display,
    "sharing": save_sharing,
    "holding": save_holding,
}
PAGES = (At(PATH, show, ACTS, needs="purchasing:read"),)
