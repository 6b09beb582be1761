"""Bank files: certain lines are payments, the others wait for a person, and a bad file is refused by line and field."""

import base64
from typing import Any

import pytest

from tests.rules.test_bank_files import make_movement, make_norma43
from tests.schema.invoicing import codes, invoiced, read
from tests.schema.paying import customer_id, ledger
from tests.schema.shop import Shop

HEAD = "fecha;importe;concepto;ordenante"
LINE = "id position status problem amount { amount } payment { number onAccount { amount } }"
_keys = iter(range(1, 10_000))


async def bank(shop: Shop, mutation: str, **given: Any) -> dict[str, Any]:
    """An act on bank files; the payload."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    field = (
        f"bankFile {{ id format lines {{ {LINE} }} }}"
        if mutation == "importBankFile"
        else f"bankLine {{ {LINE} }}"
    )
    document = f"""mutation Act($input: {name}!) {{ {mutation}(input: $input) {{ {field}
        errors {{ code message path }} warnings {{ code }} replayed }} }}"""
    answer = await shop.data(shop.finance, document, f"bank-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def send(shop: Shop, content: str | bytes, name: str = "extracto.csv") -> dict[str, Any]:
    told = content.encode() if isinstance(content, str) else content
    return await bank(shop, "importBankFile", name=name, content=base64.b64encode(told).decode())


async def taken(shop: Shop, *lines: str) -> list[dict[str, Any]]:
    payload = await send(shop, "\n".join((HEAD, *lines)))
    assert payload["errors"] == [], payload["errors"]
    found: list[dict[str, Any]] = payload["bankFile"]["lines"]
    return found


async def waiting(shop: Shop) -> list[str]:
    answer = await shop.data(
        shop.finance, '{ bankLines(where: {status: {eq: "UNKNOWN"}}) { nodes { id } } }'.replace('"', "")
    )
    return [each["id"] for each in answer["bankLines"]["nodes"]]


async def test_lines_are_matched_kept_on_account_or_wait(shop: Shop) -> None:
    first = await invoiced(shop, (shop.product, 10))
    second = await invoiced(shop, (shop.product, 5))

    lines = await taken(
        shop,
        f"02/03/2026;121,00;Factura {first['number']};BAR",
        f"02/03/2026;80,50;{second['number']} y algo;BAR",
        "02/03/2026;33,00;a cuenta;Bar Núñez SL",
        "02/03/2026;17,77;sin datos;Alguien",
        "02/03/2026;-12,00;comisión;Banco",
    )

    assert [each["status"] for each in lines] == [
        "MATCHED",
        "PARTLY_MATCHED",
        "ON_ACCOUNT",
        "UNKNOWN",
        "IGNORED",
    ]
    assert lines[1]["payment"]["onAccount"]["amount"] == "20.00" and lines[3]["payment"] is None
    assert lines[3]["problem"] == "No customer and no invoice is named that we know."
    assert (await read(shop, shop.finance, first["id"]))["state"] == "PAID"
    assert {key: str(value) for key, value in (await ledger(shop)).items()}["572"] == "234.500"
    assert await waiting(shop) == [lines[3]["id"]]
    assert await shop.broken() == []


async def test_a_person_assigns_a_waiting_line_once(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    (line,) = await taken(shop, "02/03/2026;100,00;sin datos;Alguien")
    given = {
        "bankLineId": line["id"], "customerId": customer_id(shop),
        "matches": [{"instalmentId": invoice["instalments"][0]["id"]}],
    }  # fmt: skip

    done = await bank(shop, "assignBankLine", **given)

    assert done["errors"] == [] and done["bankLine"]["status"] == "MATCHED"
    assert (await read(shop, shop.finance, invoice["id"]))["openAmount"]["amount"] == "21.00"
    before = await shop.snapshot()
    assert codes(await bank(shop, "assignBankLine", **given)) == ["INVALID_TRANSITION"]
    assert codes(await bank(shop, "ignoreBankLine", bankLineId=line["id"], reason="no")) == [
        "INVALID_TRANSITION"
    ]
    assert await shop.snapshot() == before


async def test_a_line_is_put_aside_with_a_reason(shop: Shop) -> None:
    (line,) = await taken(shop, "02/03/2026;100,00;intereses;Banco")

    assert codes(await bank(shop, "ignoreBankLine", bankLineId=line["id"], reason=" ")) == ["REASON_REQUIRED"]
    done = await bank(shop, "ignoreBankLine", bankLineId=line["id"], reason="intereses")

    assert done["bankLine"]["status"] == "IGNORED" and done["bankLine"]["problem"] == "intereses"
    assert await waiting(shop) == []


async def test_what_was_read_is_not_read_again(shop: Shop) -> None:
    await invoiced(shop, (shop.product, 10))
    line = "02/03/2026;33,00;a cuenta;Bar Núñez SL"
    await taken(shop, line)
    before = await shop.snapshot()

    again = await send(shop, f"{HEAD}\n{line}")
    assert (
        codes(again) == ["ALREADY_EXISTS"]
        and again["errors"][0]["message"] == "This file was read on Mar 2, 2026."
    )
    assert await shop.snapshot() == before

    overlapping = await taken(shop, line, "03/03/2026;5,00;otra;Bar Núñez SL")
    assert [each["status"] for each in overlapping] == ["DUPLICATE", "UNKNOWN"]
    assert overlapping[1]["problem"] == "The date is still to come."


async def test_why_a_line_waits_is_told_in_the_reader_s_language(shop: Shop) -> None:
    """Whoever read the file may speak another one."""
    (line,) = await taken(shop, "02/03/2026;17,77;sin datos;Alguien")

    answer = await shop.ask(
        shop.finance,
        "query L($id: ID!) { node(id: $id) { ... on BankLine { problem } } }",
        locale="es",
        id=line["id"],
    )

    assert line["problem"] == "No customer and no invoice is named that we know."
    assert answer["data"]["node"]["problem"] == "No nombra ningún cliente ni factura que conozcamos."


async def test_a_notebook_43_is_read(shop: Shop) -> None:
    invoice = await invoiced(shop, (shop.product, 10))
    records = make_norma43([make_movement("121.00", f"TRANSFERENCIA {invoice['number']}")])

    payload = await send(shop, "\r\n".join(records).encode("latin-1"), "norma43.txt")

    assert payload["errors"] == [] and payload["bankFile"]["format"] == "NORMA43"
    assert [each["status"] for each in payload["bankFile"]["lines"]] == ["MATCHED"]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (f"{HEAD}\n99/99/2026;1,00;a;b", ["content", "2", "date"]),
        (f"{HEAD}\n02/03/2026;uno;a;b", ["content", "2", "amount"]),
        ("nada\n1", None),
        (HEAD, ["content", "1", "file"]),
        (b"\x89PNG\r\n\x1a\n", None),
        ("<Document/>", None),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><Document>&a;</Document>", None),
    ],
)  # fmt: skip
async def test_bad_files_are_refused_where_they_are_wrong(
    shop: Shop, content: str | bytes, where: list[str] | None
) -> None:
    before = await shop.snapshot()

    payload = await send(shop, content)

    assert payload["bankFile"] is None and payload["errors"][0]["code"] == "INVALID"
    assert payload["errors"][0]["path"][0] == "content"
    if where is not None:
        assert payload["errors"][0]["path"] == where
    assert await shop.snapshot() == before


async def test_content_that_is_no_file_is_refused(shop: Shop) -> None:
    before = await shop.snapshot()

    assert codes(await bank(shop, "importBankFile", name="a", content="???")) == ["INVALID"]
    assert codes(await bank(shop, "importBankFile", name="a", content="")) == ["INVALID"]
    assert codes(await bank(shop, "importBankFile", name=" ", content="YQ==")) == ["INVALID"]
    assert codes(await bank(shop, "importBankFile", name="a", content="A" * 700_004)) == ["LIMIT_EXCEEDED"]
    assert await shop.snapshot() == before
