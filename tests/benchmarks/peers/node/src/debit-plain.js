import { debit, invalid, refused } from './debit.js';
import { KeyReusedError, Receipt, hash } from './receipt.js';

async function answerTo(command) {
  const { operation_id, user_id, asset, amount } = command;
  const requestHash = hash(JSON.stringify([user_id, command.command, asset, amount]));
  try {
    return await debit(command, new Receipt(`debit#${operation_id}`, requestHash));
  } catch (error) {
    if (!(error instanceof KeyReusedError)) throw error;
    return refused('IDEMPOTENCY_KEY_REUSED');
  }
}

export async function handler(event, context) {
  const answer = invalid(event) ?? (await answerTo(event));
  const { status, code } = answer;
  const request_id = context.awsRequestId;
  console.log(JSON.stringify({ level: 'INFO', message: 'debit', request_id, status, code }));
  return answer;
}
