"""The server's log, in lines like the application's own."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from gunicorn.glogging import Logger


class JsonFormatter(logging.Formatter):
    """One JSON object a line, like the application's own, and of which process it is."""

    _ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        """Render a record; a trace stands in `exception`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        line |= {k: v for k, v in vars(record).items() if k not in self._ORDINARY}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn's log, and that of every library, in JSON; an application has taskapp's itself."""

    def setup(self, cfg: Any) -> None:
        """Set up as gunicorn does, and let no library write plain lines between."""
        super().setup(cfg)
        root = logging.getLogger()
        if not any(isinstance(each.formatter, JsonFormatter) for each in root.handlers):
            handler = logging.StreamHandler()
            handler.setFormatter(JsonFormatter())
            handler.addFilter(_is_unhandled)
            root.addHandler(handler)
            logging.captureWarnings(True)

    def _set_handler(self, log: Any, output: Any, fmt: Any, stream: Any = None) -> None:
        super()._set_handler(log, output, JsonFormatter(), stream)


def _is_unhandled(record: logging.LogRecord) -> bool:
    return record.name != "taskapp" or not logging.getLogger("taskapp").handlers
