//! `PUT /api/merchants/{id}/products/{product_id}`: a product, its price, and how many there are now.

use quoin_events::Origin;
use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Commit, Item};
use serde::Deserialize;

use crate::api::list_products::ProductView;
use crate::catalogue::{Product, fields, managed, split};
use crate::table::{self, LEFT, STOCK_SHARDS, TABLE};

const MAX_STOCK: u32 = 1_000_000_000;
const MAX_NAME: usize = 200;

/// A product as it is to be.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PutProduct {
    /// 1 to 200 printable characters.
    name: String,
    /// What one costs.
    unit_price: Amount,
    /// How many there are now: what was counted before is forgotten.
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_STOCK)))]
    stock: u32,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sets up or changes a product and counts its stock anew (operators and managers)")
        .takes::<PutProduct>()
        .answers::<ProductView>(200)
        .refuses(400, &["ID_INVALID", "TEXT_INVALID", "AMOUNT_TOO_PRECISE", "STOCK_INVALID"])
        .refuses(404, &["NOT_FOUND"])
}

/// Writes the product and the parts of its stock, all of it or nothing.
///
/// # Errors
/// 400, 401, 404 for a merchant that is not the caller's, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let merchant = managed(env, request.caller()?, request.path("id")?).await?;
    let product_id = fields::id(request.path("product_id")?, "/product_id")?;
    let put: PutProduct = request.json()?;
    let unit_price = fields::price(put.unit_price, env.config.scales()?, "/unit_price")?;
    if put.stock > MAX_STOCK {
        return Err(Problem::field("STOCK_INVALID", "/stock", format!("must be at most {MAX_STOCK}")));
    }
    let product = Product { product_id, name: fields::text(&put.name, MAX_NAME, "/name")?, unit_price };
    let table = env.config.table(TABLE)?;
    let mut commit = Commit::new().put(table, product.item(&merchant.merchant_id)?);
    for (shard, left) in (0..STOCK_SHARDS).zip(split(i64::from(put.stock), STOCK_SHARDS)) {
        let key = table::stock(&merchant.merchant_id, &product.product_id, shard);
        commit = commit.put(table, Item::new().text("pk", key.pk).text("sk", key.sk).number(LEFT, left));
    }
    env.store.commit(commit, &Origin::default()).await?;
    Response::json(200, &ProductView::of(product, i64::from(put.stock)))
}
