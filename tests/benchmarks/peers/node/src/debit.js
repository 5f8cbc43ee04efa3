// The job `debit`: takes an amount from a wallet, once for an operation.
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { TABLES, tables } from './table.js';
import { amountOf, change, debitItems, isText, walletOf } from './wallet.js';

export const refused = (code, more) => ({ status: 'refused', code, ...more });

/** The refusal of a command that is not one. */
export function invalid(command) {
  const rules = {
    operation_id: isText(command.operation_id),
    user_id: isText(command.user_id),
    command: command.command === 'debit',
    asset: command.asset === 'cash',
    amount: amountOf(command.amount) !== undefined,
  };
  const field = Object.keys(rules).find((name) => !rules[name]);
  return field && refused('VALIDATION_FAILED', { field });
}

export function debit(command, receipt) {
  const userId = command.user_id;
  const amount = amountOf(command.amount);
  const entryId = `debit#${command.operation_id}`;

  const read = async () => {
    const { Item } = await tables.send(
      new GetCommand({ TableName: TABLES.wallets, Key: { user_id: userId }, ConsistentRead: true }),
    );
    return walletOf(Item);
  };

  const decide = (wallet) => {
    if (wallet.balance.lt(amount)) {
      const available = wallet.balance.toFixed();
      return { answer: refused('WALLET_INSUFFICIENT_BALANCE', { available }) };
    }
    const answer = applied(entryId, wallet.balance, wallet.balance.minus(amount));
    const { balance_before, balance_after } = answer;
    const event = {
      type: 'wallet.debited',
      data: {
        user_id: userId,
        entry_id: entryId,
        asset: 'cash',
        amount: amount.toFixed(),
        balance_before,
        balance_after,
      },
    };
    const at = new Date().toISOString();
    const operation = 'debit';
    return {
      items: debitItems({ wallet, userId, entryId, operation, amount, at, event }),
      answer,
    };
  };

  const done = async () => {
    const Key = { user_id: userId, entry_id: entryId };
    const { Item } = await tables.send(
      new GetCommand({ TableName: TABLES.ledger, Key, ConsistentRead: true }),
    );
    return applied(entryId, Item.balance_before, Item.balance_after);
  };

  return change({ read, decide, done, receipt });
}

const applied = (entryId, before, after) => ({
  status: 'applied',
  entry_id: entryId,
  balance_before: before.toFixed(),
  balance_after: after.toFixed(),
});
