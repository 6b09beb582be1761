"""Quotes of the demo's restaurant, one in each state that people look for, and the conversations that led there."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from app.demo.company import SELLER, STAFF, Person, staff_id
from app.demo.customers import MAIN, PEOPLE
from app.demo.deliveries import act
from app.demo.seeds import MADRID, key
from app.demo.spending import LIMITED
from auth.permissions import RowClass, Viewer, combine_grants
from resolvers.context import Context
from resolvers.orders_quotes import accept_quote
from resolvers.quotes_acts import create_quote, request_quote, revise_quote, send_quote, set_quote_lines
from resolvers.quotes_answers import CounterLine, counter_quote, decline_quote
from resolvers.quotes_approval import submit_quote
from resolvers.quotes_pricing import QuoteLineDraft, QuoteTerms

if TYPE_CHECKING:
    from app.database import Database

REP = next(each for each in STAFF if each.name == "Diego Arnal Sanz")
BUYER = "compras@laparra.example"
KETCHUP, MAYONNAISE, BRAVA = "SAL-0220", "SAL-0120", "SAL-0420"
WINE, YOUNG, CAVA, OIL, FRYING = "VNO-0230", "VNO-0130", "VNO-0520", "ACE-0120", "ACE-0420"
COFFEE, BLEND = "CAF-0130", "CAF-0230"
_OFFER = """
    select revision.id, encode(content_hash, 'hex') as hash, array_agg(line.id order by position) as lines
    from quote_revision revision join quote_line line on line.revision_id = revision.id
    where quote_id = :quote and revision.status = 'SENT' group by revision.id
"""

Work = Callable[[Context], Awaitable[UUID]]


async def quote_some(database: "Database", now: datetime) -> None:
    """By the ordinary use cases; each quote began some days ago."""
    async with database.job() as session:
        found = text("select id from customer where number = :number")
        restaurant: UUID = (await session.execute(found, {"number": f"C-{MAIN:05}"})).scalar_one()
    desk = _Desk(database, now, restaurant)
    await desk.expired()
    await desk.declined()
    await desk.negotiated()
    await desk.accepted_and_short()
    await desk.countered()
    await desk.waits_for_a_colleague()
    await desk.waits_for_our_consent()
    await desk.requested()


class _Desk:
    """The restaurant and its rep, who talk about quotes."""

    def __init__(self, database: "Database", now: datetime, restaurant: UUID) -> None:
        self.database, self.now, self.restaurant = database, now, restaurant
        self.rep = _staff(REP)
        self.buyer, self.cook = (_buyer(email, restaurant) for email in (BUYER, LIMITED))

    async def requested(self) -> None:
        lines = [_line(OIL, 24), _line(FRYING, 12), _line(COFFEE, 16)]
        asked = "Lo necesitamos para la temporada de terraza; ¿qué precio nos hacen por esta cantidad?"
        await self._done(self.buyer, lambda ctx: request_quote(ctx, lines, asked), days=1)

    async def negotiated(self) -> None:
        """Asked for, offered, countered, and offered anew with an option and an alternative: it waits for an answer."""
        lines = [_line(WINE, 60), _line(COFFEE, 16)]
        asked = "Carta de otoño: vino de la casa y café."
        quote = await self._done(self.buyer, lambda ctx: request_quote(ctx, lines, asked), days=8)
        await self._send(quote, 1, days=7)
        offer = await self._offer(quote)
        wish = [
            CounterLine(offer.lines[0], Decimal(90), Decimal("12.50")),
            CounterLine(offer.lines[1], substitute=BLEND),
        ]
        said = "Si subimos a 90 botellas, ¿llegan a 12,50 €?"
        await self._done(
            self.buyer, lambda ctx: counter_quote(ctx, quote, offer.id, offer.hash, wish, said), days=5
        )
        version = await self._version(quote)
        await self._done(self.rep, lambda ctx: revise_quote(ctx, quote, version), days=4)
        reason = "Volumen comprometido para otoño"
        drafts = [
            _line(WINE, 90, discount_percent=Decimal(4), reason=reason),
            _line(YOUNG, 90, alternative_to=0),
            _line(BLEND, 16),
            _line(CAVA, 24, is_optional=True),
        ]
        terms = QuoteTerms(
            valid_until=self.now.astimezone(MADRID).date() + timedelta(days=12),
            message="Subimos a 90 botellas con un 4 %. Si prefiere el vino joven, puede elegirlo en su lugar.",
        )
        await self._done(
            self.rep, lambda ctx: set_quote_lines(ctx, quote, version + 1, drafts, terms), days=4
        )
        await self._send(quote, version + 2, days=4)

    async def countered(self) -> None:
        quote = await self._offered([_line(OIL, 36), _line(BRAVA, 12)], days=6)
        offer = await self._offer(quote)
        wish = [CounterLine(offer.lines[0], unit_price=Decimal("9.10"))]
        said = "El aceite lo tenemos a 9,10 € en otro sitio."
        await self._done(
            self.buyer, lambda ctx: counter_quote(ctx, quote, offer.id, offer.hash, wish, said), days=2
        )

    async def waits_for_a_colleague(self) -> None:
        """More than the second buyer orders alone."""
        quote = await self._offered([_line(OIL, 120)], days=3)
        offer = await self._offer(quote)
        await self._done(
            self.cook, lambda ctx: accept_quote(ctx, quote, offer.id, offer.hash, [], "LP-2291"), days=1
        )

    async def accepted_and_short(self) -> None:
        """More than there is of it, and none is expected."""
        quote = await self._offered([_line(KETCHUP, 900)], days=9)
        offer = await self._offer(quote)
        await self._done(
            self.buyer, lambda ctx: accept_quote(ctx, quote, offer.id, offer.hash, [], "LP-2274"), days=7
        )

    async def declined(self) -> None:
        quote = await self._offered([_line(MAYONNAISE, 24)], days=20)
        offer = await self._offer(quote)
        said = "De momento seguimos con la que tenemos."
        await self._done(
            self.buyer, lambda ctx: decline_quote(ctx, quote, offer.id, offer.hash, said), days=15
        )

    async def expired(self) -> None:
        await self._offered([_line(CAVA, 36)], days=40)

    async def waits_for_our_consent(self) -> None:
        """Deeper than a rep offers alone; the restaurant sees nothing of it."""
        drafts = [_line(WINE, 240, discount_percent=Decimal(9), reason="Igualar a la competencia")]
        quote = await self._done(
            self.rep, lambda ctx: create_quote(ctx, self.restaurant, drafts, QuoteTerms()), days=2
        )
        await self._done(self.rep, lambda ctx: submit_quote(ctx, quote, 1), days=2)

    async def _offered(self, drafts: Sequence[QuoteLineDraft], days: int) -> UUID:
        quote = await self._done(
            self.rep, lambda ctx: create_quote(ctx, self.restaurant, drafts, QuoteTerms()), days=days
        )
        await self._send(quote, 1, days)
        return quote

    async def _send(self, quote: UUID, version: int, days: int) -> None:
        await self._done(self.rep, lambda ctx: submit_quote(ctx, quote, version), days=days)
        await self._done(self.rep, lambda ctx: send_quote(ctx, quote, version + 1), days=days)

    async def _offer(self, quote: UUID) -> Any:
        """What the restaurant was sent last: id, hash and lines of the revision."""
        async with self.database.job() as session:
            return (await session.execute(text(_OFFER), {"quote": quote})).one()

    async def _version(self, quote: UUID) -> int:
        async with self.database.job() as session:
            found = await session.execute(
                text("select version from quote where id = :quote"), {"quote": quote}
            )
            return int(found.scalar_one())

    async def _done(self, viewer: Viewer, work: Work, days: int) -> UUID:
        made = await act(self.database, viewer, work, self.now - timedelta(days=days))
        assert made is not None, "nothing of this waits for lots"
        return made


def _line(sku: str, quantity: int, **given: Any) -> QuoteLineDraft:
    return QuoteLineDraft(sku, Decimal(quantity), **given)


def _staff(person: Person) -> Viewer:
    own: Any = staff_id(person)
    return Viewer(
        own, person.name, person.email, SELLER, RowClass.TERRITORY, frozenset({person.role}),
        combine_grants([person.role]), sales_rep_ids=(own,),
    )  # fmt: skip


def _buyer(email: str, customer_id: UUID) -> Viewer:
    _, name, role, _, _ = next(each for each in PEOPLE if each[0] == email)
    return Viewer(
        key("user", email), name, email, SELLER, RowClass.CUSTOMER, frozenset({role}), combine_grants([role]),
        customer_id=customer_id, customer_ids=(customer_id,),
    )  # fmt: skip
