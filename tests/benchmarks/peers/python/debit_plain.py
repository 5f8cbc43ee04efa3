from __future__ import annotations

import json
from typing import Any

from debit import debit, invalid, refused
from receipt import KeyReusedError, Receipt, digest

HASHED = ("user_id", "command", "asset", "amount")


def answer_to(command: dict[str, Any]) -> dict[str, Any]:
    request_hash = digest(json.dumps([command[name] for name in HASHED]))
    try:
        return debit(command, Receipt(f"debit#{command['operation_id']}", request_hash))
    except KeyReusedError:
        return refused("IDEMPOTENCY_KEY_REUSED")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer = invalid(event) or answer_to(event)
    line = {"level": "INFO", "message": "debit", "request_id": context.aws_request_id}
    print(json.dumps(line | {"status": answer["status"], "code": answer.get("code")}))
    return answer
