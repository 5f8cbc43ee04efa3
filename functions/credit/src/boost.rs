//! A boost: pure, from what was read to the commit. The spend, the boost, its place among those of its target and the
//! events are one transaction.

use quoin_boosts::{Boost, Slots};
use quoin_events::types::{ClanBoost, CreditEventType, CreditReason, CreditSpent, GigBoost, ProfileBoost, TargetType};
use quoin_events::{Draft, Timestamp};
use quoin_ledger::{Change, Movement, Purpose, Wallet, Window, decide};
use quoin_money::{Amount, Asset};
use quoin_runtime::Problem;
use quoin_store::{Answer, Commit, Item, Proposal, Snapshot, Update, WalletWrite};
use serde::Serialize;

use crate::receipt::Command;
use crate::table;
use crate::target::Target;

/// The stream of a boost.
pub(crate) const BOOST: &str = "boost";

/// A boost that is given.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Boosted<'a> {
    /// The boost.
    event_id: &'a str,
    /// Until when it runs.
    expires_at: Timestamp,
    /// Credits that can be spent now.
    balance: Amount,
}

/// What a boost is decided on.
pub(crate) struct Loaded {
    pub(crate) wallet: Option<Wallet>,
    pub(crate) target: Option<Item>,
    /// The places of boosts of the target.
    pub(crate) slots: Option<Item>,
}

impl Snapshot for Loaded {
    fn rebase(&mut self, wallet: Wallet) {
        self.wallet = Some(wallet);
    }

    // Somebody else boosted the same target meanwhile.
    fn is_outdated_by(&self, _item: usize) -> bool {
        true
    }
}

/// A boost in the making.
pub(crate) struct Boosting<'a> {
    pub(crate) command: Command<'a>,
    pub(crate) target: &'a Target,
    pub(crate) credits: u32,
    pub(crate) hours: u32,
    pub(crate) table: &'a str,
    pub(crate) calendar: Window,
}

impl Boosting<'_> {
    /// Takes the credits and gives the boost, or refuses.
    ///
    /// # Errors
    /// 404 where there is no such target; nothing is written then.
    pub(crate) fn propose(&self, loaded: &Loaded, now: Timestamp) -> Result<Proposal, Problem> {
        let wallet = loaded.wallet.as_ref().ok_or_else(|| Problem::not_found("wallet"))?;
        let target = loaded.target.as_ref().ok_or_else(|| self.unknown())?;
        if self.target.is_ended(target) {
            let problem = Problem::refused("TARGET_ENDED", "a boost of it would be of no use any more");
            return self.command.refused(now, &problem.at(self.target.pointer(), "is over"));
        }
        let at = now.max(wallet.at);
        let boost = self.boost(at);
        let (version, slots) = taken(loaded.slots.as_ref())?;
        let Some(taken) = slots.take(boost.until(), at) else {
            return self.command.refused(now, &self.full(&slots, at));
        };
        let decision = match decide(wallet, &self.change(), now, self.calendar) {
            Ok(decision) => decision,
            Err(rejection) => return self.command.rejected(now, &rejection, Purpose::DebitBoost),
        };
        let mut write = WalletWrite::new(wallet.clone(), decision)?;
        let balance = write.wallet().available(Asset::Credits);
        let mut events = vec![told(&boost)?, Draft::new(&self.spent(at), at)?];
        events.extend(write.take_events());
        let places = Update::of(self.table, table::slots(self.target.kind, &self.target.id));
        let places = if version == 0 { places.if_absent("v") } else { places.if_number("v", version) };
        let places = places.number("v", version.saturating_add(1)).json("until", &taken)?;
        let given = table::given(self.command.user_id, boost.until(), &boost.event_id);
        let given = Item::new()
            .text("pk", given.pk)
            .text("sk", given.sk)
            .json("boost", &boost)?
            .number("expires", boost.until().seconds());
        let answer = Boosted { event_id: &boost.event_id, expires_at: boost.until(), balance };
        let answer = Answer::new(201, &answer)?;
        let commit = Commit::new().wallet(write).update(places).put(self.table, given);
        Ok(self.command.done(commit, at, &boost, events, answer)?)
    }

    fn boost(&self, at: Timestamp) -> Boost {
        Boost {
            event_id: self.command.id.to_owned(),
            user_id: self.command.user_id.to_owned(),
            target_type: self.target.kind,
            target_id: self.target.id.clone(),
            credits: self.credits,
            hours: self.hours,
            from: at,
        }
    }

    fn change(&self) -> Change {
        let debit = Movement::Debit {
            asset: Asset::Credits,
            amount: Amount::whole(self.credits),
            purpose: Purpose::DebitBoost,
            merchant_id: None,
        };
        Change { related: self.command.entity(), movements: vec![debit] }
    }

    fn spent(&self, at: Timestamp) -> CreditSpent {
        CreditSpent {
            kind: CreditEventType::CreditSpent,
            user_id: self.command.user_id.to_owned(),
            amount: Amount::whole(self.credits),
            reason: CreditReason::Boost,
            target_type: self.target.kind,
            target_id: self.target.id.clone(),
            event_id: self.command.id.to_owned(),
            timestamp: at,
        }
    }

    fn unknown(&self) -> Problem {
        let kind = self.target.kind.as_str();
        Problem::new(404, "TARGET_NOT_FOUND", format!("there is no such {kind}"))
            .at(self.target.pointer(), "is nowhere")
    }

    fn full(&self, slots: &Slots, at: Timestamp) -> Problem {
        let until = slots.next_free(at).map(|free| format!(" until {free}")).unwrap_or_default();
        let most = quoin_boosts::MAX_RUNNING;
        Problem::refused("BOOSTS_AT_MOST", format!("{most} boosts of it run already{until}"))
            .at(self.target.pointer(), format!("has {most} boosts that run"))
    }
}

/// The version of the row of places, and what it says.
fn taken(row: Option<&Item>) -> Result<(u64, Slots), Problem> {
    let Some(row) = row else { return Ok((0, Slots::default())) };
    let version = row.get_number("v").and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    Ok((version, row.require_json("until")?))
}

/// The event of a boost.
fn told(boost: &Boost) -> Result<Draft, serde_json::Error> {
    match boost.target_type {
        TargetType::User => Draft::new(&ProfileBoost(boost.given()), boost.from),
        TargetType::Gig => Draft::new(&GigBoost(boost.given()), boost.from),
        TargetType::Clan => Draft::new(&ClanBoost(boost.given()), boost.from),
    }
}
