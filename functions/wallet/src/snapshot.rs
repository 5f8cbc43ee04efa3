//! What a wallet command decides on.

use quoin_ledger::Wallet;
use quoin_runtime::{Env, Problem};
use quoin_store::{Snapshot, StoreError};

/// One wallet, if it exists.
#[derive(Debug, Clone)]
pub(crate) struct OneWallet(pub(crate) Option<Wallet>);

impl OneWallet {
    pub(crate) async fn load(env: &Env, user_id: &str) -> Result<Self, StoreError> {
        env.store.wallet(user_id).await.map(Self)
    }

    pub(crate) fn existing(&self) -> Result<&Wallet, Problem> {
        self.0.as_ref().ok_or_else(|| Problem::not_found("wallet"))
    }
}

impl Snapshot for OneWallet {
    fn rebase(&mut self, wallet: Wallet) {
        self.0 = Some(wallet);
    }
}
