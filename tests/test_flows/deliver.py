"""Events put into a consumer's queue by hand: late, again, or such as no service would send."""

from __future__ import annotations

import copy
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from client import Platform
from local import paths

Event = dict[str, Any]


def sample(name: str) -> Event:
    """The golden sample of an event."""
    return json.loads((paths.ROOT / "events" / "catalogue" / f"{name}.json").read_text())


def moment(seconds: float = 0, now: datetime | None = None) -> str:
    """So many seconds from now, as events write it."""
    at = (now or datetime.now(UTC)) + timedelta(seconds=seconds)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def event(name: str, at: str, entity: tuple[str, str] | None = None, **data: Any) -> Event:
    """The golden sample with an id and a moment of its own, and with `data` in place of its."""
    made = copy.deepcopy(sample(name))
    made["timestamp"] = at
    made["data"] |= data
    made["metadata"]["event_id"] = str(uuid.uuid4())
    if entity:
        made["metadata"]["entity"] = {"type": entity[0], "id": entity[1]}
    return made


def deliver(platform: Platform, function: str, *events: Event) -> None:
    """Sends `events` to the queue of a consumer of the bus, ten at once."""
    queues = platform.aws("sqs")
    (url,) = [url for url in queues.list_queues()["QueueUrls"] if url.endswith(f"-{function}")]
    for first in range(0, len(events), 10):
        entries = [
            {"Id": str(place), "MessageBody": json.dumps({"detail": one})}
            for place, one in enumerate(events[first : first + 10])
        ]
        assert not queues.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")
