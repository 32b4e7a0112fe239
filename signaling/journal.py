"""What happened, a JSON line each: for operators, without addresses, rooms, tokens or SDP."""

import json
import logging
import sys
from datetime import UTC, datetime

logger = logging.getLogger("signaling")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC, RFC 3339), level, event, and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return json.dumps(line)


def note(event: str, **fields: object) -> None:
    """Write down that something happened; rooms only by their tag (`Invitations.room_tag`)."""
    logger.info(event, extra={"fields": fields})


def note_fault(event: str, fault: BaseException, **fields: object) -> None:
    """Write down a fault of this program, with where it happened."""
    logger.error(event, exc_info=fault, extra={"fields": fields})


def write_json() -> None:
    """From now on everything goes to stderr as JSON; uvicorn's warnings as well."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name in ("signaling", "uvicorn.error"):
        log = logging.getLogger(name)
        log.handlers = [handler]
        log.propagate = False
    logger.setLevel(logging.INFO)
