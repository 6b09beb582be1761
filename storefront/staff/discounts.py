"""Discount rules for the seller's people: the groups in their order, a rule's editor, and what it conflicts with."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, read_date, read_number
from storefront.labels import LABELS
from storefront.page import At, Page, Trouble

BLANK_ROWS = 3
ROWS_MAX = 10
KINDS = tuple(LABELS["discount_condition"])
BENEFITS = tuple(LABELS["discount_benefit"])
TIER_KINDS = ("PERCENT", "AMOUNT_PER_UNIT", "AMOUNT_PER_LINE", "AMOUNT_PER_ORDER", "UNIT_PRICE")
CODED = ("CUSTOMER_GROUP", "SEGMENT", "CHANNEL", "CATEGORY", "BRAND")
_PLAIN = (
    "code", "name", "group", "phase", "priority", "concurrency", "valid_from", "valid_until", "currency", "coupon",
    "amount_max", "quantity_max", "uses_max", "uses_per_customer_max", "stops_further", "benefit", "percent", "amount",
    "price_unit", "benefit_quantity", "per", "benefit_measure", "benefit_of", "is_stepped", "tier_kind", "tiers",
)  # fmt: skip
_ROW = ("kind", "values", "excluded", "number", "second", "measure", "of", "from", "until")
# The last named step of an error's path -> the input it belongs to.
_FIELDS = {
    "code": "code", "name": "name", "groupId": "group", "priority": "priority", "validUntil": "valid_until",
    "currency": "currency", "coupon": "coupon", "amountMax": "amount_max", "quantityMax": "quantity_max",
    "usesMax": "uses_max", "usesPerCustomerMax": "uses_per_customer_max", "percent": "percent", "amount": "amount",
    "priceUnit": "price_unit", "quantity": "benefit_quantity", "per": "per", "of": "benefit_of", "kind": "benefit",
    "measure": "benefit_measure", "isStepped": "is_stepped", "tiers": "tiers",
}  # fmt: skip


async def show_rules(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("StaffDiscounts")
    typed = {name: page.field(name) for name in ("code", "name", "sequence", "stacking")}
    return page.show(
        "staff/discounts.html", 422 if problems else 200, frame=data, groups=data["discountGroups"],
        problems=list(problems), typed=typed, stackings=tuple(LABELS["discount_stacking"]),
    )  # fmt: skip


async def add_group(page: Page) -> Response:
    sequence = page.field("sequence")
    if not re.fullmatch(r"-?[0-9]{1,6}", sequence):
        return await show_rules(page, [Problem(page.gettext("Enter a whole number."), "sequence")])
    outcome = await page.act(
        "CreateDiscountGroup", code=page.field("code"), name=page.field("name"), sequence=int(sequence),
        stacking=_one_of(page.field("stacking"), "discount_stacking"),
    )  # fmt: skip
    if not outcome.done:
        return await show_rules(page, [_problem(each) for each in outcome.errors])
    return page.go("/staff/discounts", page.gettext("The group was made."))


async def change_group(page: Page) -> Response:
    sequence = page.field("sequence")
    if not re.fullmatch(r"-?[0-9]{1,6}", sequence):
        return page.go("/staff/discounts", bad=[page.gettext("Enter a whole number.")])
    outcome = await page.act(
        "UpdateDiscountGroup", groupId=page.field("group"), expectedVersion=_version(page), name=page.field("name"),
        sequence=int(sequence), stacking=_one_of(page.field("stacking"), "discount_stacking"),
        suppresses=[each for each in re.split(r"[\s,;]+", page.field("suppresses")) if each],
        competesWith=page.field("competes"),
    )  # fmt: skip
    bad = [each["message"] for each in outcome.errors]
    said = [] if bad else [page.gettext("The group was saved.")]
    return page.go("/staff/discounts", *said, bad=bad, warnings=outcome.warnings)


def _one_of(told: str, table: str) -> str:
    known = tuple(LABELS[table])
    return told if told in known else known[0]


def _problem(error: Mapping[str, Any]) -> Problem:
    """A condition's error stands at its row, every other at its field."""
    path = [str(step) for step in error["path"]]
    if path[:1] == ["conditions"] and len(path) > 1:
        return Problem(error["message"], f"row-{path[1]}-values", error["code"])
    if "tiers" in path:
        return Problem(error["message"], "tiers", error["code"])
    name = next((step for step in reversed(path) if step in _FIELDS), "")
    return Problem(error["message"], _FIELDS.get(name, ""), error["code"])


async def show_rule(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("StaffDiscount", id=str(page.request.path_params["id"])[:200])
    rule = data["discountRule"]
    if rule is None:
        raise Trouble(404)
    return _editor(page, data, rule, problems)


async def show_new_rule(page: Page, problems: Sequence[Problem] = ()) -> Response:
    return _editor(page, await page.ask("StaffNewDiscount"), None, problems)


def _editor(
    page: Page, data: Mapping[str, Any], rule: Mapping[str, Any] | None, problems: Sequence[Problem]
) -> Response:
    typed, rows = (_typed(page), _typed_rows(page)) if page.form else _known(rule, page.query("group"))
    rows = [
        *rows,
        *(dict.fromkeys((*_ROW, "days"), "") for _ in range(min(BLANK_ROWS, ROWS_MAX - len(rows)))),
    ]
    return page.show(
        "staff/discount.html", 422 if problems else 200, frame=data, rule=rule, groups=data["discountGroups"],
        segments=data["segments"], typed=typed, rows=rows, kinds=KINDS, benefits=BENEFITS, tier_kinds=TIER_KINDS,
        phases=tuple(LABELS["discount_phase"]), concurrencies=tuple(LABELS["discount_concurrency"]),
        measures=tuple(LABELS["discount_measure"]), extents=tuple(LABELS["discount_extent"]),
        problems=list(problems), editable=rule is None or "UPDATE" in rule["allowedActions"],
    )  # fmt: skip


def _typed(page: Page) -> dict[str, str]:
    return {name: page.field(name) for name in _PLAIN}


def _typed_rows(page: Page) -> list[dict[str, str]]:
    rows = [
        {name: page.field(f"row-{index}-{name}") for name in _ROW} | {"days": _weekdays(page, index)}
        for index in range(ROWS_MAX)
    ]
    return [each for each in rows if each["kind"]]


def _weekdays(page: Page, index: int) -> str:
    told = page.form.getlist(f"row-{index}-days")
    return "".join(sorted({str(each) for each in told if str(each) in tuple("1234567")}))


def _known(rule: Mapping[str, Any] | None, group: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What the editor shows of a stored rule; the defaults of a new one."""
    if rule is None:
        defaults = {"group": group, "phase": "LINE", "priority": "0", "benefit": "PERCENT"}
        return dict.fromkeys(_PLAIN, "") | defaults, []
    benefit = rule["benefit"]
    tiers = benefit["tiers"]
    values = {
        "code": rule["code"], "name": rule["name"], "group": rule["group"]["id"], "phase": rule["phase"],
        "priority": rule["priority"], "concurrency": rule["concurrency"], "valid_from": rule["validFrom"],
        "valid_until": rule["validUntil"], "currency": rule["currency"], "coupon": rule["coupon"],
        "amount_max": rule["amountMax"], "quantity_max": rule["quantityMax"], "uses_max": rule["usesMax"],
        "uses_per_customer_max": rule["usesPerCustomerMax"], "stops_further": "1" if rule["stopsFurther"] else "",
        "benefit": benefit["kind"], "percent": benefit["percent"], "amount": benefit["amount"],
        "price_unit": benefit["priceUnit"], "benefit_quantity": benefit["quantity"], "per": benefit["per"],
        "benefit_measure": benefit["measure"], "benefit_of": benefit["of"],
        "is_stepped": "1" if benefit["isStepped"] else "", "tier_kind": tiers[0]["kind"] if tiers else "",
        "tiers": "\n".join(f"{each['least']}: {each['percent'] or each['amount']}" for each in tiers),
    }  # fmt: skip
    return {name: "" if each is None else str(each) for name, each in values.items()}, [
        _known_row(each) for each in rule["conditions"]
    ]


def _known_row(condition: Mapping[str, Any]) -> dict[str, str]:
    names = [each["sku"] for each in condition["products"]] + [
        each["number"] for each in condition["customers"]
    ]
    if condition["kind"] == "CATEGORY":
        names += [path.strip("/").rsplit("/", 1)[-1] for path in condition["codes"]]
    else:
        names += condition["codes"]
    names += [
        f"{each['product']['sku']} {each['quantity']}" for each in condition["mandatory"] if each["product"]
    ]
    first = ("least", "times", "days", "quantity")
    values = {
        "kind": condition["kind"], "values": ", ".join(names), "excluded": "1" if condition["isExcluded"] else "",
        "number": next((condition[name] for name in first if condition[name] is not None), None),
        "second": condition["months"] if condition["below"] is None else condition["below"],
        "measure": condition["measure"], "of": condition["of"], "from": condition["fromTime"],
        "until": condition["untilTime"], "days": "".join(map(str, condition["weekdays"])),
    }  # fmt: skip
    return {name: "" if each is None else str(each) for name, each in values.items()}


class _Reader:
    """Reads the form into the mutation's input and gathers what cannot be read."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[Problem] = []

    def number(self, name: str) -> str | None:
        told = self.page.field(name)
        if not told:
            return None
        found = read_number(told, self.page.locale)
        if found is None:
            self.problems.append(Problem(self.page.gettext("Enter a number, such as 12 or 2.5."), name))
        return found

    def whole(self, name: str) -> int | None:
        told = self.page.field(name)
        if not told:
            return None
        if not re.fullmatch(r"-?[0-9]{1,9}", told):
            self.problems.append(Problem(self.page.gettext("Enter a whole number."), name))
            return None
        return int(told)

    def day(self, name: str) -> str | None:
        told = self.page.field(name)
        found = read_date(told)
        if told and found is None:
            self.problems.append(Problem(self.page.gettext("Enter a date."), name))
        return found

    def rule(self) -> dict[str, Any]:
        page = self.page
        return {
            "groupId": page.field("group"), "code": page.field("code"), "name": page.field("name"),
            "phase": _one_of(page.field("phase"), "discount_phase"), "priority": self.whole("priority") or 0,
            "concurrency": page.field("concurrency") or None, "validFrom": self.day("valid_from"),
            "validUntil": self.day("valid_until"), "currency": page.field("currency").upper() or None,
            "coupon": page.field("coupon"), "stopsFurther": bool(page.field("stops_further")),
            "amountMax": self.number("amount_max"), "quantityMax": self.number("quantity_max"),
            "usesMax": self.whole("uses_max"), "usesPerCustomerMax": self.whole("uses_per_customer_max"),
            "benefit": self._benefit(),
        }  # fmt: skip

    def _benefit(self) -> dict[str, Any]:
        page, kind = self.page, _one_of(self.page.field("benefit"), "discount_benefit")
        if kind == "TIERED":
            return {
                "kind": kind, "measure": _one_of(page.field("benefit_measure"), "discount_measure"),
                "of": _one_of(page.field("benefit_of"), "discount_extent"), "isStepped": bool(page.field("is_stepped")),
                "tiers": self._tiers(),
            }  # fmt: skip
        wanted = {
            "percent": ("PERCENT", "LEAST_EXPENSIVE"), "priceUnit": ("UNIT_PRICE",), "per": ("LEAST_EXPENSIVE",),
            "quantity": ("SET_PRICE", "LEAST_EXPENSIVE"), "amount": (*TIER_KINDS[1:], "SET_PRICE"),
        }  # fmt: skip
        inputs = {"priceUnit": "price_unit", "quantity": "benefit_quantity"}
        values = {
            name: self.number(inputs.get(name, name)) for name, kinds in wanted.items() if kind in kinds
        }
        return {"kind": kind} | values

    def _tiers(self) -> list[dict[str, Any]]:
        """One tier a line, as `10: 5`."""
        kind = self.page.field("tier_kind")
        kind = kind if kind in TIER_KINDS else TIER_KINDS[0]
        tiers = []
        for line in filter(None, map(str.strip, self.page.field("tiers").splitlines())):
            least, _, value = line.partition(":")
            read = [read_number(each, self.page.locale) for each in (least, value)]
            if None in read:
                self.problems.append(Problem(self.page.gettext("Write one tier a line, as 10: 5."), "tiers"))
                return []
            name = "percent" if kind == "PERCENT" else "amount"
            tiers.append({"least": read[0], "benefit": {"kind": kind, name: read[1]}})
        return tiers

    async def conditions(self) -> list[dict[str, Any]]:
        rows = _typed_rows(self.page)
        wanted: dict[str, list[str]] = {"skus": [], "numbers": []}
        for row in rows:
            if row["kind"] in ("PRODUCT", "MIX_AND_MATCH"):
                wanted["skus"] += [each.split(" ")[0] for each in _names(row)]
            elif row["kind"] == "CUSTOMER":
                wanted["numbers"] += _names(row)
        known: dict[str, str] = {}
        if any(wanted.values()):
            found = await self.page.ask(
                "StaffDiscountNames", **{key: each[:100] for key, each in wanted.items()}
            )
            known = {each["sku"]: each["id"] for each in found["products"]["nodes"]}
            known |= {"#" + each["number"]: each["id"] for each in found["customers"]["nodes"]}
        return [self._condition(index, row, known) for index, row in enumerate(rows)]

    def _condition(self, index: int, row: Mapping[str, str], known: Mapping[str, str]) -> dict[str, Any]:
        kind, at = row["kind"], f"row-{index}-"
        made: dict[str, Any] = {"kind": kind}

        def id_of(name: str, key: str) -> str:
            if key not in known:
                self.problems.append(
                    Problem(self.page.gettext("%(name)s is not known.", name=name), at + "values")
                )
            return known.get(key, "")

        if kind in ("PRODUCT", "CUSTOMER", *CODED) and kind != "CHANNEL":
            made["isExcluded"] = bool(row["excluded"])
        if kind == "PRODUCT":
            made["productIds"] = [id_of(each, each) for each in _names(row)]
        elif kind == "CUSTOMER":
            made["customerIds"] = [id_of(each, "#" + each) for each in _names(row)]
        elif kind in CODED:
            made["codes"] = _names(row)
        elif kind == "WINDOW":
            made |= {"weekdays": [int(each) for each in row["days"]], "fromTime": row["from"] or None,
                     "untilTime": row["until"] or None}  # fmt: skip
        elif kind == "MINIMUM":
            made |= {"measure": row["measure"] or "QUANTITY", "of": row["of"] or None,
                     "least": self.number(at + "number"), "below": self.number(at + "second")}  # fmt: skip
        elif kind == "MIX_AND_MATCH":
            made["quantity"] = self.number(at + "number")
            made["mandatory"] = [
                {"productId": id_of(sku, sku), "quantity": read_number(count or "1", self.page.locale) or "0"}
                for sku, _, count in (each.partition(" ") for each in _names(row))
            ]
        elif kind == "NEAR_EXPIRY":
            made["days"] = self.whole(at + "number")
        elif kind == "BOUGHT_BEFORE":
            made |= {"times": self.whole(at + "number"), "months": self.whole(at + "second")}
        return made


def _names(row: Mapping[str, str]) -> list[str]:
    return [each.strip() for each in re.split(r"[,\n;]", row["values"]) if each.strip()]


async def _save(page: Page, show: Any, operation: str, **more: Any) -> Response:
    reader = _Reader(page)
    given = reader.rule() | {"conditions": await reader.conditions()} | more
    if reader.problems:
        return await show(page, reader.problems)  # type: ignore[no-any-return]
    outcome = await page.act(operation, **given)
    if not outcome.done:
        return await show(page, [_problem(each) for each in outcome.errors])  # type: ignore[no-any-return]
    count = len(outcome.payload["conflicts"])
    told = [page.gettext("It conflicts with other rules; look at the report below.")] if count else []
    said = page.gettext("The rule was saved.")
    return page.go(f"/staff/discounts/{outcome.payload['discountRule']['id']}", said, warnings=told)


async def create(page: Page) -> Response:
    return await _save(page, show_new_rule, "CreateDiscountRule")


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


async def update(page: Page) -> Response:
    key = str(page.request.path_params["id"])[:200]
    return await _save(page, show_rule, "UpdateDiscountRule", ruleId=key, expectedVersion=_version(page))


async def switch(page: Page, operation: str, said: str) -> Response:
    key = str(page.request.path_params["id"])[:200]
    outcome = await page.act(operation, ruleId=key, expectedVersion=_version(page))
    bad = [each["message"] for each in outcome.errors]
    return page.go(f"/staff/discounts/{key}", *([] if bad else [said]), bad=bad)


async def activate(page: Page) -> Response:
    return await switch(page, "ActivateDiscountRule", page.gettext("The rule is switched on."))


async def deactivate(page: Page) -> Response:
    return await switch(page, "DeactivateDiscountRule", page.gettext("The rule is switched off."))


PAGES = (
    At("/staff/discounts", show_rules, {"group": add_group, "change": change_group}, needs="discounts:read"),
    At("/staff/discounts/new", show_new_rule, {"": create}, needs="discounts:manage"),
    At(
        "/staff/discounts/{id}",
        show_rule,
        {"": update, "on": activate, "off": deactivate},
        needs="discounts:read",
    ),
)
