from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from place_bet import place_bet, request_of, response
from powertools import CODES, logger, persistence

STATUS = {"IDEMPOTENCY_KEY_IN_USE": 409, "IDEMPOTENCY_KEY_REUSED": 422}

config = IdempotencyConfig(
    event_key_jmespath="[user_id, key]",
    payload_validation_jmespath="body",
    raise_on_no_idempotency_key=True,
)


@idempotent_function(data_keyword_argument="request", config=config, persistence_store=persistence)
def place_once(request: dict[str, Any]) -> dict[str, Any]:
    return place_bet(request)


def answer_to(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return place_once(request=request)
    except tuple(CODES) as error:
        code = CODES[type(error)]
        return response(STATUS[code], {"code": code})


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    config.register_lambda_context(context)
    request, refusal = request_of(event)
    answer = refusal or answer_to(request)
    logger.info("place-bet", extra={"status": answer["statusCode"]})
    return answer
