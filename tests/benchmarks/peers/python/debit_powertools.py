from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from debit import debit, invalid, refused
from powertools import CODES, logger, persistence

config = IdempotencyConfig(
    event_key_jmespath="operation_id",
    payload_validation_jmespath="[user_id, command, asset, amount]",
    raise_on_no_idempotency_key=True,
)


@idempotent_function(data_keyword_argument="command", config=config, persistence_store=persistence)
def debit_once(command: dict[str, Any]) -> dict[str, Any]:
    return debit(command)


def answer_to(command: dict[str, Any]) -> dict[str, Any]:
    try:
        return debit_once(command=command)
    except tuple(CODES) as error:
        return refused(CODES[type(error)])


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    config.register_lambda_context(context)
    answer = invalid(event) or answer_to(event)
    logger.info("debit", extra={"status": answer["status"], "code": answer.get("code")})
    return answer
