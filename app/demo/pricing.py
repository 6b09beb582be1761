"""How the demo company prices besides lists and trade agreements: discounts, gifts, freight, and agreements."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from app.demo.catalogue import Item, read_catalogue
from app.demo.company import SELLER, STAFF, staff_id
from app.demo.customers import MAIN, PEOPLE
from app.demo.deliveries import act
from app.demo.seeds import MADRID, cents, key
from auth.permissions import Role, RowClass, Viewer, combine_grants
from resolvers.charges import ChargeDraft, create_charge
from resolvers.context import Context
from resolvers.discounts_acts import create_rule, set_active
from resolvers.discounts_drafts import BenefitDraft, ConditionDraft, RuleDraft
from resolvers.discounts_groups import GroupDraft, SegmentDraft, create_group, save_segment
from resolvers.free_goods import FreeGoodsDraft, create_free_goods
from resolvers.rule_targets import Target
from resolvers.sales_agreements_acts import accept_agreement, create_agreement, propose_agreement
from rules.charges import ChargeBand, ChargeBasis, ChargeKind, ChargeMethod
from rules.discounts_benefits import BenefitKind
from rules.discounts_conditions import ConditionKind, Measure
from rules.discounts_rules import Phase, Stacking
from rules.sales_agreement_terms import AgreementLineTerms, AgreementTerms
from rules.sales_agreements import AgreementPricing, CommitmentType

if TYPE_CHECKING:
    from app.database import Database

DAYS_AGO = 30
MANAGER = next(each for each in STAFF if each.name == "Javier Lahoz Mir")
APPROVER = next(each for each in PEOPLE if each[2] is Role.APPROVER and each[3] == MAIN)
HORECA, SEGMENT = "HORECA", "HORECA-EBRO"
SAUCES = "salsas"
# What the restaurant of the demo has in its cart, or buys again and again.
BREAD, WINE, COFFEE = "PAN-0130", "VNO-0210", "CAF-0410"

Work = Callable[[Context], Awaitable[UUID]]


async def price_some(database: "Database", now: datetime) -> None:
    """By the ordinary use cases, a month ago: what they refuse, the demo company cannot have."""
    then = now - timedelta(days=DAYS_AGO)
    items = {each.sku: each for each in read_catalogue().items}
    manager = _manager()

    async def done(work: Work, viewer: Viewer = manager) -> UUID:
        made = await act(database, viewer, work, then)
        assert made is not None, "nothing of this waits for lots"
        return made

    await done(lambda ctx: save_segment(ctx, _segment(), None, None))
    for group, rules in _discounts(then.astimezone(MADRID).date()):
        group_id = await done(lambda ctx, group=group: create_group(ctx, group))  # type: ignore[misc]
        for rule in rules:
            draft = RuleDraft(group_id=group_id, **rule)
            rule_id = await done(lambda ctx, draft=draft: create_rule(ctx, draft))  # type: ignore[misc]
            await done(lambda ctx, key=rule_id: set_active(ctx, key, 1, is_active=True))  # type: ignore[misc]
    await done(lambda ctx: create_free_goods(ctx, _gift(items[BREAD], ctx.today)))
    await done(lambda ctx: create_charge(ctx, _freight(ctx.today)))
    async with database.job() as session:
        found = text("select id from customer where number = :number")
        restaurant: UUID = (await session.execute(found, {"number": f"C-{MAIN:05}"})).scalar_one()
    agreed = await done(lambda ctx: create_agreement(ctx, restaurant, _wine(items[WINE], ctx.today)))
    await done(lambda ctx: propose_agreement(ctx, agreed, 1))
    await done(lambda ctx: accept_agreement(ctx, agreed, 2), _approver(restaurant))
    waiting = await done(lambda ctx: create_agreement(ctx, restaurant, _coffee(items[COFFEE], ctx.today)))
    await done(lambda ctx: propose_agreement(ctx, waiting, 1))


def _manager() -> Viewer:
    team = [MANAGER, *(each for each in STAFF if each.team == MANAGER.team and each is not MANAGER)]
    ids: list[Any] = [staff_id(each) for each in team]
    return Viewer(
        ids[0], MANAGER.name, MANAGER.email, SELLER, RowClass.TERRITORY, frozenset({MANAGER.role}),
        combine_grants([MANAGER.role]), sales_rep_ids=tuple(ids),
    )  # fmt: skip


def _approver(customer_id: UUID) -> Viewer:
    email, name, role, _, _ = APPROVER
    return Viewer(
        key("user", email), name, email, SELLER, RowClass.CUSTOMER, frozenset({role}), combine_grants([role]),
        customer_id=customer_id, customer_ids=(customer_id,),
    )  # fmt: skip


def _segment() -> SegmentDraft:
    return SegmentDraft(
        SEGMENT, "Hostelería de Aragón y el norte", customer_groups=(HORECA,), territories=("ARA", "NOR"),
        revenue_least=Decimal(500), revenue_currency="EUR", months=12,
    )  # fmt: skip


def _discounts(first: date) -> list[tuple[GroupDraft, list[dict[str, Any]]]]:
    """Groups in their order, each with its rules; of the first one the better wins, so that staff see who lost."""
    sauces = ConditionDraft(ConditionKind.CATEGORY, codes=(SAUCES,))
    horeca = ConditionDraft(ConditionKind.CUSTOMER_GROUP, codes=(HORECA,))
    return [
        (
            GroupDraft("TEMPORADA", "Ofertas de temporada", 10, Stacking.EXCLUSIVE),
            [
                {
                    "code": "SALSAS-HORECA", "name": "Salsas para hostelería", "phase": Phase.LINE, "priority": 20,
                    "benefit": _percent(5), "conditions": (horeca, sauces), "valid_from": first,
                },
                {
                    "code": "SALSAS-EBRO", "name": "Campaña de salsas del Ebro", "phase": Phase.LINE, "priority": 10,
                    "benefit": _percent(3), "valid_from": first,
                    "conditions": (ConditionDraft(ConditionKind.SEGMENT, codes=(SEGMENT,)), sauces),
                },
            ],
        ),
        (
            GroupDraft("FACTURA", "Bonificaciones en factura", 20, Stacking.SUMMED),
            [
                {
                    "code": "SALSAS-CAJAS", "name": "Bonificación por cajas de salsas", "phase": Phase.ALLOWANCE,
                    "benefit": _percent(2), "valid_from": first,
                    "conditions": (
                        horeca, sauces,
                        ConditionDraft(
                            ConditionKind.MINIMUM, measure=Measure.QUANTITY, least=Decimal(24)
                        ),
                    ),
                },
            ],
        ),
        (
            GroupDraft("CUPONES", "Cupones", 30, Stacking.BEST),
            [
                {
                    "code": "VERANO10", "name": "Cupón de verano", "phase": Phase.ORDER, "benefit": _percent(10),
                    "conditions": (horeca,), "valid_from": first, "currency": "EUR", "coupon": "VERANO-10",
                    "amount_max": Decimal(50), "uses_max": 200, "uses_per_customer_max": 2,
                },
            ],
        ),
    ]  # fmt: skip


def _percent(percent: int) -> BenefitDraft:
    return BenefitDraft(BenefitKind.PERCENT, percent=Decimal(percent))


def _gift(item: Item, first: date) -> FreeGoodsDraft:
    target = Target(customer_group=HORECA, product_id=item.id)
    return FreeGoodsDraft(
        "Lanzamiento: 3 + 1", Decimal(3), Decimal(1), first, target=target, max_per_order=Decimal(6)
    )


def _freight(first: date) -> ChargeDraft:
    """To the islands; free from 300 euros on."""
    bands = (
        ChargeBand(Decimal(0), Decimal(150), ChargeMethod.FIXED, Decimal("18.50")),
        ChargeBand(Decimal(150), None, ChargeMethod.FIXED, Decimal("12.50")),
    )
    return ChargeDraft(
        "Portes a Baleares", ChargeKind.FREIGHT, ChargeBasis.DOCUMENT, "EUR", bands, first, countries=("ES",),
        postal_prefixes=("07",), free_from=Decimal(300),
    )  # fmt: skip


def _wine(item: Item, first: date) -> AgreementTerms:
    return AgreementTerms(
        "Vino de la casa", "EUR", AgreementPricing.FIXED, first, date(first.year + 1, 1, 1) + timedelta(days=90),
        conditions="Precio fijo hasta el fin del acuerdo. Entregas semanales.",
        lines=(
            AgreementLineTerms(
                1, CommitmentType.PRODUCT_QUANTITY, Decimal(item.per_box * 40), sku=item.sku,
                unit_price=cents(item.price * Decimal("0.85")), is_price_fixed=True, max_enforced=True,
            ),
        ),
    )  # fmt: skip


def _coffee(item: Item, first: date) -> AgreementTerms:
    return AgreementTerms(
        "Café y desayunos", "EUR", AgreementPricing.CEILING, first + timedelta(days=60), first + timedelta(days=425),
        conditions="El café baja un 6 % con un consumo de 2.000 € al año.",
        lines=(
            AgreementLineTerms(
                1, CommitmentType.PRODUCT_VALUE, Decimal(2000), sku=item.sku, discount_percent=Decimal(6)
            ),
            AgreementLineTerms(
                2, CommitmentType.CATEGORY_VALUE, Decimal(800), category="galletas", discount_percent=Decimal(4)
            ),
        ),
    )  # fmt: skip
