"""What the Powertools functions share: where their records are, what their errors mean."""

from __future__ import annotations

import table
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)

logger = Logger(service="peers", level="INFO")

persistence = DynamoDBPersistenceLayer(table_name=table.IDEMPOTENCY, boto3_client=table.client)

# The code of a refusal, by what the utility raises.
CODES = {
    IdempotencyAlreadyInProgressError: "IDEMPOTENCY_KEY_IN_USE",
    IdempotencyValidationError: "IDEMPOTENCY_KEY_REUSED",
}
