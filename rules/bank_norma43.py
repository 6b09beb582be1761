"""
Notebook 43 of the Spanish banks' association (AEB, CSBE): fixed records of 80 characters.

11 opens an account, 22 is a movement, 23 and 24 add to it, 33 closes the account with its totals, 88 ends the file.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from rules.bank_files import BankFile, BankFormat, BankLine, FileProblem, file_of
from rules.money import ZERO

_LENGTH = 80
# ISO 4217, as numbers.
_CURRENCIES = {
    "036": "AUD",
    "124": "CAD",
    "156": "CNY",
    "208": "DKK",
    "348": "HUF",
    "392": "JPY",
    "484": "MXN",
    "578": "NOK",
    "752": "SEK",
    "756": "CHF",
    "826": "GBP",
    "840": "USD",
    "946": "RON",
    "978": "EUR",
    "985": "PLN",
}
_CENTURY = 2000  # the records have two digits of the year; the notebook is of 1982, its files are not


@dataclass(slots=True)
class _Movement:
    line: int
    booked_on: date
    value_on: date
    amount: Decimal
    document: str
    references: tuple[str, str]
    texts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Account:
    number: str
    currency: str
    opening: Decimal
    movements: list[_Movement] = field(default_factory=list)


class _Parser:
    """Goes through the records once; a field that cannot be read is a problem, and reading goes on."""

    def __init__(self) -> None:
        self.problems: list[FileProblem] = []
        self.lines: list[BankLine] = []
        self.account: _Account | None = None
        self.records = 0
        self.is_ended = False
        self.number = 0
        self.record = ""

    def problem(self, field_name: str, text: str, **data: object) -> None:
        self.problems.append(FileProblem(self.number, field_name, text, data))

    def cut(self, start: int, end: int) -> str:
        """Columns of the record, counted from 1 as the notebook does, both included."""
        return self.record[start - 1 : end]

    def number_at(self, name: str, start: int, end: int) -> int:
        text = self.cut(start, end)
        if text.isascii() and text.isdigit():
            return int(text)
        self.problem(name, "{value} is no number.", value=text.strip())
        return 0

    def amount_at(self, name: str, start: int, end: int) -> Decimal:
        """Two decimals, without a point."""
        return Decimal(self.number_at(name, start, end)).scaleb(-2)

    def signed_at(self, name: str, sign_at: int, start: int, end: int) -> Decimal:
        """1 is debit and below zero, 2 credit."""
        sign = self.cut(sign_at, sign_at)
        if sign not in ("1", "2"):
            text = "{value} is neither 1 (debit) nor 2 (credit)."
            self.problem(f"{name}.sign", text, value=sign.strip())
        amount = self.amount_at(name, start, end)
        return -amount if sign == "1" else amount

    def date_at(self, name: str, start: int) -> date:
        text = self.cut(start, start + 5)
        try:
            return date(_CENTURY + int(text[:2]), int(text[2:4]), int(text[4:6]))
        except ValueError:
            self.problem(name, "{value} is no date.", value=text.strip())
            return date(_CENTURY, 1, 1)

    def read(self, number: int, record: str) -> None:
        self.number, self.record = number, record.ljust(_LENGTH)
        if len(record.rstrip()) > _LENGTH:
            self.problem("record", "A record has {length} characters at most.", length=_LENGTH)
            return
        kind = self.cut(1, 2)
        if self.is_ended:
            self.problem("record", "There is something after the end of the file.")
            return
        reader = {
            "11": self.read_account,
            "22": self.read_movement,
            "23": self.read_text,
            "24": self.read_nothing,
            "33": self.read_totals,
            "88": self.read_end,
        }.get(kind)
        if reader is None:
            self.problem("record", "{value} is no kind of record.", value=kind.strip())
            return
        if kind != "88":
            self.records += 1
        reader()

    def read_account(self) -> None:
        if self.account is not None:
            self.problem("record", "The account before has no totals.")
        currency = _CURRENCIES.get(self.cut(48, 50), "")
        if not currency:
            self.problem("currency", "{value} is no currency we know.", value=self.cut(48, 50).strip())
        self.date_at("from", 21)
        self.date_at("to", 27)
        opening = self.signed_at("openingBalance", 33, 34, 47)
        self.account = _Account(self.cut(3, 20), currency, opening)

    def read_movement(self) -> None:
        if self.account is None:
            self.problem("record", "A movement stands outside an account.")
            return
        self.account.movements.append(
            _Movement(
                self.number,
                self.date_at("bookedOn", 11),
                self.date_at("valueOn", 17),
                self.signed_at("amount", 28, 29, 42),
                self.cut(43, 52).strip(),
                (self.cut(53, 64).strip(), self.cut(65, 80).strip()),
            )
        )

    def read_text(self) -> None:
        if self.account is None or not self.account.movements:
            self.problem("record", "A text stands without its movement.")
            return
        self.account.movements[-1].texts += [self.cut(5, 42).strip(), self.cut(43, 80).strip()]

    def read_nothing(self) -> None:
        """24 tells the movement in the currency it was ordered in."""

    def read_totals(self) -> None:
        account = self.account
        if account is None:
            self.problem("record", "Totals stand without their account.")
            return
        amounts = [each.amount for each in account.movements]
        debits, credits = [-each for each in amounts if each < 0], [each for each in amounts if each >= 0]
        said: list[tuple[str, Decimal, Decimal]] = [
            ("debits", Decimal(self.number_at("debits", 21, 25)), Decimal(len(debits))),
            ("debitTotal", self.amount_at("debitTotal", 26, 39), sum(debits, ZERO)),
            ("credits", Decimal(self.number_at("credits", 40, 44)), Decimal(len(credits))),
            ("creditTotal", self.amount_at("creditTotal", 45, 58), sum(credits, ZERO)),
            (
                "closingBalance",
                self.signed_at("closingBalance", 59, 60, 73),
                account.opening + sum(amounts, ZERO),
            ),
        ]
        if self.cut(3, 20) != account.number:
            self.problem("account", "The totals are of another account.")
        for name, stated, counted in said:
            if stated != counted:
                text = "The file states {stated}, its movements give {counted}."
                self.problem(name, text, stated=stated, counted=counted)
        self.lines += [_line_of(account, each) for each in account.movements]
        self.account = None

    def read_end(self) -> None:
        self.is_ended = True
        if self.account is not None:
            self.problem("record", "The account before has no totals.")
        stated = self.number_at("records", 21, 26)
        if stated != self.records:
            text = "The file states {stated} records and has {counted}."
            self.problem("records", text, stated=stated, counted=self.records)


def _line_of(account: _Account, movement: _Movement) -> BankLine:
    references = [each for each in movement.references if each.strip("0")]
    document = movement.document if movement.document.strip("0") else ""
    return BankLine(
        line=movement.line,
        booked_on=movement.booked_on,
        value_on=movement.value_on,
        amount=movement.amount,
        currency=account.currency,
        reference=" ".join(references),
        text=" ".join(each for each in movement.texts if each),
        counterparty="",
        account=account.number,
        bank_reference=document,
    )


def parse_norma43(content: bytes) -> BankFile:
    """The movements of a notebook 43 file, whose counts and balances must agree with them."""
    parser = _Parser()
    # The notebook is plain ASCII; what banks put into names besides is Latin-1, which reads any byte.
    text = content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a\r\n ").decode("latin-1")
    for number, record in enumerate(text.split("\n"), start=1):
        parser.read(number, record.rstrip("\r"))
    if not parser.is_ended:
        parser.problem("record", "The file has no end record; it may be cut.")
    return file_of(BankFormat.NORMA43, parser.lines, parser.problems)
