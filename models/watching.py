"""What those who run the house look at: work that waits, and how long it has been waiting. Nobody's rows, only sums."""

from sqlalchemy import TextClause, text

# Two halves, because each has a partial index of its own; what succeeded is the bulk of the table.
JOBS: TextClause = text(
    """
    select kind, state, count(*) as jobs, min(created_at) as oldest_at from job
     where state in ('QUEUED', 'RUNNING') group by kind, state
    union all
    select kind, state, count(*), min(created_at) from job where state = 'FAILED' group by kind, state
    """
)
OUTBOX: TextClause = text(
    """
    select (select count(*) from outbox_event where position is null) as waiting,
           (select occurred_at from outbox_event where position is null order by id limit 1) as oldest_at,
           (select coalesce(max(position), 0) from outbox_event) as position
    """
)
