from __future__ import annotations

import json
from typing import Any

from place_bet import place_bet, request_of, response
from receipt import KeyReusedError, Receipt, digest


def answer_to(request: dict[str, Any]) -> dict[str, Any]:
    receipt_id = f"bet#{json.dumps([request['user_id'], request['key']])}"
    try:
        return place_bet(request, Receipt(receipt_id, digest(request["body"])))
    except KeyReusedError:
        return response(422, {"code": "IDEMPOTENCY_KEY_REUSED"})


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    request, refusal = request_of(event)
    answer = refusal or answer_to(request)
    line = {"level": "INFO", "message": "place-bet", "request_id": context.aws_request_id}
    print(json.dumps(line | {"status": answer["statusCode"]}))
    return answer
