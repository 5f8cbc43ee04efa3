//! `PUT /api/merchants/{id}`: a merchant as operators, or the people whom they named for it, want it.

use std::collections::BTreeSet;

use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response, Role};
use serde::Deserialize;

use crate::catalogue::{Merchant, fields};
use crate::table::{self, TABLE};

/// The most postal codes of a merchant: every order reads all of them.
const MAX_PINCODES: usize = 2_000;
const MAX_MANAGERS: usize = 100;
const MAX_NAME: usize = 200;

/// A merchant as it is to be.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PutMerchant {
    /// 1 to 200 printable characters.
    name: String,
    /// The company behind it; 1 to 200 printable characters.
    company: String,
    /// Whether it takes orders.
    active: bool,
    /// What a cart has to be worth at least.
    min_order_value: Amount,
    /// Where it delivers.
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_PINCODES)))]
    delivery_pincodes: Vec<String>,
    /// What it takes for that; nothing if absent.
    #[serde(default)]
    delivery_fee: Amount,
    /// Ids of the users who may change it; as they are if absent. Operators alone may give this.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_MANAGERS)))]
    managers: Option<Vec<String>>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sets up or changes a merchant (operators; its managers may change it)")
        .takes::<PutMerchant>()
        .answers::<Merchant>(200)
        .refuses(400, &["ID_INVALID", "TEXT_INVALID", "AMOUNT_TOO_PRECISE", "PINCODE_INVALID", "TOO_MANY"])
        .refuses(403, &["FORBIDDEN"])
        .refuses(404, &["NOT_FOUND"])
}

/// Writes the merchant.
///
/// # Errors
/// 400, 401, 403 for a manager who names managers, 404 for others, or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let merchant_id = request.path("id")?;
    let is_operator = caller.roles.contains(&Role::Operator);
    if !is_operator && !Merchant::load(env, merchant_id).await?.is_managed_by(caller) {
        return Err(Problem::not_found("merchant"));
    }
    let merchant_id = fields::id(merchant_id, "/id")?;
    let put: PutMerchant = request.json()?;
    if put.managers.is_some() && !is_operator {
        return Err(Problem::new(403, "FORBIDDEN", "operators alone name managers"));
    }
    let managers = put.managers.as_deref().map(users).transpose()?;
    let merchant = put.check(merchant_id, env.config.scales()?)?;
    let (table, key) = (env.config.table(TABLE)?, table::merchant(&merchant.merchant_id));
    env.store.update(merchant.update(table, managers.as_ref())?).await?;
    let written = env.store.get(table, &key, true).await?.ok_or_else(|| Problem::not_found("merchant"))?;
    Response::json(200, &Merchant::read(&written)?)
}

impl PutMerchant {
    fn check(self, merchant_id: String, scales: quoin_money::Scales) -> Result<Merchant, Problem> {
        at_most(self.delivery_pincodes.len(), MAX_PINCODES, "/delivery_pincodes")?;
        let pincode = |(index, text): (usize, &String)| fields::pincode(text, &format!("/delivery_pincodes/{index}"));
        Ok(Merchant {
            merchant_id,
            name: fields::text(&self.name, MAX_NAME, "/name")?,
            company: fields::text(&self.company, MAX_NAME, "/company")?,
            active: self.active,
            min_order_value: fields::price(self.min_order_value, scales, "/min_order_value")?,
            delivery_pincodes: self.delivery_pincodes.iter().enumerate().map(pincode).collect::<Result<_, _>>()?,
            delivery_fee: fields::price(self.delivery_fee, scales, "/delivery_fee")?,
            managers: BTreeSet::new(),
        })
    }
}

fn users(ids: &[String]) -> Result<BTreeSet<String>, Problem> {
    at_most(ids.len(), MAX_MANAGERS, "/managers")?;
    ids.iter().enumerate().map(|(index, id)| fields::id(id, &format!("/managers/{index}"))).collect()
}

fn at_most(count: usize, most: usize, pointer: &str) -> Result<(), Problem> {
    if count > most { Err(Problem::field("TOO_MANY", pointer, format!("must be at most {most}"))) } else { Ok(()) }
}
