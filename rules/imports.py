"""The files of an import: which columns each kind knows, how a header names them, and what each row says."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from rules.import_values import (
    Read,
    Value,
    code_of,
    day,
    days_to,
    flag,
    item_code,
    number,
    one_of,
    shown,
    text_of,
    upper,
    whole,
)
from rules.order_lines import Cell, cell_text, is_blank
from rules.pricing_facts import PercentBase, TradeRelation
from rules.refusals import ErrorCode, Refusal
from rules.sales_agreements import CommitmentType
from rules.states import CustomerStatus, ImportKind, ProductKind
from rules.texts import fold, item_key

ROWS_MAX = 100_000
_SPACES = re.compile(r"[\s\-_]+")


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column that a kind of import knows.

    Args:
        name: as headers call it and messages name it.
        also: other names, folded, with single spaces.
        is_key: every file has it, filled in every row.
        is_needed: a new row cannot do without it, and it is never emptied.
    """

    name: str
    read: Read
    also: tuple[str, ...] = ()
    is_key: bool = False
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """
    What a file of a kind looks like.

    Args:
        always: columns besides the keys without which a file says nothing.
        key: what tells two rows apart, of their values.
    """

    columns: tuple[Column, ...]
    key: Callable[[Mapping[str, Value]], tuple[Value, ...]]
    always: tuple[str, ...] = ()

    @property
    def compulsory(self) -> tuple[str, ...]:
        return (*(each.name for each in self.columns if each.is_key), *self.always)


def _code(name: str, *also: str, **how: bool) -> Column:
    return Column(name, code_of(), also, **how)


def _text(name: str, limit: int, *also: str, **how: bool) -> Column:
    return Column(name, text_of(limit), also, **how)


_SKU = Column("sku", item_code, ("referencia", "ref", "codigo de articulo"), is_key=True)
_STOCK_MAX = Decimal(1_000_000_000)
_PRODUCTS = Shape(
    (
        _SKU,
        _text("name", 200, "nombre", is_needed=True),
        Column("description", text_of(10_000, lines=True), ("descripcion",)),
        _text("brand", 200, "marca"),
        _code("category", "categoria", "familia", is_needed=True),
        _code("tax_category", "categoria de impuesto", "iva", is_needed=True),
        Column("unit", code_of(16), ("unidad", "unidad de medida"), is_needed=True),
        Column("kind", one_of(*ProductKind), ("tipo",)),
        Column("pack_size", number(above=True), ("multiplo", "envase")),
        _code("barcode", "codigo de barras", "ean", "gtin"),
        Column("weight_kg", number(), ("peso kg",)),
        Column("lot_tracked", flag, ("por lotes",)),
        Column("shelf_life_days", whole, ("dias de vida",)),
        Column("active_until", day, ("activo hasta",)),
    ),
    lambda values: (item_key(str(values["sku"])),),
)
_CUSTOMERS = Shape(
    (
        _code("number", "numero", "codigo", "code", is_key=True),
        _text("name", 200, "nombre", "razon social", is_needed=True),
        _text("tax_id", 64, "nif", "cif"),
        Column("country", upper(code_of(), 2), ("pais",)),
        Column("status", one_of(*CustomerStatus), ("estado",)),
        _code("payment_term", "condiciones de pago", "payment terms", is_needed=True),
        _code("delivery_term", "condiciones de entrega", "delivery terms", is_needed=True),
        Column("currency", upper(code_of(), 3), ("moneda",)),
        Column("locale", one_of("ES", "EN"), ("idioma", "language")),
        _code("group", "grupo"),
        _code("sales_rep", "comercial"),
        _code("territory", "zona"),
        _code("parent", "matriz"),
        _text("invoice_email", 200, "correo de facturas"),
        Column("active_until", day, ("activo hasta",)),
        _text("street", 200, "calle", "direccion"),
        _text("postal_code", 64, "codigo postal"),
        _text("city", 200, "ciudad", "poblacion"),
        _text("region", 200, "provincia"),
        _text("phone", 64, "telefono"),
    ),
    lambda values: (values["number"],),
)
_PRICES = Shape(
    (
        _SKU,
        # Where a file has one of these three it says it in every row, so that no two rows mean the same price.
        Column("currency", upper(code_of(), 3), ("moneda",), is_needed=True),
        Column("unit", code_of(16), ("unidad",), is_needed=True),
        Column("from_quantity", number(), ("desde cantidad", "min quantity"), is_needed=True),
        Column("valid_from", day, ("valido desde", "desde"), is_key=True),
        Column("price", number(), ("precio", "unit price"), is_needed=True),
        Column("price_unit", number(above=True), ("unidad de precio",)),
        Column("valid_until", day, ("valido hasta", "hasta")),
    ),
    lambda values: (
        item_key(str(values["sku"])),
        values.get("currency"),
        values.get("unit"),
        values.get("from_quantity"),
        values["valid_from"],
    ),
    always=("price",),
)
_STOCK = Shape(
    (
        _code("warehouse", "almacen", is_key=True),
        _SKU,
        _code("lot", "lote"),
        Column("quantity", number(most=_STOCK_MAX), ("cantidad", "existencias", "on hand"), is_needed=True),
        Column("received_on", day, ("recibido el",)),
        Column("expires_on", day, ("caduca el", "caducidad")),
    ),
    lambda values: (values["warehouse"], item_key(str(values["sku"])), values.get("lot")),
    always=("quantity",),
)
_TRADE_AGREEMENTS = Shape(
    (
        Column("relation", one_of(*TradeRelation), ("clase", "kind"), is_key=True),
        _code("customer", "cliente"),
        _code("customer_group", "grupo de clientes"),
        Column("sku", item_code, ("referencia", "ref", "codigo de articulo")),
        _code("item_group", "grupo de articulos"),
        Column("currency", upper(code_of(), 3), ("moneda",)),
        Column("generic_currency", flag, ("cualquier moneda",)),
        Column("unit", code_of(16), ("unidad",)),
        Column("from_quantity", number(), ("desde cantidad", "min quantity")),
        Column("to_quantity", number(above=True), ("hasta cantidad", "max quantity")),
        Column("valid_from", day, ("valido desde", "desde", "primer dia"), is_key=True),
        Column("last_day", day, ("ultimo dia", "hasta")),
        Column("find_next", flag, ("seguir buscando",)),
        Column("price", number(), ("precio", "unit price")),
        Column("price_unit", number(above=True), ("unidad de precio",)),
        Column("amount", number(), ("importe",)),
        Column("percent1", number(), ("descuento", "discount")),
        Column("percent2", number(), ("segundo descuento", "second discount")),
        Column("percent_base", one_of(*PercentBase), ("porcentaje sobre",)),
    ),
    lambda values: tuple(
        item_key(str(values.get(name) or "")) if name == "sku" else values.get(name)
        for name in ("relation", "customer", "customer_group", "sku", "item_group", "currency", "unit",
                     "from_quantity", "valid_from")
    ),
)  # fmt: skip
_AGREEMENT_LINES = Shape(
    (
        _code("agreement", "acuerdo", is_key=True),
        Column("line", whole, ("linea",)),
        Column("type", one_of(*CommitmentType), ("clase", "kind")),
        Column("sku", item_code, ("referencia", "ref", "codigo de articulo")),
        _code("category", "categoria", "familia"),
        Column("committed", number(above=True), ("pactado", "agreed"), is_needed=True),
        Column("unit", code_of(16), ("unidad",)),
        Column("price", number(), ("precio", "unit price")),
        Column("price_unit", number(above=True), ("unidad de precio",)),
        Column("discount", number(), ("descuento",)),
        Column("amount_off", number(), ("importe de descuento",)),
        Column("valid_from", day, ("valido desde", "desde", "primer dia")),
        Column("last_day", day, ("ultimo dia", "hasta")),
        Column("max_enforced", flag, ("maximo obligatorio",)),
        Column("price_fixed", flag, ("precio fijo",)),
        Column("min_release", number(), ("minimo por linea",)),
        Column("max_release", number(), ("maximo por linea",)),
        Column("penalty", number(), ("penalizacion",)),
        Column("promotions", flag, ("promociones",)),
        Column("total_discount", flag, ("descuento total",)),
        Column("exclude_from_rebate", flag, ("sin rappel",)),
    ),
    lambda values: (
        (values["agreement"], values["line"])
        if values.get("line") is not None
        else (
            values["agreement"],
            values.get("type"),
            item_key(str(values.get("sku") or "")),
            *(values.get(name) for name in ("category", "unit", "valid_from")),
        )
    ),
    always=("committed",),
)
_LEAD_TIME_DAYS = Column("lead_time_days", days_to(730), ("plazo", "plazo de entrega", "dias de plazo"))
_SUPPLIERS = Shape(
    (
        _code("number", "numero", "codigo", "code", is_key=True),
        _text("name", 200, "nombre", "razon social", is_needed=True),
        replace(_LEAD_TIME_DAYS, is_needed=True),
        Column("transport_days", days_to(90), ("dias de transporte",)),
        Column("over_receipt_percent", number(most=Decimal(100)), ("exceso admitido",)),
        Column("currency", upper(code_of(), 3), ("moneda",)),
        Column("locale", one_of("ES", "EN"), ("idioma", "language")),
        _text("email", 200, "correo"),
        Column("active_until", day, ("activo hasta",)),
    ),
    lambda values: (values["number"],),
)
_SUPPLIER = _code("supplier", "proveedor", is_needed=True)
_SUPPLIER_PRODUCTS = Shape(
    (
        replace(_SUPPLIER, is_key=True),
        _SKU,
        _code("supplier_sku", "referencia del proveedor"),
        Column("price", number(most=_STOCK_MAX), ("precio", "unit price")),
        Column("minimum", number(above=True), ("minimo",)),
        Column("multiple", number(above=True), ("multiplo",)),
        _LEAD_TIME_DAYS,
        Column("active_until", day, ("activo hasta",)),
    ),
    lambda values: (values["supplier"], item_key(str(values["sku"]))),
)
_PURCHASE_ORDERS = Shape(
    (
        _code("number", "numero", "pedido", is_key=True),
        _SKU,
        _SUPPLIER,
        _code("warehouse", "almacen", is_needed=True),
        Column("quantity", number(above=True, most=_STOCK_MAX), ("cantidad",), is_needed=True),
        Column("requested_on", day, ("pedido para", "fecha pedida"), is_needed=True),
        Column("confirmed_on", day, ("confirmado para", "fecha confirmada")),
        Column("price", number(most=_STOCK_MAX), ("precio", "unit price")),
    ),
    lambda values: (values["number"], item_key(str(values["sku"]))),
    always=("quantity", "requested_on"),
)
SHAPES: Mapping[ImportKind, Shape] = MappingProxyType(
    {
        ImportKind.PRODUCTS: _PRODUCTS,
        ImportKind.CUSTOMERS: _CUSTOMERS,
        ImportKind.PRICES: _PRICES,
        ImportKind.STOCK: _STOCK,
        ImportKind.TRADE_AGREEMENTS: _TRADE_AGREEMENTS,
        ImportKind.AGREEMENT_LINES: _AGREEMENT_LINES,
        ImportKind.SUPPLIERS: _SUPPLIERS,
        ImportKind.SUPPLIER_PRODUCTS: _SUPPLIER_PRODUCTS,
        ImportKind.PURCHASE_ORDERS: _PURCHASE_ORDERS,
    }
)
# What the file of refused rows adds to the columns of the file that was sent; sent again, it is passed over.
REPORT_COLUMNS = ("import_row", "import_column", "import_value", "import_code", "import_message")
_REPORTED = frozenset(each.replace("_", " ") for each in REPORT_COLUMNS)


def _folded(header: Cell) -> str:
    return _SPACES.sub(" ", fold(cell_text(header))).strip(" :*")


def _names_of(kind: ImportKind) -> dict[str, Column]:
    columns = SHAPES[kind].columns
    return {_folded(name): each for each in columns for name in (each.name, *each.also)}


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's header: what stands over each column, and which column of ours that is; None is passed over."""

    headers: tuple[str, ...]
    columns: tuple[Column | None, ...]

    def _place(self, column: str) -> int | None:
        names = (each.name if each is not None else "" for each in self.columns)
        return next((place for place, name in enumerate(names) if name and name == column), None)

    def header_of(self, column: str) -> str:
        """What stands over a column of ours; our own name where the file lacks it."""
        place = self._place(column)
        return column if place is None else self.headers[place]

    def cell_of(self, row: "ImportRow", column: str) -> str:
        place = self._place(column)
        return row.cells[place] if place is not None and place < len(row.cells) else ""


def layout_of(kind: ImportKind, header: Sequence[Cell], row: int) -> Layout:
    """
    Which column is which, whatever their order, case and language.

    Raises:
        Refusal(FILE_INVALID): a column is unknown, comes twice, or is missing.
    """
    known = _names_of(kind)
    texts = [cell_text(each) for each in header]
    while texts and not texts[-1]:
        texts.pop()
    columns: list[Column | None] = []
    strange: list[str] = []
    for text in texts:
        name = _folded(text)
        columns.append(known.get(name))
        if columns[-1] is None and name not in _REPORTED:
            strange.append(text or "?")
    names = ", ".join(each.name for each in SHAPES[kind].columns)
    if strange:
        words = "Row {row} names columns that are not known: {found}. Known are: {known}."
        found = ", ".join(strange)[:300]
        raise Refusal(ErrorCode.FILE_INVALID, words, (), row=row, found=found, known=names)
    there = [each.name for each in columns if each is not None]
    twice = next((name for name in there if there.count(name) > 1), None)
    if twice is not None:
        words = "Row {row} names the column {column} twice."
        raise Refusal(ErrorCode.FILE_INVALID, words, (), row=row, column=twice)
    missing = [name for name in SHAPES[kind].compulsory if name not in there]
    if missing:
        words = "Row {row} lacks the columns {missing}. Known are: {known}."
        raise Refusal(ErrorCode.FILE_INVALID, words, (), row=row, missing=", ".join(missing), known=names)
    return Layout(tuple(texts), tuple(columns))


@dataclass(frozen=True, slots=True)
class ImportRow:
    """
    A row of the file.

    Args:
        number: as spreadsheets count, the header among them; in text, the line on which the row ends.
        cells: what stood there, as text, under the file's own headers.
        values: what it says by our columns' names, of the columns that the file has.
        faults: what is wrong with it; the last step of a fault's path is the column.
    """

    number: int
    cells: tuple[str, ...]
    values: Mapping[str, Value]
    faults: tuple[Refusal, ...] = ()


def in_column(refusal: Refusal, column: str) -> Refusal:
    """The refusal as a fault of that column."""
    return Refusal(refusal.code, refusal.text, (column,), **refusal.data)


def fault(code: ErrorCode, column: str, text: str, /, **data: object) -> Refusal:
    """A fault of a column."""
    return Refusal(code, text, (column,), **data)


def read_row(kind: ImportKind, layout: Layout, place: int, cells: Sequence[Cell]) -> ImportRow:
    """A row's values, and every fault there is in it."""
    texts = tuple(cell_text(each) for each in cells)
    width = len(layout.headers)
    if len(texts) < width or any(texts[width:]):
        words = "The row has {found} cells where the header has {expected}."
        wrong = Refusal(ErrorCode.INVALID, words, (), found=len(texts), expected=width)
        return ImportRow(place, texts, {}, (wrong,))
    values: dict[str, Value] = {}
    faults: list[Refusal] = []
    for column, cell in zip(layout.columns, cells, strict=False):
        if column is None:
            continue
        try:
            values[column.name] = column.read(cell)
        except Refusal as refusal:
            faults.append(in_column(refusal, column.name))
            continue
        empty = values[column.name] is None
        if empty and (column.is_key or column.is_needed):
            faults.append(Refusal(ErrorCode.INVALID, "This column may not be empty.", (column.name,)))
    return ImportRow(place, texts[:width], values, tuple(faults))


def read_rows(
    kind: ImportKind, layout: Layout, rows: Iterable[tuple[int, Sequence[Cell]]]
) -> Iterator[ImportRow]:
    """The rows one by one; one that says the same key as a row before it is at fault. Blank ones are passed over."""
    key_of = SHAPES[kind].key
    first: dict[tuple[Value, ...], int] = {}
    for place, cells in rows:
        if is_blank(cells):
            continue
        row = read_row(kind, layout, place, cells)
        if not row.faults:
            before = first.setdefault(key_of(row.values), place)
            if before != place:
                words = "Row {row} says the same already; a row of its own would undo it."
                column = SHAPES[kind].compulsory[0]
                again = Refusal(ErrorCode.ALREADY_EXISTS, words, (column,), row=before)
                row = ImportRow(place, row.cells, row.values, (again,))
        yield row


def report_headers(layout: Layout) -> list[str]:
    """The header of the error file: the sent file's own, then what is said of each row."""
    return [*(each for each in layout.headers if _folded(each) not in _REPORTED), *REPORT_COLUMNS]


def report_row(layout: Layout, row: ImportRow, said: Sequence[str]) -> list[str]:
    """A refused row as the error file shows it: its own cells, then where and what its faults are."""
    headers = layout.headers
    columns = [each.path[-1] if each.path else "" for each in row.faults]
    own = [*row.cells[: len(headers)], *([""] * (len(headers) - len(row.cells)))]
    return [
        *(cell for header, cell in zip(headers, own, strict=True) if _folded(header) not in _REPORTED),
        str(row.number),
        "; ".join(layout.header_of(each) for each in columns),
        "; ".join(shown(layout.cell_of(row, each)) for each in columns),
        "; ".join(each.code.value for each in row.faults),
        " ".join(said),
    ]
