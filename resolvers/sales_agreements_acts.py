"""Writing sales agreements: drafted and proposed by our people, accepted or declined by the customer's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy import select

from models.base import new_id
from models.products import Product, ProductUnit
from models.sales_agreements import AgreementLine, AgreementVersion, SalesAgreement
from models.sales_agreements_reads import agreement_in_scope
from models.sellers import Currency, DeliveryTerm, NumberSeries, PaymentTerm
from resolvers.context import Context, LockedSession, LockKind, locked
from resolvers.customers import customers_by_id
from resolvers.events import record
from resolvers.house import as_house
from resolvers.products import category_tree
from resolvers.sales_agreements import permitted_agreement_actions
from resolvers.sales_agreements_booking import lock_commitments
from rules.refusals import ErrorCode, InvalidTransition, Refusal, StaleVersion, refuse_all
from rules.sales_agreement_terms import (
    AgreementAction,
    AgreementLineTerms,
    AgreementTerms,
    ConsumedLine,
    VersionStatus,
    check_amendment,
    check_terms,
    hash_of_terms,
    numbered,
    possible_agreement_actions,
)
from rules.sales_agreements import AgreementStatus, CommitmentType
from rules.sales_agreements_ledger import move_agreement, status_on
from rules.states import DocumentKind
from rules.texts import item_key

REASON_MAX = 500
_NUMBERS = DatabaseSequence("sales_agreement_number_seq")
_DEFAULT_SERIES = ("SA", 6)
_OPEN = (VersionStatus.DRAFT, VersionStatus.PROPOSED)


@dataclass(slots=True)
class LockedAgreement:
    """An agreement, locked, with the version that is written or proposed now, and the one in force."""

    agreement: SalesAgreement
    versions: Sequence[AgreementVersion]

    @property
    def open(self) -> AgreementVersion | None:
        return next((each for each in self.versions if each.status in _OPEN), None)

    @property
    def in_force(self) -> AgreementVersion | None:
        return next((each for each in self.versions if each.status == VersionStatus.IN_FORCE), None)

    @property
    def waiting(self) -> AgreementVersion:
        """The open version, where the act is possible with one alone."""
        assert self.open is not None, "the act is possible with an open version alone"
        return self.open


async def _lock(
    ctx: Context, session: LockedSession, agreement_id: UUID, expected_version: int, action: AgreementAction
) -> LockedAgreement:
    """
    The agreement with its versions, locked, where the viewer may see it and may do this.

    Raises, in this order: NOT_FOUND, NOT_PERMITTED, StaleVersion, InvalidTransition.
    """
    visible = select(SalesAgreement).where(SalesAgreement.id == agreement_id, agreement_in_scope(ctx.user))
    agreement: SalesAgreement | None = await session.scalar(ctx.locked(LockKind.DOCUMENT, visible))
    if agreement is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("agreementId",))
    if action not in permitted_agreement_actions(ctx.user, agreement.customer_id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this agreement.", ("agreementId",))
    if agreement.version != expected_version:
        raise StaleVersion(agreement.version)
    own = select(AgreementVersion).where(
        AgreementVersion.agreement_id == agreement.id, AgreementVersion.customer_id == agreement.customer_id
    )
    found = LockedAgreement(
        agreement, list(await session.scalars(locked(own.order_by(AgreementVersion.number))))
    )
    status = status_on(AgreementStatus(agreement.status), agreement.valid_until, ctx.today)
    waiting = None if found.open is None else VersionStatus(found.open.status)
    possible = possible_agreement_actions(status, waiting)
    if action not in possible:
        raise InvalidTransition(status, action, sorted(possible))
    return found


def _done(
    ctx: Context, agreement: SalesAgreement, event: str, reason: str = "", *, published: bool = True
) -> UUID:
    """Raises the version and records what happened; what we are still writing is told to nobody."""
    agreement.version += 1
    changes = {"number": agreement.number, "status": str(agreement.status)}
    record(
        ctx, event, "SalesAgreement", agreement.id, version=agreement.version, customer_id=agreement.customer_id,
        reason=reason, changes=changes, published=published,
    )  # fmt: skip
    return agreement.id


def _checked_reason(reason: str) -> str:
    if not reason.strip():
        raise Refusal(ErrorCode.REASON_REQUIRED, "Give a reason.", ("reason",))
    if len(reason) > REASON_MAX:
        raise Refusal(ErrorCode.INVALID, "This text is too long.", ("reason",))
    return reason.strip()


async def create_agreement(ctx: Context, customer_id: UUID, terms: AgreementTerms) -> UUID:
    """A draft with a customer, which the customer does not see until it is proposed."""
    customer = await ctx.load(customers_by_id, customer_id)
    if customer is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("customerId",))
    if AgreementAction.EDIT not in permitted_agreement_actions(ctx.user, customer_id):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this for this customer.", ("customerId",))
    terms = await _completed(ctx, terms)
    agreement = SalesAgreement(
        id=new_id(), seller_id=ctx.user.seller_id, number=await _number(ctx), customer_id=customer_id,
        status=AgreementStatus.DRAFT, version=0, created_at=ctx.now, created_by_id=ctx.user.user_id,
        created_by_name=ctx.user.name,
    )  # fmt: skip
    await _take_head(ctx, ctx.session, agreement, terms)
    ctx.session.add(agreement)
    await ctx.session.flush()
    ctx.session.add(_version(ctx, agreement, 1, terms))
    _done(ctx, agreement, "salesAgreement.drafted", published=False)
    await ctx.session.flush()
    return agreement.id


def _version(ctx: Context, agreement: SalesAgreement, number: int, terms: AgreementTerms) -> AgreementVersion:
    return AgreementVersion(
        id=new_id(), agreement_id=agreement.id, customer_id=agreement.customer_id, number=number,
        status=VersionStatus.DRAFT, content=terms.to_json(), created_at=ctx.now, created_by_id=ctx.user.user_id,
        created_by_name=ctx.user.name,
    )  # fmt: skip


async def save_draft(ctx: Context, agreement_id: UUID, expected_version: int, terms: AgreementTerms) -> UUID:
    """The terms that are being written, as they shall be: all of them take the place of what was there."""
    found = await _lock(ctx, ctx.session, agreement_id, expected_version, AgreementAction.EDIT)
    terms = await _completed(ctx, terms)
    refuse_all(_of_terms(check_amendment(terms, await _consumed(ctx.session, found.agreement))))
    found.waiting.content = terms.to_json()
    if found.agreement.proposed_at is None:
        await _take_head(ctx, ctx.session, found.agreement, terms)
    _done(ctx, found.agreement, "salesAgreement.drafted", published=False)
    await ctx.session.flush()
    return agreement_id


async def amend_agreement(ctx: Context, agreement_id: UUID, expected_version: int) -> UUID:
    """A new version to write, as the last one was; what is in force holds until both sides confirmed the new one."""
    found = await _lock(ctx, ctx.session, agreement_id, expected_version, AgreementAction.AMEND)
    last = found.in_force or found.versions[-1]
    terms = AgreementTerms.from_json(last.content)
    ctx.session.add(_version(ctx, found.agreement, found.versions[-1].number + 1, terms))
    _done(ctx, found.agreement, "salesAgreement.drafted", published=False)
    await ctx.session.flush()
    return agreement_id


async def propose_agreement(ctx: Context, agreement_id: UUID, expected_version: int) -> UUID:
    """We confirm what was written: it is hashed, never changes again, and the customer is asked."""
    found = await _lock(ctx, ctx.session, agreement_id, expected_version, AgreementAction.PROPOSE)
    agreement, version = found.agreement, found.waiting
    terms = AgreementTerms.from_json(version.content)
    problems = check_amendment(terms, await _consumed(ctx.session, agreement))
    if not terms.lines:
        problems.append(
            Refusal(ErrorCode.INVALID, "An agreement commits to something: add a line.", ("agreementId",))
        )
    if terms.valid_until <= ctx.today:
        problems.append(
            Refusal(ErrorCode.PAST_DATE, "The agreement would be over already.", ("agreementId",))
        )
    refuse_all(problems)
    version.status, version.content_hash = VersionStatus.PROPOSED, hash_of_terms(version.content)
    version.confirmed_at, version.confirmed_by_id = ctx.now, ctx.user.user_id
    version.confirmed_by_name = ctx.user.name
    if found.in_force is None:
        agreement.status = move_agreement(AgreementStatus(agreement.status), AgreementStatus.PROPOSED)
        await _take_head(ctx, ctx.session, agreement, terms)
    agreement.proposed_at = agreement.proposed_at or ctx.now
    _done(ctx, agreement, "salesAgreement.proposed")
    await ctx.session.flush()
    return agreement_id


async def withdraw_proposal(ctx: Context, agreement_id: UUID, expected_version: int, reason: str) -> UUID:
    """We take back what the customer has not answered yet."""
    reason = _checked_reason(reason)
    found = await _lock(ctx, ctx.session, agreement_id, expected_version, AgreementAction.WITHDRAW)
    _end_proposal(found, VersionStatus.WITHDRAWN, reason)
    _done(ctx, found.agreement, "salesAgreement.withdrawn", reason)
    await ctx.session.flush()
    return agreement_id


async def decline_agreement(ctx: Context, agreement_id: UUID, expected_version: int, reason: str) -> UUID:
    """The customer does not accept what we proposed; what is in force stays."""
    reason = _checked_reason(reason)
    async with as_house(ctx) as session:
        found = await _lock(ctx, session, agreement_id, expected_version, AgreementAction.DECLINE)
        _end_proposal(found, VersionStatus.DECLINED, reason)
        _done(ctx, found.agreement, "salesAgreement.declined", reason)
        await session.flush()
    return agreement_id


def _end_proposal(found: LockedAgreement, status: VersionStatus, reason: str) -> None:
    version = found.waiting
    version.status, version.answer_reason = status, reason
    if found.in_force is None:
        found.agreement.status = move_agreement(
            AgreementStatus(found.agreement.status), AgreementStatus.DRAFT
        )


async def accept_agreement(ctx: Context, agreement_id: UUID, expected_version: int) -> UUID:
    """
    The customer confirms what we proposed: from now on it is in force, and an earlier version no more.

    The house writes it: no customer's role changes an agreement, and this act changes its state and lines alone.
    """
    async with as_house(ctx) as session:
        found = await _lock(ctx, session, agreement_id, expected_version, AgreementAction.ACCEPT)
        agreement, version = found.agreement, found.waiting
        terms = AgreementTerms.from_json(version.content)
        if terms.valid_until <= ctx.today:
            raise Refusal(ErrorCode.PAST_DATE, "The agreement would be over already.", ("agreementId",))
        ctx.locking(LockKind.COMMITMENT)
        own = select(AgreementLine).where(
            AgreementLine.agreement_id == agreement.id, AgreementLine.customer_id == agreement.customer_id
        )
        lines = list(await session.scalars(locked(own.order_by(AgreementLine.id))))
        refuse_all(check_amendment(terms, [_consumed_of(line) for line in lines]))
        if found.in_force is not None:
            found.in_force.status = VersionStatus.SUPERSEDED
            await session.flush()
        version.status, version.accepted_at = VersionStatus.IN_FORCE, ctx.now
        version.accepted_by_id, version.accepted_by_name = ctx.user.user_id, ctx.user.name
        agreement.status = (
            move_agreement(AgreementStatus(agreement.status), AgreementStatus.EFFECTIVE)
            if found.in_force is None or agreement.status != AgreementStatus.EFFECTIVE
            else AgreementStatus.EFFECTIVE
        )
        await _take_head(ctx, session, agreement, terms)
        _put_lines(session, agreement, terms, {line.number: line for line in lines})
        _done(ctx, agreement, "salesAgreement.accepted")
        await session.flush()
    return agreement_id


async def close_agreement(ctx: Context, agreement_id: UUID, expected_version: int, reason: str) -> UUID:
    """Nothing is ordered under it any more; what was ordered goes its way."""
    return await _end(
        ctx, agreement_id, expected_version, reason, AgreementAction.CLOSE, AgreementStatus.CLOSED
    )


async def cancel_agreement(ctx: Context, agreement_id: UUID, expected_version: int, reason: str) -> UUID:
    """It is called off, in force or not; orders that were placed keep what they were promised."""
    return await _end(
        ctx, agreement_id, expected_version, reason, AgreementAction.CANCEL, AgreementStatus.CANCELLED
    )


async def _end(
    ctx: Context,
    agreement_id: UUID,
    expected_version: int,
    reason: str,
    action: AgreementAction,
    status: AgreementStatus,
) -> UUID:
    reason = _checked_reason(reason)
    found = await _lock(ctx, ctx.session, agreement_id, expected_version, action)
    agreement = found.agreement
    own = select(AgreementLine.id).where(
        AgreementLine.agreement_id == agreement.id, AgreementLine.customer_id == agreement.customer_id
    )
    # An order that is being placed under it comes before or after, never in between.
    await lock_commitments(ctx, await ctx.session.scalars(own))
    version = found.open
    if version is not None and version.status == VersionStatus.PROPOSED:
        version.status, version.answer_reason = VersionStatus.WITHDRAWN, reason
    agreement.status = move_agreement(
        status_on(AgreementStatus(agreement.status), agreement.valid_until, ctx.today), status
    )
    agreement.status_reason, agreement.ended_at = reason, ctx.now
    event = "salesAgreement.closed" if status is AgreementStatus.CLOSED else "salesAgreement.cancelled"
    _done(ctx, agreement, event, reason, published=agreement.proposed_at is not None)
    await ctx.session.flush()
    return agreement_id


async def _number(ctx: Context) -> str:
    """The next number; a dry run takes none, since a sequence cannot be rolled back."""
    if ctx.dry_run:
        return f"DRY-{new_id()}"
    statement = select(NumberSeries.prefix, NumberSeries.digits).where(
        NumberSeries.seller_id == ctx.user.seller_id, NumberSeries.kind == DocumentKind.AGREEMENT
    )
    prefix, digits = (await ctx.session.execute(statement)).first() or _DEFAULT_SERIES
    return f"{prefix}-{ctx.today.year}-{await ctx.session.scalar(select(_NUMBERS.next_value())):0{digits}d}"


async def _consumed(session: LockedSession, agreement: SalesAgreement) -> list[ConsumedLine]:
    own = select(AgreementLine).where(
        AgreementLine.agreement_id == agreement.id, AgreementLine.customer_id == agreement.customer_id
    )
    return [_consumed_of(line) for line in await session.scalars(own)]


def _consumed_of(line: AgreementLine) -> ConsumedLine:
    product, category = line.product_id or "", line.category_id or ""
    subject = (CommitmentType(line.type), str(product), str(category), line.unit_code or "")
    return ConsumedLine(line.number, subject, line.released)


async def _completed(ctx: Context, terms: AgreementTerms) -> AgreementTerms:
    """
    The terms with what their codes stand for, checked.

    Raises:
        Refusal, Refusals: an unknown code, or what `check_terms` finds; nothing is stored.
    """
    known = select(Currency.exponent).where(Currency.code == terms.currency)
    exponent = await ctx.session.scalar(known)
    if exponent is None:
        raise Refusal(ErrorCode.INVALID, "We have no such currency.", ("terms", "currency"))
    problems: list[Refusal] = []
    skus = {item_key(line.sku) for line in terms.lines if line.sku}
    products = {
        row.sku_key: row
        for row in await ctx.session.execute(
            select(Product.sku_key, Product.id, Product.sku, Product.name, Product.unit_code).where(
                Product.seller_id == ctx.user.seller_id, Product.sku_key.in_(skus)
            )
        )
    }
    units = await ctx.session.execute(
        select(ProductUnit.product_id, ProductUnit.unit_code).where(
            ProductUnit.product_id.in_([row.id for row in products.values()])
        )
    )
    others = {(product_id, code) for product_id, code in units}
    categories = {each.code: each for each in await category_tree(ctx)}
    lines = []
    for index, line in enumerate(terms.lines):
        path = ("lines", index)
        of_product = line.type in (CommitmentType.PRODUCT_QUANTITY, CommitmentType.PRODUCT_VALUE)
        product = products.get(item_key(line.sku)) if of_product else None
        category = categories.get(line.category) if line.type is CommitmentType.CATEGORY_VALUE else None
        if of_product and product is None:
            problems.append(
                Refusal(ErrorCode.UNKNOWN_SKU, "There is no product {sku}.", (*path, "sku"), sku=line.sku)
            )
        if line.type is CommitmentType.CATEGORY_VALUE and category is None:
            text = "There is no category {category}."
            problems.append(
                Refusal(ErrorCode.NOT_FOUND, text, (*path, "categoryCode"), category=line.category)
            )
        unit = ""
        if line.is_quantity and product is not None:
            unit = line.unit_code or product.unit_code
            if unit != product.unit_code and (product.id, unit) not in others:
                text = "{sku} is not sold by {unit}."
                data = {"sku": product.sku, "unit": unit}
                problems.append(Refusal(ErrorCode.UNIT_MISMATCH, text, (*path, "unit"), **data))
        made = replace(
            line,
            product="" if product is None else str(product.id),
            sku="" if product is None else product.sku,
            category="" if category is None else str(category.id),
            category_path="" if category is None else category.path,
            name=product.name if product is not None else category.name if category is not None else "",
            unit_code=unit,
        )
        lines.append(made)
    terms = replace(terms, lines=numbered(lines), title=terms.title.strip())
    await _term_ids(ctx, ctx.session, terms)
    refuse_all(_of_terms([*problems, *check_terms(terms, exponent)]))
    return terms


def _of_terms(refusals: Sequence[Refusal]) -> list[Refusal]:
    """With the place of the terms in the input before their own paths."""
    return [Refusal(each.code, each.text, ("terms", *each.path), **each.data) for each in refusals]


async def _term_ids(
    ctx: Context, session: LockedSession, terms: AgreementTerms
) -> tuple[UUID | None, UUID | None]:
    """The seller's terms of payment and delivery behind the codes."""
    found: list[UUID | None] = []
    for table, code, name in (
        (PaymentTerm, terms.payment_term, "paymentTermCode"),
        (DeliveryTerm, terms.delivery_term, "deliveryTermCode"),
    ):
        key: UUID | None = None
        if code:
            key = await session.scalar(
                select(table.id).where(table.seller_id == ctx.user.seller_id, table.code == code)
            )
            if key is None:
                raise Refusal(ErrorCode.NOT_FOUND, "There are no terms {terms}.", ("terms", name), terms=code)
        found.append(key)
    return found[0], found[1]


async def _take_head(
    ctx: Context, session: LockedSession, agreement: SalesAgreement, terms: AgreementTerms
) -> None:
    """What the agreement's own row says of the terms."""
    agreement.title, agreement.currency, agreement.pricing = terms.title, terms.currency, terms.pricing
    agreement.valid_from, agreement.valid_until = terms.valid_from, terms.valid_until
    agreement.payment_term_id, agreement.delivery_term_id = await _term_ids(ctx, session, terms)


def _put_lines(
    session: LockedSession, agreement: SalesAgreement, terms: AgreementTerms, known: dict[int, AgreementLine]
) -> None:
    """The lines in force from now on; one that was there keeps its row, and with it what was consumed."""
    for each in terms.lines:
        line = known.pop(each.number, None)
        if line is None:
            line = AgreementLine(
                id=new_id(), agreement_id=agreement.id, customer_id=agreement.customer_id, number=each.number
            )
            session.add(line)
        _put_line(line, each, terms)
    for line in known.values():
        line.is_active = False


def _put_line(line: AgreementLine, each: AgreementLineTerms, terms: AgreementTerms) -> None:
    line.is_active, line.type, line.name = True, each.type, each.name
    line.product_id = UUID(each.product) if each.product else None
    line.category_id = UUID(each.category) if each.category else None
    line.unit_code = each.unit_code or None
    line.committed, line.unit_price, line.price_unit = each.committed, each.unit_price, each.price_unit
    line.discount_percent, line.cash_discount_amount = each.discount_percent, each.cash_discount_amount
    line.valid_from = each.valid_from or terms.valid_from
    line.valid_until = each.valid_until or terms.valid_until
    line.max_enforced, line.is_price_fixed = each.max_enforced, each.is_price_fixed
    line.min_release, line.max_release = each.min_release, each.max_release
    line.penalty_percent = each.penalty_percent
    line.stackable_with_promotions = each.stackable_with_promotions
    line.include_in_total_discount = each.include_in_total_discount
    line.exclude_from_rebate = each.exclude_from_rebate
