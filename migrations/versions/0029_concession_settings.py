"""What money costs a year, and how many days of a customer's orders are judged together when somebody gives on one."""

from alembic import context, op

revision = "0029"
down_revision = "0028"

# $prefix stands for the setting VENTAS_ROLE_PREFIX.
STATEMENTS = (
    "alter table seller add column money_yearly_percent numeric(9, 6) default 5 not null,"
    " add column judged_together_days smallint default 0 not null",
    "alter table seller add constraint ck_seller_money_yearly_percent"
    " check (money_yearly_percent between 0 and 100),"
    " add constraint ck_seller_judged_together_days check (judged_together_days between 0 and 90)",
    "grant update (money_yearly_percent, judged_together_days) on seller"
    ' to "$prefixterritory_write", "$prefixstaff_write"',
)


def upgrade() -> None:
    prefix = context.config.attributes["role_prefix"].replace('"', '""')
    for statement in STATEMENTS:
        op.execute(statement.replace("$prefix", prefix))


def downgrade() -> None:
    raise RuntimeError("The grants are not taken back; drop the database instead.")
