// The job `place-bet`: an HTTP request becomes a bet and the debit of its stake.
import { BatchGetCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { hash } from './receipt.js';
import { Decimal, TABLES, tables } from './table.js';
import { amountOf, change, debitItems, isText, walletOf } from './wallet.js';

const LEGS_MAX = 20;

export const response = (statusCode, body) => ({
  statusCode,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** The request of an event: `{ request }`, or `{ refusal }` when it is not one. */
export function requestOf(event) {
  const key = event.headers?.['idempotency-key'];
  if (!key) return { refusal: response(400, { code: 'IDEMPOTENCY_KEY_REQUIRED' }) };
  const body = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body;
  let order;
  try {
    order = JSON.parse(body);
  } catch {
    order = undefined;
  }
  const field = invalidField(order);
  if (field) return { refusal: response(400, { code: 'VALIDATION_FAILED', field }) };
  const userId = event.requestContext.authorizer.lambda.sub;
  return { request: { user_id: userId, key, body, order } };
}

/** The first field of an order that is wrong. */
function invalidField(order) {
  if (typeof order !== 'object' || order === null) return 'body';
  const { type, stake, selections } = order;
  if (type !== 'single' && type !== 'accumulator') return 'type';
  if (amountOf(stake?.amount) === undefined) return 'stake.amount';
  if (stake.asset !== 'cash') return 'stake.asset';
  const legsMax = type === 'single' ? 1 : LEGS_MAX;
  if (!Array.isArray(selections) || selections.length < 1 || selections.length > legsMax) {
    return 'selections';
  }
  const events = new Set();
  for (const [index, leg] of selections.entries()) {
    const wrong = ['event_id', 'market_id', 'outcome_id'].find((name) => !isText(leg?.[name]));
    if (wrong) return `selections[${index}].${wrong}`;
    if (leg.specifiers !== undefined && !isText(leg.specifiers)) {
      return `selections[${index}].specifiers`;
    }
    if (typeof leg.odds !== 'number' || !(leg.odds > 1)) return `selections[${index}].odds`;
    if (events.has(leg.event_id)) return `selections[${index}].event_id`;
    events.add(leg.event_id);
  }
  return undefined;
}

const marketKey = ({ event_id, market_id, specifiers }) => ({
  event_id,
  market: specifiers === undefined ? market_id : `${market_id}|${specifiers}`,
});

export function placeBet({ user_id: userId, key, order }, receipt) {
  const { type, selections } = order;
  const stake = amountOf(order.stake.amount);
  // The same request gets the same id, whatever became of its first answer.
  const betId = `bet_${hash(JSON.stringify([userId, key])).slice(0, 32)}`;

  const read = async () => {
    const found = await batchGet({
      [TABLES.wallets]: { Keys: [{ user_id: userId }], ConsistentRead: true },
      [TABLES.markets]: { Keys: selections.map(marketKey), ConsistentRead: true },
    });
    const markets = new Map(found(TABLES.markets).map((market) => [market.event_id, market]));
    return { wallet: walletOf(found(TABLES.wallets)[0]), markets };
  };

  const decide = ({ wallet, markets }) => {
    const legs = [];
    for (const leg of selections) {
      const market = markets.get(leg.event_id);
      const outcome = market?.outcomes[leg.outcome_id];
      if (market?.status !== 'active' || !outcome?.active) return refusal('MARKET_SUSPENDED');
      if (outcome.odds.lt(String(leg.odds))) return refusal('ODDS_CHANGED');
      legs.push({ leg, odds: outcome.odds });
    }
    if (wallet.balance.lt(stake)) return refusal('WALLET_INSUFFICIENT_BALANCE');

    const totalOdds = legs.reduce((product, { odds }) => product.times(odds), new Decimal(1));
    const payout = stake.times(totalOdds).toDecimalPlaces(2, Decimal.ROUND_DOWN);
    const at = new Date().toISOString();
    const bet = {
      bet_id: betId,
      status: 'placed',
      stake: { amount: stake.toFixed(), asset: 'cash' },
      potential_payout: payout.toFixed(),
      total_odds: totalOdds.toFixed(),
      selections: legs.map(({ leg, odds }) => ({
        event_id: leg.event_id,
        market_id: leg.market_id,
        specifiers: leg.specifiers,
        outcome_id: leg.outcome_id,
        odds: odds.toFixed(),
      })),
      placed_at: at,
    };
    const put = {
      Put: {
        TableName: TABLES.bets,
        Item: { bet_id: betId, user_id: userId, bet: JSON.stringify(bet) },
        ConditionExpression: 'attribute_not_exists(bet_id)',
      },
    };
    const items = debitItems({
      wallet,
      userId,
      entryId: betId,
      operation: 'bet',
      amount: stake,
      at,
      event: { type: 'BetPlaced', data: { user_id: userId, bet_type: type, ...bet } },
      more: [put],
    });
    return { items, answer: response(201, bet) };
  };

  const done = async () => {
    const { Item } = await tables.send(
      new GetCommand({ TableName: TABLES.bets, Key: { bet_id: betId }, ConsistentRead: true }),
    );
    return response(201, JSON.parse(Item.bet));
  };

  return change({ read, decide, done, receipt });
}

const refusal = (code) => ({ answer: response(422, { code }) });

/** Reads every key asked for, however many answers that takes. */
async function batchGet(keys) {
  const answers = [];
  for (let left = keys; left && Object.keys(left).length > 0;) {
    const answer = await tables.send(new BatchGetCommand({ RequestItems: left }));
    answers.push(answer.Responses);
    left = answer.UnprocessedKeys;
  }
  return (table) => answers.flatMap((items) => items[table] ?? []);
}
