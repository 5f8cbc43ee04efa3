// What both jobs do with a wallet.
import { randomUUID } from 'node:crypto';
import { Decimal, FAILED, TABLES, number, write } from './table.js';

const RETRIES_MAX = 5;
const PLACES = 2;
/** Above it, a double no longer tells one cent from the next. */
const AMOUNT_MAX = 1e12;

/** The exact amount of a JSON number; nothing when it is none of money. */
export function amountOf(value) {
  if (typeof value !== 'number' || !(value > 0 && value <= AMOUNT_MAX)) return undefined;
  const amount = new Decimal(String(value));
  return amount.decimalPlaces() <= PLACES ? amount : undefined;
}

export const isText = (value) => typeof value === 'string' && value !== '';

/** A wallet as it was read; one that is not there holds nothing. */
export function walletOf(item) {
  return { balance: new Decimal(item?.balance ?? 0), version: new Decimal(item?.version ?? 0) };
}

/** The items of a debit: wallet, ledger entry, event; `more` go with them. */
export function debitItems({ wallet, userId, entryId, operation, amount, at, event, more = [] }) {
  const after = wallet.balance.minus(amount);
  const entry = {
    user_id: userId,
    entry_id: entryId,
    operation,
    asset: 'cash',
    amount: number(amount.negated()),
    balance_before: number(wallet.balance),
    balance_after: number(after),
    at,
  };
  const eventId = randomUUID();
  const text = JSON.stringify({ event_id: eventId, occurred_at: at, ...event });
  return [
    {
      Update: {
        TableName: TABLES.wallets,
        Key: { user_id: userId },
        UpdateExpression: 'SET balance = :after, version = :next',
        ConditionExpression: 'version = :read',
        ExpressionAttributeValues: {
          ':after': number(after),
          ':next': number(wallet.version.plus(1)),
          ':read': number(wallet.version),
        },
      },
    },
    {
      Put: {
        TableName: TABLES.ledger,
        Item: entry,
        ConditionExpression: 'attribute_not_exists(entry_id)',
      },
    },
    ...more,
    { Put: { TableName: TABLES.outbox, Item: { event_id: eventId, event: text, at } } },
  ];
}

/**
 * Reads, decides and writes; begins again when the wallet moved meanwhile.
 *
 * A refusal has no items. `receipt`, where there is one, keeps the answer with them; `done` reads
 * the answer of a debit whose ledger entry is already there.
 */
export async function change({ read, decide, done, receipt }) {
  for (let retries = 0; retries <= RETRIES_MAX; retries += 1) {
    const { items, answer } = decide(await read());
    if (!items) return receipt ? receipt.keep(answer) : answer;
    const failed = await write(receipt ? [...items, receipt.put(answer)] : items);
    if (!failed) return answer;
    if (receipt && failed.at(-1) === FAILED) return receipt.stored();
    if (failed[1] === FAILED) return done();
  }
  throw new Error('the wallet kept changing');
}
