"""OAuth clients, their secrets, the machines behind them, and access tokens as sessions."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
_CUSTOMERS = "string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]"
_USER = "nullif(current_setting('app.user_id', true), '')::uuid"
_OWN_CLIENT = f"customer_id = any ({_CUSTOMERS})"
_CLIENTS_SECRET = "client_id in (select id from oauth_client)"  # nosec B105 - a condition
_PEOPLE = (
    f"id = {_USER} or id in (select user_id from membership where customer_id = any ({_CUSTOMERS}))"
    " or kind = 'MACHINE' and id in (select user_id from oauth_client)"
)


def _policy(name: str, table: str, role: str, condition: str) -> str:
    return f'create policy {name} on {table} to "$prefix{role}" using ({condition}) with check ({condition})'


def _secured(table: str, customer: str) -> tuple[str, ...]:
    return (
        f"alter table {table} enable row level security",
        f"alter table {table} force row level security",
        _policy("customer_rows", table, "customer", customer),
        _policy("territory_rows", table, "territory", "false"),
        _policy("staff_rows", table, "staff", "true"),
        _policy("job_rows", table, "job", "true"),
        f'create policy auth_rows on {table} for select to "$prefixauth" using (true)',
    )


STATEMENTS = (
    *_secured("oauth_client", _OWN_CLIENT),
    *_secured("oauth_client_secret", _CLIENTS_SECRET),
    "drop policy customer_rows on app_user",
    _policy("customer_rows", "app_user", "customer", _PEOPLE),
    'grant select on oauth_client, oauth_client_secret to "$prefixcustomer", "$prefixterritory", "$prefixstaff",'
    ' "$prefixjob", "$prefixauth"',
    'grant insert, update, delete on oauth_client, oauth_client_secret to "$prefixjob"',
    'grant insert, update on oauth_client, oauth_client_secret to "$prefixcustomer_write", "$prefixstaff_write"',
    'grant insert, update (name) on app_user to "$prefixcustomer_write", "$prefixstaff_write"',
)


def upgrade() -> None:
    op.add_column(
        "app_user", sa.Column("kind", sa.String(length=64), server_default="PERSON", nullable=False)
    )
    op.create_check_constraint(op.f("ck_app_user_kind_known"), "app_user", "kind in ('PERSON', 'MACHINE')")
    op.create_unique_constraint(op.f("uq_app_user_id_kind"), "app_user", ["id", "kind"])
    op.create_table(
        "oauth_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_kind", sa.String(length=64), server_default="MACHINE", nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("addresses", postgresql.ARRAY(sa.String(length=50)), server_default="{}", nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("user_kind = 'MACHINE'", name=op.f("ck_oauth_client_acts_as_machine")),
        sa.CheckConstraint("cardinality(scopes) between 1 and 100", name=op.f("ck_oauth_client_has_scopes")),
        sa.CheckConstraint(
            "cardinality(addresses) <= 100", name=op.f("ck_oauth_client_addresses_not_too_many")
        ),
        sa.CheckConstraint(
            "customer_id is null or not ('costs:read' = any (scopes))",
            name=op.f("ck_oauth_client_customers_read_no_costs"),
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_oauth_client_seller_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_oauth_client_customer_id")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["app_user.id"], name=op.f("fk_oauth_client_created_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "user_kind"],
            ["app_user.id", "app_user.kind"],
            name=op.f("fk_oauth_client_user_id_user_kind"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_client")),
        sa.UniqueConstraint("user_id", name=op.f("uq_oauth_client_user_id")),
    )
    op.create_index(op.f("ix_oauth_client_customer_id_id"), "oauth_client", ["customer_id", "id"])
    op.create_table(
        "oauth_client_secret",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hint", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("slot between 1 and 2", name=op.f("ck_oauth_client_secret_two_at_once")),
        sa.CheckConstraint("octet_length(secret_hash) = 32", name=op.f("ck_oauth_client_secret_is_a_hash")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_client.id"], name=op.f("fk_oauth_client_secret_client_id")
        ),
        sa.PrimaryKeyConstraint("client_id", "slot", name=op.f("pk_oauth_client_secret")),
    )
    op.add_column("user_session", sa.Column("client_id", sa.Uuid(), nullable=True))
    op.add_column("user_session", sa.Column("scopes", postgresql.ARRAY(sa.String(length=64)), nullable=True))
    op.create_foreign_key(
        op.f("fk_user_session_client_id"), "user_session", "oauth_client", ["client_id"], ["id"]
    )
    op.create_index(op.f("ix_user_session_client_id"), "user_session", ["client_id"])
    op.drop_constraint(op.f("ck_user_session_kind_known"), "user_session")
    op.create_check_constraint(
        op.f("ck_user_session_kind_known"), "user_session", "kind in ('COOKIE', 'BEARER', 'CLIENT')"
    )
    op.create_check_constraint(
        op.f("ck_user_session_client_has_scopes"),
        "user_session",
        "(kind = 'CLIENT') = (client_id is not null) and (kind = 'CLIENT') = (scopes is not null)",
    )
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Tokens and clients are not taken away; drop the database instead.")
