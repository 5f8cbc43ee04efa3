//! `PUT /api/order-campaigns/{code}`: what a campaign takes off, for whom, and how often.

use std::time::Duration;

use quoin_events::{Origin, Timestamp};
use quoin_money::{Amount, Scales};
use quoin_runtime::{Caller, Env, Problem, Request, Response, Role};
use quoin_store::{Commit, Item, Key, StoreError, Update};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Campaign, Discount, DiscountKind, Shard, fields, left, managed, split};
use crate::table::{self, LEFT, TABLE, USES_SHARDS};

/// The most uses of a capped campaign.
const MAX_USES: u32 = 1_000_000_000;
/// How often a change of the cap is tried that orders got in the way of.
const TRIES: u32 = 8;
/// The first pause's upper bound; it doubles with each try.
const PAUSE_MS: u64 = 20;

/// A campaign as it is to be.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PutCampaign {
    /// Whose products it is for.
    merchant_id: String,
    /// What it takes off the cart.
    discount: DiscountWanted,
    /// Whether it holds at all.
    active: bool,
    /// From when on it holds; always did if absent.
    #[serde(default)]
    starts_at: Option<Timestamp>,
    /// From when on it holds no longer; never if absent.
    #[serde(default)]
    ends_at: Option<Timestamp>,
    /// How many orders may use it, those that did already included; any number if absent. Uses count while there is a
    /// cap.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = MAX_USES)))]
    max_uses: Option<u32>,
}

/// A discount as it is asked for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct DiscountWanted {
    /// How the amount is meant.
    #[serde(rename = "type")]
    kind: DiscountKind,
    /// Above zero; in the operating currency with at most its decimals, or a percentage of at most 100 with at most two.
    amount: Amount,
}

/// A campaign.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OrderCampaignRule"))]
struct CampaignView {
    /// What people type.
    code: String,
    /// Its id, which follows from the code.
    campaign_id: String,
    /// Whose products it is for.
    merchant_id: String,
    /// What it takes off the cart.
    discount: Discount,
    /// Whether it holds at all.
    active: bool,
    /// From when on it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<Timestamp>,
    /// From when on it holds no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Timestamp>,
    /// How many orders may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_uses: Option<u32>,
    /// How many still may.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses_left: Option<i64>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sets up or changes a campaign for orders (operators; a merchant's managers)")
        .takes::<PutCampaign>()
        .answers::<CampaignView>(200)
        .refuses(400, &["ID_INVALID", "CAMPAIGN_CODE_INVALID", "AMOUNT_ZERO", "AMOUNT_TOO_PRECISE"])
        .refuses(400, &["PERCENT_INVALID", "ENDS_BEFORE_START", "MAX_USES_INVALID"])
        .refuses(404, &["NOT_FOUND"])
}

/// Writes the campaign.
///
/// # Errors
/// 400, 401, 404 for a merchant or a campaign that is not the caller's, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let put: PutCampaign = request.json()?;
    let merchant_id = fields::id(&put.merchant_id, "/merchant_id")?;
    managed(env, caller, &merchant_id).await?;
    let code = fields::code(request.path("code")?, "/code")?;
    put.check(env.config.scales()?)?;
    let table = env.config.table(TABLE)?;
    let mut ceiling_ms = PAUSE_MS;
    for _ in 0..TRIES {
        let stored = Stored::load(env, table, &code).await?;
        stored.allow(caller, &merchant_id)?;
        let campaign = put.clone().campaign(&code);
        let (commit, uses_left) = stored.change(table, &campaign)?;
        match env.store.commit(commit, &Origin::default()).await {
            Ok(()) => return Response::json(200, &CampaignView::of(campaign, uses_left)),
            // An order took a use, or somebody changed the campaign: what was read is old.
            Err(StoreError::Lost(_) | StoreError::Conflict) => {
                env.clock.sleep(Duration::from_millis(env.clock.random_below(ceiling_ms))).await;
                ceiling_ms = ceiling_ms.saturating_mul(2);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

impl PutCampaign {
    fn check(&self, scales: Scales) -> Result<(), Problem> {
        let DiscountWanted { kind, amount } = self.discount;
        let at = "/discount/amount";
        if amount.is_zero() {
            return Err(Problem::field("AMOUNT_ZERO", at, "must be above zero"));
        }
        match kind {
            DiscountKind::Fixed => {
                fields::price(amount, scales, at)?;
            }
            DiscountKind::Percent if amount > Amount::whole(100) || amount.value().scale() > 2 => {
                return Err(Problem::field("PERCENT_INVALID", at, "must be at most 100, with at most two decimals"));
            }
            DiscountKind::Percent => {}
        }
        if self.starts_at.zip(self.ends_at).is_some_and(|(start, end)| end <= start) {
            return Err(Problem::field("ENDS_BEFORE_START", "/ends_at", "must be after the start"));
        }
        if self.max_uses.is_some_and(|uses| !(1..=MAX_USES).contains(&uses)) {
            return Err(Problem::field("MAX_USES_INVALID", "/max_uses", format!("must be 1 to {MAX_USES}")));
        }
        Ok(())
    }

    fn campaign(self, code: &str) -> Campaign {
        let Self { merchant_id, discount, active, starts_at, ends_at, max_uses } = self;
        let (code, campaign_id) = (code.to_owned(), Campaign::id_of(code));
        let discount = Discount { kind: discount.kind, amount: discount.amount };
        Campaign { code, campaign_id, merchant_id, discount, active, starts_at, ends_at, max_uses }
    }
}

/// A campaign as it stands, with the parts of its counter.
struct Stored {
    campaign: Option<Campaign>,
    /// Counts the changes of the row: of two who read the same, one writes.
    version: i64,
    /// What the parts add up to, uses taken included; `None` if it was never capped.
    counted: Option<i64>,
    uses: Vec<Shard>,
}

impl Stored {
    async fn load(env: &Env, table: &str, code: &str) -> Result<Self, StoreError> {
        let shards = (0..USES_SHARDS).map(|shard| table::campaign_uses(code, shard));
        let keys: Vec<(&str, Key)> =
            std::iter::once(table::campaign(code)).chain(shards).map(|key| (table, key)).collect();
        let mut items = env.store.batch(&keys).await?.into_iter();
        let row = items.next().flatten();
        let uses = (0..).zip(items).map(|(shard, item)| Shard::read(shard, item.as_ref())).collect();
        Ok(Self {
            campaign: row.as_ref().map(Campaign::read).transpose()?,
            version: row.as_ref().and_then(|row| row.get_number("v")).unwrap_or(0),
            counted: row.as_ref().and_then(|row| row.get_number("counted")),
            uses,
        })
    }

    /// Another merchant's campaign is no manager's to take over.
    fn allow(&self, caller: &Caller, merchant_id: &str) -> Result<(), Problem> {
        let is_theirs = self.campaign.as_ref().is_none_or(|campaign| campaign.merchant_id == merchant_id);
        if is_theirs || caller.roles.contains(&Role::Operator) { Ok(()) } else { Err(Problem::not_found("campaign")) }
    }

    /// The change to `campaign`, and the uses that are left then. A cap that moves moves what is left by as much, on the
    /// condition that no use was taken meanwhile; so uses are neither forgotten nor given twice.
    fn change(&self, table: &str, campaign: &Campaign) -> Result<(Commit, Option<i64>), StoreError> {
        let version = self.version.saturating_add(1);
        let mut row =
            Update::of(table, table::campaign(&campaign.code)).json("campaign", campaign)?.number("v", version);
        let mut commit = Commit::new();
        let mut uses_left = None;
        if let Some(max_uses) = campaign.max_uses {
            let max_uses = i64::from(max_uses);
            let moved = max_uses.saturating_sub(self.counted.unwrap_or(0));
            let whole = left(&self.uses).saturating_add(moved);
            uses_left = Some(whole.max(0));
            if moved != 0 {
                row = row.number("counted", max_uses);
                for (shard, units) in self.uses.iter().zip(split(whole, USES_SHARDS)) {
                    let key = table::campaign_uses(&campaign.code, shard.number);
                    commit = if self.counted.is_none() {
                        commit.put(table, Item::new().text("pk", key.pk).text("sk", key.sk).number(LEFT, units))
                    } else {
                        commit.update(Update::of(table, key).number(LEFT, units).if_number(LEFT, shard.left))
                    };
                }
            }
        }
        Ok((commit.update(row.if_newer("v", version)), uses_left))
    }
}

impl CampaignView {
    fn of(campaign: Campaign, uses_left: Option<i64>) -> Self {
        let Campaign { code, campaign_id, merchant_id, discount, active, starts_at, ends_at, max_uses } = campaign;
        Self { code, campaign_id, merchant_id, discount, active, starts_at, ends_at, max_uses, uses_left }
    }
}
