"""
ISO 20022 camt.053 statements, any version; booked entries only.

A file with a document type is refused: entities are how XML reads files and grows to gigabytes.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from rules.bank_files import BankFile, BankFormat, BankLine, FileProblem, file_of
from rules.money import ZERO

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.[0-9]{2}")
_AMOUNT = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,5})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAX_DEPTH = 40
_LINE = "line"


class _Refused(Exception):
    """What the parser will not read."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def parse_camt(content: bytes) -> BankFile:
    """The movements of a camt.053 file, whose balances, where stated, must agree with them."""
    try:
        root = _read(content)
    except _Refused as refused:
        return file_of(BankFormat.CAMT053, (), [refused.problem])
    lines: list[BankLine] = []
    problems: list[FileProblem] = []
    for statement in root.findall("BkToCstmrStmt/Stmt"):
        found = _Statement(statement)
        lines += found.lines
        problems += found.problems
    return file_of(BankFormat.CAMT053, lines, problems)


def _read(content: bytes) -> Element:
    """The tree without namespaces, each element with the line it stands on."""
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator=" ")
    depth = 0

    def refuse(*_: object) -> None:
        text = "The file declares a document type, which is not taken."
        raise _Refused(FileProblem(parser.CurrentLineNumber, "DOCTYPE", text))

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        namespace, _, local = name.rpartition(" ")
        if depth == 0 and not (_NAMESPACE.fullmatch(namespace) and local == "Document"):
            raise _Refused(FileProblem(parser.CurrentLineNumber, local, "This is no camt.053 statement."))
        depth += 1
        if depth > _MAX_DEPTH:
            raise _Refused(FileProblem(parser.CurrentLineNumber, local, "The file is nested too deep."))
        kept = {key: value for key, value in attributes.items() if key == "Ccy"}
        builder.start(local, kept | {_LINE: str(parser.CurrentLineNumber)})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition(" ")[2])

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        text = "The file is no well-formed XML."
        raise _Refused(FileProblem(error.lineno, "file", text)) from None
    return builder.close()


def _text(element: Element, *paths: str) -> str:
    """The text of the first path that has any."""
    for path in paths:
        found = " ".join((element.findtext(path) or "").split())
        if found:
            return found
    return ""


class _Statement:
    """One account's statement; a field that cannot be read is a problem, and reading goes on."""

    def __init__(self, statement: Element) -> None:
        self.problems: list[FileProblem] = []
        self.lines: list[BankLine] = []
        self.account = _text(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id")
        total = ZERO
        for entry in statement.findall("Ntry"):
            if _text(entry, "Sts/Cd", "Sts") != "BOOK":
                continue
            amount = self.signed(entry)
            total += amount
            self.lines += self.movements(entry, amount)
        self.check_balances(statement, total)

    def problem_at(self, element: Element, name: str, text: str, **data: object) -> None:
        self.problems.append(FileProblem(int(element.get(_LINE, "1")), name, text, data))

    def amount(self, holder: Element, path: str) -> Decimal:
        element = holder.find(path)
        value = "" if element is None else (element.text or "").strip()
        if _AMOUNT.fullmatch(value):
            return Decimal(value)
        self.problem_at(holder if element is None else element, path, "{value} is no amount.", value=value)
        return ZERO

    def signed(self, holder: Element) -> Decimal:
        """CRDT comes in; the reversal of an entry is given with the sign it has itself."""
        amount = self.amount(holder, "Amt")
        indicator = _text(holder, "CdtDbtInd")
        if indicator not in ("CRDT", "DBIT"):
            self.problem_at(holder, "CdtDbtInd", "{value} is neither CRDT nor DBIT.", value=indicator)
        return -amount if indicator == "DBIT" else amount

    def date(self, entry: Element, name: str) -> date | None:
        value = _text(entry, f"{name}/Dt", f"{name}/DtTm")
        try:
            if _DATE.match(value):
                return date.fromisoformat(value[:10])
        except ValueError:
            pass
        self.problem_at(entry, name, "{value} is no date.", value=value)
        return None

    def movements(self, entry: Element, amount: Decimal) -> Iterator[BankLine]:
        """One per payment where the entry's payments have amounts that sum to it, else the entry itself."""
        booked_on = self.date(entry, "BookgDt")
        value_on = self.date(entry, "ValDt") if entry.find("ValDt") is not None else booked_on
        element = entry.find("Amt")
        currency = "" if element is None else element.get("Ccy", "")
        if not re.fullmatch("[A-Z]{3}", currency):
            self.problem_at(entry, "Amt/@Ccy", "{value} is no currency we know.", value=currency)
        if booked_on is None or value_on is None:
            return
        details = entry.findall("NtryDtls/TxDtls")
        parts = [self.part(each, currency) for each in details]
        sign = -1 if amount < 0 else 1
        known = [part for part in parts if part is not None]
        is_split = len(details) > 1 and len(known) == len(parts) and sum(known, ZERO) == abs(amount)
        told = details if is_split or len(details) == 1 else [entry]
        for index, each in enumerate(told):
            yield BankLine(
                line=int(each.get(_LINE, "1")),
                booked_on=booked_on,
                value_on=value_on,
                amount=sign * known[index] if is_split else amount,
                currency=currency,
                reference=_reference(each),
                text=_remittance(each) or _text(entry, "AddtlNtryInf"),
                counterparty=_counterparty(each, is_incoming=amount > 0),
                account=self.account,
                bank_reference=_text(each, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef", "NtryRef"),
            )

    def part(self, details: Element, currency: str) -> Decimal | None:
        """A payment's own amount in the account's currency; None where it has none."""
        for path in ("Amt", "AmtDtls/TxAmt/Amt"):
            element = details.find(path)
            if element is not None and element.get("Ccy") == currency:
                return self.amount(details, path)
        return None

    def check_balances(self, statement: Element, total: Decimal) -> None:
        balances = {}
        for balance in statement.findall("Bal"):
            code = _text(balance, "Tp/CdOrPrtry/Cd")
            if code in ("OPBD", "PRCD", "CLBD"):
                balances[code] = (balance, self.signed(balance))
        opening = balances.get("OPBD") or balances.get("PRCD")
        closing = balances.get("CLBD")
        if opening is None or closing is None:
            return
        counted = opening[1] + total
        if counted != closing[1]:
            text = "The file states {stated}, its movements give {counted}."
            self.problem_at(closing[0], "Bal/CLBD", text, stated=closing[1], counted=counted)


def _reference(element: Element) -> str:
    structured = [
        " ".join((each.text or "").split())
        for each in (*element.findall(".//Strd/CdtrRefInf/Ref"), *element.findall(".//Strd/RfrdDocInf/Nb"))
    ]
    end_to_end = _text(element, "Refs/EndToEndId")
    if end_to_end not in ("", "NOTPROVIDED"):
        structured.append(end_to_end)
    return " ".join(each for each in structured if each)


def _remittance(element: Element) -> str:
    return " ".join(" ".join((each.text or "").split()) for each in element.findall(".//RmtInf/Ustrd"))


def _counterparty(element: Element, *, is_incoming: bool) -> str:
    party = "Dbtr" if is_incoming else "Cdtr"
    return _text(element, f"RltdPties/{party}/Nm", f"RltdPties/{party}/Pty/Nm")
