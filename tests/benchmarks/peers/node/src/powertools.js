// What the Powertools functions share: where their records are, what their errors mean.
import {
  IdempotencyAlreadyInProgressError,
  IdempotencyValidationError,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { Logger } from '@aws-lambda-powertools/logger';
import { TABLES, client } from './table.js';

export const logger = new Logger({ serviceName: 'peers', logLevel: 'INFO' });

export const persistenceStore = new DynamoDBPersistenceLayer({
  tableName: TABLES.idempotency,
  awsSdkV3Client: client,
});

/** The code of a refusal; any other error is thrown on. */
export function codeOf(error) {
  if (error instanceof IdempotencyAlreadyInProgressError) return 'IDEMPOTENCY_KEY_IN_USE';
  if (error instanceof IdempotencyValidationError) return 'IDEMPOTENCY_KEY_REUSED';
  throw error;
}
