"""Imports for the seller's people: send a file, see how far it is, and fetch the rows that were refused."""

from collections.abc import Sequence

from starlette.responses import Response

from storefront.forms import Problem
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page, Trouble

PAGE_SIZE = 25
KINDS = (
    "PRODUCTS", "CUSTOMERS", "PRICES", "STOCK", "TRADE_AGREEMENTS", "AGREEMENT_LINES", "SUPPLIERS", "SUPPLIER_PRODUCTS",
    "PURCHASE_ORDERS",
)  # fmt: skip


async def show_imports(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("StaffImports", **paging(page, PAGE_SIZE))
    chosen = page.field("kind") if page.field("kind") in KINDS else KINDS[0]
    return page.show(
        "staff/imports.html", 422 if problems else 200, frame=data, jobs=data["jobs"], shapes=data["importShapes"],
        kinds=KINDS, chosen=chosen, verify=bool(page.field("verify")), problems=list(problems),
        pager=neighbours(page, data["jobs"]["pageInfo"]),
    )  # fmt: skip


async def start(page: Page) -> Response:
    upload, problem = await page.send_file("file")
    if problem:
        return await show_imports(page, [Problem(problem, "file")])
    kind = page.field("kind") if page.field("kind") in KINDS else KINDS[0]
    outcome = await page.act("StartImport", kind=kind, uploadId=upload, verifyOnly=bool(page.field("verify")))
    if not outcome.done:
        return await show_imports(page, [Problem(each["message"], "file") for each in outcome.errors])
    return page.go(f"/staff/imports/{outcome.payload['job']['id']}", warnings=outcome.warnings)


async def show_import(page: Page) -> Response:
    data = await page.ask("StaffImport", id=str(page.request.path_params["id"])[:200])
    job = data["job"]
    if job is None or job["dataImport"] is None:
        raise Trouble(404)
    return page.show("staff/import.html", frame=data, job=job, told=job["dataImport"])


PAGES = (
    At("/staff/imports", show_imports, {"start": start}, needs="imports:write", takes_file=True),
    At("/staff/imports/{id}", show_import, needs="imports:write"),
)
