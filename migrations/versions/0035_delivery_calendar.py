"""What a schedule line was first promised for, kept; and sessions of calendar programs, which read deliveries only."""

from alembic import op

revision = "0035"
down_revision = "0034"

STATEMENTS = (
    "alter table sales_order_schedule_line add column first_confirmed_on date",
    # What was promised before is not known any more: the day that stands counts as the first.
    "update sales_order_schedule_line set first_confirmed_on = confirmed_on",
    "alter table sales_order_schedule_line add constraint ck_sales_order_schedule_line_first_promise_kept"
    " check (confirmed_on is null or first_confirmed_on is not null)",
    "create index ix_sales_order_schedule_line_first_confirmed_on"
    " on sales_order_schedule_line (first_confirmed_on)",
    "alter table user_session drop constraint ck_user_session_kind_known",
    "alter table user_session add constraint ck_user_session_kind_known"
    " check (kind in ('COOKIE', 'BEARER', 'CLIENT', 'CALENDAR'))",
    "alter table user_session drop constraint ck_user_session_client_has_scopes",
    "alter table user_session add constraint ck_user_session_client_has_scopes"
    " check ((kind = 'CLIENT') = (client_id is not null)"
    " and (kind in ('CLIENT', 'CALENDAR')) = (scopes is not null)"
    " and (kind <> 'CALENDAR' or customer_id is not null and on_behalf_reason is null))",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("delete from user_session where kind = 'CALENDAR'")
    op.execute("alter table user_session drop constraint ck_user_session_client_has_scopes")
    op.execute(
        "alter table user_session add constraint ck_user_session_client_has_scopes"
        " check ((kind = 'CLIENT') = (client_id is not null) and (kind = 'CLIENT') = (scopes is not null))"
    )
    op.execute("alter table user_session drop constraint ck_user_session_kind_known")
    op.execute(
        "alter table user_session add constraint ck_user_session_kind_known"
        " check (kind in ('COOKIE', 'BEARER', 'CLIENT'))"
    )
    op.execute("alter table sales_order_schedule_line drop column first_confirmed_on")
