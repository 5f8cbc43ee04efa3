//! One run: wallets that have changed since their checkpoint, from where the last run stopped, then open payments.

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use quoin_ledger::Wallet;
use quoin_runtime::{ConfigError, Env, Failure, Invocation, Metrics};
use quoin_store::StoreError;
use quoin_verify::{Break, Checkpoint, GRACE_SECONDS, Reader, Settings, check_wallet};
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::checkpoints;

/// Wallets of a page; as many checkpoints are read at once.
const PAGE: i32 = 50;
/// What is kept back to keep a checkpoint and the position.
const RESERVE_MS: i64 = 10_000;

/// What one run did.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    wallets: u64,
    unchanged: u64,
    items: u64,
    breaks: u64,
    /// How many there are of each kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    kinds: BTreeMap<&'static str, u64>,
    /// The first of them: kind, place, what is there and what should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_break: Option<String>,
    /// Wallets that could not be looked at.
    unverified: u64,
    /// Whether the pass came to its end.
    is_whole: bool,
}

/// Verifies what has changed.
///
/// # Errors
/// If a table cannot be read or a checkpoint not be written; what was verified until then is kept.
pub async fn handle(
    env: &Env,
    invocation: &Invocation,
    _event: IgnoredAny,
    metrics: &mut Metrics,
) -> Result<Verified, Failure> {
    let now = env.clock.now();
    let ms = |name, default: i64| Ok::<_, ConfigError>(env.config.parse_or(name, default)?.saturating_mul(1_000));
    let settings = Settings {
        now,
        grace_ms: ms("VERIFY_GRACE_SECONDS", GRACE_SECONDS.into())?,
        payment_expiry_ms: ms("PAYMENT_EXPIRY_SECONDS", 1_800)?,
        merchant_give_up_ms: ms("MERCHANT_GIVE_UP_SECONDS", 7_200)?,
        audits_causes: true,
    };
    let (payment, reporting) = (env.config.table("payment")?, env.config.table("reporting")?);
    let reader = Reader { store: &env.store, clock: &env.clock, payment, reporting };
    let stop = invocation.deadline.plus_millis(RESERVE_MS.saturating_neg());
    let mut run = Run { env, reader, settings, stop, done: Verified::default() };
    let outcome = run.all().await;
    // What was found counts, also where the run could not go on.
    metrics.metric("Drift", run.done.breaks, "Count");
    metrics.metric("VerifiedWallets", run.done.wallets, "Count");
    outcome?;
    match run.done.unverified {
        0 => Ok(run.done),
        count => Err(Failure::transient(format!("{count} wallets could not be verified"))),
    }
}

/// A run under way.
struct Run<'a> {
    env: &'a Env,
    reader: Reader<'a>,
    settings: Settings,
    stop: Timestamp,
    done: Verified,
}

impl Run<'_> {
    fn is_over(&self) -> bool {
        self.env.clock.now() >= self.stop
    }

    async fn all(&mut self) -> Result<(), Failure> {
        let late = self.reader.open_sagas(&self.settings).await?;
        self.report(&late);
        let mut after = checkpoints::position(self.env).await?;
        loop {
            let page = self.reader.wallets(after.as_deref(), PAGE).await?;
            let users: Vec<&str> = page.wallets.iter().map(|(user_id, _)| user_id.as_str()).collect();
            let known = checkpoints::of(self.env, &users).await?;
            for ((user_id, wallet), checkpoint) in page.wallets.into_iter().zip(known) {
                if self.is_over() {
                    return checkpoints::go_on(self.env, after.as_deref()).await;
                }
                match self.wallet(&user_id, wallet, checkpoint).await {
                    Ok(true) => {}
                    Ok(false) => return checkpoints::go_on(self.env, after.as_deref()).await,
                    // One that cannot be looked at must not keep the others out.
                    Err(failure) => self.unverified(&user_id, &failure),
                }
                after = Some(user_id);
            }
            after = page.next;
            if after.is_none() {
                self.done.is_whole = true;
                return checkpoints::go_on(self.env, None).await;
            }
        }
    }

    /// Verifies one wallet; says whether to its end.
    async fn wallet(
        &mut self,
        user_id: &str,
        wallet: Result<Wallet, StoreError>,
        checkpoint: Checkpoint,
    ) -> Result<bool, Failure> {
        self.done.wallets = self.done.wallets.saturating_add(1);
        if wallet.as_ref().is_ok_and(|wallet| checkpoint.is_settled(wallet)) {
            self.done.unchanged = self.done.unchanged.saturating_add(1);
            return Ok(true);
        }
        let before = checkpoint.clone();
        let report =
            check_wallet(&self.reader, &self.settings, user_id, Some(wallet), checkpoint, Some(self.stop)).await?;
        self.done.items = self.done.items.saturating_add(report.items);
        self.report(&report.breaks);
        if report.breaks.is_empty() && report.checkpoint != before {
            checkpoints::keep(self.env, user_id, &report.checkpoint).await?;
        }
        // One with a break has no newer checkpoint to go on from: the others must not wait for it.
        Ok(report.is_whole || !report.breaks.is_empty())
    }

    fn unverified(&mut self, user_id: &str, failure: &Failure) {
        self.done.unverified = self.done.unverified.saturating_add(1);
        tracing::error!(user_id, reason = %failure, "wallet not verified");
    }

    fn report(&mut self, breaks: &[Break]) {
        for Break { kind, place, found, expected } in breaks {
            self.done.breaks = self.done.breaks.saturating_add(1);
            let of_kind = self.done.kinds.entry(kind.as_str()).or_default();
            *of_kind = of_kind.saturating_add(1);
            let told = || format!("{} at {place}: {found}, expected {expected}", kind.as_str());
            self.done.first_break.get_or_insert_with(told);
            tracing::error!(kind = kind.as_str(), place, found, expected, "the ledger does not add up");
        }
    }
}
