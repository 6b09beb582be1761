"""Segments of customers as saved queries: who is in each, tried before it is saved."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.page import At, Page
from storefront.staff.price_rules import version_of

PATH = "/staff/discounts/segments"
LISTS = {"customerGroups": "groups", "territories": "territories", "countries": "countries"}
FIELDS = LISTS | {
    "code": "code", "name": "name", "revenueLeast": "revenue", "revenueCurrency": "currency", "months": "months",
    "productIds": "skus",
}  # fmt: skip


async def show(page: Page, problems: Sequence[Problem] = (), counted: int | None = None) -> Response:
    data = await page.ask("StaffSegments")
    chosen = page.field("segment") if page.form else page.query("segment")
    segment = next((each for each in data["segments"] if each["id"] == chosen), None)
    typed = {name: page.field(name) for name in FIELDS.values()} if page.form else _typed(segment)
    return page.show(
        "staff/segments.html", 422 if problems else 200, frame=data, segments=data["segments"], segment=segment,
        typed=typed, counted=counted, problems=list(problems),
    )  # fmt: skip


def _typed(segment: Mapping[str, Any] | None) -> dict[str, str]:
    if segment is None:
        return dict.fromkeys(FIELDS.values(), "") | {"months": "12"}
    revenue = segment["revenueLeast"]
    return {field: ", ".join(segment[name]) for name, field in LISTS.items()} | {
        "code": segment["code"], "name": segment["name"], "months": str(segment["months"]),
        "revenue": revenue["amount"] if revenue else "", "currency": revenue["currency"] if revenue else "",
        "skus": ", ".join(each["sku"] for each in segment["products"]),
    }  # fmt: skip


def _words(page: Page, field: str) -> list[str]:
    return [each for each in re.split(r"[\s,;]+", page.field(field)) if each]


async def _read(page: Page) -> tuple[dict[str, Any], list[Problem]]:
    given: dict[str, Any] = {name: _words(page, field) for name, field in LISTS.items()}
    given |= {
        "code": page.field("code"),
        "name": page.field("name"),
        "segmentId": page.field("segment") or None,
    }
    problems = []
    if given["segmentId"]:
        given["expectedVersion"] = version_of(page)
    months = page.field("months")
    given["months"] = int(months) if re.fullmatch("[0-9]{1,3}", months) else 0
    given["revenueCurrency"] = page.field("currency").upper() or None
    given["revenueLeast"] = read_number(page.field("revenue"), page.locale) if page.field("revenue") else None
    if page.field("revenue") and given["revenueLeast"] is None:
        problems.append(Problem(page.gettext("Enter a number, such as 12.5."), "revenue"))
    skus = _words(page, "skus")[:20]
    if skus:
        found = await page.ask("StaffDiscountNames", skus=skus, numbers=[])
        ids = {each["sku"]: each["id"] for each in found["products"]["nodes"]}
        given["productIds"] = [ids[each] for each in skus if each in ids]
        if any(each not in ids for each in skus):
            problems.append(Problem(page.gettext("There is no such one."), "skus"))
    return given, problems


async def _act(page: Page, operation: str) -> Response:
    given, problems = await _read(page)
    if problems:
        return await show(page, problems)
    outcome = await page.act(operation, **given)
    if not outcome.done:
        return await show(page, problems_of(outcome.errors, FIELDS))
    if operation == "PreviewSegment":
        return await show(page, counted=outcome.payload["segment"]["customerCount"])
    return page.go(PATH, page.gettext("The segment was saved."), warnings=outcome.warnings)


async def preview(page: Page) -> Response:
    return await _act(page, "PreviewSegment")


async def save(page: Page) -> Response:
    return await _act(page, "SaveSegment")


PAGES = (At(PATH, show, {"preview": preview, "save": save}, needs="discounts:read"),)
