"""The house: every table of the first landing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    for extension in ("pg_trgm", "unaccent", "btree_gist"):
        op.execute(f"create extension if not exists {extension}")
    op.execute("create sequence sales_order_number_seq")
    op.execute("create sequence customer_number_seq")
    op.create_table(
        "currency",
        sa.Column("code", sa.String(length=3), nullable=False),
        sa.Column("exponent", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.CheckConstraint("exponent between 0 and 3", name=op.f("ck_currency_exponent")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_currency")),
        sa.UniqueConstraint("code", "exponent", name=op.f("uq_currency_code_exponent")),
    )
    op.create_table(
        "idempotency_record",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("mutation", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("entity_type", sa.String(length=64), server_default="", nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(key) between 1 and 255", name=op.f("ck_idempotency_record_key_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_record")),
        sa.UniqueConstraint("owner_id", "principal_id", "mutation", "key", name="uq_idempotency_record_key"),
    )
    op.create_table(
        "login_throttle",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_throttle")),
    )
    op.create_table(
        "search_word",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
    )
    op.create_index(
        "ix_search_word_prefix", "search_word", [sa.literal_column("word text_pattern_ops")], unique=False
    )
    op.create_index(
        "ix_search_word_similar",
        "search_word",
        [sa.literal_column("word gin_trgm_ops")],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "unit_of_measure",
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("decimals between 0 and 6", name=op.f("ck_unit_of_measure_decimals_range")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit_of_measure")),
    )
    op.create_table(
        "seller",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("tax_id", sa.String(length=64), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=64), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(), server_default="ES", nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("tax_territory", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("out_of_stock_policy", sa.String(length=64), nullable=False),
        sa.Column("credit_policy", sa.String(length=64), nullable=False),
        sa.Column("parents_see_descendants", sa.Boolean(), nullable=False),
        sa.Column("low_stock_threshold", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.CheckConstraint("credit_policy in ('HOLD', 'REFUSE')", name=op.f("ck_seller_credit_policy_known")),
        sa.CheckConstraint(
            "out_of_stock_policy in ('REFUSE', 'BACKORDER')", name=op.f("ck_seller_out_of_stock_policy_known")
        ),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_seller_currency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller")),
        sa.UniqueConstraint("code", name=op.f("uq_seller_code")),
    )
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_app_user_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
    )
    op.create_index("uq_app_user_email", "app_user", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "assortment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_assortment_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assortment")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_assortment_seller_id_code")),
    )
    op.create_table(
        "customer_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("assortment_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_customer_group_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_group")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_customer_group_seller_id_code")),
    )
    op.create_table(
        "delivery_term",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("incoterm", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_delivery_term_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_term")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_delivery_term_seller_id_code")),
    )
    op.create_table(
        "exchange_rate",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rate_rate_positive")),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_exchange_rate_currency")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_exchange_rate_seller_id")),
        sa.PrimaryKeyConstraint("seller_id", "currency", "valid_from", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("byte_size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("byte_size > 0 and byte_size <= 104857600", name=op.f("ck_file_size_range")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_file_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
    )
    op.create_table(
        "number_series",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=64), nullable=False),
        sa.Column("digits", sa.SmallInteger(), nullable=False),
        sa.Column("sequence_name", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind in ('ORDER', 'CUSTOMER')", name=op.f("ck_number_series_kind_known")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_number_series_seller_id")),
        sa.PrimaryKeyConstraint("seller_id", "kind", name=op.f("pk_number_series")),
    )
    op.create_table(
        "payment_term",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "early_payment_percent", sa.Numeric(precision=9, scale=6), server_default="0", nullable=False
        ),
        sa.Column("early_payment_days", sa.SmallInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_payment_term_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_term")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_payment_term_seller_id_code")),
    )
    op.create_table(
        "product_category",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_sort", sa.Text(collation="C"), nullable=False),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["product_category.id"], name=op.f("fk_product_category_parent_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_product_category_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_category")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_product_category_seller_id_code")),
    )
    op.create_index(
        "ix_product_category_path",
        "product_category",
        [sa.literal_column("path text_pattern_ops")],
        unique=False,
    )
    op.create_table(
        "sales_team",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("manager_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_sales_team_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_team")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_sales_team_seller_id_code")),
    )
    op.create_table(
        "tax_category",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("untdid_5305", sa.String(), server_default="S", nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_tax_category_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_category")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_tax_category_seller_id_code")),
    )
    op.create_table(
        "territory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_territory_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_territory_seller_id_code")),
    )
    op.create_table(
        "warehouse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("active_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_warehouse_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warehouse")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_warehouse_seller_id_code")),
    )
    op.create_table(
        "file_chunk",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(content) <= 10485760", name=op.f("ck_file_chunk_size_range")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_file_chunk_file_id")),
        sa.PrimaryKeyConstraint("file_id", "position", name=op.f("pk_file_chunk")),
    )
    op.create_table(
        "payment_term_instalment",
        sa.Column("payment_term_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("share_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("due_days", sa.SmallInteger(), nullable=False),
        sa.Column("end_of_month", sa.Boolean(), nullable=False),
        sa.Column("payment_day", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint(
            "share_percent > 0 and share_percent <= 100", name=op.f("ck_payment_term_instalment_share_range")
        ),
        sa.ForeignKeyConstraint(
            ["payment_term_id"], ["payment_term.id"], name=op.f("fk_payment_term_instalment_payment_term_id")
        ),
        sa.PrimaryKeyConstraint("payment_term_id", "position", name=op.f("pk_payment_term_instalment")),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("sku_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_sort", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("brand", sa.String(length=200), server_default="", nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("tax_category_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(length=16), nullable=False),
        sa.Column("pack_size", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("barcode", sa.String(length=64), nullable=True),
        sa.Column("weight_kg", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("is_lot_tracked", sa.Boolean(), nullable=False),
        sa.Column("shelf_life_days", sa.Integer(), nullable=True),
        sa.Column("out_of_stock_policy", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_until", sa.Date(), nullable=True),
        sa.CheckConstraint("kind in ('GOODS', 'SERVICE')", name=op.f("ck_product_kind_known")),
        sa.CheckConstraint(
            "out_of_stock_policy in ('REFUSE', 'BACKORDER')",
            name=op.f("ck_product_out_of_stock_policy_known"),
        ),
        sa.CheckConstraint("pack_size > 0", name=op.f("ck_product_pack_size_positive")),
        sa.CheckConstraint(
            "shelf_life_days is null or shelf_life_days > 0", name=op.f("ck_product_shelf_life_positive")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["product_category.id"], name=op.f("fk_product_category_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_product_seller_id")),
        sa.ForeignKeyConstraint(
            ["tax_category_id"], ["tax_category.id"], name=op.f("fk_product_tax_category_id")
        ),
        sa.ForeignKeyConstraint(["unit_code"], ["unit_of_measure.code"], name=op.f("fk_product_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("seller_id", "sku", name=op.f("uq_product_seller_id_sku")),
    )
    op.create_index("ix_product_barcode", "product", ["barcode"], unique=False)
    op.create_index(op.f("ix_product_category_id"), "product", ["category_id"], unique=False)
    op.create_index(
        op.f("ix_product_seller_id_name_sort_id"), "product", ["seller_id", "name_sort", "id"], unique=False
    )
    op.create_index("uq_product_sku_key", "product", ["seller_id", "sku_key"], unique=True)
    op.create_table(
        "product_category_translation",
        sa.Column("category_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["product_category.id"], name=op.f("fk_product_category_translation_category_id")
        ),
        sa.PrimaryKeyConstraint("category_id", "locale", name=op.f("pk_product_category_translation")),
    )
    op.create_table(
        "sales_rep",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("sales_team_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["sales_team_id"], ["sales_team.id"], name=op.f("fk_sales_rep_sales_team_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_sales_rep_seller_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_sales_rep_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_sales_rep")),
        sa.UniqueConstraint("seller_id", "code", name=op.f("uq_sales_rep_seller_id_code")),
    )
    op.create_index(op.f("ix_sales_rep_sales_team_id"), "sales_rep", ["sales_team_id"], unique=False)
    op.create_table(
        "staff_role",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "role in ('SALES_REP', 'SALES_MANAGER', 'LOGISTICS', 'FINANCE', 'INTEGRATOR', 'ADMINISTRATOR')",
            name=op.f("ck_staff_role_role_known"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_staff_role_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_staff_role")),
    )
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tax_category_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sa.String(length=64), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("tax_category_id"), "="),
            (sa.column("territory"), "="),
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="tax_rate_overlap",
        ),
        sa.CheckConstraint("percent >= 0 and percent <= 100", name=op.f("ck_tax_rate_percent_range")),
        sa.ForeignKeyConstraint(
            ["tax_category_id"], ["tax_category.id"], name=op.f("fk_tax_rate_tax_category_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rate")),
    )
    op.create_table(
        "user_credential",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(length=256), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_credential_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_credential")),
    )
    op.create_table(
        "assortment_product",
        sa.Column("assortment_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assortment_id"], ["assortment.id"], name=op.f("fk_assortment_product_assortment_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_assortment_product_product_id")
        ),
        sa.PrimaryKeyConstraint("assortment_id", "product_id", name=op.f("pk_assortment_product")),
    )
    op.create_index(
        op.f("ix_assortment_product_product_id"), "assortment_product", ["product_id"], unique=False
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_sort", sa.Text(collation="C"), nullable=False),
        sa.Column("tax_id", sa.String(length=64), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("customer_group_id", sa.Uuid(), nullable=True),
        sa.Column("assortment_id", sa.Uuid(), nullable=True),
        sa.Column("sales_rep_id", sa.Uuid(), nullable=True),
        sa.Column("territory_id", sa.Uuid(), nullable=True),
        sa.Column("payment_term_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_term_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("buyers_see_company_orders", sa.Boolean(), nullable=False),
        sa.Column("internal_note", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "status in ('PROSPECT', 'ACTIVE', 'BLOCKED')", name=op.f("ck_customer_status_known")
        ),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_customer_parent_is_another")),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_customer_currency")),
        sa.ForeignKeyConstraint(
            ["customer_group_id"], ["customer_group.id"], name=op.f("fk_customer_customer_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_term_id"], ["delivery_term.id"], name=op.f("fk_customer_delivery_term_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["customer.id"], name=op.f("fk_customer_parent_id")),
        sa.ForeignKeyConstraint(
            ["payment_term_id"], ["payment_term.id"], name=op.f("fk_customer_payment_term_id")
        ),
        sa.ForeignKeyConstraint(
            ["sales_rep_id"], ["sales_rep.user_id"], name=op.f("fk_customer_sales_rep_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_customer_seller_id")),
        sa.ForeignKeyConstraint(["territory_id"], ["territory.id"], name=op.f("fk_customer_territory_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("seller_id", "number", name=op.f("uq_customer_seller_id_number")),
    )
    op.create_index(op.f("ix_customer_name_sort_id"), "customer", ["name_sort", "id"], unique=False)
    op.create_index(
        "ix_customer_name_trigram",
        "customer",
        [sa.literal_column("replace(name_sort, 'n~', 'n') gin_trgm_ops")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(op.f("ix_customer_parent_id"), "customer", ["parent_id"], unique=False)
    op.create_index(op.f("ix_customer_sales_rep_id"), "customer", ["sales_rep_id"], unique=False)
    op.create_index(op.f("ix_customer_territory_id"), "customer", ["territory_id"], unique=False)
    op.create_table(
        "list_price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("unit_code", sa.String(length=16), nullable=False),
        sa.Column("from_quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("price_unit", sa.Numeric(precision=18, scale=6), server_default="1", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("product_id"), "="),
            (sa.column("currency"), "="),
            (sa.column("unit_code"), "="),
            (sa.column("from_quantity"), "="),
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="list_price_overlap",
        ),
        sa.CheckConstraint("from_quantity >= 0", name=op.f("ck_list_price_from_quantity_not_negative")),
        sa.CheckConstraint("price_unit > 0", name=op.f("ck_list_price_price_unit_positive")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_list_price_price_not_negative")),
        sa.CheckConstraint(
            "valid_until is null or valid_until > valid_from", name=op.f("ck_list_price_validity_order")
        ),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_list_price_currency")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_list_price_product_id")),
        sa.ForeignKeyConstraint(
            ["unit_code"], ["unit_of_measure.code"], name=op.f("fk_list_price_unit_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_price")),
    )
    op.create_index(
        op.f("ix_list_price_product_id_currency_valid_from"),
        "list_price",
        ["product_id", "currency", "valid_from"],
        unique=False,
    )
    op.create_table(
        "lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.CheckConstraint("status in ('AVAILABLE', 'BLOCKED')", name=op.f("ck_lot_status_known")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_lot_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("product_id", "number", name=op.f("uq_lot_product_id_number")),
    )
    op.create_table(
        "product_attribute",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_attribute_product_id")),
        sa.PrimaryKeyConstraint("product_id", "locale", "position", name=op.f("pk_product_attribute")),
    )
    op.create_table(
        "product_picture",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_product_picture_file_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_picture_product_id")),
        sa.PrimaryKeyConstraint("product_id", "position", name=op.f("pk_product_picture")),
    )
    op.create_table(
        "product_relation",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("related_product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "kind in ('ACCESSORY', 'SUBSTITUTE', 'UPGRADE')", name=op.f("ck_product_relation_kind_known")
        ),
        sa.CheckConstraint("related_product_id <> product_id", name=op.f("ck_product_relation_to_another")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_relation_product_id")),
        sa.ForeignKeyConstraint(
            ["related_product_id"], ["product.id"], name=op.f("fk_product_relation_related_product_id")
        ),
        sa.PrimaryKeyConstraint("product_id", "kind", "related_product_id", name=op.f("pk_product_relation")),
    )
    op.create_table(
        "product_search",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("words", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_search_product_id")),
        sa.PrimaryKeyConstraint("product_id", "locale", name=op.f("pk_product_search")),
    )
    op.create_index(
        "ix_product_search_codes",
        "product_search",
        [sa.literal_column("codes gin_trgm_ops")],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_product_search_words",
        "product_search",
        ["words"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "product_translation",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_translation_product_id")
        ),
        sa.PrimaryKeyConstraint("product_id", "locale", name=op.f("pk_product_translation")),
    )
    op.create_table(
        "product_unit",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("unit_code", sa.String(length=16), nullable=False),
        sa.Column("factor", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.CheckConstraint("factor > 0", name=op.f("ck_product_unit_factor_positive")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_unit_product_id")),
        sa.ForeignKeyConstraint(
            ["unit_code"], ["unit_of_measure.code"], name=op.f("fk_product_unit_unit_code")
        ),
        sa.PrimaryKeyConstraint("product_id", "unit_code", name=op.f("pk_product_unit")),
    )
    op.create_table(
        "sales_rep_territory",
        sa.Column("sales_rep_id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sales_rep_id"], ["sales_rep.user_id"], name=op.f("fk_sales_rep_territory_sales_rep_id")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_sales_rep_territory_territory_id")
        ),
        sa.PrimaryKeyConstraint("sales_rep_id", "territory_id", name=op.f("pk_sales_rep_territory")),
    )
    op.create_table(
        "standard_cost",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("unit_cost", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("product_id"), "="),
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="standard_cost_overlap",
        ),
        sa.CheckConstraint("unit_cost >= 0", name=op.f("ck_standard_cost_not_negative")),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_standard_cost_currency")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_standard_cost_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_cost")),
    )
    op.create_table(
        "stock_balance",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("reserved", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_stock_balance_on_hand_not_negative")),
        sa.CheckConstraint(
            "reserved >= 0 and reserved <= on_hand", name=op.f("ck_stock_balance_reserved_within_on_hand")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_stock_balance_product_id")),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouse.id"], name=op.f("fk_stock_balance_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("product_id", "warehouse_id", name=op.f("pk_stock_balance")),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("entity_type", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("entity_version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["app_user.id"], name=op.f("fk_audit_event_actor_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_audit_event_customer_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_audit_event_seller_id")),
        sa.PrimaryKeyConstraint("id", "month", name=op.f("pk_audit_event")),
    )
    op.create_index(op.f("ix_audit_event_customer_id_id"), "audit_event", ["customer_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_event_entity_id"), "audit_event", ["entity_id"], unique=False)
    op.create_table(
        "credit_account",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("credit_limit", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("credit_limit >= 0", name=op.f("ck_credit_account_limit_not_negative")),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_credit_account_currency")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_credit_account_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_credit_account")),
    )
    op.create_table(
        "customer_address",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=64), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("region", sa.String(length=200), server_default="", nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("phone", sa.String(length=64), server_default="", nullable=False),
        sa.Column("is_default_delivery", sa.Boolean(), nullable=False),
        sa.Column("is_default_billing", sa.Boolean(), nullable=False),
        sa.Column("active_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_address_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_address")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_customer_address_customer_id_id")),
    )
    op.create_index(
        "uq_customer_address_default_billing",
        "customer_address",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text("is_default_billing"),
    )
    op.create_index(
        "uq_customer_address_default_delivery",
        "customer_address",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text("is_default_delivery"),
    )
    op.create_table(
        "customer_contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), server_default="", nullable=False),
        sa.Column("email", sa.String(length=200), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_contact_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_contact")),
    )
    op.create_index(
        op.f("ix_customer_contact_customer_id"), "customer_contact", ["customer_id"], unique=False
    )
    op.create_table(
        "customer_item_number",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("item_number", sa.String(length=64), nullable=False),
        sa.Column("item_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_item_number_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_customer_item_number_product_id")
        ),
        sa.PrimaryKeyConstraint("customer_id", "product_id", name=op.f("pk_customer_item_number")),
        sa.UniqueConstraint(
            "customer_id", "item_key", name=op.f("uq_customer_item_number_customer_id_item_key")
        ),
    )
    op.create_index(
        op.f("ix_customer_item_number_product_id"), "customer_item_number", ["product_id"], unique=False
    )
    op.create_table(
        "external_reference",
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("entity_type", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_external_reference_customer_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_external_reference_seller_id")),
        sa.PrimaryKeyConstraint(
            "seller_id", "namespace", "entity_type", "value", name=op.f("pk_external_reference")
        ),
    )
    op.create_index(
        op.f("ix_external_reference_entity_type_entity_id"),
        "external_reference",
        ["entity_type", "entity_id"],
        unique=False,
    )
    op.create_table(
        "lot_balance",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("allocated", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.CheckConstraint(
            "allocated >= 0 and allocated <= on_hand", name=op.f("ck_lot_balance_allocated_within_on_hand")
        ),
        sa.CheckConstraint("on_hand >= 0", name=op.f("ck_lot_balance_on_hand_not_negative")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_lot_balance_lot_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_lot_balance_warehouse_id")),
        sa.PrimaryKeyConstraint("lot_id", "warehouse_id", name=op.f("pk_lot_balance")),
    )
    op.create_table(
        "membership",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role in ('BUYER', 'APPROVER', 'COMPANY_ADMIN', 'CUSTOMER_INTEGRATOR')",
            name=op.f("ck_membership_role_known"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_membership_customer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_membership_user_id")),
        sa.PrimaryKeyConstraint("user_id", "customer_id", "role", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_customer_id"), "membership", ["customer_id"], unique=False)
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "transaction_id",
            sa.String(length=20),
            server_default=sa.text("(pg_current_xact_id()::text)"),
            nullable=False,
        ),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("entity_type", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("entity_version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["app_user.id"], name=op.f("fk_outbox_event_actor_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_outbox_event_customer_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_outbox_event_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_event_id")),
        sa.UniqueConstraint("position", name=op.f("uq_outbox_event_position")),
    )
    op.create_index(
        "ix_outbox_event_unpublished",
        "outbox_event",
        ["id"],
        unique=False,
        postgresql_where=sa.text("position is null"),
    )
    op.create_table(
        "sales_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("source_key", sa.String(length=200), nullable=False),
        sa.Column("document_number", sa.String(length=64), nullable=False),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("discount_percent", sa.Numeric(precision=9, scale=6), server_default="0", nullable=False),
        sa.Column("discount_amount", sa.Numeric(precision=18, scale=3), server_default="0", nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("sales_rep_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind in ('SALE', 'CANCELLATION', 'ADJUSTMENT', 'SERVICE')",
            name=op.f("ck_sales_history_kind_known"),
        ),
        sa.ForeignKeyConstraint(["currency"], ["currency.code"], name=op.f("fk_sales_history_currency")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_sales_history_customer_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_sales_history_product_id")),
        sa.ForeignKeyConstraint(
            ["sales_rep_id"], ["sales_rep.user_id"], name=op.f("fk_sales_history_sales_rep_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_sales_history_seller_id")),
        sa.PrimaryKeyConstraint("id", "month", name=op.f("pk_sales_history")),
        sa.UniqueConstraint(
            "seller_id",
            "source",
            "source_key",
            "month",
            name=op.f("uq_sales_history_seller_id_source_source_key_month"),
        ),
    )
    op.create_index(
        op.f("ix_sales_history_customer_id_sold_at_id"),
        "sales_history",
        ["customer_id", "sold_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sales_history_product_id_sold_at"), "sales_history", ["product_id", "sold_at"], unique=False
    )
    op.create_table(
        "sales_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("is_on_hold", sa.Boolean(), nullable=False),
        sa.Column(
            "hold_reasons", postgresql.ARRAY(sa.String(length=64)), server_default="{}", nullable=False
        ),
        sa.Column("status_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by_id", sa.Uuid(), nullable=False),
        sa.Column("placed_by_name", sa.String(length=200), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purchase_order_number", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("priced_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("currency_exponent", sa.SmallInteger(), nullable=False),
        sa.Column("exchange_rate", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("exchange_rate_on", sa.Date(), nullable=False),
        sa.Column("seller_name", sa.String(length=200), nullable=False),
        sa.Column("seller_tax_id", sa.String(length=64), nullable=False),
        sa.Column("customer_number", sa.String(length=64), nullable=False),
        sa.Column("customer_name", sa.String(length=200), nullable=False),
        sa.Column("customer_tax_id", sa.String(length=64), nullable=True),
        sa.Column("sales_rep_id", sa.Uuid(), nullable=True),
        sa.Column("sales_rep_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("delivery_address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("billing_address", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("payment_terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("delivery_terms", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("gross_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.CheckConstraint(
            "status in ('PENDING_APPROVAL', 'PLACED', 'CONFIRMED', 'CLOSED', 'REFUSED', 'CANCELLED')",
            name=op.f("ck_sales_order_status_known"),
        ),
        sa.CheckConstraint("exchange_rate > 0", name=op.f("ck_sales_order_exchange_rate_positive")),
        sa.CheckConstraint(
            "gross_amount = net_amount + tax_amount", name=op.f("ck_sales_order_gross_is_net_and_tax")
        ),
        sa.CheckConstraint(
            "is_on_hold = (cardinality(hold_reasons) > 0)", name=op.f("ck_sales_order_hold_has_reasons")
        ),
        sa.CheckConstraint(
            "net_amount = round(net_amount, currency_exponent) and tax_amount = round(tax_amount, currency_exponent) and gross_amount = round(gross_amount, currency_exponent)",
            name=op.f("ck_sales_order_amounts_fit_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["currency", "currency_exponent"],
            ["currency.code", "currency.exponent"],
            name=op.f("fk_sales_order_currency_currency_exponent"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_sales_order_customer_id")),
        sa.ForeignKeyConstraint(["placed_by_id"], ["app_user.id"], name=op.f("fk_sales_order_placed_by_id")),
        sa.ForeignKeyConstraint(
            ["sales_rep_id"], ["sales_rep.user_id"], name=op.f("fk_sales_order_sales_rep_id")
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_sales_order_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_sales_order_customer_id_id")),
        sa.UniqueConstraint("seller_id", "number", name=op.f("uq_sales_order_seller_id_number")),
    )
    op.create_index(
        op.f("ix_sales_order_customer_id_placed_at_id"),
        "sales_order",
        ["customer_id", "placed_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_sales_order_number_trigram",
        "sales_order",
        [sa.literal_column("number gin_trgm_ops")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(
        "ix_sales_order_open",
        "sales_order",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("status in ('PENDING_APPROVAL', 'PLACED', 'CONFIRMED')"),
    )
    op.create_index(op.f("ix_sales_order_placed_at_id"), "sales_order", ["placed_at", "id"], unique=False)
    op.create_table(
        "stock_move",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("reference", sa.String(length=200), server_default="", nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('OPENING', 'RECEIPT', 'ISSUE', 'ADJUSTMENT')", name=op.f("ck_stock_move_kind_known")
        ),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_stock_move_quantity_not_zero")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_stock_move_lot_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_stock_move_product_id")),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_stock_move_warehouse_id")),
        sa.PrimaryKeyConstraint("id", "month", name=op.f("pk_stock_move")),
    )
    op.create_index(
        op.f("ix_stock_move_product_id_warehouse_id"),
        "stock_move",
        ["product_id", "warehouse_id"],
        unique=False,
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("locale", sa.String(length=5), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('COOKIE', 'BEARER')", name=op.f("ck_user_session_kind_known")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_user_session_customer_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "wishlist",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("owner_name", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_sort", sa.Text(collation="C"), nullable=False),
        sa.Column("visibility", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("visibility in ('PRIVATE', 'COMPANY')", name=op.f("ck_wishlist_visibility_known")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_wishlist_customer_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["app_user.id"], name=op.f("fk_wishlist_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishlist")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_wishlist_customer_id_id")),
        sa.UniqueConstraint(
            "customer_id", "owner_id", "name_sort", name=op.f("uq_wishlist_customer_id_owner_id_name_sort")
        ),
    )
    op.create_table(
        "cart",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_order_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("delivery_address_id", sa.Uuid(), nullable=True),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "delivery_address_id"],
            ["customer_address.customer_id", "customer_address.id"],
            name=op.f("fk_cart_customer_id_delivery_address_id"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_cart_customer_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_cart_seller_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_cart_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_cart_customer_id_id")),
        sa.UniqueConstraint("user_id", "customer_id", name=op.f("uq_cart_user_id_customer_id")),
    )
    op.create_table(
        "sales_order_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("customer_item_number", sa.String(length=64), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("unit_code", sa.String(length=16), nullable=False),
        sa.Column("quantity_ordered", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("quantity_reserved", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("quantity_shipped", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column(
            "quantity_cancelled", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False
        ),
        sa.Column("quantity_invoiced", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("quantity_returned", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("quantity_credited", sa.Numeric(precision=18, scale=6), server_default="0", nullable=False),
        sa.Column("list_unit_price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("price_unit", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("break_from_quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("discount_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("discount_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("price_trace", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("currency_exponent", sa.SmallInteger(), nullable=False),
        sa.Column("tax_category", sa.String(length=64), nullable=False),
        sa.Column("tax_percent", sa.Numeric(precision=9, scale=6), nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.Column("gross_amount", sa.Numeric(precision=18, scale=3), nullable=False),
        sa.CheckConstraint(
            "kind in ('GOODS', 'SERVICE', 'CHARGE')", name=op.f("ck_sales_order_line_kind_known")
        ),
        sa.CheckConstraint(
            "discount_percent >= 0 and discount_percent <= 100",
            name=op.f("ck_sales_order_line_discount_range"),
        ),
        sa.CheckConstraint(
            "gross_amount = net_amount + tax_amount", name=op.f("ck_sales_order_line_gross_is_net_and_tax")
        ),
        sa.CheckConstraint(
            "net_amount = round(net_amount, currency_exponent) and tax_amount = round(tax_amount, currency_exponent) and gross_amount = round(gross_amount, currency_exponent)",
            name=op.f("ck_sales_order_line_amounts_fit_currency"),
        ),
        sa.CheckConstraint("quantity_ordered > 0", name=op.f("ck_sales_order_line_ordered_positive")),
        sa.CheckConstraint(
            "quantity_reserved + quantity_shipped + quantity_cancelled <= quantity_ordered",
            name=op.f("ck_sales_order_line_within_ordered"),
        ),
        sa.CheckConstraint(
            "quantity_reserved >= 0 and quantity_shipped >= 0 and quantity_cancelled >= 0 and quantity_invoiced >= 0 and quantity_returned >= 0 and quantity_credited >= 0",
            name=op.f("ck_sales_order_line_quantities_not_negative"),
        ),
        sa.CheckConstraint(
            "tax_percent >= 0 and tax_percent <= 100", name=op.f("ck_sales_order_line_tax_range")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_id"],
            ["sales_order.customer_id", "sales_order.id"],
            name=op.f("fk_sales_order_line_customer_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_sales_order_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order_line")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_sales_order_line_customer_id_id")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_sales_order_line_order_id_position")),
    )
    op.create_index(
        op.f("ix_sales_order_line_customer_id_order_id"),
        "sales_order_line",
        ["customer_id", "order_id"],
        unique=False,
    )
    op.create_index(op.f("ix_sales_order_line_product_id"), "sales_order_line", ["product_id"], unique=False)
    op.create_table(
        "wishlist_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wishlist_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_wishlist_item_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["customer_id", "wishlist_id"],
            ["wishlist.customer_id", "wishlist.id"],
            name=op.f("fk_wishlist_item_customer_id_wishlist_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_wishlist_item_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishlist_item")),
        sa.UniqueConstraint(
            "wishlist_id", "product_id", name=op.f("uq_wishlist_item_wishlist_id_product_id")
        ),
    )
    op.create_index(
        op.f("ix_wishlist_item_customer_id_wishlist_id"),
        "wishlist_item",
        ["customer_id", "wishlist_id"],
        unique=False,
    )
    op.create_table(
        "cart_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("unit_price_seen", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_cart_line_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["customer_id", "cart_id"],
            ["cart.customer_id", "cart.id"],
            name=op.f("fk_cart_line_customer_id_cart_id"),
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_cart_line_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_line")),
        sa.UniqueConstraint("cart_id", "product_id", name=op.f("uq_cart_line_cart_id_product_id")),
    )
    op.create_index(
        op.f("ix_cart_line_customer_id_cart_id"), "cart_line", ["customer_id", "cart_id"], unique=False
    )
    op.create_table(
        "sales_order_line_cost",
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("unit_cost", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_sales_order_line_cost_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["sales_order_line.id"], name=op.f("fk_sales_order_line_cost_order_line_id")
        ),
        sa.PrimaryKeyConstraint("order_line_id", name=op.f("pk_sales_order_line_cost")),
    )
    op.create_table(
        "sales_order_schedule_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("warehouse_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_sales_order_schedule_line_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["customer_id", "order_line_id"],
            ["sales_order_line.customer_id", "sales_order_line.id"],
            name=op.f("fk_sales_order_schedule_line_customer_id_order_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"], ["warehouse.id"], name=op.f("fk_sales_order_schedule_line_warehouse_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order_schedule_line")),
        sa.UniqueConstraint(
            "order_line_id", "position", name=op.f("uq_sales_order_schedule_line_order_line_id_position")
        ),
    )
    op.create_index(
        op.f("ix_sales_order_schedule_line_customer_id_order_line_id"),
        "sales_order_schedule_line",
        ["customer_id", "order_line_id"],
        unique=False,
    )
    op.create_table(
        "reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_line_id", sa.Uuid(), nullable=True),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("warehouse_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('HARD', 'SOFT')", name=op.f("ck_reservation_kind_known")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_quantity_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_reservation_customer_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_reservation_lot_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_reservation_product_id")),
        sa.ForeignKeyConstraint(
            ["schedule_line_id"],
            ["sales_order_schedule_line.id"],
            name=op.f("fk_reservation_schedule_line_id"),
        ),
        sa.ForeignKeyConstraint(["warehouse_id"], ["warehouse.id"], name=op.f("fk_reservation_warehouse_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
    )
    op.create_index(
        op.f("ix_reservation_customer_id_schedule_line_id"),
        "reservation",
        ["customer_id", "schedule_line_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reservation_product_id_warehouse_id"),
        "reservation",
        ["product_id", "warehouse_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_reservation_schedule_line_id"), "reservation", ["schedule_line_id"], unique=False
    )
    op.create_foreign_key(
        "fk_customer_group_assortment_id", "customer_group", "assortment", ["assortment_id"], ["id"]
    )
    op.create_foreign_key("fk_sales_team_manager_id", "sales_team", "app_user", ["manager_id"], ["id"])
    op.create_foreign_key("fk_customer_assortment_id", "customer", "assortment", ["assortment_id"], ["id"])


def downgrade() -> None:
    raise RuntimeError("The first migration is not taken back; drop the database instead.")
