"""
VERI*FACTU: the hash chain of invoice records, the check of a chain, and the QR address of an invoice.

Source: RD 1007/2023, Orden HAC/1177/2024, and AEAT's specification of the hash; rule book 13.4.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from urllib.parse import urlencode

QR_CAPTION = "QR tributario:"
QR_PHRASE = "Factura verificable en la sede electrónica de la AEAT"

_PRODUCTION = "https://www2.agenciatributaria.gob.es/wlpl/TIKE-CONT/ValidarQR"
_PREPRODUCTION = "https://prewww2.aeat.es/wlpl/TIKE-CONT/ValidarQR"


class RecordKind(StrEnum):
    """ALTA registers an invoice, ANULACION annuls a registered one."""

    ALTA = "ALTA"
    ANULACION = "ANULACION"


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """
    What is hashed of a record.

    Args:
        issuer_tax_id: NIF without the country.
        number: series and number as printed.
        issued_on: date of the invoice.
        recorded_at: moment of the record, in the issuer's time zone.
        invoice_type: F1, F2, F3 or R1 to R5; empty in an annulment.
        tax: total of tax and surcharge, in two decimals; None in an annulment.
        gross: total of the invoice, in two decimals; None in an annulment.
    """

    kind: RecordKind
    issuer_tax_id: str
    number: str
    issued_on: date
    recorded_at: datetime
    invoice_type: str = ""
    tax: Decimal | None = None
    gross: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ChainedRecord:
    """A stored record: its place in the chain from 1, the hash before it ("" for the first), and its own."""

    position: int
    record: InvoiceRecord
    previous_hash: str
    hash: str


class ChainFault(StrEnum):
    """CHANGED: not what was hashed. MISSING: none is at the position. INSERTED: the others pass it by."""

    CHANGED = "CHANGED"
    MISSING = "MISSING"
    INSERTED = "INSERTED"


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """The first fault of a chain: which, at which position, and the number of the invoice concerned if known."""

    fault: ChainFault
    position: int
    number: str


def hash_text(record: InvoiceRecord, previous_hash: str) -> str:
    """The text whose SHA-256 is the record's hash: name=value joined by "&", in AEAT's order."""
    assert record.recorded_at.tzinfo is not None, "the moment of a record has its offset"
    issued_on = record.issued_on.strftime("%d-%m-%Y")
    number = record.number.strip()
    issuer = record.issuer_tax_id.strip()
    recorded_at = record.recorded_at.isoformat(timespec="seconds")
    if record.kind == RecordKind.ANULACION:
        fields = [
            ("IDEmisorFacturaAnulada", issuer),
            ("NumSerieFacturaAnulada", number),
            ("FechaExpedicionFacturaAnulada", issued_on),
        ]
    else:
        fields = [
            ("IDEmisorFactura", issuer),
            ("NumSerieFactura", number),
            ("FechaExpedicionFactura", issued_on),
            ("TipoFactura", record.invoice_type),
            ("CuotaTotal", amount_text(record.tax)),
            ("ImporteTotal", amount_text(record.gross)),
        ]
    fields += [("Huella", previous_hash), ("FechaHoraHusoGenRegistro", recorded_at)]
    return "&".join(f"{name}={value}" for name, value in fields)


def recorded_moment(hashed_text: str, recorded_at: datetime, zone: tzinfo) -> datetime:
    """
    The stored moment of a record with the offset it was hashed with; in `zone` where the text says another moment.

    The seller's time zone may have been set anew since, which changes no record.
    """
    said = hashed_text.rpartition("FechaHoraHusoGenRegistro=")[2]
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return recorded_at.astimezone(zone)
    if moment.tzinfo is None or moment != recorded_at.replace(microsecond=0):
        return recorded_at.astimezone(zone)
    return moment


def amount_text(amount: Decimal | None) -> str:
    """An amount in euros as it is serialised in the record, and so hashed: a point and two decimals."""
    return "" if amount is None else f"{amount + 0:.2f}"  # adding makes -0.00 plain


def record_hash(record: InvoiceRecord, previous_hash: str) -> str:
    """SHA-256 in upper-case hexadecimal of the record's text, chained to the hash before ("" for the first)."""
    return hashlib.sha256(hash_text(record, previous_hash).encode()).hexdigest().upper()


def chain_record(record: InvoiceRecord, last: ChainedRecord | None) -> ChainedRecord:
    """The record as the next of its chain."""
    previous_hash = "" if last is None else last.hash
    position = 1 if last is None else last.position + 1
    return ChainedRecord(position, record, previous_hash, record_hash(record, previous_hash))


def verify_chain(
    records: Sequence[ChainedRecord], last_position: int | None = None, last_hash: str | None = None
) -> ChainBreak | None:
    """
    The first fault of a chain given in its order; None where it is sound.

    Args:
        last_position: how many records the issuer's counter says there are; finds a cut or an added end.
        last_hash: the hash that the counter holds of the last; finds a chain that was hashed anew to its end.
    """
    previous_hash = ""
    for index, each in enumerate(records):
        if record_hash(each.record, each.previous_hash) != each.hash:
            return ChainBreak(ChainFault.CHANGED, each.position, each.record.number)
        if each.previous_hash != previous_hash:
            return _broken_link(records, index, last_position)
        if each.position != index + 1:
            fault = ChainFault.MISSING if each.position > index + 1 else ChainFault.INSERTED
            return ChainBreak(fault, each.position, each.record.number)
        previous_hash = each.hash
    count = len(records)
    if last_position is not None and last_position > count:
        return ChainBreak(ChainFault.MISSING, count + 1, "")
    if last_position is not None and last_position < count:
        return ChainBreak(ChainFault.INSERTED, last_position + 1, records[last_position].record.number)
    if last_hash is not None and last_hash != previous_hash:
        return ChainBreak(ChainFault.CHANGED, count, records[-1].record.number if records else "")
    return None


def _broken_link(records: Sequence[ChainedRecord], index: int, last_position: int | None) -> ChainBreak:
    """
    What happened where a record that is sound in itself does not continue the one before.

    Its neighbours tell an insertion: one that the next record ignores, or one that this record ignores. Positions or
    the counter tell a record taken out. Else the record before was changed and hashed anew.
    """
    each = records[index]
    expected = index + 1
    before = records[index - 1] if index else None
    if each.position > expected or before is None:
        return ChainBreak(ChainFault.MISSING, expected, "")
    following = records[index + 1] if index + 1 < len(records) else None
    if following is not None and following.previous_hash == before.hash:
        return ChainBreak(ChainFault.INSERTED, each.position, each.record.number)
    if each.previous_hash == before.previous_hash:
        return ChainBreak(ChainFault.INSERTED, before.position, before.record.number)
    if last_position is not None and last_position != len(records):
        if last_position > len(records):
            return ChainBreak(ChainFault.MISSING, expected, "")
        return ChainBreak(ChainFault.INSERTED, each.position, each.record.number)
    return ChainBreak(ChainFault.CHANGED, before.position, before.record.number)


def qr_address(
    issuer_tax_id: str, number: str, issued_on: date, gross: Decimal, *, is_production: bool
) -> str:
    """The address that an invoice's QR code holds; AEAT answers there whether it knows the invoice."""
    values = {
        "nif": issuer_tax_id,
        "numserie": number,
        "fecha": issued_on.strftime("%d-%m-%Y"),
        "importe": amount_text(gross),
    }
    return f"{_PRODUCTION if is_production else _PREPRODUCTION}?{urlencode(values)}"
