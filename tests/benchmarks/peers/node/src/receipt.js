// Idempotency without a library: the answer is kept in the transaction that it is the answer of.
import { createHash } from 'node:crypto';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { TABLES, tables } from './table.js';

/** An hour, as Powertools keeps its records. */
const KEPT_SECONDS = 3600;

export class KeyReusedError extends Error {}

export const hash = (text) => createHash('sha256').update(text).digest('hex');

export class Receipt {
  constructor(id, requestHash) {
    this.id = id;
    this.requestHash = requestHash;
  }

  /** The item of a transaction. */
  put(answer) {
    return { Put: this.#item(answer) };
  }

  /** Keeps an answer that nothing is written with; the first one stays. */
  async keep(answer) {
    try {
      await tables.send(new PutCommand(this.#item(answer)));
      return answer;
    } catch (error) {
      if (error.name !== 'ConditionalCheckFailedException') throw error;
      return this.stored();
    }
  }

  async stored() {
    const { Item } = await tables.send(
      new GetCommand({ TableName: TABLES.idempotency, Key: { id: this.id }, ConsistentRead: true }),
    );
    if (Item?.hash !== this.requestHash) throw new KeyReusedError();
    return JSON.parse(Item.answer);
  }

  #item(answer) {
    return {
      TableName: TABLES.idempotency,
      Item: {
        id: this.id,
        answer: JSON.stringify(answer),
        hash: this.requestHash,
        expires: Math.floor(Date.now() / 1000) + KEPT_SECONDS,
      },
      ConditionExpression: 'attribute_not_exists(id)',
    };
  }
}
