//! `GET /api/credits/me`: what one has, the boosts that one gave and that run, and what credits moved for, newest first.

use quoin_boosts::Boost;
use quoin_events::Timestamp;
use quoin_events::types::{CreditEventType, CreditPaymentMethod, CreditReason, TargetType};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Query, StoreError, encode_cursor};
use serde::{Deserialize, Serialize};

use crate::table;

/// The most boosts that are shown.
const MOST_BOOSTS: u32 = 100;
/// Sorts behind every end.
const LAST: &str = "~";

/// A person's credits.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Credits {
    /// Credits that can be spent now.
    balance: Amount,
    /// Boosts that the caller gave and that run, what ends soonest first; at most 100.
    boosts: Vec<GivenBoost>,
    /// What credits moved for, newest first. It follows the events, so the latest may come a moment later.
    items: Vec<CreditMovement>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// A boost that the caller gave.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct GivenBoost {
    /// The boost.
    event_id: String,
    /// What was boosted: a person, a gig, a clan.
    target_type: TargetType,
    /// Which one.
    target_id: String,
    /// Credits.
    amount: u32,
    /// What of them counts now.
    counts: u32,
    /// Until when it runs.
    expires_at: Timestamp,
}

/// Credits that were bought, spent or earned, as the event tells it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
struct CreditMovement {
    /// `credit_purchase`, `credit_spent` or `credit_earned`.
    #[serde(rename = "type")]
    kind: CreditEventType,
    /// The purchase, the boost, the payment or the contribution.
    event_id: String,
    /// Credits.
    amount: Amount,
    /// When.
    timestamp: Timestamp,
    /// What they were spent on or earned by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<CreditReason>,
    /// What was boosted, paid or given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target_type: Option<TargetType>,
    /// Which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target_id: Option<String>,
    /// Who paid what was earned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from_user_id: Option<String>,
    /// What a purchase cost, in cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price: Option<Amount>,
    /// How it was paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_method: Option<CreditPaymentMethod>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's credits, running boosts and history")
        .paged()
        .answers::<Credits>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with a page of the caller's history and what stands.
///
/// # Errors
/// 400 for a limit or cursor that is none, 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let history = table::history_pk(user_id);
    let pages = request.pages(&history)?;
    let wallet = env.store.wallet(user_id).await?.ok_or_else(|| Problem::not_found("wallet"))?;
    let now = request.context.now;
    let given = Query::of(table::given_pk(user_id)).between(now.to_string(), LAST).limit(MOST_BOOSTS).consistent();
    let given = env.store.query(env.config.table(table::TABLE)?, given).await?;
    let page = Query::of(history).descending().limit(pages.limit).after(pages.after);
    let page = env.store.query(env.config.table(table::HISTORY)?, page).await?;
    let balance = wallet.balances.get(&Asset::Credits).cloned().unwrap_or_default();
    let boosts: Vec<Boost> =
        given.items.iter().map(|row| row.require_json("boost")).collect::<Result<_, StoreError>>()?;
    Response::json(
        200,
        &Credits {
            balance: balance.unexpired(now).map_err(StoreError::corrupt)?,
            boosts: boosts.into_iter().filter(|boost| !boost.is_over(now)).map(|boost| shown(boost, now)).collect(),
            items: page.items.iter().map(|row| row.require_json("data")).collect::<Result<_, StoreError>>()?,
            next_cursor: page.next.as_ref().map(encode_cursor),
        },
    )
}

fn shown(boost: Boost, now: Timestamp) -> GivenBoost {
    GivenBoost {
        counts: boost.counts(now),
        expires_at: boost.until(),
        event_id: boost.event_id,
        target_type: boost.target_type,
        target_id: boost.target_id,
        amount: boost.credits,
    }
}
