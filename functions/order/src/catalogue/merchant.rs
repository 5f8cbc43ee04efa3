//! A merchant as the catalogue has it.

use std::collections::BTreeSet;

use quoin_money::Amount;
use quoin_runtime::{Caller, Env, Problem, Role};
use quoin_store::{Item, StoreError, Update};
use serde::{Deserialize, Serialize};

use crate::table::{self, TABLE};

/// A merchant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Merchant {
    /// Its id.
    pub(crate) merchant_id: String,
    /// Its name.
    pub(crate) name: String,
    /// The company behind it.
    pub(crate) company: String,
    /// Whether it takes orders.
    pub(crate) active: bool,
    /// What a cart has to be worth at least.
    pub(crate) min_order_value: Amount,
    /// Where it delivers.
    pub(crate) delivery_pincodes: BTreeSet<String>,
    /// What it takes for that.
    pub(crate) delivery_fee: Amount,
    /// Who may change it and see its orders; told to them and to operators only.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) managers: BTreeSet<String>,
}

impl Merchant {
    /// Reads a merchant's row. Its managers stand apart, so that writing one does not undo the other.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        let merchant: Self = item.require_json("merchant")?;
        Ok(Self { managers: item.get_json("managers")?.unwrap_or_default(), ..merchant })
    }

    /// The change of its row; of its managers only if they are given.
    pub(crate) fn update(&self, table: &str, managers: Option<&BTreeSet<String>>) -> Result<Update, StoreError> {
        let row = Self { managers: BTreeSet::new(), ..self.clone() };
        let update = Update::of(table, table::merchant(&self.merchant_id)).json("merchant", &row)?;
        match managers {
            Some(managers) => update.json("managers", managers),
            None => Ok(update),
        }
    }

    /// Whether `caller` may change it and see what concerns it alone.
    pub(crate) fn is_managed_by(&self, caller: &Caller) -> bool {
        caller.roles.contains(&Role::Operator) || self.managers.contains(&caller.user_id)
    }

    /// As it is told to `caller`.
    pub(crate) fn seen_by(self, caller: &Caller) -> Self {
        if self.is_managed_by(caller) { self } else { Self { managers: BTreeSet::new(), ..self } }
    }

    /// The merchant `merchant_id`.
    ///
    /// # Errors
    /// 404 if there is none, or 503.
    pub(crate) async fn load(env: &Env, merchant_id: &str) -> Result<Self, Problem> {
        let item = env.store.get(env.config.table(TABLE)?, &table::merchant(merchant_id), true).await?;
        let item = item.ok_or_else(|| Problem::not_found("merchant"))?;
        Ok(Self::read(&item)?)
    }
}

/// The merchant `merchant_id`, if `caller` may change it.
///
/// # Errors
/// 404 if there is none, or for a caller who may not.
pub(crate) async fn managed(env: &Env, caller: &Caller, merchant_id: &str) -> Result<Merchant, Problem> {
    let merchant = Merchant::load(env, merchant_id).await?;
    if merchant.is_managed_by(caller) { Ok(merchant) } else { Err(Problem::not_found("merchant")) }
}
