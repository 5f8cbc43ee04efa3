//! `POST /api/gigs`: work is offered, at a price in credits.

use quoin_events::Draft;
use quoin_events::types::GigCreated;
use quoin_money::{Amount, Asset};
use quoin_ranks::{Row, Standing};
use quoin_runtime::{Env, Failure, Personal, Problem, Request, Response};
use serde::{Deserialize, Serialize};

use crate::gig::{Gig, Status};
use crate::known::Known;
use crate::table::GIGS;

/// The most characters of a title.
const MAX_TITLE: usize = 200;
/// The most credits that a gig may cost.
const MAX_PRICE: u32 = 1_000_000;

/// A gig as it is to be.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct CreateGig {
    /// What is to be done; 1 to 200 printable characters.
    title: String,
    /// Credits for who does it: a whole number from 1 to 1,000,000.
    price: Amount,
}

/// A gig that is there.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct CreatedGig<'a> {
    /// The gig.
    gig_id: &'a str,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Offers work at a price in credits")
        .takes::<CreateGig>()
        .answers::<CreatedGig<'_>>(201)
        .refuses(400, &["TEXT_INVALID", "PRICE_INVALID"])
        .refuses(404, &["NOT_FOUND"])
}

/// Writes the gig.
///
/// # Errors
/// 400, 401, 404 for who was forgotten, or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let owner_id = request.caller()?.user_id.clone();
    let CreateGig { title, price } = request.json()?;
    let title = quoin_runtime::printable(&title, MAX_TITLE, "/title")?;
    let is_price = |price: Amount| !price.is_zero() && price <= Amount::whole(MAX_PRICE);
    if !is_price(price) || price.in_scale(Asset::Credits, env.config.scales()?).is_err() {
        let detail = format!("must be a whole number from 1 to {MAX_PRICE}");
        return Err(Problem::field("PRICE_INVALID", "/price", detail));
    }
    let key = env.data_key(&owner_id).await?.ok_or_else(|| Problem::not_found("user"))?;
    let sealed = key.seal(&Personal::new(title.clone())).map_err(Failure::poison)?;
    let gig_id = format!("gig_{:032x}", env.clock.random_u128());
    let now = request.context.now;
    let event = GigCreated { gig_id: gig_id.clone(), owner_id: owner_id.clone(), title: sealed.clone(), price };
    let gig = Gig {
        gig_id: gig_id.clone(),
        owner_id,
        title: sealed,
        price,
        status: Status::Open,
        created_at: now,
        completed_by: None,
        completed_at: None,
        paid_at: None,
    };
    let (table, known) = (env.config.table(GIGS)?, Known { gig, title: Some(title) });
    let commit = Standing::begun(table, known.clone(), Draft::new(&event, now)?)?;
    env.store.commit(commit, &request.context.origin).await?;
    Row::forgotten(&env.store, table, &request.context.origin, &known).await?;
    Response::json(201, &CreatedGig { gig_id: &gig_id })
}
