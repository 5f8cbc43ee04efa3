//! What an order is decided on, read in one round trip. Where the part of a counter that chance chose has too little,
//! a second one reads all of its parts.

use quoin_events::Origin;
use quoin_ledger::Wallet;
use quoin_runtime::Env;
use quoin_store::{Commit, Item, Key, Snapshot, StoreError, Update};

use super::cart::Cart;
use super::person::Person;
use crate::catalogue::{Campaign, Merchant, Product, Shard, least_pieces, left};
use crate::rules::Rules;
use crate::table::{self, FRAUD_TABLE, LEFT, STOCK_SHARDS, TABLE, USES_SHARDS};

/// DynamoDB reads so many items at once.
const BATCH: usize = 100;
/// A transaction has at most a hundred items; so many are left for stock beside the order, its wallet, the wallet's
/// stream and a campaign.
const MOST_PIECES: usize = 96;

/// A product that was asked for, and the parts of its stock that were read; the first one was drawn at random.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) product: Product,
    pub(crate) stock: Vec<Shard>,
}

/// The campaign that was asked for, and the parts of its uses that were read.
#[derive(Debug, Clone)]
pub(crate) struct Promised {
    pub(crate) campaign: Campaign,
    pub(crate) uses: Vec<Shard>,
}

/// What an order is decided on. Choices that chance made are part of it, since deciding is repeated.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) wallet: Option<Wallet>,
    pub(crate) person: Option<Person>,
    /// Whether the fraud service wants people to look first.
    pub(crate) is_under_review: bool,
    pub(crate) rules: Rules,
    pub(crate) merchant: Option<Merchant>,
    pub(crate) campaign: Option<Promised>,
    /// In the order of the cart's lines.
    pub(crate) products: Vec<Option<Offered>>,
}

impl Snapshot for Loaded {
    fn rebase(&mut self, wallet: Wallet) {
        self.wallet = Some(wallet);
    }

    // The only conditions on other items are those of counters: somebody took what was read to be left.
    fn is_outdated_by(&self, _item: usize) -> bool {
        true
    }
}

/// Reads what the order of `user_id` for `cart` is decided on.
pub(crate) async fn load(env: &Env, user_id: &str, cart: &Cart) -> Result<Loaded, StoreError> {
    let refused = |error: quoin_runtime::ConfigError| StoreError::Refused(error.to_string());
    let users = env.config.require("USERS_TABLE").map_err(refused)?;
    let fraud = env.config.table(FRAUD_TABLE).map_err(refused)?;
    let order = env.config.table(TABLE).map_err(refused)?;
    let draw = |shards: u8| u8::try_from(env.clock.random_below(u64::from(shards))).unwrap_or(0);
    let use_shard = draw(USES_SHARDS);
    let stock_shards: Vec<u8> = cart.items.iter().map(|_| draw(STOCK_SHARDS)).collect();

    let mut keys = vec![
        (users, table::person(user_id)),
        (fraud, table::fraud_mark(user_id)),
        (order, table::rules()),
        (order, table::merchant(&cart.merchant_id)),
    ];
    if let Some(code) = &cart.campaign_code {
        keys.push((order, table::campaign(code)));
        keys.push((order, table::campaign_uses(code, use_shard)));
    }
    for (item, shard) in cart.items.iter().zip(&stock_shards) {
        keys.push((order, table::product(&cart.merchant_id, &item.product_id)));
        keys.push((order, table::stock(&cart.merchant_id, &item.product_id, *shard)));
    }
    let (wallet, found) = read(env, user_id, &keys).await?;
    let mut found = found.into_iter();
    let mut next = || found.next().flatten();

    let person = next().as_ref().map(Person::read).transpose()?;
    let is_under_review = next().is_some_and(|mark| mark.get_text("state") == Some("review"));
    let rules = Rules::read(next().as_ref())?;
    let merchant = next().as_ref().map(Merchant::read).transpose()?;
    let mut campaign = None;
    if cart.campaign_code.is_some() {
        let (rule, uses) = (next(), next());
        campaign = rule
            .as_ref()
            .map(Campaign::read)
            .transpose()?
            .map(|campaign| Promised { campaign, uses: vec![Shard::read(use_shard, uses.as_ref())] });
    }
    let mut products = Vec::with_capacity(cart.items.len());
    for shard in stock_shards {
        let (product, stock) = (next(), next());
        let product = product.as_ref().map(Product::read).transpose()?;
        products.push(product.map(|product| Offered { product, stock: vec![Shard::read(shard, stock.as_ref())] }));
    }
    let mut loaded = Loaded { wallet, person, is_under_review, rules, merchant, campaign, products };
    loaded.read_all_of_what_lacks(env, order, cart).await?;
    Ok(loaded)
}

impl Loaded {
    /// Reads the other parts of each counter whose part that was drawn has too little.
    async fn read_all_of_what_lacks(&mut self, env: &Env, table: &str, cart: &Cart) -> Result<(), StoreError> {
        let lacks = |shards: &[Shard], wanted: i64| shards.iter().all(|shard| shard.left < wanted);
        let others = |drawn: &[Shard], all: u8| -> Vec<u8> {
            (0..all).filter(|number| drawn.iter().all(|shard| shard.number != *number)).collect()
        };
        let mut counters: Vec<&mut Vec<Shard>> = Vec::new();
        let (mut keys, mut numbers) = (Vec::new(), Vec::new());
        if let Some(Promised { campaign, uses }) = &mut self.campaign
            && campaign.max_uses.is_some()
            && lacks(uses, 1)
        {
            let missing = others(uses, USES_SHARDS);
            keys.extend(missing.iter().map(|number| (table, table::campaign_uses(&campaign.code, *number))));
            numbers.push(missing);
            counters.push(uses);
        }
        for (offered, item) in self.products.iter_mut().zip(&cart.items) {
            let Some(Offered { product, stock }) = offered else { continue };
            if lacks(stock, i64::from(item.quantity)) {
                let missing = others(stock, STOCK_SHARDS);
                let key = |number: &u8| (table, table::stock(&cart.merchant_id, &product.product_id, *number));
                keys.extend(missing.iter().map(key));
                numbers.push(missing);
                counters.push(stock);
            }
        }
        if keys.is_empty() {
            return Ok(());
        }
        let mut found = batches(env, &keys).await?.into_iter();
        for (counter, numbers) in counters.into_iter().zip(numbers) {
            counter.extend(numbers.into_iter().map(|number| Shard::read(number, found.next().flatten().as_ref())));
        }
        self.gather_what_lies_scattered(env, table, cart).await
    }

    /// Where a long order would take so many remainders of stock that they are too many for one transaction, each
    /// product's stock is first brought together in one part, in a transaction of its own. That changes no sum.
    async fn gather_what_lies_scattered(&mut self, env: &Env, table: &str, cart: &Cart) -> Result<(), StoreError> {
        let pieces =
            |offered: &Offered, wanted: u32| least_pieces(wanted, &offered.stock).map_or(0, |taken| taken.len());
        let mut lines: Vec<_> = self.products.iter_mut().flatten().zip(&cart.items).collect();
        let count: usize = lines.iter().map(|(offered, item)| pieces(offered, item.quantity)).sum();
        if count <= MOST_PIECES {
            return Ok(());
        }
        for (offered, item) in lines.iter_mut().filter(|(offered, item)| pieces(offered, item.quantity) > 1) {
            let whole = left(&offered.stock);
            let mut commit = Commit::new();
            for shard in &mut offered.stock {
                let update = Update::of(table, table::stock(&cart.merchant_id, &item.product_id, shard.number));
                let units = if shard.number == 0 { whole } else { 0 };
                commit = commit.update(update.number(LEFT, units).if_number(LEFT, shard.left));
                shard.left = units;
            }
            env.store.commit(commit, &Origin::default()).await?;
        }
        Ok(())
    }
}

/// The wallet of `user_id` and the items of `keys`: one request, or as few as so many keys take.
async fn read(
    env: &Env,
    user_id: &str,
    keys: &[(&str, Key)],
) -> Result<(Option<Wallet>, Vec<Option<Item>>), StoreError> {
    let (first, rest) = keys.split_at(keys.len().min(BATCH.saturating_sub(1)));
    let (mut wallets, mut items) = env.store.read(&[user_id], first).await?;
    items.extend(batches(env, rest).await?);
    Ok((wallets.pop().flatten(), items))
}

async fn batches(env: &Env, keys: &[(&str, Key)]) -> Result<Vec<Option<Item>>, StoreError> {
    let mut items = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(BATCH) {
        items.extend(env.store.batch(chunk).await?);
    }
    Ok(items)
}
