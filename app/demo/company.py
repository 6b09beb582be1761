"""The demo company itself: Suministros Alborada, S.L., its money, taxes, terms, people and warehouses."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from app.demo.seeds import Rows, chance, key, moment
from auth.passwords import hash_password
from auth.permissions import Role
from models.products import UnitOfMeasure
from models.sellers import (
    Currency,
    DeliveryTerm,
    ExchangeRate,
    NumberSeries,
    PaymentTerm,
    PaymentTermInstalment,
    SalesRep,
    SalesRepTerritory,
    SalesTeam,
    Seller,
    TaxCategory,
    TaxRate,
    Territory,
)
from models.stock import Warehouse
from models.users import StaffRole, User, UserCredential
from rules.states import CreditPolicy, DocumentKind, OutOfStockPolicy

SELLER = key("seller")
SELLER_NAME = "Suministros Alborada, S.L."
SELLER_TAX_ID = "B99407116"
DEMO_PASSWORD = "alborada-demo"
TERRITORY = "ES"
USD_RATE = Decimal("0.915")


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """Somebody to sign in as."""

    role: Role
    email: str
    password: str
    what: str

    def __str__(self) -> str:
        return f"{self.email:<34} {self.password}   {self.what}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the house; reps have a team and territories."""

    name: str
    email: str
    role: Role
    team: str = ""
    territories: tuple[str, ...] = ()


_AT = "alborada.example"
STAFF = (
    Person("Elena Gascón Pardo", f"elena.gascon@{_AT}", Role.ADMINISTRATOR),
    Person("Javier Lahoz Mir", f"javier.lahoz@{_AT}", Role.SALES_MANAGER, "EBRO"),
    Person("Marta Ferrer Soler", f"marta.ferrer@{_AT}", Role.SALES_MANAGER, "COSTA"),
    Person("Diego Arnal Sanz", f"diego.arnal@{_AT}", Role.SALES_REP, "EBRO", ("ARA",)),
    Person("Nuria Blasco Gil", f"nuria.blasco@{_AT}", Role.SALES_REP, "EBRO", ("NOR",)),
    Person("Pablo Ezquerra Royo", f"pablo.ezquerra@{_AT}", Role.SALES_REP, "EBRO", ("CEN",)),
    Person("Laia Puig Roca", f"laia.puig@{_AT}", Role.SALES_REP, "COSTA", ("CAT",)),
    Person("Vicent Navarro Mas", f"vicent.navarro@{_AT}", Role.SALES_REP, "COSTA", ("LEV",)),
    Person("Rocío Vega Luna", f"rocio.vega@{_AT}", Role.SALES_REP, "COSTA", ("SUR",)),
    Person("Ramón Used Cebrián", f"ramon.used@{_AT}", Role.LOGISTICS),
    Person("Isabel Tobajas Ruiz", f"isabel.tobajas@{_AT}", Role.FINANCE),
    Person("Pasarela ERP", f"integracion@{_AT}", Role.INTEGRATOR),
)
REP_OF = {territory: person for person in STAFF for territory in person.territories}
TEAMS = {"EBRO": "Equipo Ebro", "COSTA": "Equipo Costa"}
TERRITORIES = {
    "ARA": "Aragón",
    "NOR": "Navarra, La Rioja y País Vasco",
    "CEN": "Centro",
    "CAT": "Cataluña",
    "LEV": "Levante y Baleares",
    "SUR": "Andalucía",
}
UNITS = (
    ("ud", "unidad", 0), ("caja", "caja", 0), ("palé", "palé", 0), ("kg", "kilogramo", 3), ("g", "gramo", 0),
    ("l", "litro", 2), ("paq", "paquete", 0), ("m", "metro", 2),
)  # fmt: skip
# Code: name, and (percent, first day) by age. Law 37/1992 and its changes; oil: RDL 20/2022, RDL 4/2024, RDL 9/2024.
TAXES = {
    "GENERAL": ("IVA general", (("18", date(2010, 7, 1)), ("21", date(2012, 9, 1)))),
    "REDUCIDO": ("IVA reducido", (("8", date(2010, 7, 1)), ("10", date(2012, 9, 1)))),
    "SUPERREDUCIDO": ("IVA superreducido", (("4", date(1995, 1, 1)),)),
    "ACEITE": (
        "IVA del aceite de oliva",
        (
            ("10", date(2012, 9, 1)),
            ("5", date(2023, 1, 1)),
            ("0", date(2024, 7, 1)),
            ("2", date(2024, 10, 1)),
            ("4", date(2025, 1, 1)),
        ),
    ),
}
# Code: name, early payment percent and days, and (share, days, end of month, payment day) of each instalment.
PAYMENT_TERMS = {
    "CONTADO": ("Al contado", "0", 0, (("100", 0, False, None),)),
    "R15": ("Recibo a 15 días", "0", 0, (("100", 15, False, None),)),
    "R30": ("Recibo a 30 días", "1", 8, (("100", 30, False, None),)),
    "T60": ("Transferencia a 60 días, día de pago 25", "0", 0, (("100", 60, False, 25),)),
    "3060": ("Giros a 30 y 60 días fin de mes", "2", 10, (("50", 30, True, None), ("50", 60, True, None))),
}
DELIVERY_TERMS = {
    "DAP": ("Entregado en destino", "DAP", "Almacén del cliente"),
    "EXW": ("Recogida en nuestro almacén", "EXW", "Zaragoza"),
    "CPT": ("Porte pagado hasta plataforma", "CPT", "Plataforma del cliente"),
}
WAREHOUSES = {"ZAZ": ("Plataforma Plaza", "Zaragoza", 1), "BCN": ("Almacén Litoral", "Barcelona", 2)}


def tax_percent(code: str, on: date) -> Decimal:
    """The rate of a tax category on a day."""
    return Decimal([percent for percent, first in TAXES[code][1] if first <= on][-1])


def staff_id(person: Person) -> object:
    return key("user", person.email)


def add_company(rows: Rows) -> None:
    """The seller and all its master data that is neither product nor customer."""
    for code, exponent, name in (
        ("EUR", 2, "Euro"),
        ("USD", 2, "Dólar estadounidense"),
        ("GBP", 2, "Libra esterlina"),
    ):
        rows.add(Currency, code=code, exponent=exponent, name=name)
    rows.add(
        Seller,
        id=SELLER,
        code="ALBORADA",
        name=SELLER_NAME,
        tax_id=SELLER_TAX_ID,
        street="Calle Osca 14, Plataforma Logística",
        postal_code="50197",
        city="Zaragoza",
        country="ES",
        email=f"pedidos@{_AT}",
        phone="+34 976 000 140",
        tax_territory=TERRITORY,
        currency="EUR",
        time_zone="Europe/Madrid",
        locale="es",
        out_of_stock_policy=OutOfStockPolicy.REFUSE,
        credit_policy=CreditPolicy.HOLD,
        parents_see_descendants=True,
        low_stock_threshold=Decimal(12),
    )
    rows.add(
        NumberSeries,
        seller_id=SELLER,
        kind=DocumentKind.ORDER,
        prefix="SO",
        digits=6,
        sequence_name="sales_order_number_seq",
    )
    rows.add(
        NumberSeries,
        seller_id=SELLER,
        kind=DocumentKind.DELIVERY,
        prefix="DN",
        digits=6,
        sequence_name="delivery_number_seq",
    )
    rows.add(
        NumberSeries,
        seller_id=SELLER,
        kind=DocumentKind.CUSTOMER,
        prefix="C",
        digits=5,
        sequence_name="customer_number_seq",
    )
    dice = chance("rates")
    for currency, rate in (("USD", USD_RATE), ("GBP", Decimal("1.165"))):
        for week in range(110, -1, -1):
            wobble = Decimal(dice.randint(-90, 90)) / 10_000 if week else Decimal(0)
            rows.add(
                ExchangeRate,
                seller_id=SELLER,
                currency=currency,
                valid_from=rows.days_ago(week * 7),
                rate=rate + wobble,
            )
    for code, name, decimals in UNITS:
        rows.add(UnitOfMeasure, code=code, name=name, decimals=decimals)
    _add_taxes(rows)
    _add_terms(rows)
    for position, (code, (name, city, priority)) in enumerate(WAREHOUSES.items()):
        assert position < priority
        rows.add(
            Warehouse,
            id=key("warehouse", code),
            seller_id=SELLER,
            code=code,
            name=name,
            city=city,
            time_zone="Europe/Madrid",
            priority=priority,
            active_until=None,
        )
    _add_staff(rows)


def _add_taxes(rows: Rows) -> None:
    for code, (name, rates) in TAXES.items():
        category = key("tax", code)
        rows.add(TaxCategory, id=category, seller_id=SELLER, code=code, name=name, untdid_5305="S")
        for (percent, first), (_, until) in zip(rates, (*rates[1:], ("", None)), strict=True):
            rows.add(
                TaxRate,
                id=key("tax", code, first),
                tax_category_id=category,
                territory=TERRITORY,
                percent=Decimal(percent),
                valid_from=first,
                valid_until=until,
            )


def _add_terms(rows: Rows) -> None:
    for code, (name, percent, days, instalments) in PAYMENT_TERMS.items():
        term = key("payment", code)
        rows.add(
            PaymentTerm,
            id=term,
            seller_id=SELLER,
            code=code,
            name=name,
            early_payment_percent=Decimal(percent),
            early_payment_days=days,
        )
        for position, (share, due, end_of_month, day) in enumerate(instalments, start=1):
            rows.add(
                PaymentTermInstalment,
                payment_term_id=term,
                position=position,
                share_percent=Decimal(share),
                due_days=due,
                end_of_month=end_of_month,
                payment_day=day,
            )
    for code, (name, incoterm, place) in DELIVERY_TERMS.items():
        rows.add(
            DeliveryTerm,
            id=key("delivery", code),
            seller_id=SELLER,
            code=code,
            name=name,
            incoterm=incoterm,
            place=place,
        )


def _add_staff(rows: Rows) -> None:
    for person in STAFF:
        add_user(rows, person.email, person.name, password=DEMO_PASSWORD)
        rows.add(StaffRole, user_id=staff_id(person), role=person.role.value)
    for code, name in TEAMS.items():
        manager = next(each for each in STAFF if each.role is Role.SALES_MANAGER and each.team == code)
        rows.add(
            SalesTeam,
            id=key("team", code),
            seller_id=SELLER,
            code=code,
            name=name,
            manager_id=staff_id(manager),
        )
    for code, name in TERRITORIES.items():
        rows.add(Territory, id=key("territory", code), seller_id=SELLER, code=code, name=name)
    reps = [each for each in STAFF if each.role is Role.SALES_REP]
    for number, person in enumerate(reps, start=1):
        rows.add(
            SalesRep,
            user_id=staff_id(person),
            seller_id=SELLER,
            sales_team_id=key("team", person.team),
            code=f"COM-{number:02}",
            name=person.name,
            email=person.email,
            phone=f"+34 600 000 1{number:02}",
        )
        for code in person.territories:
            rows.add(SalesRepTerritory, sales_rep_id=staff_id(person), territory_id=key("territory", code))


def add_user(rows: Rows, email: str, name: str, password: str | None = None, locale: str = "es") -> None:
    """A person; without a password they cannot sign in."""
    made = moment(rows.today - timedelta(days=760))
    rows.add(
        User,
        id=key("user", email),
        seller_id=SELLER,
        email=email,
        name=name,
        locale=locale,
        is_active=True,
        created_at=made,
    )
    if password is not None:
        rows.add(
            UserCredential, user_id=key("user", email), password_hash=hash_password(password), changed_at=made
        )
