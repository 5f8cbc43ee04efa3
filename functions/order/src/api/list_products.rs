//! `GET /api/merchants/{id}/products`: what a merchant sells, and how much of it is left.

use quoin_money::Amount;
use quoin_runtime::{Env, Pages, Problem, Request, Response};
use quoin_store::Query;
use serde::Serialize;

use crate::catalogue::{Merchant, Product, Shard, left};
use crate::table::{self, PRODUCT_PREFIX, STOCK_SHARDS, TABLE};

/// Products whose stock is read at once: four parts each, a hundred items a request.
const CHUNK: usize = 25;

/// A product.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Product"))]
pub(crate) struct ProductView {
    /// Its id.
    product_id: String,
    /// Its name.
    name: String,
    /// What one costs.
    unit_price: Amount,
    /// How many are left.
    stock: i64,
}

impl ProductView {
    pub(crate) fn of(product: Product, stock: i64) -> Self {
        let Product { product_id, name, unit_price } = product;
        Self { product_id, name, unit_price, stock }
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What a merchant sells, and how much of it is left")
        .lists::<ProductView>()
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with a page of products.
///
/// # Errors
/// 400, 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let merchant = Merchant::load(env, request.path("id")?).await?;
    let pk = table::merchant_pk(&merchant.merchant_id);
    let pages = request.pages(&pk)?;
    let table = env.config.table(TABLE)?;
    let query = Query::of(pk).begins_with(PRODUCT_PREFIX).limit(pages.limit).after(pages.after);
    let page = env.store.query(table, query).await?;
    let products = page.items.iter().map(Product::read).collect::<Result<Vec<_>, _>>()?;
    let mut views = Vec::with_capacity(products.len());
    for chunk in products.chunks(CHUNK) {
        let shards = |product: &Product| {
            let key = |shard| (table, table::stock(&merchant.merchant_id, &product.product_id, shard));
            (0..STOCK_SHARDS).map(key).collect::<Vec<_>>()
        };
        let keys: Vec<_> = chunk.iter().flat_map(shards).collect();
        let items = env.store.batch(&keys).await?;
        for (product, items) in chunk.iter().zip(items.chunks(usize::from(STOCK_SHARDS))) {
            let shards: Vec<_> = (0..).zip(items).map(|(shard, item)| Shard::read(shard, item.as_ref())).collect();
            views.push(ProductView::of(product.clone(), left(&shards)));
        }
    }
    Response::json(200, &Pages::body(views, page.next.as_ref()))
}
