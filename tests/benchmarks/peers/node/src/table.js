// The tables, exact numbers, and the write that all of a change is in.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, NumberValue, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { Decimal as Rounded } from 'decimal.js';

/** Digits enough for the product of 20 odds: nothing is rounded unasked. */
export const Decimal = Rounded.clone({ precision: 1000 });

export const TABLES = {
  wallets: process.env.TABLE_WALLETS,
  ledger: process.env.TABLE_LEDGER,
  outbox: process.env.TABLE_OUTBOX,
  bets: process.env.TABLE_BETS,
  markets: process.env.TABLE_MARKETS,
  idempotency: process.env.TABLE_IDEMPOTENCY,
};

export const client = new DynamoDBClient({});

export const tables = DynamoDBDocumentClient.from(client, {
  marshallOptions: { removeUndefinedValues: true },
  unmarshallOptions: { wrapNumbers: (text) => new Decimal(text) },
});

/** A decimal as DynamoDB takes it, digit for digit. */
export const number = (decimal) => NumberValue.from(decimal.toFixed());

export const FAILED = 'ConditionalCheckFailed';
const REPEATABLE = [FAILED, 'TransactionConflict', 'None', undefined];

/** Writes all items or none; when none, says for each why, unless it is nothing to do with them. */
export async function write(items) {
  try {
    await tables.send(new TransactWriteCommand({ TransactItems: items }));
    return undefined;
  } catch (error) {
    const codes = error.CancellationReasons?.map((reason) => reason.Code);
    if (!codes?.every((code) => REPEATABLE.includes(code))) throw error;
    return codes;
  }
}
