"""JSON logs on standard output: one object per line, with ids and figures, never content."""

from __future__ import annotations

import logging
import sys
from typing import Final

# structlog loads these where they are installed: rich for coloured tracebacks, which JSON logs have
# none of, and greenlet, which nothing here uses. They take 6 MB. None in the place of a module says
# that it is not there.
_UNUSED: Final = ("rich", "greenlet")
for _name in _UNUSED:
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type]
import structlog  # noqa: E402

for _name in _UNUSED:
    if sys.modules[_name] is None:
        del sys.modules[_name]


def configure(service: str, level: str) -> None:
    """Formats the records of structlog and of the standard library in the same way."""
    shared_steps: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*shared_steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared_steps,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.contextvars.bind_contextvars(service=service)
    for noisy in ("uvicorn.access", "faststream.access.kafka"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # its warnings are mostly retries


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module, by its `__name__`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
