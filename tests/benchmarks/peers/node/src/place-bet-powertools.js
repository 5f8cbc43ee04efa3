import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { placeBet, requestOf, response } from './place-bet.js';
import { codeOf, logger, persistenceStore } from './powertools.js';

const STATUS = { IDEMPOTENCY_KEY_IN_USE: 409, IDEMPOTENCY_KEY_REUSED: 422 };

const config = new IdempotencyConfig({
  eventKeyJmesPath: '[user_id, key]',
  payloadValidationJmesPath: 'body',
  throwOnNoIdempotencyKey: true,
});

const placeOnce = makeIdempotent(async (request) => placeBet(request), {
  persistenceStore,
  config,
});

async function answerTo(request) {
  try {
    return await placeOnce(request);
  } catch (error) {
    const code = codeOf(error);
    return response(STATUS[code], { code });
  }
}

export async function handler(event, context) {
  config.registerLambdaContext(context);
  logger.addContext(context);
  const { request, refusal } = requestOf(event);
  const answer = refusal ?? (await answerTo(request));
  logger.info('place-bet', { status: answer.statusCode });
  return answer;
}
