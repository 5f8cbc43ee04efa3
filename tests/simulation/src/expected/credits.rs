//! Answers to what people do with credits.

use serde_json::{Value, json};

use super::{Case, SLACK_MS};
use crate::audit::{json, text};
use crate::cloud::millis;
use crate::credits::{Deed, Goal, MOST_CREDITS, MOST_HOURS, MOST_RUNNING, PRICE};
use crate::model::boosts::Target;

impl Case<'_> {
    /// Whether the answer to the command number `index` of a deed fits.
    pub(super) fn fits_deed(&self, user: usize, deed: Deed) -> bool {
        let (status, code) = (self.answer.status, self.answer.body["code"].as_str().unwrap_or_default());
        let lacks =
            |credits: u64| status == 422 && code == "WALLET_INSUFFICIENT_BALANCE" && self.has_less(user, credits);
        match deed {
            Deed::Buy { credits } => {
                status == 201 || code == "WALLET_INSUFFICIENT_BALANCE" && self.poor(user, "cash", credits * PRICE)
            }
            Deed::Boost { goal, credits, hours, .. } => match (status, code) {
                (400, "CREDITS_INVALID") => !(1..=MOST_CREDITS).contains(&credits),
                (400, "DURATION_INVALID") => !(1..=MOST_HOURS).contains(&hours),
                (404, "TARGET_NOT_FOUND") => goal == Goal::Nowhere,
                (422, "SELF_BOOST") => goal == Goal::Profile(user),
                (422, "TARGET_ENDED") => self.could_be("open", false),
                (422, "BOOSTS_AT_MOST") => self.could_be_full(),
                (201, _) => {
                    let is_some = goal != Goal::Nowhere && goal != Goal::Profile(user);
                    let is_boost = (1..=MOST_CREDITS).contains(&credits) && (1..=MOST_HOURS).contains(&hours);
                    is_some && is_boost && (matches!(goal, Goal::Profile(_)) || self.could_be("open", true))
                }
                _ => lacks(credits),
            },
            Deed::Offer { .. } | Deed::Found => status == 201,
            Deed::Complete { .. } => match (status, code) {
                (200, _) => !self.is_owner(user),
                (422, "OWN_GIG") => self.is_owner(user),
                (422, "GIG_NOT_OPEN") => self.could_be("open", false),
                _ => false,
            },
            Deed::Pay { is_owner, .. } => match (status, code) {
                (201, _) => self.could_be("completed", true) && (is_owner || self.is_owner(user)),
                (404, "NOT_FOUND") => !is_owner && !self.is_owner(user),
                (422, "GIG_NOT_COMPLETED") => self.could_be("open", true),
                (422, "GIG_PAID") => self.could_be("paid", true),
                (422, "WALLET_INSUFFICIENT_BALANCE") => {
                    let owner = self.offered().map(|(owner, price)| self.has_less(owner, price));
                    self.could_be("completed", true) && owner.unwrap_or(false)
                }
                _ => false,
            },
            Deed::Join { .. } => status == 200 || code == "CLAN_CLOSED" && self.could_be("closed", true),
            Deed::Leave { .. } => status == 204,
            Deed::Give { credits, .. } => match (status, code) {
                (201, _) => self.could_belong(user, true),
                (422, "NOT_A_MEMBER") => self.could_belong(user, false),
                _ => lacks(credits),
            },
            // Held against the boosts themselves.
            Deed::Look { .. } => status == 200 || status == 404,
            Deed::Browse { .. } => status == 200,
        }
    }

    fn has_less(&self, user: usize, credits: u64) -> bool {
        self.poor(user, "credits", 100 * credits)
    }

    fn target(&self) -> Option<&Target> {
        self.record.targets.get(&self.done.step.number)
    }

    /// Owner and price of the gig.
    fn offered(&self) -> Option<(usize, u64)> {
        self.record.offered(&self.target()?.id).map(|offered| (offered.owner, offered.price))
    }

    fn is_owner(&self, user: usize) -> bool {
        self.offered().is_some_and(|(owner, _)| owner == user)
    }

    /// The states that the gig or the clan was in while the step went on.
    fn things(&self) -> Vec<Value> {
        let Some(Target { kind, id }) = self.target() else { return Vec::new() };
        let table = if *kind == "gig" { "GigsTable" } else { "ClansTable" };
        let (from, to) = self.span();
        self.cloud.states(table, &json!({"pk": {"S": format!("{kind}#{id}")}, "sk": {"S": kind}}), from, to)
    }

    /// Whether it had the status, or had not, in one of them.
    fn could_be(&self, status: &str, is_so: bool) -> bool {
        self.things().iter().any(|item| (text(item, "status") == status) == is_so)
    }

    /// Whether somebody belonged to the clan, or did not, in one of them.
    fn could_belong(&self, user: usize, is_so: bool) -> bool {
        let id = self.people.id(user);
        let belongs = |item: &Value| {
            let members = json(item, "entity")["clan"]["members"].clone();
            members.as_array().into_iter().flatten().any(|member| member["user_id"] == id)
        };
        self.things().iter().any(|item| belongs(item) == is_so)
    }

    /// Whether as many boosts of it as may run did, for all that people were told.
    fn could_be_full(&self) -> bool {
        let (from, to) = self.span();
        let (from, to) = (millis(from) - SLACK_MS, millis(to) + SLACK_MS);
        let runs = self.boosts.iter().filter(|boost| Some(&boost.target) == self.target());
        runs.filter(|boost| boost.until() > from && boost.begins() <= to).count() >= MOST_RUNNING
    }
}
