//! A rule as operators name it and see it.

use quoin_events::Timestamp;
use quoin_money::Amount;
use quoin_runtime::Problem;
use quoin_store::{Item, StoreError};
use serde::Serialize;

use crate::rules::{Rule, RuleName, Rules, Set, THRESHOLD, setting};

/// What a path's `{rule}` names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Named {
    /// A rule that counts.
    Rule(RuleName),
    /// The score above which a user is marked.
    Threshold,
}

impl Named {
    /// What `name` names.
    ///
    /// # Errors
    /// 404 if there is no such rule.
    pub(super) fn parse(name: &str) -> Result<Self, Problem> {
        if name == THRESHOLD {
            return Ok(Self::Threshold);
        }
        let rule = RuleName::ALL.into_iter().find(|rule| rule.as_str() == name);
        rule.map(Self::Rule).ok_or_else(|| Problem::not_found("rule"))
    }
}

/// A rule, or the threshold, which has a limit only.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FraudRule"))]
pub(super) struct RuleView {
    /// Its name.
    rule: &'static str,
    /// Whether it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
    /// How far back it looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    window_seconds: Option<u32>,
    /// Above this it fires: a count, or an amount in the operating currency; of the threshold, a score.
    limit: Amount,
    /// What it adds to the score then.
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<u32>,
    /// The operator who set it; absent for the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<Timestamp>,
}

impl RuleView {
    /// What `named` names, as the row `item` has it.
    ///
    /// # Errors
    /// If the row is not readable.
    pub(super) fn read(named: Named, item: Option<&Item>) -> Result<Self, StoreError> {
        let rules = Rules::read(item)?;
        Ok(match named {
            Named::Rule(name) => Self::rule(name, rules.get(name)).set(setting::<Rule>(item, name.as_str())?.as_ref()),
            Named::Threshold => Self::threshold(rules.threshold).set(setting::<u32>(item, THRESHOLD)?.as_ref()),
        })
    }

    const fn rule(name: RuleName, Rule { enabled, window_seconds, limit, points }: Rule) -> Self {
        Self {
            rule: name.as_str(),
            enabled: Some(enabled),
            window_seconds: Some(window_seconds),
            limit,
            points: Some(points),
            changed_by: None,
            changed_at: None,
        }
    }

    fn threshold(limit: u32) -> Self {
        Self {
            rule: THRESHOLD,
            enabled: None,
            window_seconds: None,
            limit: Amount::whole(limit),
            points: None,
            changed_by: None,
            changed_at: None,
        }
    }

    fn set<T>(mut self, by: Option<&Set<T>>) -> Self {
        self.changed_by = by.map(|set| set.by.clone());
        self.changed_at = by.map(|set| set.at);
        self
    }
}
