import { placeBet, requestOf, response } from './place-bet.js';
import { KeyReusedError, Receipt, hash } from './receipt.js';

async function answerTo(request) {
  const id = `bet#${JSON.stringify([request.user_id, request.key])}`;
  try {
    return await placeBet(request, new Receipt(id, hash(request.body)));
  } catch (error) {
    if (!(error instanceof KeyReusedError)) throw error;
    return response(422, { code: 'IDEMPOTENCY_KEY_REUSED' });
  }
}

export async function handler(event, context) {
  const { request, refusal } = requestOf(event);
  const answer = refusal ?? (await answerTo(request));
  const status = answer.statusCode;
  const request_id = context.awsRequestId;
  console.log(JSON.stringify({ level: 'INFO', message: 'place-bet', request_id, status }));
  return answer;
}
