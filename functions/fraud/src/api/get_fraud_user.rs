//! `GET /api/fraud/users/{id}`: a user's score, mark and clearings, and what was counted, newest first.

use quoin_events::Timestamp;
use quoin_money::Amount;
use quoin_runtime::{Env, Failure, Problem, Request, Response, Role};
use quoin_store::{Item, Key, Query, StoreError, encode_cursor};
use serde::Serialize;

use crate::consumers::fraud_detection::counted_between;
use crate::rules::Rules;
use crate::score;
use crate::signal::{Counted, Kind};
use crate::standing::{Clearing, MarkView, Standing};
use crate::table::{self, Partition};

/// The most clearings that are shown.
const CLEARINGS: u32 = 20;

/// What fraud detection knows of a user.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct FraudUser<'a> {
    /// Whom.
    user_id: &'a str,
    /// What the rules make of this very moment.
    score: u32,
    /// Where the user stands; absent before the first counted event.
    #[serde(skip_serializing_if = "Option::is_none")]
    mark: Option<MarkView<'a>>,
    /// When the mark was cleared, newest first; the latest of them.
    clearings: Vec<Clearing>,
    /// What was counted, newest first.
    items: Vec<CountedView>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// One counted event.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FraudEvent"))]
struct CountedView {
    /// The event.
    event_id: String,
    /// What it says of the user.
    kind: Kind,
    /// When it happened.
    at: Timestamp,
    /// How much it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Amount>,
    /// Whether it still counts: no clearing came after it was counted.
    counts: bool,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A user's fraud score, mark, and what was counted, newest first (operators)")
        .for_operators()
        .paged()
        .answers::<FraudUser<'_>>(200)
}

/// Answers with what is known of a user; of somebody unknown that is nothing.
///
/// # Errors
/// 400 for a limit or cursor that is not one, 401, 403 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let (user_id, table) = (request.path("id")?, table::name(env)?);
    let pages = request.pages(&table::user_pk(user_id))?;
    let found = env.store.batch(&[(table, table::rules()), (table, table::mark(user_id))]).await?;
    let [rules, mark] = found.as_slice() else { return Err(Failure::transient("an incomplete batch").into()) };
    let (rules, standing) = (Rules::read(rules.as_ref())?, Standing::read(mark.as_ref())?);
    let before = pages.after.map(|key| key.sk);
    let partitions = Partition::ALL.map(|partition| partition.pk(user_id));
    let page = env.store.newest_of(table, &partitions, pages.limit, before.as_deref()).await?;
    let items = page.items.iter().map(|item| shown(item, &standing)).collect::<Result<_, _>>()?;
    let answer = FraudUser {
        user_id,
        score: score_now(env, table, user_id, &rules, &standing, request.context.now).await?,
        mark: standing.view(),
        clearings: clearings(env, table, user_id).await?,
        items,
        next_cursor: page.next.map(|sk| encode_cursor(&Key::new(table::user_pk(user_id), sk))),
    };
    Response::json(200, &answer)
}

fn shown(item: &Item, standing: &Standing) -> Result<CountedView, StoreError> {
    let (Counted { event_id, kind, at, amount }, clearings) = Counted::read(item)?;
    Ok(CountedView { event_id, kind, at, amount, counts: clearings == standing.clearings })
}

async fn score_now(
    env: &Env,
    table: &str,
    user_id: &str,
    rules: &Rules,
    standing: &Standing,
    now: Timestamp,
) -> Result<u32, Problem> {
    let mut events = Vec::new();
    for partition in Partition::ALL {
        let Some(window_ms) = rules.longest_of(partition) else { continue };
        let first = now.plus_millis(window_ms.saturating_neg());
        events.extend(counted_between(env, table, &partition.pk(user_id), first, now, standing.clearings).await?);
    }
    Ok(score::at(rules, &events, now).map_err(Failure::poison)?.score)
}

async fn clearings(env: &Env, table: &str, user_id: &str) -> Result<Vec<Clearing>, Problem> {
    let query = Query::of(table::user_pk(user_id)).begins_with(table::CLEARED).descending().limit(CLEARINGS);
    let page = env.store.query(table, query.consistent()).await?;
    Ok(page.items.iter().map(|item| item.require_json("clearing")).collect::<Result<_, _>>()?)
}
