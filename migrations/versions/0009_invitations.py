"""Invitations to companies and the one-use links of mails, with their row security."""

import sqlalchemy as sa
from alembic import context, op

revision = "0009"
down_revision = "0008"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "alter table invitation enable row level security",
    "alter table invitation force row level security",
    "create policy customer_rows on invitation to \"$prefixcustomer\" using (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[])) with check (customer_id = any (string_to_array(nullif(current_setting('app.customer_ids', true), ''), ',')::uuid[]))",
    'create policy territory_rows on invitation to "$prefixterritory" using (customer_id in (select id from customer)) with check (customer_id in (select id from customer))',
    'create policy staff_rows on invitation to "$prefixstaff" using (true) with check (true)',
    'create policy job_rows on invitation to "$prefixjob" using (true) with check (true)',
    'grant select on invitation to "$prefixcustomer", "$prefixterritory", "$prefixstaff", "$prefixjob"',
    'grant insert, update on invitation to "$prefixcustomer_write"',
    'grant insert, update, delete on invitation to "$prefixjob"',
    'grant select, insert, update, delete on account_link to "$prefixauth"',
    'grant select, insert, update, delete on account_link to "$prefixjob"',
)


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seller_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("invited_by_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by_name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("cardinality(roles) > 0", name=op.f("ck_invitation_has_roles")),
        sa.CheckConstraint("accepted_at is null or revoked_at is null", name=op.f("ck_invitation_one_end")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_invitation_seller_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_invitation_customer_id")),
        sa.ForeignKeyConstraint(["invited_by_id"], ["app_user.id"], name=op.f("fk_invitation_invited_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("customer_id", "id", name=op.f("uq_invitation_customer_id_id")),
    )
    op.create_index(
        "uq_invitation_pending",
        "invitation",
        ["customer_id", sa.text("lower(email)")],
        unique=True,
        postgresql_where=sa.text("accepted_at is null and revoked_at is null"),
    )
    op.create_table(
        "account_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('INVITATION', 'PASSWORD')", name=op.f("ck_account_link_kind_known")),
        sa.CheckConstraint(
            "(invitation_id is null) <> (user_id is null)", name=op.f("ck_account_link_for_one")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_account_link_user_id")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_account_link_invitation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_link_token_hash")),
    )
    op.create_index(op.f("ix_account_link_user_id"), "account_link", ["user_id"], unique=False)
    op.create_index(op.f("ix_account_link_invitation_id"), "account_link", ["invitation_id"], unique=False)
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("Row security is not taken away; drop the database instead.")
