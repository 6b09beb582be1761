"""Structured log lines: one shape for ours and the libraries', with the request's id, safe against forged lines."""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def escape_controls(_: Any, __: str, event: EventDict) -> EventDict:
    """A value may come from a request: its line breaks must not begin a line of the log."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", value)
    return event


def configure_logs(shape: str | None, level: str, stream: TextIO | None = None) -> None:
    """
    Sends all log lines to one place in one shape.

    Args:
        shape: "json", "console", or None for console on a terminal and JSON elsewhere.
        stream: standard error where none is given.
    """
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        escape_controls,
    ]
    console = shape == "console" or (shape is None and stream.isatty())
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if console:
        last = structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=20)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn", "uvicorn.error", "alembic", "sqlalchemy.pool", "authlib"):
        # Their ordinary lines say nothing that ours do not; Authlib's say the tokens it issues.
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found
