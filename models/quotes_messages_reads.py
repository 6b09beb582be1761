"""Reading what was written and kept beside quotes, and the links that open one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select

from auth.permissions import Permission, Viewer
from models.customers_reads import customer_in_scope
from models.quotes import Quote
from models.quotes_messages import QuoteAttachment, QuoteLink, QuoteLinkUse, QuoteMessage
from models.quotes_reads import quote_in_scope
from models.rows import columns_of
from rules.quotes_messages import AttachmentPurpose, LinkUse


@dataclass(frozen=True, slots=True)
class MessageRow:
    id: UUID
    quote_id: UUID
    created_at: datetime
    created_by_id: UUID
    created_by_name: str
    is_ours: bool
    is_internal: bool
    body: str


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    id: UUID
    quote_id: UUID
    created_at: datetime
    created_by_id: UUID
    created_by_name: str
    is_ours: bool
    is_internal: bool
    purpose: AttachmentPurpose
    file_id: UUID


def _beside(viewer: Viewer, table: type[QuoteMessage] | type[QuoteAttachment]) -> ColumnElement[bool]:
    """Of quotes the viewer may see; what our side notes for itself is of those who write and approve them."""
    seen = table.quote_id.in_(select(Quote.id).where(quote_in_scope(viewer)))
    mine = and_(customer_in_scope(viewer, table.customer_id), seen)
    works_on_them = viewer.may(Permission.QUOTES_MANAGE) or viewer.may(Permission.QUOTES_APPROVE)
    return mine if viewer.is_staff and works_on_them else and_(mine, table.is_internal.is_(False))


def visible_messages(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(QuoteMessage, MessageRow)).where(_beside(viewer, QuoteMessage))


def visible_attachments(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return select(*columns_of(QuoteAttachment, AttachmentRow)).where(_beside(viewer, QuoteAttachment))


@dataclass(frozen=True, slots=True)
class LinkRow:
    id: UUID
    quote_id: UUID
    revision_id: UUID
    created_at: datetime
    created_by_name: str
    expires_at: datetime
    revoked_at: datetime | None


def visible_links(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """The links of quotes of visible customers, newest first; for our people."""
    return (
        select(*columns_of(QuoteLink, LinkRow))
        .where(customer_in_scope(viewer, QuoteLink.customer_id))
        .order_by(QuoteLink.id.desc())
    )


@dataclass(frozen=True, slots=True)
class LinkUseRow:
    link_id: UUID
    used_at: datetime
    act: LinkUse
    name: str


def visible_link_uses(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """What was done through links of visible customers, newest first; for our people."""
    return (
        select(*columns_of(QuoteLinkUse, LinkUseRow))
        .where(customer_in_scope(viewer, QuoteLinkUse.customer_id))
        .order_by(QuoteLinkUse.id.desc())
    )
