"""Bank files: notebook 43, camt.053 and CSV are read, and what is wrong with them is named by line and field."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bank_csv import parse_amount, parse_date
from rules.bank_files import MAX_BYTES, BankFile, BankFormat
from rules.bank_parsing import detect_format, parse_bank_file

D = Decimal


def said(file: BankFile) -> list[tuple[int, str, str]]:
    """Problems as a person reads them."""
    return [(each.line, each.field, each.text.format(**each.data)) for each in file.problems]


# Notebook 43


def make_movement(
    amount: str, *texts: str, reference: str = "", booked: str = "260302", document: str = "0"
) -> list[str]:
    sign = "1" if amount.startswith("-") else "2"
    cents = int(abs(D(amount)) * 100)
    head = f"22{'':4}1234{booked}{booked}02040{sign}{cents:014d}{document:0>10}{'0' * 12}{reference:16}"
    return [head, *(f"23{n:02d}{text:76}" for n, text in enumerate(texts, start=1))]


def make_norma43(
    movements: Sequence[list[str]] = (), *, opening: str = "1000.00", currency: str = "978"
) -> list[str]:
    amounts = [D(each[0][28:42]).scaleb(-2) * (-1 if each[0][27] == "1" else 1) for each in movements]
    debits, credits = [-each for each in amounts if each < 0], [each for each in amounts if each >= 0]
    closing = D(opening) + sum(amounts)
    account = "210004180200051332"
    body = [record for each in movements for record in each]
    return [
        f"11{account}260301260331{_signed(D(opening))}{currency}3SUMINISTROS ALBORADA".ljust(80),
        *body,
        f"33{account}{len(debits):05d}{int(sum(debits) * 100):014d}{len(credits):05d}"
        f"{int(sum(credits) * 100):014d}{_signed(closing)}{currency}".ljust(80),
        f"88{'9' * 18}{len(body) + 2:06d}".ljust(80),
    ]


def _signed(amount: Decimal) -> str:
    return f"{'1' if amount < 0 else '2'}{int(abs(amount) * 100):014d}"


def read43(records: Sequence[str], end: str = "\r\n") -> BankFile:
    return parse_bank_file((end.join(records) + end).encode("latin-1"))


def test_norma43_movements() -> None:
    file = read43(
        make_norma43(
            [
                make_movement(
                    "605.00", "TRANSF. CASA GARCÍA", "FRA A-2026-0007", reference="A-2026-0007", document="77"
                ),
                make_movement("-12.50", "COMISION"),
            ]
        )
    )

    assert said(file) == []
    incoming, outgoing = file.lines
    assert (incoming.line, incoming.booked_on, incoming.value_on) == (2, date(2026, 3, 2), date(2026, 3, 2))
    assert (incoming.amount, incoming.currency, incoming.account) == (
        D("605.00"),
        "EUR",
        "210004180200051332",
    )
    assert (incoming.reference, incoming.text) == ("A-2026-0007", "TRANSF. CASA GARCÍA FRA A-2026-0007")
    assert (incoming.bank_reference, outgoing.bank_reference) == ("0000000077", "")
    assert (outgoing.line, outgoing.amount, outgoing.text) == (5, D("-12.50"), "COMISION")


def test_norma43_without_trailing_spaces_and_with_unix_lines() -> None:
    records = [each.rstrip() for each in make_norma43([make_movement("1.00")])]

    assert len(read43(records, "\n").lines) == 1
    assert len(read43([*records, "\x1a"]).lines) == 1


GOOD43 = make_norma43([make_movement("605.00", "TEXT")])


def patched(line: int, start: int, text: str) -> list[str]:
    """The good file with other columns, counted from 1."""
    record = GOOD43[line - 1]
    changed = record[: start - 1] + text + record[start - 1 + len(text) :]
    return [*GOOD43[: line - 1], changed, *GOOD43[line:]]


@pytest.mark.parametrize(
    ("case", "records", "problems"),
    [
        ("a date that is none", patched(2, 11, "261301"), [(2, "bookedOn", "261301 is no date.")]),
        (
            "letters for an amount",
            patched(2, 29, "00000000ABC500"),
            [
                (2, "amount", "00000000ABC500 is no number."),
                (4, "creditTotal", "The file states 605.00, its movements give 0.00."),
                (4, "closingBalance", "The file states 1605.00, its movements give 1000.00."),
            ],
        ),
        ("no sign", patched(2, 28, "3"), [(2, "amount.sign", "3 is neither 1 (debit) nor 2 (credit).")]),
        (
            "an amount changed",
            patched(2, 41, "01"),
            [
                (4, "creditTotal", "The file states 605.00, its movements give 605.01."),
                (4, "closingBalance", "The file states 1605.00, its movements give 1605.01."),
            ],
        ),
        ("an unknown currency", patched(1, 48, "999"), [(1, "currency", "999 is no currency we know.")]),
        (
            "an unknown record",
            patched(3, 1, "77"),
            [
                (3, "record", "77 is no kind of record."),
                (5, "records", "The file states 4 records and has 3."),
            ],
        ),
        (
            "too long",
            [GOOD43[0], GOOD43[1] + "x", *GOOD43[2:]],
            [
                (2, "record", "A record has 80 characters at most."),
                (3, "record", "A text stands without its movement."),
                (4, "credits", "The file states 1, its movements give 0."),
                (4, "creditTotal", "The file states 605.00, its movements give 0."),
                (4, "closingBalance", "The file states 1605.00, its movements give 1000.00."),
                (5, "records", "The file states 4 records and has 3."),
            ],
        ),
        ("cut", GOOD43[:3], [(3, "record", "The file has no end record; it may be cut.")]),
        (
            "totals cut",
            [*GOOD43[:3], GOOD43[4]],
            [
                (4, "record", "The account before has no totals."),
                (4, "records", "The file states 4 records and has 3."),
            ],
        ),
        (
            "something after the end",
            [*GOOD43, GOOD43[1]],
            [(6, "record", "There is something after the end of the file.")],
        ),
        ("other totals", patched(4, 3, "9999"), [(4, "account", "The totals are of another account.")]),
        ("no movements", make_norma43(), [(1, "file", "The file has no movements.")]),
    ],
)
def test_what_is_wrong_with_norma43(
    case: str, records: list[str], problems: list[tuple[int, str, str]]
) -> None:
    file = read43(records)

    assert said(file) == problems, case
    assert file.lines == (), case


# camt.053


def make_entry(
    amount: str = "605.00",
    *,
    details: str = "",
    indicator: str = "CRDT",
    status: str = "BOOK",
    day: str = "2026-03-02",
) -> str:
    return f"""<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd><Sts>{status}</Sts>
<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>2026-03-03</Dt></ValDt><AcctSvcrRef>B1</AcctSvcrRef>
<NtryDtls>{details}</NtryDtls></Ntry>"""


def make_details(amount: str = "", text: str = "FRA A-2026-0007", end_to_end: str = "NOTPROVIDED") -> str:
    stated = f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>' if amount else ""
    return f"""<TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>{stated}
<RltdPties><Dbtr><Nm>Casa García, S.A.</Nm></Dbtr></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"""


def make_balance(code: str, amount: str) -> str:
    return f"""<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd></Bal>"""


def make_camt(*entries: str, head: str = "", balances: str = "", version: str = "02") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>{head}
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>ES9121000418450200051332</IBAN></Id></Acct>{balances}
{"".join(entries)}
</Stmt></BkToCstmrStmt></Document>""".encode()


def test_camt_movements() -> None:
    balances = make_balance("OPBD", "1000.00") + make_balance("CLBD", "1592.50")
    file = parse_bank_file(
        make_camt(
            make_entry(details=make_details(end_to_end="A-2026-0007")),
            make_entry("12.50", indicator="DBIT"),
            make_entry("99.00", status="PDNG"),
            balances=balances,
        )
    )

    assert said(file) == []
    incoming, outgoing = file.lines
    assert (incoming.line, incoming.booked_on, incoming.value_on) == (8, date(2026, 3, 2), date(2026, 3, 3))
    assert (incoming.amount, incoming.currency) == (D("605.00"), "EUR")
    assert (incoming.reference, incoming.text) == ("A-2026-0007", "FRA A-2026-0007")
    assert (incoming.counterparty, incoming.account) == ("Casa García, S.A.", "ES9121000418450200051332")
    assert (outgoing.amount, outgoing.bank_reference) == (D("-12.50"), "B1")


def test_a_batch_of_payments_is_told_apart_when_their_amounts_are_known() -> None:
    split = make_details("600.00", "A-1") + make_details("5.00", "A-2")
    unknown = make_details("600.00", "A-1") + make_details("", "A-2")

    apart = parse_bank_file(make_camt(make_entry(details=split)))
    together = parse_bank_file(make_camt(make_entry(details=unknown)))

    assert [(each.amount, each.text) for each in apart.lines] == [(D("600.00"), "A-1"), (D("5.00"), "A-2")]
    assert [(each.amount, each.text) for each in together.lines] == [(D("605.00"), "A-1 A-2")]


def test_the_newer_version_says_some_things_elsewhere() -> None:
    content = make_camt(make_entry(details=make_details()), version="08")
    content = content.replace(b"<Sts>BOOK</Sts>", b"<Sts><Cd>BOOK</Cd></Sts>")
    content = content.replace("<Nm>Casa García, S.A.</Nm>".encode(), b"<Pty><Nm>Casa</Nm></Pty>")

    assert [each.counterparty for each in parse_bank_file(content).lines] == ["Casa"]


LAUGHS = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x SYSTEM "http://files.example/x.dtd">'
FILES = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("case", "content", "problems"),
    [
        (
            "entities",
            make_camt(make_entry(), head=LAUGHS),
            [(1, "DOCTYPE", "The file declares a document type, which is not taken.")],
        ),
        (
            "files",
            make_camt(make_entry(), head=FILES),
            [(1, "DOCTYPE", "The file declares a document type, which is not taken.")],
        ),
        (
            "a document type elsewhere",
            make_camt(make_entry(), head=OUTSIDE),
            [(1, "DOCTYPE", "The file declares a document type, which is not taken.")],
        ),
        (
            "entities in another encoding",
            make_camt(make_entry(), head=LAUGHS).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
            [(1, "DOCTYPE", "The file declares a document type, which is not taken.")],
        ),
        ("cut", make_camt(make_entry())[:-30], [(7, "file", "The file is no well-formed XML.")]),
        (
            "another message",
            b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'/>",
            [(1, "Document", "This is no camt.053 statement.")],
        ),
        ("a page", b"<html></html>", [(1, "html", "This is no camt.053 statement.")]),
        ("an amount", make_camt(make_entry("6o5")), [(4, "Amt", "6o5 is no amount.")]),
        ("a date", make_camt(make_entry(day="2026-02-30")), [(4, "BookgDt", "2026-02-30 is no date.")]),
        (
            "a direction",
            make_camt(make_entry(indicator="IN")),
            [(4, "CdtDbtInd", "IN is neither CRDT nor DBIT.")],
        ),
        (
            "balances",
            make_camt(make_entry(), balances=make_balance("OPBD", "0.00") + make_balance("CLBD", "605.01")),
            [(4, "Bal/CLBD", "The file states 605.01, its movements give 605.00.")],
        ),
        ("nothing booked", make_camt(make_entry(status="PDNG")), [(1, "file", "The file has no movements.")]),
    ],
)
def test_what_is_wrong_with_camt(case: str, content: bytes, problems: list[tuple[int, str, str]]) -> None:
    file = parse_bank_file(content)

    assert (file.format, file.lines) == (BankFormat.CAMT053, ()), case
    assert said(file) == problems, case


def test_a_file_nested_without_end_is_refused() -> None:
    content = make_camt("<a>" * 50_000 + "</a>" * 50_000)

    assert said(parse_bank_file(content)) == [(4, "a", "The file is nested too deep.")]


# CSV


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("605", "605"),
        ("605,00", "605.00"),
        ("-12.5", "-12.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567,89", "1234567.89"),
        ("605,00 €", "605.00"),
        ("−3,00", "-3.00"),
        ("1.234", None),
        ("1,234", None),
        ("12,34,56", None),
        ("=1+1", None),
        ("", None),
        ("1e5", None),
        ("٣", None),
    ],
)
def test_amounts_of_csv(text: str, amount: str | None) -> None:
    assert parse_amount(text) == (None if amount is None else D(amount))


@pytest.mark.parametrize("text", ["2026-03-02", "02/03/2026", "02-03-2026", "02.03.2026"])
def test_dates_of_csv(text: str) -> None:
    assert parse_date(text) == date(2026, 3, 2)
    assert parse_date(text.replace("2026", "26")) is None


@pytest.mark.parametrize(
    ("case", "content"),
    [
        (
            "Spanish",
            "Fecha;F. valor;Concepto;Importe;Divisa\n02/03/2026;03/03/2026;FRA A-1 García;1.605,00;EUR\n".encode(),
        ),
        (
            "with a mark",
            "\ufeffFecha;F. valor;Concepto;Importe\n02/03/2026;03/03/2026;FRA A-1 García;1.605,00\n".encode(),
        ),
        (
            "Windows",
            "Fecha;F. valor;Concepto;Importe\r\n02/03/2026;03/03/2026;FRA A-1 García;1.605,00\r\n".encode(
                "cp1252"
            ),
        ),
        (
            "English",
            'date,value date,description,amount\n2026-03-02,2026-03-03,FRA A-1 García,"1,605.00"\n\n'.encode(),
        ),
        (
            "tabs",
            "Fecha\tF. valor\tConcepto\tImporte\n02/03/2026\t03/03/2026\tFRA A-1 García\t1605\n".encode(),
        ),
    ],
)
def test_csv_movements(case: str, content: bytes) -> None:
    file = parse_bank_file(content)

    assert said(file) == [], case
    [line] = file.lines
    assert (line.line, line.booked_on, line.value_on) == (2, date(2026, 3, 2), date(2026, 3, 3)), case
    assert (line.amount, line.currency, line.text) == (D("1605.00"), "EUR", "FRA A-1 García"), case


@pytest.mark.parametrize(
    ("case", "content", "problems"),
    [
        ("empty", b"", [(1, "file", "The file has no movements.")]),
        ("a heading only", b"date,amount\n", [(1, "file", "The file has no movements.")]),
        (
            "other columns",
            b"a;b\n1;2\n",
            [(1, "date", "The column date is missing."), (1, "amount", "The column amount is missing.")],
        ),
        (
            "another delimiter than the heading's",
            b"date;amount\n2026-03-02,5\n",
            [
                (2, "date", "2026-03-02,5 is no date."),
                (2, "amount", " is no amount, or could be two."),
            ],
        ),
        (
            "two wrong lines",
            b"date;amount\n2026-03-02;5\n2026-02-30;5\n2026-03-02;1.234\n",
            [
                (3, "date", "2026-02-30 is no date."),
                (4, "amount", "1.234 is no amount, or could be two."),
            ],
        ),
        (
            "a currency",
            b"date;amount;currency\n2026-03-02;5;euro\n",
            [(2, "currency", "EURO is no currency we know.")],
        ),
        ("bytes", b"date;amount\0\n", [(1, "file", "The file is no text in UTF-8 or Windows-1252.")]),
        (
            "no encoding we know",
            b"date;amount\n\x81;5\n",
            [(1, "file", "The file is no text in UTF-8 or Windows-1252.")],
        ),
        (
            "an open quote",
            b'date;amount\n"2026-03-02;5\n',
            [(2, "file", "The line is no CSV: a quote is not closed.")],
        ),
        (
            "a long field",
            b"date;amount;text\n2026-03-02;5;" + b"x" * 2001 + b"\n",
            [(2, "text", "A field has 2000 characters at most.")],
        ),
    ],
)
def test_what_is_wrong_with_csv(case: str, content: bytes, problems: list[tuple[int, str, str]]) -> None:
    file = parse_bank_file(content)

    assert said(file) == problems, case
    assert file.lines == (), case


def test_a_formula_stays_text() -> None:
    [line] = parse_bank_file(b"date;amount;text\n2026-03-02;5;=HYPERLINK(1)\n").lines

    assert line.text == "=HYPERLINK(1)"


def test_a_hundred_problems_are_told_at_most() -> None:
    file = parse_bank_file(b"date;amount\n" + b"x;y\n" * 1000)

    assert len(file.problems) == 100


def test_a_file_too_large_is_refused() -> None:
    file = parse_bank_file(b"date;amount\n" + b" " * MAX_BYTES)

    assert said(file) == [(1, "file", "The file is larger than the largest we take (10 MB).")]


# All


def test_equal_payments_of_a_day_differ_and_a_file_read_twice_does_not() -> None:
    records = make_norma43([make_movement("5.00", "CAFE"), make_movement("5.00", "CAFE")])
    longer = make_norma43(
        [
            make_movement("5.00", "CAFE"),
            make_movement("5.00", "CAFE"),
            make_movement("5.00", "CAFE", booked="260303"),
        ]
    )

    first, second = [each.fingerprint for each in read43(records).lines]
    again = [each.fingerprint for each in read43(longer).lines]

    assert first != second
    assert again[:2] == [first, second]
    assert len(set(again)) == 3


@given(st.binary(max_size=400))
def test_any_bytes_are_answered(content: bytes) -> None:
    file = parse_bank_file(content)

    assert bool(file.lines) != bool(file.problems)


@given(st.lists(st.integers(0, 79), min_size=1, max_size=5), st.data())
def test_a_damaged_norma43_is_answered(columns: list[int], data: st.DataObject) -> None:
    records = [list(record) for record in GOOD43]
    for column in columns:
        records[data.draw(st.integers(0, len(records) - 1))][column] = data.draw(
            st.characters(codec="latin-1")
        )

    file = parse_bank_file("\n".join("".join(record) for record in records).encode("latin-1"))

    assert bool(file.lines) != bool(file.problems)


def test_formats_are_told_by_their_beginning() -> None:
    assert detect_format("\r\n".join(GOOD43).encode()) == BankFormat.NORMA43
    assert detect_format(b"\xef\xbb\xbf <?xml?>") == BankFormat.CAMT053
    assert detect_format(b"11;22\n") == BankFormat.CSV
