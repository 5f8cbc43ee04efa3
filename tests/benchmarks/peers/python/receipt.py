"""Idempotency without a library: the answer is kept in the transaction that it is the answer of."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

import table

# An hour, as Powertools keeps its records.
KEPT_SECONDS = 3600


class KeyReusedError(Exception):
    """The key was used for another request."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Receipt:
    id: str
    request_hash: str

    def put(self, answer: Any) -> dict[str, Any]:
        """The item of a transaction."""
        return {"Put": self._item(answer)}

    def keep(self, answer: Any) -> Any:
        """Keeps an answer that nothing is written with; the first one stays."""
        try:
            table.client.put_item(**self._item(answer))
        except table.client.exceptions.ConditionalCheckFailedException:
            return self.stored()
        return answer

    def stored(self) -> Any:
        item = table.read(table.IDEMPOTENCY, {"id": {"S": self.id}})
        if item is None or item["hash"]["S"] != self.request_hash:
            raise KeyReusedError
        return json.loads(item["answer"]["S"])

    def _item(self, answer: Any) -> dict[str, Any]:
        return {
            "TableName": table.IDEMPOTENCY,
            "Item": {
                "id": {"S": self.id},
                "answer": {"S": json.dumps(answer)},
                "hash": {"S": self.request_hash},
                "expires": {"N": str(int(time.time()) + KEPT_SECONDS)},
            },
            "ConditionExpression": "attribute_not_exists(id)",
        }
