"""VERI*FACTU: AEAT's published vectors, the QR address, and what a tampered chain gives away."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.verifactu import (
    ChainBreak,
    ChainedRecord,
    ChainFault,
    InvoiceRecord,
    RecordKind,
    chain_record,
    hash_text,
    qr_address,
    record_hash,
    verify_chain,
)

D = Decimal
TAX, GROSS = D("12.35"), D("123.45")
CET = timezone(timedelta(hours=1))
FIRST_HASH = "3C464DAF61ACB827C65FDA19F352A4E3BDC2C640E9E9FC4CC058073F38F12F60"
SECOND_HASH = "F7B94CFD8924EDFF273501B01EE5153E4CE8F259766F88CF6ACB8935802A2B97"


def make_record(
    number: str,
    second: int,
    *,
    kind: RecordKind = RecordKind.ALTA,
    invoice_type: str = "F1",
    tax: Decimal | None = TAX,
    gross: Decimal | None = GROSS,
) -> InvoiceRecord:
    moment = datetime(2024, 1, 1, 19, 20, 30, tzinfo=CET) + timedelta(seconds=second)
    return InvoiceRecord(kind, "89890001K", number, date(2024, 1, 1), moment, invoice_type, tax, gross)


@pytest.mark.parametrize(
    ("case", "record", "previous", "text", "sha256"),
    [
        (
            "IN-08",
            make_record("12345678/G33", 0),
            "",
            "IDEmisorFactura=89890001K&NumSerieFactura=12345678/G33&FechaExpedicionFactura=01-01-2024&TipoFactura=F1"
            "&CuotaTotal=12.35&ImporteTotal=123.45&Huella=&FechaHoraHusoGenRegistro=2024-01-01T19:20:30+01:00",
            FIRST_HASH,
        ),
        (
            "IN-09",
            make_record("12345679/G34", 5),
            FIRST_HASH,
            "IDEmisorFactura=89890001K&NumSerieFactura=12345679/G34&FechaExpedicionFactura=01-01-2024&TipoFactura=F1"
            f"&CuotaTotal=12.35&ImporteTotal=123.45&Huella={FIRST_HASH}"
            "&FechaHoraHusoGenRegistro=2024-01-01T19:20:35+01:00",
            SECOND_HASH,
        ),
        (
            "IN-10",
            make_record("12345679/G34", 10, kind=RecordKind.ANULACION, invoice_type="", tax=None, gross=None),
            SECOND_HASH,
            "IDEmisorFacturaAnulada=89890001K&NumSerieFacturaAnulada=12345679/G34"
            f"&FechaExpedicionFacturaAnulada=01-01-2024&Huella={SECOND_HASH}"
            "&FechaHoraHusoGenRegistro=2024-01-01T19:20:40+01:00",
            "177547C0D57AC74748561D054A9CEC14B4C4EA23D1BEFD6F2E69E3A388F90C68",
        ),
    ],
)
def test_published_vectors(case: str, record: InvoiceRecord, previous: str, text: str, sha256: str) -> None:
    assert hash_text(record, previous) == text, case
    assert record_hash(record, previous) == sha256, case


@pytest.mark.parametrize(
    ("case", "issuer", "number", "issued_on", "gross", "is_production", "address"),
    [
        (
            "IN-11 ex1",
            "B43752210",
            "E-12345",
            date(2025, 4, 23),
            "123.45",
            False,
            "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR"
            "?nif=B43752210&numserie=E-12345&fecha=23-04-2025&importe=123.45",
        ),
        (
            "IN-11 ex2",
            "B88752210",
            "1/25A-321",
            date(2025, 1, 5),
            "567",
            True,
            "https://www2.agenciatributaria.gob.es/wlpl/TIKE-CONT/ValidarQR"
            "?nif=B88752210&numserie=1%2F25A-321&fecha=05-01-2025&importe=567.00",
        ),
    ],
)
def test_qr_address(
    case: str, issuer: str, number: str, issued_on: date, gross: str, is_production: bool, address: str
) -> None:
    assert qr_address(issuer, number, issued_on, D(gross), is_production=is_production) == address, case


def make_chain(*records: InvoiceRecord) -> list[ChainedRecord]:
    chain: list[ChainedRecord] = []
    for record in records or [make_record(f"A-{n}", n) for n in range(1, 6)]:
        chain.append(chain_record(record, chain[-1] if chain else None))
    return chain


CHAIN = make_chain()


def forge(record: ChainedRecord, *, previous_hash: str | None = None, days: int = 1) -> ChainedRecord:
    """Another content under a hash that fits it."""
    previous = record.previous_hash if previous_hash is None else previous_hash
    changed = replace(record.record, issued_on=record.record.issued_on + timedelta(days=days))
    return replace(record, record=changed, previous_hash=previous, hash=record_hash(changed, previous))


def renumber(chain: list[ChainedRecord]) -> list[ChainedRecord]:
    return [replace(each, position=position) for position, each in enumerate(chain, start=1)]


def replaced(index: int, record: ChainedRecord) -> list[ChainedRecord]:
    return [*CHAIN[:index], record, *CHAIN[index + 1 :]]


STRANGER = forge(CHAIN[2], days=3)
Broken = tuple[ChainFault, int, str]


@pytest.mark.parametrize(
    ("case", "chain", "fault"),
    [
        (
            "an amount changed",
            replaced(2, replace(CHAIN[2], record=replace(CHAIN[2].record, gross=D("123.46")))),
            (ChainFault.CHANGED, 3, "A-3"),
        ),
        (
            "a date changed",
            replaced(0, replace(CHAIN[0], record=replace(CHAIN[0].record, issued_on=date(2024, 1, 2)))),
            (ChainFault.CHANGED, 1, "A-1"),
        ),
        ("a hash changed", replaced(4, replace(CHAIN[4], hash="0" * 64)), (ChainFault.CHANGED, 5, "A-5")),
        ("changed and hashed anew", replaced(1, forge(CHAIN[1])), (ChainFault.CHANGED, 2, "A-2")),
        ("the last hashed anew", replaced(4, forge(CHAIN[4])), (ChainFault.CHANGED, 5, "A-5")),
        (
            "all hashed anew from one on: only the counter's hash tells",
            make_chain(CHAIN[0].record, *(replace(each.record, gross=D(1)) for each in CHAIN[1:])),
            (ChainFault.CHANGED, 5, "A-5"),
        ),
        ("the first taken out", CHAIN[1:], (ChainFault.MISSING, 1, "")),
        ("one taken out", CHAIN[:2] + CHAIN[3:], (ChainFault.MISSING, 3, "")),
        ("one taken out, renumbered", renumber(CHAIN[:2] + CHAIN[3:]), (ChainFault.MISSING, 3, "")),
        ("the first taken out, renumbered", renumber(CHAIN[1:]), (ChainFault.MISSING, 1, "")),
        ("the last taken out", CHAIN[:4], (ChainFault.MISSING, 5, "")),
        ("all taken out", [], (ChainFault.MISSING, 1, "")),
        (
            "one put in that the next ignores",
            renumber([*CHAIN[:2], STRANGER, *CHAIN[2:]]),
            (ChainFault.INSERTED, 3, "A-3"),
        ),
        (
            "one put in that ignores the one before",
            renumber([*CHAIN[:2], forge(STRANGER, previous_hash="F" * 64), *CHAIN[2:]]),
            (ChainFault.INSERTED, 3, "A-3"),
        ),
        (
            "one put in under a position that is taken",
            [*CHAIN[:2], STRANGER, *CHAIN[2:]],
            (ChainFault.INSERTED, 3, "A-3"),
        ),
        (
            "one put in at the end",
            [*CHAIN, chain_record(make_record("A-6", 6), CHAIN[-1])],
            (ChainFault.INSERTED, 6, "A-6"),
        ),
    ],
)
def test_a_tampered_chain_names_the_first_fault(case: str, chain: list[ChainedRecord], fault: Broken) -> None:
    assert verify_chain(chain, 5, CHAIN[-1].hash) == ChainBreak(*fault), case


def test_a_gap_of_positions_is_found_without_the_counter() -> None:
    assert verify_chain(CHAIN[:2] + CHAIN[3:]) == ChainBreak(ChainFault.MISSING, 3, "")


records = st.lists(
    st.builds(
        make_record,
        st.text("ABC-/0123456789", min_size=1, max_size=8),
        st.integers(0, 10**6),
        kind=st.sampled_from(RecordKind),
        gross=st.decimals("-9999", "9999", places=2),
    ),
    min_size=1,
    max_size=8,
)
Tamper = Callable[[list[ChainedRecord], int], list[ChainedRecord]]


@given(records)
def test_a_chain_as_written_is_sound(given_records: list[InvoiceRecord]) -> None:
    chain = make_chain(*given_records)

    assert verify_chain(chain) is None
    assert verify_chain(chain, len(chain), chain[-1].hash) is None


@given(records, st.data())
def test_no_tampering_passes(given_records: list[InvoiceRecord], data: st.DataObject) -> None:
    chain = make_chain(*given_records)
    index = data.draw(st.integers(0, len(chain) - 1))
    tamper: Tamper = data.draw(
        st.sampled_from(
            [
                lambda given_chain, at: given_chain[:at] + given_chain[at + 1 :],
                lambda given_chain, at: renumber(given_chain[:at] + given_chain[at + 1 :]),
                lambda given_chain, at: [
                    *given_chain[:at],
                    forge(given_chain[at], days=2),
                    *given_chain[at + 1 :],
                ],
                lambda given_chain, at: renumber(
                    [*given_chain[:at], forge(given_chain[at], days=2), *given_chain[at:]]
                ),
            ]
        )
    )

    assert verify_chain(tamper(chain, index), len(chain), chain[-1].hash) is not None
