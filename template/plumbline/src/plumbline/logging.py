"""One log for everything: the service, its libraries and the server, with the request's id."""

import logging
import sys

import structlog
from structlog.typing import Processor

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# Rich, where it is installed, would print every local variable of every frame.
CONSOLE = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def configure_logging(level: str, *, as_json: bool) -> None:
    """Send every log line of this process to standard error; for the start of a process.

    `level` is the name of a level in lower case; `as_json` writes one JSON object a line.
    """
    rendering: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [CONSOLE]
    )
    structlog.configure(  # without the detour through `logging`: that takes twice as long
        processors=[*SHARED, *rendering],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*SHARED, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # request_log.py says more
    for name in ("alembic.runtime.plugins", "watchfiles"):
        logging.getLogger(name).setLevel(logging.WARNING)  # chatty, and of no interest
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # it logs row contents
