"""The companies that buy from the demo company, and their people."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from stdnum.es import cif, dni

from app.demo.catalogue import Item
from app.demo.company import DEMO_PASSWORD, REP_OF, SELLER, DemoLogin, Person, add_user, staff_id
from app.demo.seeds import Rows, chance, key, moment
from auth.permissions import Role
from models.customers import (
    Customer,
    CustomerAddress,
    CustomerContact,
    CustomerGroup,
    CustomerItemNumber,
    Membership,
)
from rules.documents import DocumentAddress
from rules.states import CustomerStatus
from rules.tax_ids import check_tax_id
from rules.texts import item_key, sort_key

CUSTOMERS = 120
GROUPS = {
    "HORECA": ("Hostelería", None),
    "HOT": ("Hoteles", None),
    "COL": ("Colectividades", "SIN-ALCOHOL"),
    "MIN": ("Comercio minorista", None),
    "EXP": ("Exportación", None),
}
# City, region, first digits of the postal code, territory.
CITIES = (
    ("Zaragoza", "Aragón", "500", "ARA"), ("Huesca", "Aragón", "220", "ARA"), ("Teruel", "Aragón", "440", "ARA"),
    ("Calatayud", "Aragón", "503", "ARA"), ("Jaca", "Aragón", "227", "ARA"), ("Barbastro", "Aragón", "223", "ARA"),
    ("Pamplona", "Navarra", "310", "NOR"), ("Logroño", "La Rioja", "260", "NOR"),
    ("Bilbao", "País Vasco", "480", "NOR"),
    ("San Sebastián", "País Vasco", "200", "NOR"), ("Vitoria-Gasteiz", "País Vasco", "010", "NOR"),
    ("Madrid", "Comunidad de Madrid", "280", "CEN"), ("Guadalajara", "Castilla-La Mancha", "190", "CEN"),
    ("Soria", "Castilla y León", "420", "CEN"), ("Burgos", "Castilla y León", "090", "CEN"),
    ("Barcelona", "Cataluña", "080", "CAT"), ("Lleida", "Cataluña", "250", "CAT"),
    ("Tarragona", "Cataluña", "430", "CAT"),
    ("Girona", "Cataluña", "170", "CAT"), ("Valencia", "Comunidad Valenciana", "460", "LEV"),
    ("Castelló de la Plana", "Comunidad Valenciana", "120", "LEV"), ("Alicante", "Comunidad Valenciana", "030", "LEV"),
    ("Palma", "Illes Balears", "070", "LEV"), ("Sevilla", "Andalucía", "410", "SUR"),
    ("Málaga", "Andalucía", "290", "SUR"),
    ("Granada", "Andalucía", "180", "SUR"),
)  # fmt: skip
STREETS = (
    "Calle Mayor", "Avenida de la Constitución", "Calle del Carmen", "Plaza de España", "Paseo de la Ribera",
    "Calle San Miguel", "Calle de la Fuente", "Avenida del Puente", "Calle Real", "Polígono Los Olmos, nave",
)  # fmt: skip
KINDS = (
    ("Bar", "HORECA"), ("Restaurante", "HORECA"), ("Cafetería", "HORECA"), ("Hotel", "HOT"), ("Hostal", "HOT"),
    ("Catering", "HORECA"), ("Colegio", "COL"), ("Residencia", "COL"), ("Supermercado", "MIN"), ("Ultramarinos", "MIN"),
    ("Pastelería", "MIN"), ("Asador", "HORECA"),
)  # fmt: skip
NAMES = (
    "El Mirador", "La Ribera", "San Roque", "Los Fresnos", "La Estación", "El Olivo", "Santa Lucía", "El Molino",
    "La Alameda", "Puerta Nueva", "El Faro", "La Encina", "Monte Alto", "Las Torres", "El Pilarico", "La Muralla",
    "El Romeral", "Fuente Clara", "La Higuera", "El Trébol", "Los Almendros", "Río Abajo", "La Magdalena", "El Cierzo",
    "San Lorenzo", "La Colina", "El Puente", "Valdeflores", "La Bodeguilla", "El Rincón",
)  # fmt: skip
FIRST_NAMES = (
    "Ana",
    "Luis",
    "Carmen",
    "Jorge",
    "Pilar",
    "Sergio",
    "Lucía",
    "Andrés",
    "Teresa",
    "Mario",
    "Silvia",
    "Óscar",
)
LAST_NAMES = (
    "Marco",
    "Serrano",
    "Abadía",
    "Lasheras",
    "Ibáñez",
    "Gimeno",
    "Cortés",
    "Navas",
    "Bernal",
    "Oliva",
    "Sancho",
    "Prieto",
)
# The companies a visitor of the demo meets: name, kind, city, territory's index in CITIES, parent's number.
FEATURED: tuple[tuple[str, str, int, int | None], ...] = (
    ("Restaurante La Parra, S.L.", "HORECA", 0, None),
    ("Hotel Mirador del Ebro, S.A.", "HOT", 0, None),
    ("Grupo Hotelero Pirineo, S.A.", "HOT", 1, None),
    ("Hotel Pirineo Jaca, S.L.", "HOT", 4, 3),
    ("Hotel Pirineo Huesca, S.L.", "HOT", 1, 3),
    ("Hotel Pirineo Pamplona, S.L.", "HOT", 6, 3),
    ("Cafeterías Moka, S.L.", "HORECA", 15, None),
    ("Moka Rambla, S.L.", "HORECA", 15, 7),
    ("Moka Lleida, S.L.", "HORECA", 16, 7),
    ("Moka Tarragona, S.L.", "HORECA", 17, 7),
    ("Colegio Santa Engracia", "COL", 0, None),
    ("Residencia Los Tilos, S.L.", "COL", 7, None),
    ("Catering Buen Provecho, S.L.", "HORECA", 11, None),
    ("Supermercados del Norte Chico, S.A.", "MIN", 8, None),
    ("Bar Casa Fermín", "HORECA", 3, None),
    ("Terraza Mediterránea, S.L.", "HORECA", 19, None),
    ("Gastrobar Nuevo Rumbo, S.L.", "HORECA", 0, None),
    ("Hostal Camino Claro, S.L.", "HOT", 7, None),
    ("Escuela Infantil Globos", "COL", 11, None),
    ("Ultramarinos Delicias, S.L.", "MIN", 15, None),
    ("Provisiones Navales del Estrecho, S.L.", "EXP", 24, None),
    ("Catering Aéreo Levante, S.A.", "EXP", 21, None),
)
BLOCKED, PROSPECTS = 15, (17, 18, 19, 20)
DOLLARS = (21, 22)
CAFETERIA = (7, 8, 9, 10)
MAIN, SECOND = 1, 2


@dataclass(frozen=True, slots=True)
class Company:
    """A customer before it is rows, with what its orders copy."""

    number: int
    id: UUID
    code: str
    name: str
    group: str
    status: CustomerStatus
    parent: int | None
    currency: str
    locale: str
    payment: str
    delivery: str
    tax_id: str | None
    rep: Person
    address: DocumentAddress
    delivery_address: DocumentAddress
    created_days_ago: int
    weight: float
    buyers: list[tuple[UUID, str]] = field(default_factory=list)

    @property
    def buys(self) -> bool:
        return self.status is not CustomerStatus.PROSPECT


def _people(email: str, name: str, role: Role, company: int, what: str) -> tuple[str, str, Role, int, str]:
    return email, name, role, company, what


# Who signs in for a customer: the first two buy for the same restaurant, the third for two companies.
PEOPLE = (
    _people(
        "compras@laparra.example",
        "Clara Lafuente Oro",
        Role.BUYER,
        MAIN,
        "compradora de Restaurante La Parra",
    ),
    _people("cocina@laparra.example", "Íñigo Salas Romeo", Role.BUYER, MAIN, "segundo comprador de La Parra"),
    _people("direccion@laparra.example", "Mercedes Aznar Val", Role.APPROVER, MAIN, "aprobadora de La Parra"),
    _people(
        "admin@laparra.example", "Tomás Lafuente Oro", Role.COMPANY_ADMIN, MAIN, "administrador de La Parra"
    ),
    _people(
        "erp@laparra.example", "Conector La Parra", Role.CUSTOMER_INTEGRATOR, MAIN, "integrador de La Parra"
    ),
    _people(
        "compras@hotelpirineo.example",
        "Beatriz Oliván Ara",
        Role.BUYER,
        3,
        "compradora del grupo Pirineo, ve sus filiales",
    ),
    _people(
        "jaca@hotelpirineo.example",
        "Félix Bescós Gracia",
        Role.BUYER,
        4,
        "comprador del hotel de Jaca (filial)",
    ),
    _people("encargada@moka.example", "Montse Vila Riera", Role.BUYER, 8, "cafetería con surtido propio"),
)
TWO_COMPANIES = _people(
    "dosempresas@mirador.example", "Raquel Tena Conde", Role.BUYER, MAIN, "compra para dos empresas"
)

_STAFF_WORDS = {
    Role.ADMINISTRATOR: "administradora",
    Role.SALES_MANAGER: "jefe de ventas",
    Role.SALES_REP: "comercial",
    Role.LOGISTICS: "logística",
    Role.FINANCE: "finanzas",
    Role.INTEGRATOR: "integrador de la casa",
}


def demo_logins(staff: tuple[Person, ...]) -> list[DemoLogin]:
    """One login per role of the house, then the customers' people."""
    found: dict[Role, Person] = {}
    for person in staff:
        found.setdefault(person.role, person)
    logins = [DemoLogin(role, each.email, DEMO_PASSWORD, _STAFF_WORDS[role]) for role, each in found.items()]
    people = (*PEOPLE, TWO_COMPANIES)
    return [DemoLogin(role, email, DEMO_PASSWORD, what) for email, _, role, _, what in people] + logins


def plan_customers() -> list[Company]:
    """All companies; number 1 is the one most demo people buy for."""
    dice = chance("customers")
    names = [(kind, group, name) for name in NAMES for kind, group in KINDS]
    dice.shuffle(names)
    companies = []
    for number in range(1, CUSTOMERS + 1):
        if number <= len(FEATURED):
            name, group, place, parent = FEATURED[number - 1]
        else:
            kind, group, rest = names[number]
            name, place, parent = f"{kind} {rest}", dice.randrange(len(CITIES)), None
        is_person = "," not in name and (number > len(FEATURED) and dice.random() < 0.3)
        if number > len(FEATURED) and not is_person and group != "COL":
            name += dice.choice((", S.L.", ", S.L.", ", S.A."))
        companies.append(_company(number, name, group, place, parent, is_person))
    return companies


def _company(number: int, name: str, group: str, place: int, parent: int | None, is_person: bool) -> Company:
    dice = chance(f"customer {number}")
    city, region, postal, territory = CITIES[place]
    if is_person:
        body = f"{dice.randrange(10_000_000, 79_999_999)}"
        tax_id = body + dni.calc_check_digit(body)
    else:
        letter = "A" if name.endswith("S.A.") else "R" if group == "COL" else "B"
        body = f"{letter}{postal[:2]}{dice.randrange(10_000, 99_999)}"
        # Religious and public bodies bear a letter, companies a digit.
        tax_id = body + cif.calc_check_digits(body)[1 if body[0] == "R" else 0]
    status = CustomerStatus.ACTIVE
    if number in PROSPECTS:
        status = CustomerStatus.PROSPECT
    elif number == BLOCKED:
        status = CustomerStatus.BLOCKED
    phone = f"+34 9{dice.randrange(10, 89)} {dice.randrange(100, 999)} {dice.randrange(100, 999)}"

    def address(label: str) -> DocumentAddress:
        street = f"{dice.choice(STREETS)} {dice.randrange(1, 120)}"
        return DocumentAddress(
            label, name, street, f"{postal}{dice.randrange(1, 40):02}", city, region, "ES", phone
        )

    weight = {MAIN: 4.0, SECOND: 3.0, 3: 2.5}.get(number, 0.4 + dice.random() ** 2 * 2)
    payment = dice.choice(("R15", "R30", "R30", "T60", "3060", "CONTADO"))
    return Company(
        number=number,
        id=key("customer", number),
        code=f"C-{number:05}",
        name=name,
        group=group,
        status=status,
        parent=parent,
        currency="USD" if number in DOLLARS else "EUR",
        locale="en" if number in DOLLARS else "es",
        payment={MAIN: "3060"}.get(number, payment),
        delivery=dice.choice(("DAP", "DAP", "DAP", "CPT", "EXW")),
        tax_id=tax_id,
        rep=REP_OF[territory],
        address=address("Oficina"),
        delivery_address=address("Almacén"),
        created_days_ago=15 if status is CustomerStatus.PROSPECT else dice.randrange(740, 1500),
        weight=weight,
    )


def add_customers(rows: Rows, companies: list[Company]) -> None:
    """Customers with addresses, contacts and people."""
    for code, (name, assortment) in GROUPS.items():
        rows.add(
            CustomerGroup,
            id=key("group", code),
            seller_id=SELLER,
            code=code,
            name=name,
            assortment_id=key("assortment", assortment) if assortment else None,
        )
    for company in companies:
        _add_customer(rows, company)
        _add_people(rows, company)
    second = companies[SECOND - 1]
    email, name, role, _, _ = TWO_COMPANIES
    add_user(rows, email, name, DEMO_PASSWORD)
    for company in (companies[MAIN - 1], second):
        _join(rows, company, email, name, role)


def _add_customer(rows: Rows, company: Company) -> None:
    territory = company.rep.territories[0]
    rows.add(
        Customer,
        id=company.id,
        seller_id=SELLER,
        number=company.code,
        name=company.name,
        name_sort=sort_key(company.name),
        tax_id=None if company.tax_id is None else check_tax_id("ES", company.tax_id),
        country="ES",
        parent_id=key("customer", company.parent) if company.parent else None,
        status=company.status,
        customer_group_id=key("group", company.group),
        assortment_id=key("assortment", "CAFETERIA") if company.number in CAFETERIA else None,
        sales_rep_id=staff_id(company.rep),
        territory_id=key("territory", territory),
        payment_term_id=key("payment", company.payment),
        delivery_term_id=key("delivery", company.delivery),
        currency=company.currency,
        locale=company.locale,
        buyers_see_company_orders=company.number % 3 == 2,
        internal_note="Bloqueado: dos recibos devueltos." if company.status is CustomerStatus.BLOCKED else "",
        created_at=moment(rows.days_ago(company.created_days_ago)),
        active_until=None,
    )
    for kind, address in (("billing", company.address), ("delivery", company.delivery_address)):
        rows.add(
            CustomerAddress,
            id=key("address", company.number, kind),
            customer_id=company.id,
            label=address.label,
            name=address.name,
            street=address.street,
            postal_code=address.postal_code,
            city=address.city,
            region=address.region,
            country=address.country,
            phone=address.phone,
            is_default_delivery=kind == "delivery",
            is_default_billing=kind == "billing",
            active_until=None,
        )
    if company.number == MAIN:
        rows.add(
            CustomerAddress,
            id=key("address", MAIN, "terrace"),
            customer_id=company.id,
            label="Terraza del parque",
            name=company.name,
            street="Paseo de los Plátanos, kiosco 2",
            postal_code="50007",
            city="Zaragoza",
            region="Aragón",
            country="ES",
            phone="+34 976 000 222",
            is_default_delivery=False,
            is_default_billing=False,
            active_until=None,
        )
    dice = chance(f"contacts {company.number}")
    for place, title in enumerate(("Gerencia", "Compras")[: dice.randrange(1, 3)]):
        name = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)} {dice.choice(LAST_NAMES)}"
        rows.add(
            CustomerContact,
            id=key("contact", company.number, place),
            customer_id=company.id,
            name=name,
            title=title,
            email=f"{title.lower()}@cliente{company.number:03}.example",
            phone=company.address.phone,
        )


def _add_people(rows: Rows, company: Company) -> None:
    known = [each for each in PEOPLE if each[3] == company.number]
    for email, name, role, _, _ in known:
        add_user(rows, email, name, DEMO_PASSWORD)
        _join(rows, company, email, name, role)
    if company.buys and not any(role is Role.BUYER for _, _, role, _, _ in known):
        dice = chance(f"buyer {company.number}")
        name = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)} {dice.choice(LAST_NAMES)}"
        email = f"pedidos@cliente{company.number:03}.example"
        add_user(rows, email, name, locale=company.locale)
        _join(rows, company, email, name, Role.BUYER)


def _join(rows: Rows, company: Company, email: str, name: str, role: Role) -> None:
    rows.add(
        Membership,
        user_id=key("user", email),
        customer_id=company.id,
        role=role.value,
        created_at=moment(rows.days_ago(720)),
    )
    if role is Role.BUYER:
        company.buyers.append((key("user", email), name))


def add_item_numbers(rows: Rows, companies: list[Company], items: tuple[Item, ...]) -> None:
    """What some customers call our products: the main one four dozen, a few others some."""
    for number, count, pattern in ((MAIN, 48, "LP {:04}"), (SECOND, 20, "MIR-{:03}"), (14, 30, "80{:05}")):
        chosen = chance(f"item numbers {number}").sample(items, count)
        for place, item in enumerate(chosen, start=1):
            own = pattern.format(place * 7 + 1000 if number == MAIN else place * 7)
            rows.add(
                CustomerItemNumber,
                customer_id=companies[number - 1].id,
                product_id=item.id,
                item_number=own,
                item_key=item_key(own),
            )


def credit_limit_for(exposure: Decimal, weight: float) -> Decimal:
    """A round limit with room above what is open."""
    return max(
        Decimal(3000), (exposure * 2 / 1000).quantize(Decimal(1)) * 1000 + Decimal(int(weight * 2)) * 1000
    )
