"""Row level security and grants as data: one policy per table and class of row scope. Migrations render it."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from auth.permissions import RowClass

CUSTOMERS = "string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]"
REPS = "string_to_array(nullif(current_setting('app.sales_rep_ids', true), ''), ',')::uuid[]"
USER = "nullif(current_setting('app.user_id', true), '')::uuid"

OWN_CUSTOMER = f"customer_id = any ({CUSTOMERS})"
# The sub-select reads customer under its own territory policy, so the rule stands in one place.
REPS_CUSTOMER = "customer_id in (select id from customer)"
EVERY_ROW = "true"
NO_ROW = "false"
ANYBODY = f"{USER} is not null"  # whoever it is, but somebody: a forgotten setting shows nothing

Policies = Mapping[RowClass, str]


def _policies(customer: str, territory: str, staff: str = EVERY_ROW) -> Policies:
    return MappingProxyType(
        {RowClass.CUSTOMER: customer, RowClass.TERRITORY: territory, RowClass.STAFF: staff}
    )


_TENANT = _policies(OWN_CUSTOMER, REPS_CUSTOMER)
_CATALOGUE_OR_TENANT = _policies(
    f"customer_id is null or {OWN_CUSTOMER}", f"customer_id is null or {REPS_CUSTOMER}"
)

_OUR_BOOKS = _policies(NO_ROW, NO_ROW)
# What prices follow from: a customer reads what comes of it, a rep the rules for everybody and for their own customers.
_OUR_RULES = _policies(NO_ROW, f"customer_id is null or {REPS_CUSTOMER}")
# What staff keep and buyers never read: a buyer's prices are found by the house.
_OUR_TERMS = _policies(NO_ROW, f"{REPS} is not null")
_OF_PURCHASE_ORDERS = _policies(NO_ROW, "purchase_order_id in (select id from purchase_order)")
_BESIDE_QUOTES = _policies(
    f"{OWN_CUSTOMER} and not is_internal and quote_id in (select id from quote)", REPS_CUSTOMER
)
# A rep's own acts need not be about a customer: a job they start is not.
_TRAIL = _policies(OWN_CUSTOMER, f"{REPS_CUSTOMER} or customer_id is null and actor_id = {USER}")

# Tables of one customer, or of persons; every other table is the seller's catalogue and has no row security.
ROW_POLICIES: Mapping[str, Policies] = MappingProxyType(
    {
        "customer": _policies(
            # The names of a user's other companies come with their memberships; lists show the acting one only.
            f"id = any ({CUSTOMERS}) or id in (select customer_id from membership where user_id = {USER})",
            f"sales_rep_id = any ({REPS}) or territory_id in"
            f" (select territory_id from sales_rep_territory where sales_rep_id = any ({REPS}))",
        ),
        "credit_account": _TENANT,
        "customer_address": _TENANT,
        "customer_contact": _TENANT,
        "customer_item_number": _TENANT,
        "membership": _policies(f"{OWN_CUSTOMER} or user_id = {USER}", REPS_CUSTOMER),
        "app_user": _policies(
            # A company's machines are those of its clients; the sub-select reads them under their own policy.
            f"id = {USER} or id in (select user_id from membership where customer_id = any ({CUSTOMERS}))"
            " or kind = 'MACHINE' and id in (select user_id from oauth_client)",
            f"id = {USER} or id in (select user_id from membership)"
            f" or {USER} is not null and id in (select user_id from sales_rep)",
        ),
        "staff_role": _policies(f"user_id = {USER}", f"user_id = {USER}"),
        "oauth_client": _policies(OWN_CUSTOMER, NO_ROW),
        "oauth_client_secret": _policies("client_id in (select id from oauth_client)", NO_ROW),
        "external_reference": _CATALOGUE_OR_TENANT,
        "cart": _policies(f"{OWN_CUSTOMER} and user_id = {USER}", NO_ROW, NO_ROW),
        "cart_line": _policies(f"{OWN_CUSTOMER} and cart_id in (select id from cart)", NO_ROW, NO_ROW),
        "wishlist": _policies(
            f"{OWN_CUSTOMER} and (visibility = 'COMPANY' or owner_id = {USER})", NO_ROW, NO_ROW
        ),
        "wishlist_item": _policies(
            f"{OWN_CUSTOMER} and wishlist_id in (select id from wishlist)", NO_ROW, NO_ROW
        ),
        "upload": _policies(
            f"{OWN_CUSTOMER} and user_id = {USER}",
            *([f"customer_id is null and user_id = {USER}"] * 2),
        ),
        "quick_order": _policies(f"{OWN_CUSTOMER} and user_id = {USER}", NO_ROW, NO_ROW),
        "sales_order": _TENANT,
        "sales_order_line": _TENANT,
        "sales_order_schedule_line": _TENANT,
        "sales_order_line_cost": _policies(NO_ROW, REPS_CUSTOMER),
        "standard_cost": _policies(NO_ROW, EVERY_ROW),
        "reservation": _TENANT,
        "stock_sharing": _OUR_TERMS,
        "stock_sharing_line": _policies(NO_ROW, REPS_CUSTOMER),
        "customer_calendar": _TENANT,
        "sellable_days": _CATALOGUE_OR_TENANT,
        "sales_history": _TENANT,
        "delivery": _TENANT,
        "delivery_line": _TENANT,
        "delivery_line_lot": _TENANT,
        "delivery_line_cost": _policies(NO_ROW, REPS_CUSTOMER),
        # Staff look after them; a buyer's act that ends a request is the house's.
        "order_line_lot": _policies(NO_ROW, REPS_CUSTOMER),
        "customer_lot_ban": _policies(NO_ROW, REPS_CUSTOMER),
        # A draft is ours alone.
        "invoice": _policies(f"{OWN_CUSTOMER} and status = 'ISSUED'", REPS_CUSTOMER),
        "invoice_line": _TENANT,
        "invoice_rectification": _TENANT,
        "invoice_tax_group": _TENANT,
        "invoice_instalment": _TENANT,
        "invoice_record": _TENANT,
        "invoice_series": _OUR_BOOKS,
        "invoice_chain": _OUR_BOOKS,
        "tax_evidence": _policies(NO_ROW, REPS_CUSTOMER),
        "discount_group": _OUR_TERMS,
        "discount_rule": _OUR_TERMS,
        "segment": _OUR_TERMS,
        "discount_redemption": _TENANT,
        "payment": _TENANT,
        "payment_match": _TENANT,
        "credit_condition": _policies(NO_ROW, REPS_CUSTOMER),
        # Prices are gathered as the house; whom else they are granted to is no buyer's business.
        "trade_agreement_journal": _policies(NO_ROW, ANYBODY),
        "trade_agreement_row": _policies(NO_ROW, f"{ANYBODY} and (customer_id is null or {REPS_CUSTOMER})"),
        "customer_pricing_group": _policies(NO_ROW, REPS_CUSTOMER),
        # What we are still writing is ours alone.
        "sales_agreement": _policies(f"{OWN_CUSTOMER} and proposed_at is not null", REPS_CUSTOMER),
        "agreement_version": _policies(f"{OWN_CUSTOMER} and status <> 'DRAFT'", REPS_CUSTOMER),
        # What we are still writing is ours alone, and what it leaves us always.
        "quote": _policies(
            f"{OWN_CUSTOMER} and (requested_at is not null or sent_at is not null)", REPS_CUSTOMER
        ),
        "quote_revision": _policies(f"{OWN_CUSTOMER} and sent_at is not null", REPS_CUSTOMER),
        "quote_line": _policies(
            f"{OWN_CUSTOMER} and revision_id in (select id from quote_revision)", REPS_CUSTOMER
        ),
        "quote_figures": _policies(NO_ROW, REPS_CUSTOMER),
        "quote_counter": _TENANT,
        "quote_acceptance": _TENANT,
        "quote_policy": _OUR_TERMS,
        # What is written and kept beside a quote is its readers', but for what our side notes for itself.
        "quote_message": _BESIDE_QUOTES,
        "quote_attachment": _BESIDE_QUOTES,
        "quote_link": _policies(NO_ROW, REPS_CUSTOMER),
        "quote_link_use": _policies(NO_ROW, REPS_CUSTOMER),
        "agreement_line": _TENANT,
        "agreement_consumption": _TENANT,
        "product_pricing": _policies(NO_ROW, ANYBODY),
        # Of a direct delivery, whoever sees its customer sees where it goes.
        "supplier": _OUR_TERMS,
        "supplier_product": _OUR_TERMS,
        "purchase_order": _policies(
            NO_ROW, f"{REPS} is not null and (customer_id is null or {REPS_CUSTOMER})"
        ),
        "purchase_order_line": _OF_PURCHASE_ORDERS,
        "purchase_schedule_line": _policies(
            NO_ROW, "purchase_order_line_id in (select id from purchase_order_line)"
        ),
        "purchase_peg": _policies(NO_ROW, REPS_CUSTOMER),
        "purchase_receipt": _OF_PURCHASE_ORDERS,
        "purchase_receipt_line": _policies(NO_ROW, "receipt_id in (select id from purchase_receipt)"),
        "warehouse_consumer": _OUR_BOOKS,
        "warehouse_acknowledgement": _OUR_BOOKS,
        "external_report": _OUR_BOOKS,
        "stock_count": _OUR_BOOKS,
        "stock_count_line": _OUR_BOOKS,
        "bank_file": _OUR_BOOKS,
        "bank_line": _OUR_BOOKS,
        "journal_entry": _OUR_BOOKS,
        "journal_line": _OUR_BOOKS,
        "spend_limit": _TENANT,
        "approval_rule": _TENANT,
        # What the seller's people ask each other is none of the customer's business.
        "approval_request": _policies(
            f"{OWN_CUSTOMER} and subject_type in ('Order', 'QuoteAcceptance')", REPS_CUSTOMER
        ),
        "concession_limit": _OUR_TERMS,
        "order_line_concession": _policies(NO_ROW, REPS_CUSTOMER),
        "invitation": _TENANT,
        "audit_event": _TRAIL,
        "outbox_event": _TRAIL,
        "idempotency_record": _policies(*([f"principal_id = {USER}"] * 3)),
        "job": _policies(
            f"started_by_id = {USER} and ({OWN_CUSTOMER})",
            f"started_by_id = {USER} or started_by_id = any ({REPS})",
        ),
        "free_goods_rule": _OUR_RULES,
        "charge_rule": _OUR_RULES,
        "charge_band": _policies(NO_ROW, "rule_id in (select id from charge_rule)"),
        "product_affinity": _policies(NO_ROW, EVERY_ROW),
        "suggestion_event": _TENANT,
        "data_import": _OUR_BOOKS,
        "job_error_row": _policies(*(["job_id in (select id from job)"] * 3)),
        # Other people's letters: the worker writes and sends them, nobody reads them.
        "mail_message": _policies(NO_ROW, NO_ROW, NO_ROW),
    }
)

# What only the sign-in role touches.
AUTH_ONLY = ("user_credential", "user_session", "login_throttle", "stream_ticket", "account_link")
# What the sign-in role reads besides, to build a viewer.
AUTH_READS = (
    "app_user", "staff_role", "membership", "customer", "seller", "sales_rep", "sales_team", "sales_rep_territory",
    "oauth_client", "oauth_client_secret",
)  # fmt: skip
# Never changed, never deleted, whoever asks.
APPEND_ONLY = (
    "audit_event", "stock_move", "invoice_record", "journal_entry", "journal_line", "agreement_consumption",
    "purchase_receipt", "purchase_receipt_line", "stock_sharing", "stock_sharing_line", "quote_counter",
    "quote_acceptance", "stock_count", "stock_count_line", "quote_message", "quote_attachment", "quote_link_use",
)  # fmt: skip

_DOCUMENT_ACTS = {
    "sales_order": "insert, update",
    "sales_order_line": "insert, update",
    "sales_order_schedule_line": "insert, update",
    "reservation": "insert, update",
    "stock_balance": "update",
    "audit_event": "insert",
    "outbox_event": "insert",
    "idempotency_record": "insert, update",
    "job": "insert, update",
    "suggestion_event": "insert",
}
# What the seller's people do besides: costs of the lines they discount, notes on customers, trade agreements.
_STAFF_ACTS = {
    "sales_order_line_cost": "insert",
    "customer": "update (internal_note, lot_selection, delivery_priority, version)",
    "order_line_lot": "insert, update, delete",
    "customer_lot_ban": "insert, delete",
    "trade_agreement_journal": "insert, update",
    "trade_agreement_row": "insert, update, delete",
    "customer_pricing_group": "insert, delete",
    "product_pricing": "insert, update",
    "free_goods_rule": "insert, update",
    "charge_rule": "insert, update",
    "charge_band": "insert, delete",
    # How prices are made; nothing else of the seller.
    "seller": "update (line_multiline_mode, price_date_type, inactive_trade_cells, margin_target_percent,"
    " margin_floor_percent, money_yearly_percent, judged_together_days, pricing_version, scheduling_version,"
    " sharing_policy, cart_hold_minutes, staff_hold_days)",
    "product": "update (sharing_policy)",
    "stock_sharing": "insert",
    "stock_sharing_line": "insert",
}
# What promises follow from.
_SCHEDULING_ACTS = {
    "calendar": "insert, update",
    "calendar_holiday": "insert, delete",
    "customer_calendar": "insert, update, delete",
    "entry_deadline": "insert, update, delete",
    "transport_time": "insert, update, delete",
    "delivery_setting": "insert, update, delete",
    "sellable_days": "insert, update, delete",
    "warehouse": "update (calendar_id, handling_days, time_zone)",
    "customer_group": "update (availability_display)",
    "seller": f"{_STAFF_ACTS['seller'][:-1]}, availability_display, low_stock_threshold)",
}
# Uses are counted by the house; who keeps rules, keeps all else of them.
_DISCOUNT_ACTS = {
    "discount_group": "insert, update",
    "discount_rule": "insert, update",
    "segment": "insert, update",
    "concession_limit": "insert, update",
}
_APPROVAL_ACTS = {"approval_request": "insert, update"}
# Our people write agreements; that the customer accepted one and what was consumed of it, the house writes.
_AGREEMENT_ACTS = {"sales_agreement": "insert, update", "agreement_version": "insert, update"}
# What the customer's people do with a quote, the house writes.
_QUOTE_ACTS = {
    "quote": "insert, update",
    "quote_revision": "insert, update",
    "quote_line": "insert, update, delete",
    "quote_figures": "insert, update",
    "quote_policy": "insert, update",
}
# What logistics and finance do; which of the two may do what is the permissions' matter.
_HOUSE_ACTS = {
    "delivery": "insert, update",
    "delivery_line": "insert, update, delete",
    "delivery_line_lot": "insert, delete",
    "delivery_line_cost": "insert",
    "lot": "insert, update",
    "lot_balance": "insert, update",
    "stock_balance": "insert, update",
    "stock_move": "insert",
    "supplier": "insert, update",
    "supplier_product": "insert, update",
    "purchase_order": "insert, update",
    "purchase_order_line": "insert, update",
    "purchase_schedule_line": "insert, update, delete",
    "purchase_peg": "insert, update",
    "purchase_receipt": "insert",
    "purchase_receipt_line": "insert",
    "warehouse_consumer": "insert, update",
    "warehouse_acknowledgement": "insert, delete",
    "external_report": "insert, update",
    "stock_count": "insert",
    "stock_count_line": "insert",
    "invoice": "insert, update",
    "invoice_line": "insert, update, delete",
    "invoice_rectification": "insert, delete",
    "invoice_tax_group": "insert, delete",
    "invoice_instalment": "insert, update",
    "invoice_record": "insert",
    "invoice_series": "insert, update",
    "invoice_chain": "insert, update",
    "tax_evidence": "insert, update",
    "payment": "insert, update",
    "payment_match": "insert, update",
    "bank_file": "insert",
    "bank_line": "insert, update",
    "journal_entry": "insert",
    "journal_line": "insert",
    "customer": f"{_STAFF_ACTS['customer'][:-1]}, status)",
    "credit_account": "insert, update",
    "credit_condition": "insert, update",
    "data_import": "insert",
}
# By the policies and the client's foreign key, the users they may add are machines of clients they may see.
_CLIENT_ACTS = {
    "app_user": "insert, update (name)",
    "oauth_client": "insert, update",
    "oauth_client_secret": "insert, update",
}
_UPLOAD_ACTS = {"upload": "insert, delete"}

WRITE_GRANTS: Mapping[RowClass, Mapping[str, str]] = MappingProxyType(
    {
        RowClass.CUSTOMER: {
            **_DOCUMENT_ACTS,
            **_APPROVAL_ACTS,
            "approval_rule": "insert, update",
            "invitation": "insert, update",
            "spend_limit": "insert, update, delete",
            **_CLIENT_ACTS,
            **_UPLOAD_ACTS,
            "quick_order": "insert, delete",
            "cart": "insert, update, delete",
            "cart_line": "insert, update, delete",
            "wishlist": "insert, update, delete",
            "wishlist_item": "insert, update, delete",
            "customer_address": "insert, update",
            # A buyer answers an invoice, and changes nothing else of it.
            "invoice": "update (version, buyer_status, buyer_status_on, buyer_reason)",
        },
        RowClass.TERRITORY: {
            **_DOCUMENT_ACTS,
            **_STAFF_ACTS,
            **_APPROVAL_ACTS,
            **_AGREEMENT_ACTS,
            **_QUOTE_ACTS,
            **_DISCOUNT_ACTS,
            **_UPLOAD_ACTS,
        },
        RowClass.STAFF: {
            **_DOCUMENT_ACTS,
            **_STAFF_ACTS,
            **_QUOTE_ACTS,
            **_DISCOUNT_ACTS,
            **_APPROVAL_ACTS,
            **_HOUSE_ACTS,
            **_SCHEDULING_ACTS,
            **_CLIENT_ACTS,
            **_UPLOAD_ACTS,
            "spend_limit": "insert, update, delete",
        },
    }
)

SEQUENCES = (
    "sales_order_number_seq",
    "delivery_number_seq",
    "payment_number_seq",
    "trade_agreement_journal_number_seq",
    "sales_agreement_number_seq",
    "purchase_order_number_seq",
    "quote_number_seq",
)

# The queue's own tables (pgqueuer's, made by a migration): the worker's alone.
QUEUE_TABLES = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")
QUEUE_SEQUENCES = ("pgqueuer_id_seq", "pgqueuer_schedules_id_seq", "pgqueuer_statistics_id_seq")


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def policy_statements(prefix: str, tables: Mapping[str, Policies] = ROW_POLICIES) -> Iterator[str]:
    """The DDL that puts row security on the tables, for roles with this prefix."""
    for table, policies in tables.items():
        yield f"alter table {table} enable row level security"
        yield f"alter table {table} force row level security"
        for row_class, condition in policies.items():
            role = _quote(prefix + row_class.value)
            rows = f"using ({condition}) with check ({condition})"
            yield f"create policy {row_class.value}_rows on {table} to {role} {rows}"
        yield f"create policy job_rows on {table} to {_quote(prefix + 'job')} using (true) with check (true)"
    if "audit_event" in tables:
        yield f"create policy auth_trail on audit_event for insert to {_quote(prefix + 'auth')} with check (true)"
    for table in AUTH_READS:
        if table in tables:
            yield f"create policy auth_rows on {table} for select to {_quote(prefix + 'auth')} using (true)"


def grant_statements(prefix: str, every_table: list[str]) -> Iterator[str]:
    """The privileges: read roles read, write roles write what their acts touch, jobs write business tables."""
    business = [table for table in every_table if table not in AUTH_ONLY]
    readers = ", ".join(_quote(prefix + row_class.value) for row_class in RowClass)
    job, sign_in = _quote(prefix + "job"), _quote(prefix + "auth")
    yield f"grant select on {', '.join(business)} to {readers}, {job}"
    yield f"grant select on {', '.join(AUTH_READS)} to {sign_in}"
    yield f"grant select, insert, update, delete on {', '.join(AUTH_ONLY)} to {sign_in}"
    yield f"grant insert on audit_event to {sign_in}"
    for row_class, grants in WRITE_GRANTS.items():
        for table, acts in grants.items():
            yield f"grant {acts} on {table} to {_quote(f'{prefix}{row_class.value}_write')}"
        yield from (
            f"grant usage on sequence {name} to {_quote(f'{prefix}{row_class.value}_write')}"
            for name in SEQUENCES
        )
    for table in business:
        acts = "insert" if table in APPEND_ONLY else "insert, update, delete"
        yield f"grant {acts} on {table} to {job}"
    # Whoever follows a link of a mail has no viewer yet: the house makes their account and their password.
    yield f"grant select, insert, update, delete on user_credential, account_link to {job}"
    yield from (f"grant usage, update on sequence {name} to {job}" for name in SEQUENCES)
    yield f"grant select, insert, update, delete on {', '.join(QUEUE_TABLES)} to {job}"
    yield f"grant usage on sequence {', '.join(QUEUE_SEQUENCES)} to {job}"


def append_only_statements() -> Iterator[str]:
    yield (
        "create function refuse_change() returns trigger language plpgsql as $$"
        " begin raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation'; end $$"
    )
    for table in APPEND_ONLY:
        yield (
            f"create trigger append_only before update or delete on {table}"
            " for each statement execute function refuse_change()"
        )


# What may still change of a document that is posted; every other change is refused, whoever asks.
_POSTED = {
    "delivery": ("old.status = 'SHIPPED'", ("version", "internal_note", "carrier", "tracking_number")),
    "delivery_line": (
        "exists (select from delivery where id = old.delivery_id and status = 'SHIPPED')",
        ("quantity_invoiced", "quantity_returned"),
    ),
    "invoice": (
        "old.status = 'ISSUED'",
        ("version", "buyer_status", "buyer_status_on", "buyer_reason"),
    ),
    "invoice_line": (
        "exists (select from invoice where id = old.invoice_id and status = 'ISSUED')",
        ("quantity_credited",),
    ),
    "agreement_version": (
        "old.status <> 'DRAFT'",
        ("status", "accepted_at", "accepted_by_id", "accepted_by_name", "answer_reason"),
    ),
    "quote_revision": ("old.sent_at is not null", ("status",)),
    "quote_line": (
        "exists (select from quote_revision where id = old.revision_id and sent_at is not null)",
        ("order_line_id",),
    ),
    "invoice_tax_group": ("exists (select from invoice where id = old.invoice_id and status = 'ISSUED')", ()),
    "invoice_instalment": (
        "exists (select from invoice where id = old.invoice_id and status = 'ISSUED')",
        ("amount_matched",),
    ),
    "payment": ("true", ("version", "amount_matched", "note", "quote_id", "reversed_at", "reversal_reason")),
    "payment_match": ("true", ("undone_at",)),
    # An import posts its rows batch by batch.
    "trade_agreement_journal": ("old.status = 'POSTED'", ("row_count",)),
    # The keys follow from columns that stay; they are worked out anew after this trigger.
    "trade_agreement_row": ("old.is_posted", ("valid_until", "customer_key", "item_key")),
}


def posted_statements() -> Iterator[str]:
    """Triggers that keep posted documents as they are."""
    for table, (is_posted, free) in _POSTED.items():
        listed = "array[" + ", ".join(f"'{each}'" for each in free) + "]::text[]"
        yield (
            f"create function refuse_change_of_posted_{table}() returns trigger language plpgsql as $$"
            f" begin if {is_posted} and (tg_op = 'DELETE' or to_jsonb(old) - {listed} <> to_jsonb(new) - {listed})"
            f" then raise exception '{table} is posted' using errcode = 'restrict_violation'; end if;"
            " return coalesce(new, old); end $$"
        )
        yield (
            f"create trigger posted before update or delete on {table}"
            f" for each row execute function refuse_change_of_posted_{table}()"
        )


def closing_statements() -> Iterator[str]:
    """The trigger that lets a posted row of a trade agreement end sooner, and never later."""
    yield (
        "create function refuse_reopening() returns trigger language plpgsql as $$"
        " begin if old.is_posted and coalesce(new.valid_until, 'infinity') > coalesce(old.valid_until, 'infinity')"
        " then raise exception 'trade_agreement_row is posted' using errcode = 'restrict_violation'; end if;"
        " return new; end $$"
    )
    yield (
        "create trigger closed_only before update on trade_agreement_row"
        " for each row execute function refuse_reopening()"
    )


def balance_statements() -> Iterator[str]:
    """The deferred constraint that every journal entry sums to zero when its transaction commits."""
    yield (
        "create function refuse_unbalanced() returns trigger language plpgsql as $$"
        " begin if (select sum(amount) from journal_line where entry_id = new.entry_id) <> 0"
        " then raise exception 'journal entry % does not balance', new.entry_id using errcode = 'check_violation';"
        " end if; return null; end $$"
    )
    yield (
        "create constraint trigger balanced after insert on journal_line deferrable initially deferred"
        " for each row execute function refuse_unbalanced()"
    )
