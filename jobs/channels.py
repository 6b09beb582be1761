"""The words of NOTIFY, which the house's own transactions say and the processes of the API hear."""

EVENTS_CHANNEL = "ventas_events"  # with the last position
PROGRESS_CHANNEL = "ventas_progress"  # with a job, as JSON
