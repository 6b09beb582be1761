"""Order to cash: deliveries, invoices, payments, the journal, approvals; acting on behalf; manual prices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("create sequence delivery_number_seq")
    op.execute("create sequence payment_number_seq")
    op.drop_constraint(op.f("ck_number_series_kind_known"), "number_series")
    op.create_check_constraint(
        op.f("ck_number_series_kind_known"),
        "number_series",
        "kind in ('ORDER', 'CUSTOMER', 'DELIVERY', 'PAYMENT')",
    )
    op.create_table(
        "invoice_chain",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_hash", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_invoice_chain_seller_id")),
        sa.PrimaryKeyConstraint("seller_id", name=op.f("pk_invoice_chain")),
    )
    op.create_table(
        "invoice_series",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("digits", sa.SmallInteger(), nullable=False),
        sa.Column("next_number", sa.Integer(), server_default="1", nullable=False),
        sa.Column("last_issued_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind in ('INVOICE', 'RECTIFYING')", name=op.f("ck_invoice_series_kind_known")),
        sa.CheckConstraint("next_number >= 1", name=op.f("ck_invoice_series_next_number_positive")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_invoice_series_seller_id")),
        sa.PrimaryKeyConstraint("seller_id", "code", "year", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "bank_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("format", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["imported_by_id"], ["app_user.id"], name=op.f("fk_bank_file_imported_by_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_bank_file_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_file")),
        sa.UniqueConstraint("seller_id", "sha256", name=op.f("uq_bank_file_seller_id_sha256")),
    )
    op.create_table(
        "approval_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("from_amount", sa.Numeric(precision=18, scale=3), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_until", sa.Date(), nullable=True),
        sa.CheckConstraint("from_amount >= 0", name=op.f("ck_approval_rule_from_amount_not_negative")),
        sa.CheckConstraint(
            "from_amount is not null or category_id is not null", name=op.f("ck_approval_rule_has_condition")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["product_category.id"], name=op.f("fk_approval_rule_category_id")
        ),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_approval_rule_currency")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_approval_rule_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule")),
    )
    op.create_index(op.f("ix_approval_rule_customer_id"), "approval_rule", ["customer_id"], unique=False)
    op.create_table(
        "invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("series_code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("supplied_from", sa.Date(), nullable=False),
        sa.Column("supplied_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("buyer_status", sa.String(length=64), nullable=True),
        sa.Column("buyer_status_on", sa.Date(), nullable=True),
        sa.Column("buyer_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("currency_exponent", sa.SmallInteger(), nullable=False),
        sa.Column("exchange_rate", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("exchange_rate_on", sa.Date(), nullable=False),
        sa.Column("seller_party", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("customer_number", sa.String(length=64), nullable=False),
        sa.Column("customer_name", sa.String(length=200), nullable=False),
        sa.Column("customer_tax_id", sa.String(length=64), nullable=True),
        sa.Column("billing_address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("delivery_address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payment_terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("purchase_order_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("surcharge_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("gross_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.CheckConstraint(
            "(kind = 'RECTIFYING') = (type <> 'F1') and (kind = 'INVOICE' or reason <> '')",
            name=op.f("ck_invoice_rectifying_has_type_and_reason"),
        ),
        sa.CheckConstraint(
            "(status = 'ISSUED') = (number is not null) and (number is null) = (issued_on is null) and (number is null) = (issued_at is null)",
            name=op.f("ck_invoice_issued_has_number"),
        ),
        sa.CheckConstraint(
            "buyer_status in ('ACCEPTED', 'REJECTED', 'PAID')", name=op.f("ck_invoice_buyer_status_known")
        ),
        sa.CheckConstraint("kind in ('INVOICE', 'RECTIFYING')", name=op.f("ck_invoice_kind_known")),
        sa.CheckConstraint(
            "status in ('DRAFT', 'ISSUED', 'DISCARDED')", name=op.f("ck_invoice_status_known")
        ),
        sa.CheckConstraint("type in ('F1', 'R1', 'R2', 'R3', 'R4')", name=op.f("ck_invoice_type_known")),
        sa.CheckConstraint("exchange_rate > 0", name=op.f("ck_invoice_exchange_rate_positive")),
        sa.CheckConstraint(
            "gross_amount = net_amount + tax_amount + surcharge_amount", name=op.f("ck_invoice_gross_adds_up")
        ),
        sa.CheckConstraint(
            "net_amount = round(net_amount, currency_exponent) and tax_amount = round(tax_amount, currency_exponent) and surcharge_amount = round(surcharge_amount, currency_exponent) and gross_amount = round(gross_amount, currency_exponent)",
            name=op.f("ck_invoice_amounts_fit_currency"),
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["app_user.id"], name=op.f("fk_invoice_created_by_id")),
        sa.ForeignKeyConstraint(
            ["currency", "currency_exponent"],
            ["currency.code", "currency.exponent"],
            name=op.f("fk_invoice_currency_currency_exponent"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_invoice_customer_id")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["app_user.id"], name=op.f("fk_invoice_issued_by_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_invoice_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_invoice_customer_id_id")),
        sa.UniqueConstraint("seller_id", "number", name=op.f("uq_invoice_seller_id_number")),
    )
    op.create_index(
        op.f("ix_invoice_customer_id_issued_on_id"),
        "invoice",
        ["customer_id", "issued_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_invoice_draft",
        "invoice",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'DRAFT'"),
    )
    op.create_index(
        op.f("ix_invoice_seller_id_issued_on_id"), "invoice", ["seller_id", "issued_on", "id"], unique=False
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_by_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "source in ('INVOICE', 'DELIVERY', 'PAYMENT', 'MATCH')",
            name=op.f("ck_journal_entry_source_known"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_journal_entry_customer_id")),
        sa.ForeignKeyConstraint(
            ["posted_by_id"], ["app_user.id"], name=op.f("fk_journal_entry_posted_by_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_journal_entry_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
    )
    op.create_index(
        op.f("ix_journal_entry_seller_id_posted_on_id"),
        "journal_entry",
        ["seller_id", "posted_on", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_journal_entry_source_id"), "journal_entry", ["source_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("currency_exponent", sa.SmallInteger(), nullable=False),
        sa.Column("exchange_rate", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("exchange_rate_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("amount_matched", sa.Numeric(precision=18, scale=3), server_default="0", nullable=False),
        sa.Column("reference", sa.String(length=200), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reversal_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "method in ('TRANSFER', 'CARD', 'DIRECT_DEBIT', 'CASH', 'OTHER')",
            name=op.f("ck_payment_method_known"),
        ),
        sa.CheckConstraint(
            "amount > 0 and amount = round(amount, currency_exponent)",
            name=op.f("ck_payment_amount_positive"),
        ),
        sa.CheckConstraint(
            "amount_matched >= 0 and amount_matched <= amount", name=op.f("ck_payment_matched_within")
        ),
        sa.CheckConstraint("exchange_rate > 0", name=op.f("ck_payment_exchange_rate_positive")),
        sa.CheckConstraint(
            "reversed_at is null or amount_matched = 0", name=op.f("ck_payment_reversed_matches_nothing")
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["app_user.id"], name=op.f("fk_payment_created_by_id")),
        sa.ForeignKeyConstraint(
            ["currency", "currency_exponent"],
            ["currency.code", "currency.exponent"],
            name=op.f("fk_payment_currency_currency_exponent"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_payment_customer_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_payment_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_payment_customer_id_id")),
        sa.UniqueConstraint("seller_id", "number", name=op.f("uq_payment_seller_id_number")),
    )
    op.create_index(
        op.f("ix_payment_customer_id_received_on_id"),
        "payment",
        ["customer_id", "received_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_payment_on_account",
        "payment",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("amount_matched < amount and reversed_at is null"),
    )
    op.create_table(
        "spend_limit",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("per_order", sa.Numeric(precision=18, scale=3), nullable=True),
        sa.Column("per_period", sa.Numeric(precision=18, scale=3), nullable=True),
        sa.Column("period", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "period in ('WEEK', 'MONTH', 'QUARTER', 'YEAR')", name=op.f("ck_spend_limit_period_known")
        ),
        sa.CheckConstraint(
            "per_order >= 0 and per_period >= 0", name=op.f("ck_spend_limit_limits_not_negative")
        ),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_spend_limit_currency")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_spend_limit_customer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_spend_limit_user_id")),
        sa.PrimaryKeyConstraint("user_id", "customer_id", name=op.f("pk_spend_limit")),
    )
    op.create_index(op.f("ix_spend_limit_customer_id"), "spend_limit", ["customer_id"], unique=False)
    op.create_table(
        "tax_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("request_identifier", sa.String(length=64), server_default="", nullable=False),
        sa.Column("is_valid", sa.Boolean(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind in ('VIES', 'EXPORT', 'RESELLER', 'EXEMPTION')", name=op.f("ck_tax_evidence_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["app_user.id"], name=op.f("fk_tax_evidence_created_by_id")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_tax_evidence_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_evidence")),
    )
    op.create_index(
        op.f("ix_tax_evidence_customer_id_kind"), "tax_evidence", ["customer_id", "kind"], unique=False
    )
    op.create_table(
        "approval_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("act", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by_name", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decision_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "(status in ('APPROVED', 'REFUSED')) = (decided_by_id is not null)",
            name=op.f("ck_approval_request_decision_has_person"),
        ),
        sa.CheckConstraint(
            "status in ('PENDING', 'APPROVED', 'REFUSED', 'WITHDRAWN', 'LAPSED')",
            name=op.f("ck_approval_request_status_known"),
        ),
        sa.CheckConstraint(
            "decided_by_id is null or decided_by_id <> requested_by_id",
            name=op.f("ck_approval_request_decided_by_another"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["sales_order.customer_id", "sales_order.id"],
            name=op.f("fk_approval_request_customer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_approval_request_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["app_user.id"], name=op.f("fk_approval_request_decided_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["app_user.id"], name=op.f("fk_approval_request_requested_by_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_approval_request_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_request")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_approval_request_customer_id_id")),
    )
    op.create_index(
        op.f("ix_approval_request_customer_id_status_requested_at"),
        "approval_request",
        ["customer_id", "status", "requested_at"],
        unique=False,
    )
    op.create_index(
        "uq_approval_request_pending",
        "approval_request",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    op.create_table(
        "bank_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_file_id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("remitter", sa.String(length=200), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status in ('MATCHED', 'PARTLY_MATCHED', 'ON_ACCOUNT', 'UNKNOWN', 'DUPLICATE', 'IGNORED')",
            name=op.f("ck_bank_line_status_known"),
        ),
        sa.ForeignKeyConstraint(["bank_file_id"], ["bank_file.id"], name=op.f("fk_bank_line_bank_file_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_bank_line_payment_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_bank_line_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint("bank_file_id", "position", name=op.f("uq_bank_line_bank_file_id_position")),
    )
    op.create_index(
        "ix_bank_line_waiting",
        "bank_line",
        ["seller_id"],
        unique=False,
        postgresql_where=sa.text("status in ('UNKNOWN', 'ON_ACCOUNT')"),
    )
    op.create_index(
        "uq_bank_line_fingerprint",
        "bank_line",
        ["seller_id", "fingerprint"],
        unique=True,
        postgresql_where=sa.text("status <> 'DUPLICATE'"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by_id", sa.Uuid(), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_by_id", sa.Uuid(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("carrier", sa.String(length=200), server_default="", nullable=False),
        sa.Column("tracking_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("internal_note", sa.Text(), server_default="", nullable=False),
        sa.Column("order_number", sa.String(length=64), nullable=False),
        sa.Column("purchase_order_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("customer_number", sa.String(length=64), nullable=False),
        sa.Column("customer_name", sa.String(length=200), nullable=False),
        sa.Column("delivery_address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("delivery_terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(status = 'SHIPPED') = (shipped_at is not null)", name=op.f("ck_delivery_shipped_has_moment")
        ),
        sa.CheckConstraint(
            "status in ('RELEASED', 'SHIPPED', 'CANCELLED')", name=op.f("ck_delivery_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["sales_order.customer_id", "sales_order.id"],
            name=op.f("fk_delivery_customer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_delivery_customer_id")),
        sa.ForeignKeyConstraint(["released_by_id"], ["app_user.id"], name=op.f("fk_delivery_released_by_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_delivery_seller_id")),
        sa.ForeignKeyConstraint(["shipped_by_id"], ["app_user.id"], name=op.f("fk_delivery_shipped_by_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_delivery_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_delivery_customer_id_id")),
        sa.UniqueConstraint("seller_id", "number", name=op.f("uq_delivery_seller_id_number")),
    )
    op.create_index(
        op.f("ix_delivery_customer_id_order_id"), "delivery", ["customer_id", "order_id"], unique=False
    )
    op.create_index(op.f("ix_delivery_released_at_id"), "delivery", ["released_at", "id"], unique=False)
    op.create_index(
        "ix_delivery_to_ship",
        "delivery",
        ["warehouse_id", "planned_on"],
        unique=False,
        postgresql_where=sa.text("status = 'RELEASED'"),
    )
    op.create_table(
        "invoice_instalment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("amount_matched", sa.Numeric(precision=18, scale=3), server_default="0", nullable=False),
        sa.CheckConstraint(
            "amount_matched * sign(amount) >= 0 and abs(amount_matched) <= abs(amount)",
            name=op.f("ck_invoice_instalment_matched_within"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "invoice_id"],
            ["invoice.customer_id", "invoice.id"],
            name=op.f("fk_invoice_instalment_customer_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_instalment")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_invoice_instalment_customer_id_id")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_instalment_invoice_id_position")),
    )
    op.create_index(
        op.f("ix_invoice_instalment_customer_id_invoice_id"),
        "invoice_instalment",
        ["customer_id", "invoice_id"],
        unique=False,
    )
    op.create_index(
        "ix_invoice_instalment_open",
        "invoice_instalment",
        ["customer_id", "due_on"],
        unique=False,
        postgresql_where=sa.text("amount_matched <> amount"),
    )
    op.create_table(
        "invoice_record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("hashed_text", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('ALTA', 'ANULACION')", name=op.f("ck_invoice_record_kind_known")),
        sa.ForeignKeyConstraint(
            ["customer_id", "invoice_id"],
            ["invoice.customer_id", "invoice.id"],
            name=op.f("fk_invoice_record_customer_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_invoice_record_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_record")),
        sa.UniqueConstraint("seller_id", "position", name=op.f("uq_invoice_record_seller_id_position")),
        sa.UniqueConstraint(
            "seller_id", "previous_hash", name=op.f("uq_invoice_record_seller_id_previous_hash")
        ),
    )
    op.create_index(
        op.f("ix_invoice_record_customer_id_invoice_id"),
        "invoice_record",
        ["customer_id", "invoice_id"],
        unique=False,
    )
    op.create_table(
        "invoice_rectification",
        sa.Column("rectifying_id", sa.Uuid(), nullable=False),
        sa.Column("rectified_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("rectifying_id <> rectified_id", name=op.f("ck_invoice_rectification_another")),
        sa.ForeignKeyConstraint(
            ["customer_id", "rectified_id"],
            ["invoice.customer_id", "invoice.id"],
            name=op.f("fk_invoice_rectification_customer_id_rectified_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "rectifying_id"],
            ["invoice.customer_id", "invoice.id"],
            name=op.f("fk_invoice_rectification_customer_id_rectifying_id"),
        ),
        sa.PrimaryKeyConstraint("rectifying_id", "rectified_id", name=op.f("pk_invoice_rectification")),
    )
    op.create_index(
        op.f("ix_invoice_rectification_customer_id_rectified_id"),
        "invoice_rectification",
        ["customer_id", "rectified_id"],
        unique=False,
    )
    op.create_table(
        "invoice_tax_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("surcharge_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("exemption_code", sa.String(length=64), server_default="", nullable=False),
        sa.Column("qualification", sa.String(length=64), nullable=False),
        sa.Column("exemption_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("base_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("surcharge_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "invoice_id"],
            ["invoice.customer_id", "invoice.id"],
            name=op.f("fk_invoice_tax_group_customer_id_invoice_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_tax_group")),
        sa.UniqueConstraint(
            "invoice_id",
            "category",
            "percent",
            "surcharge_percent",
            "exemption_code",
            name=op.f("uq_invoice_tax_group_invoice_id_category_percent_surcharge_percent_exemption_code"),
        ),
    )
    op.create_index(
        op.f("ix_invoice_tax_group_customer_id_invoice_id"),
        "invoice_tax_group",
        ["customer_id", "invoice_id"],
        unique=False,
    )
    op.create_table(
        "journal_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("document_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_journal_line_amount_not_zero")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_journal_line_customer_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_journal_line_entry_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_journal_line_seller_id")),
        sa.PrimaryKeyConstraint("id", "month", name=op.f("pk_journal_line")),
    )
    op.create_index(op.f("ix_journal_line_entry_id"), "journal_line", ["entry_id"], unique=False)
    op.create_index(
        op.f("ix_journal_line_seller_id_account_month"),
        "journal_line",
        ["seller_id", "account", "month"],
        unique=False,
    )
    op.create_table(
        "payment_match",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("credit_instalment_id", sa.Uuid(), nullable=True),
        sa.Column("instalment_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("matched_on", sa.Date(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matched_by_id", sa.Uuid(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(payment_id is null) <> (credit_instalment_id is null)", name=op.f("ck_payment_match_one_source")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_match_amount_positive")),
        sa.ForeignKeyConstraint(
            ["customer_id", "credit_instalment_id"],
            ["invoice_instalment.customer_id", "invoice_instalment.id"],
            name=op.f("fk_payment_match_customer_id_credit_instalment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "instalment_id"],
            ["invoice_instalment.customer_id", "invoice_instalment.id"],
            name=op.f("fk_payment_match_customer_id_instalment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "payment_id"],
            ["payment.customer_id", "payment.id"],
            name=op.f("fk_payment_match_customer_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_payment_match_customer_id")),
        sa.ForeignKeyConstraint(
            ["matched_by_id"], ["app_user.id"], name=op.f("fk_payment_match_matched_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_match")),
    )
    op.create_index(
        op.f("ix_payment_match_customer_id_credit_instalment_id"),
        "payment_match",
        ["customer_id", "credit_instalment_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_payment_match_customer_id_instalment_id"),
        "payment_match",
        ["customer_id", "instalment_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_payment_match_customer_id_payment_id"),
        "payment_match",
        ["customer_id", "payment_id"],
        unique=False,
    )
    op.create_table(
        "delivery_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_line_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("customer_item_number", sa.String(length=64), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("unit_code", sa.String(length=16), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("quantity_invoiced", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("quantity_returned", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_delivery_line_quantity_positive")),
        sa.CheckConstraint(
            "quantity_invoiced >= 0 and quantity_invoiced <= quantity",
            name=op.f("ck_delivery_line_invoiced_within"),
        ),
        sa.CheckConstraint(
            "quantity_returned >= 0 and quantity_returned <= quantity",
            name=op.f("ck_delivery_line_returned_within"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "delivery_id"],
            ["delivery.customer_id", "delivery.id"],
            name=op.f("fk_delivery_line_customer_id_delivery_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_line_id"],
            ["sales_order_line.customer_id", "sales_order_line.id"],
            name=op.f("fk_delivery_line_customer_id_order_line_id"),
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_delivery_line_product_id")),
        sa.ForeignKeyConstraint(
            ["schedule_line_id"],
            ["sales_order_schedule_line.id"],
            name=op.f("fk_delivery_line_schedule_line_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_line")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_delivery_line_customer_id_id")),
        sa.UniqueConstraint("delivery_id", "position", name=op.f("uq_delivery_line_delivery_id_position")),
    )
    op.create_index(
        op.f("ix_delivery_line_customer_id_delivery_id"),
        "delivery_line",
        ["customer_id", "delivery_id"],
        unique=False,
    )
    op.create_index(op.f("ix_delivery_line_order_line_id"), "delivery_line", ["order_line_id"], unique=False)
    op.create_table(
        "delivery_line_cost",
        sa.Column("delivery_line_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("unit_cost", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_delivery_line_cost_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_line_id"], ["delivery_line.id"], name=op.f("fk_delivery_line_cost_delivery_line_id")
        ),
        sa.PrimaryKeyConstraint("delivery_line_id", name=op.f("pk_delivery_line_cost")),
    )
    op.create_table(
        "delivery_line_lot",
        sa.Column("delivery_line_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("lot_number", sa.String(length=64), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_delivery_line_lot_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["customer_id", "delivery_line_id"],
            ["delivery_line.customer_id", "delivery_line.id"],
            name=op.f("fk_delivery_line_lot_customer_id_delivery_line_id"),
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_delivery_line_lot_lot_id")),
        sa.PrimaryKeyConstraint("delivery_line_id", "lot_id", name=op.f("pk_delivery_line_lot")),
    )
    op.create_index(
        op.f("ix_delivery_line_lot_customer_id_delivery_line_id"),
        "delivery_line_lot",
        ["customer_id", "delivery_line_id"],
        unique=False,
    )
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=True),
        sa.Column("delivery_line_id", sa.Uuid(), nullable=True),
        sa.Column("rectified_line_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("order_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("delivery_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("customer_item_number", sa.String(length=64), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("unit_code", sa.String(length=16), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("quantity_credited", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("list_unit_price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("price_unit", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("discount_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("currency_exponent", sa.SmallInteger(), nullable=False),
        sa.Column("tax_category", sa.String(length=64), nullable=False),
        sa.Column("tax_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("surcharge_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("exemption_code", sa.String(length=64), server_default="", nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("surcharge_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("gross_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.CheckConstraint("kind in ('GOODS', 'SERVICE', 'CHARGE')", name=op.f("ck_invoice_line_kind_known")),
        sa.CheckConstraint(
            "gross_amount = net_amount + tax_amount + surcharge_amount",
            name=op.f("ck_invoice_line_gross_adds_up"),
        ),
        sa.CheckConstraint(
            "net_amount = round(net_amount, currency_exponent) and tax_amount = round(tax_amount, currency_exponent) and surcharge_amount = round(surcharge_amount, currency_exponent) and gross_amount = round(gross_amount, currency_exponent)",
            name=op.f("ck_invoice_line_amounts_fit_currency"),
        ),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_invoice_line_quantity_not_zero")),
        sa.CheckConstraint(
            "quantity_credited >= 0 and (quantity_credited = 0 or quantity_credited <= quantity)",
            name=op.f("ck_invoice_line_credited_within"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "delivery_line_id"],
            ["delivery_line.customer_id", "delivery_line.id"],
            name=op.f("fk_invoice_line_customer_id_delivery_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "invoice_id"],
            ["invoice.customer_id", "invoice.id"],
            name=op.f("fk_invoice_line_customer_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_line_id"],
            ["sales_order_line.customer_id", "sales_order_line.id"],
            name=op.f("fk_invoice_line_customer_id_order_line_id"),
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_invoice_line_product_id")),
        sa.ForeignKeyConstraint(
            ["rectified_line_id"], ["invoice_line.id"], name=op.f("fk_invoice_line_rectified_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_invoice_line_customer_id_id")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_line_invoice_id_position")),
    )
    op.create_index(
        op.f("ix_invoice_line_customer_id_invoice_id"),
        "invoice_line",
        ["customer_id", "invoice_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_invoice_line_delivery_line_id"), "invoice_line", ["delivery_line_id"], unique=False
    )
    op.create_index(op.f("ix_invoice_line_order_line_id"), "invoice_line", ["order_line_id"], unique=False)
    op.create_index(
        op.f("ix_invoice_line_rectified_line_id"), "invoice_line", ["rectified_line_id"], unique=False
    )
    op.add_column("audit_event", sa.Column("subject_id", sa.Uuid(), nullable=True))
    op.add_column(
        "customer", sa.Column("buyers_see_invoices", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column(
        "customer",
        sa.Column("invoicing_mode", sa.String(length=64), server_default="PER_DELIVERY", nullable=False),
    )
    op.add_column(
        "customer", sa.Column("tax_regime", sa.String(length=64), server_default="DOMESTIC", nullable=False)
    )
    op.add_column(
        "customer", sa.Column("invoice_email", sa.String(length=200), server_default="", nullable=False)
    )
    op.add_column("outbox_event", sa.Column("subject_id", sa.Uuid(), nullable=True))
    op.add_column(
        "product", sa.Column("is_reverse_charge", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column(
        "sales_order", sa.Column("is_on_behalf", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("sales_order", sa.Column("on_behalf_of_id", sa.Uuid(), nullable=True))
    op.add_column(
        "sales_order",
        sa.Column("on_behalf_of_name", sa.String(length=200), server_default="", nullable=False),
    )
    op.add_column("sales_order", sa.Column("on_behalf_reason", sa.Text(), server_default="", nullable=False))
    op.create_foreign_key(
        op.f("fk_sales_order_on_behalf_of_id"), "sales_order", "app_user", ["on_behalf_of_id"], ["id"]
    )
    op.add_column(
        "sales_order_line", sa.Column("manual_unit_price", sa.Numeric(precision=18, scale=6), nullable=True)
    )
    op.add_column(
        "sales_order_line", sa.Column("manual_price_reason", sa.Text(), server_default="", nullable=False)
    )
    op.add_column(
        "seller", sa.Column("bank_account", sa.String(length=64), server_default="", nullable=False)
    )
    op.add_column("seller", sa.Column("books_closed_until", sa.Date(), nullable=True))
    op.add_column("seller", sa.Column("overdue_days_allowed", sa.SmallInteger(), nullable=True))
    op.add_column("seller", sa.Column("approval_days", sa.SmallInteger(), server_default="5", nullable=False))
    op.add_column(
        "tax_rate",
        sa.Column("surcharge_percent", sa.Numeric(precision=9, scale=6), server_default="0", nullable=False),
    )
    op.add_column("user_session", sa.Column("on_behalf_reason", sa.Text(), nullable=True))
    op.add_column("user_session", sa.Column("on_behalf_of_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_user_session_on_behalf_of_id"), "user_session", "app_user", ["on_behalf_of_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_customer_invoicing_mode_known"),
        "customer",
        "invoicing_mode in ('PER_DELIVERY', 'PER_ORDER', 'PERIODIC')",
    )
    op.create_check_constraint(
        op.f("ck_customer_tax_regime_known"),
        "customer",
        "tax_regime in ('DOMESTIC', 'EQUIVALENCE_SURCHARGE', 'INTRA_EU', 'EXPORT', 'EXEMPT')",
    )
    op.create_check_constraint(
        op.f("ck_sales_order_line_manual_price_not_negative"), "sales_order_line", "manual_unit_price >= 0"
    )


def downgrade() -> None:
    raise RuntimeError("Documents are not thrown away; restore a backup instead.")
