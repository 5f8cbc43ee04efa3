//! `PUT /api/fraud/rules/{rule}`: sets a rule, or the threshold, for every event that is counted from now on.

use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response, Role};
use quoin_store::Update;
use serde::Deserialize;

use super::rule_view::{Named, RuleView};
use crate::rules::{Rule, Set, THRESHOLD};
use crate::table;

/// The longest window: counted events are kept for longer.
const MAX_WINDOW_SECONDS: u32 = 7 * 86_400;
/// More points than any threshold needs.
const MAX_POINTS: u32 = 10_000;

/// A rule as it is to be; of the threshold, its limit alone.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PutRule {
    /// Above this the rule fires: a count, or an amount; of the threshold, a score as a whole number.
    limit: Amount,
    /// How far back it looks.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_WINDOW_SECONDS)))]
    window_seconds: Option<u32>,
    /// What it adds to the score then.
    #[cfg_attr(feature = "schema", schemars(range(max = MAX_POINTS)))]
    points: Option<u32>,
    /// Whether it holds; true if it is left out.
    enabled: Option<bool>,
}

impl PutRule {
    fn rule(&self) -> Result<Rule, Problem> {
        let window = self.window_seconds.filter(|seconds| (1..=MAX_WINDOW_SECONDS).contains(seconds));
        let points = self.points.filter(|points| *points <= MAX_POINTS);
        match (window, points) {
            (Some(window_seconds), Some(points)) => {
                Ok(Rule { enabled: self.enabled.unwrap_or(true), window_seconds, limit: self.limit, points })
            }
            (None, _) => Err(Problem::field(
                "WINDOW_INVALID",
                "/window_seconds",
                format!("must be 1 to {MAX_WINDOW_SECONDS} seconds"),
            )),
            (Some(_), None) => Err(Problem::field("POINTS_INVALID", "/points", format!("must be 0 to {MAX_POINTS}"))),
        }
    }

    fn threshold(&self) -> Result<u32, Problem> {
        let given = [
            ("/window_seconds", self.window_seconds.is_some()),
            ("/points", self.points.is_some()),
            ("/enabled", self.enabled.is_some()),
        ];
        if let Some((pointer, _)) = given.into_iter().find(|(_, is_given)| *is_given) {
            return Err(Problem::field("NOT_OF_THE_THRESHOLD", pointer, "the threshold has a limit only"));
        }
        let whole = self.limit.to_string().parse();
        whole.map_err(|_| Problem::field("LIMIT_NOT_A_SCORE", "/limit", "must be a whole number below 4294967296"))
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sets a rule of fraud detection, or the threshold of scores (operators)")
        .for_operators()
        .takes::<PutRule>()
        .answers::<RuleView>(200)
        .refuses(400, &["WINDOW_INVALID", "POINTS_INVALID", "NOT_OF_THE_THRESHOLD", "LIMIT_NOT_A_SCORE"])
        .refuses(404, &["NOT_FOUND"])
}

/// Sets a rule.
///
/// # Errors
/// 400, 401, 403, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let operator = request.caller_with(Role::Operator)?;
    let wanted: PutRule = request.json()?;
    let named = Named::parse(request.path("rule")?)?;
    let table = table::name(env)?;
    let (by, at) = (operator.user_id.clone(), request.context.now);
    let update = Update::of(table, table::rules());
    let update = match named {
        Named::Rule(name) => update.json(name.as_str(), &Set { value: wanted.rule()?, by, at })?,
        Named::Threshold => update.json(THRESHOLD, &Set { value: wanted.threshold()?, by, at })?,
    };
    env.store.update(update).await?;
    let item = env.store.get(table, &table::rules(), true).await?;
    Response::json(200, &RuleView::read(named, item.as_ref())?)
}
