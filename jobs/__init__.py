"""Work done by itself: the outbox, the worker and its kinds of jobs, mail."""
