import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { debit, invalid, refused } from './debit.js';
import { codeOf, logger, persistenceStore } from './powertools.js';

const config = new IdempotencyConfig({
  eventKeyJmesPath: 'operation_id',
  payloadValidationJmesPath: '[user_id, command, asset, amount]',
  throwOnNoIdempotencyKey: true,
});

const debitOnce = makeIdempotent(async (command) => debit(command), { persistenceStore, config });

async function answerTo(command) {
  try {
    return await debitOnce(command);
  } catch (error) {
    return refused(codeOf(error));
  }
}

export async function handler(event, context) {
  config.registerLambdaContext(context);
  logger.addContext(context);
  const answer = invalid(event) ?? (await answerTo(event));
  logger.info('debit', { status: answer.status, code: answer.code });
  return answer;
}
