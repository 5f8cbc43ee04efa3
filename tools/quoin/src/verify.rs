//! `quoin verify`: every wallet against its stream, then every other stream, open payments and the audit trail.

use quoin_runtime::Env;
use quoin_store::StoreError;
use quoin_verify::{
    Break, Checkpoint, GRACE_SECONDS, JournalWalk, Kind, Reader, Settings, Totals, WalletReport, check_wallet,
};

use crate::progress::Progress;
use crate::stage::{Named, tables};
use crate::{Unable, access, report};

/// Wallets of a page.
const PAGE: i32 = 50;

/// What to verify, and how to say it.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The stage whose tables are read
    #[arg(long, default_value = "dev")]
    stage: String,
    /// Only this user's wallet, and what its changes follow from
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Go on after the first break and name them all
    #[arg(long)]
    all: bool,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
    /// How long events, payouts and the payment sweeper may be on their way
    #[arg(long, value_name = "SECONDS", default_value_t = GRACE_SECONDS)]
    grace: u32,
    /// The stage's PaymentExpirySeconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1_800)]
    payment_expiry: u32,
    /// The stage's MerchantGiveUpSeconds
    #[arg(long, value_name = "SECONDS", default_value_t = 7_200)]
    merchant_give_up: u32,
    /// A table by name, where the stage's name fits several: journal=…, wallets=…, payment=…, reporting=…
    #[arg(long = "table", value_name = "WHICH=NAME")]
    tables: Vec<Named>,
}

/// What breaks are called, for the help.
pub(crate) fn kinds() -> String {
    Kind::ALL.iter().fold("Breaks:".to_owned(), |text, kind| format!("{text}\n  {}", kind.as_str()))
}

/// What was found.
#[derive(Debug, Default)]
struct Found {
    totals: Totals,
    breaks: Vec<Break>,
}

/// Verifies; says whether all is well.
pub(crate) async fn run(options: &Options) -> Result<bool, Unable> {
    let tables = tables(&access::env("", "")?, &options.stage, &options.tables).await?;
    let env = access::env(&tables.journal, &tables.wallets)?;
    let ms = |seconds: u32| i64::from(seconds).saturating_mul(1_000);
    let now = env.clock.now();
    let settings = Settings {
        now,
        grace_ms: ms(options.grace),
        payment_expiry_ms: ms(options.payment_expiry),
        merchant_give_up_ms: ms(options.merchant_give_up),
        audits_causes: options.user.is_some(),
    };
    let (payment, reporting) = (tables.payment.as_str(), tables.reporting.as_str());
    let reader = Reader { store: &env.store, clock: &env.clock, payment, reporting };
    let mut work =
        Work { env: &env, reader, settings, options, progress: Progress::start(now), found: Found::default() };
    let outcome = work.all().await;
    work.progress.end();
    outcome?;
    let Found { totals, mut breaks } = work.found;
    if !options.all {
        breaks.truncate(1);
    }
    report::print(&totals, &breaks, options.json)?;
    Ok(breaks.is_empty())
}

/// A verification under way.
struct Work<'a> {
    env: &'a Env,
    reader: Reader<'a>,
    settings: Settings,
    options: &'a Options,
    progress: Progress,
    found: Found,
}

impl Work<'_> {
    fn is_over(&self) -> bool {
        !self.options.all && !self.found.breaks.is_empty()
    }

    async fn all(&mut self) -> Result<(), Unable> {
        if let Some(user_id) = &self.options.user {
            return self.user(user_id).await;
        }
        self.wallets().await?;
        if !self.is_over() {
            self.found.breaks.extend(self.found.totals.breaks()?);
        }
        if !self.is_over() {
            self.journal().await?;
        }
        if !self.is_over() {
            self.found.breaks.extend(self.reader.open_sagas(&self.settings).await.map_err(unable)?);
        }
        Ok(())
    }

    async fn user(&mut self, user_id: &str) -> Result<(), Unable> {
        let wallet = self.reader.wallet(user_id).await.map_err(unable)?;
        let is_known = wallet.is_some();
        let report = self.wallet(user_id, wallet).await.map_err(unable)?;
        if !is_known && report.items == 0 {
            return Err(Unable(format!("there is no wallet of {user_id}")));
        }
        self.take(report)?;
        Ok(())
    }

    async fn wallets(&mut self) -> Result<(), Unable> {
        let mut after: Option<String> = None;
        loop {
            let page = self.reader.wallets(after.as_deref(), PAGE).await.map_err(unable)?;
            for (user_id, wallet) in page.wallets {
                let report = self.wallet(&user_id, Some(wallet)).await.map_err(unable)?;
                self.take(report)?;
                if self.is_over() {
                    return Ok(());
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn wallet(
        &self,
        user_id: &str,
        wallet: Option<Result<quoin_ledger::Wallet, StoreError>>,
    ) -> Result<WalletReport, StoreError> {
        check_wallet(&self.reader, &self.settings, user_id, wallet, Checkpoint::default(), None).await
    }

    fn take(&mut self, report: WalletReport) -> Result<(), Unable> {
        let totals = &mut self.found.totals;
        totals.add(&report)?;
        totals.items = totals.items.saturating_add(report.items);
        totals.streams = totals.streams.saturating_add(u64::from(report.items > 0));
        totals.events = totals.events.saturating_add(report.events);
        self.found.breaks.extend(report.breaks);
        self.progress.say(self.env.clock.now(), &self.found.totals);
        Ok(())
    }

    async fn journal(&mut self) -> Result<(), Unable> {
        let mut walk = JournalWalk::new(self.reader, self.settings);
        while let Some(page) = walk.next().await.map_err(unable)? {
            let totals = &mut self.found.totals;
            totals.items = totals.items.saturating_add(page.items);
            totals.streams = totals.streams.saturating_add(page.streams);
            totals.events = totals.events.saturating_add(page.events);
            self.found.breaks.extend(page.breaks);
            self.progress.say(self.env.clock.now(), &self.found.totals);
            if self.is_over() {
                break;
            }
        }
        Ok(())
    }
}

fn unable(error: StoreError) -> Unable {
    Unable(format!("cannot read: {error}"))
}
