//! One wallet against its stream: the whole of it, or what came since a checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use quoin_events::Timestamp;
use quoin_ledger::{Account, Wallet};
use quoin_money::{Amount, Asset, Delta};
use quoin_store::{JournalItem, StoreError};
use serde::{Deserialize, Serialize};

use crate::bet::is_of_bet;
use crate::story::{Story, story};
use crate::{
    BetLines, BetStanding, BetStory, Break, Change, Entry, Fold, Kind, Reader, Settings, Unaudited, check_order,
    explain_credits, explain_deposit, explain_order, explain_transfer,
};

/// How often a wallet and the end of its stream are read until they agree: commits go on meanwhile.
const TRIES: u32 = 5;
/// Events that wait to be looked up in the audit trail before that is done on the way.
const UNAUDITED: usize = 400;

/// What has to be known of a wallet to go on from here: its sums, its undecided bets, its youngest events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// What its changes come to.
    pub fold: Fold,
    /// Bets that are open, or whose payout is on its way.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bets: BTreeMap<String, BetLines>,
    /// Events that were too young to be in the audit trail.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unaudited: BTreeSet<Unaudited>,
}

impl Checkpoint {
    /// Whether nothing is left to look at: the wallet stands where it stood, and nothing was on its way.
    #[must_use]
    pub fn is_settled(&self, wallet: &Wallet) -> bool {
        self.bets.is_empty() && self.unaudited.is_empty() && compare(wallet, &self.fold).is_empty()
    }
}

/// What became of one wallet.
#[derive(Debug, Clone, Default)]
pub struct WalletReport {
    /// From where the next check may go on, if there is no break.
    pub checkpoint: Checkpoint,
    /// What does not add up, in the order of the stream.
    pub breaks: Vec<Break>,
    /// The wallet as it was compared.
    pub wallet: Option<Wallet>,
    /// Items that were read.
    pub items: u64,
    /// Events in them.
    pub events: u64,
    /// Postings in them.
    pub postings: u64,
    /// What they booked on the account of transfers after the check began: the other side may not have been seen.
    pub late_transfers: BTreeMap<Asset, Delta>,
    /// Whether the stream was followed to its end.
    pub is_whole: bool,
}

/// Follows the stream of `user_id` from `checkpoint` on and compares it with the wallet, which was `found`; ends early
/// when it is later than `stop`.
///
/// # Errors
/// The classes of every request.
pub async fn check_wallet(
    reader: &Reader<'_>,
    settings: &Settings,
    user_id: &str,
    found: Option<Result<Wallet, StoreError>>,
    checkpoint: Checkpoint,
    stop: Option<Timestamp>,
) -> Result<WalletReport, StoreError> {
    let report = WalletReport { checkpoint, ..WalletReport::default() };
    let mut walk = Walk { reader, settings, user_id, pk: format!("wallet#{user_id}"), stop, report };
    walk.compare(found).await?;
    if walk.report.is_whole {
        walk.bets().await?;
        walk.audit().await?;
    }
    Ok(walk.report)
}

/// The breaks between a wallet and what its stream comes to.
#[must_use]
pub fn compare(wallet: &Wallet, fold: &Fold) -> Vec<Break> {
    let place = format!("wallets {}", wallet.user_id);
    let mut breaks = Vec::new();
    let heads = [
        ("version", wallet.version.to_string(), fold.thread.version.to_string()),
        ("hash", wallet.chain_head.clone(), fold.hash.clone()),
        ("sequence", wallet.own_event_count.saturating_add(1).to_string(), fold.thread.next_sequence.to_string()),
        ("count of wallet events", wallet.event_count.to_string(), fold.wallet_events.to_string()),
    ];
    let moment = (wallet.version > 0).then(|| ("moment", wallet.at.to_string(), fold.thread.at.to_string()));
    if let Some((name, found, expected)) = heads.into_iter().chain(moment).find(|(_, one, other)| one != other) {
        breaks.push(Break::new(Kind::Head, place.clone(), format!("{name} {found}"), format!("{name} {expected}")));
    }
    for asset in Asset::ALL {
        let balance = wallet.balances.get(&asset).cloned().unwrap_or_default();
        let after = fold.after.get(&asset).cloned().unwrap_or_default();
        let available = fold.available.get(&asset).copied().unwrap_or_default();
        let mut wrong = |kind, found: String, expected: String| {
            breaks.push(Break::new(kind, place.clone(), found, expected));
        };
        if Delta::plus(balance.available) != available {
            wrong(Kind::Balance, format!("{} {asset} available", balance.available), format!("{available}"));
        } else if balance.lots != after.lots {
            let sum = |lots: &[quoin_ledger::Lot]| format!("{} lots of {:?}", lots.len(), amounts(lots));
            wrong(Kind::Balance, format!("{asset}, {}", sum(&balance.lots)), sum(&after.lots));
        }
        let holds = wallet.holds.values().filter(|hold| hold.asset == asset);
        let holds = holds.fold(Delta::ZERO, |sum, hold| sum.and(Delta::plus(hold.amount)).unwrap_or(sum));
        let (held, posted) = (Delta::plus(balance.held), fold.held(asset));
        if held != posted {
            wrong(Kind::Balance, format!("{held} {asset} held"), format!("{posted}, as posted"));
        } else if held != holds {
            wrong(Kind::Hold, format!("{held} {asset} held"), format!("{holds}, the sum of the holds"));
        }
        let owed = wallet.owed.get(&asset).copied().unwrap_or(Amount::ZERO);
        let booked = fold.owed.get(&asset).copied().unwrap_or_default();
        if Delta::plus(owed) != booked {
            wrong(Kind::Balance, format!("{owed} {asset} owed"), format!("{booked}"));
        }
    }
    breaks
}

fn amounts(lots: &[quoin_ledger::Lot]) -> Vec<String> {
    lots.iter().map(|lot| lot.amount.to_string()).collect()
}

/// A walk along one wallet's stream.
struct Walk<'a> {
    reader: &'a Reader<'a>,
    settings: &'a Settings,
    user_id: &'a str,
    pk: String,
    stop: Option<Timestamp>,
    report: WalletReport,
}

impl Walk<'_> {
    /// Follows the stream until it and the wallet end at one version, or do not after several looks.
    async fn compare(&mut self, mut found: Option<Result<Wallet, StoreError>>) -> Result<(), StoreError> {
        for tries in 1..=TRIES {
            let version = found.as_ref().and_then(|wallet| wallet.as_ref().ok()).map(|wallet| wallet.version);
            let stood = self.report.checkpoint.fold.thread.version;
            // Nothing has been written since the checkpoint: nothing is to be read.
            if stood == 0 || version != Some(stood) || tries > 1 {
                self.follow().await?;
                if !self.report.is_whole {
                    return Ok(());
                }
            }
            self.report.is_whole = true;
            let agree = version == Some(self.report.checkpoint.fold.thread.version);
            if agree || matches!(found, Some(Err(_))) || tries == TRIES {
                break;
            }
            self.reader.pause(tries).await;
            found = self.reader.wallet(self.user_id).await?;
        }
        let fold = &self.report.checkpoint.fold;
        let place = format!("wallets {}", self.user_id);
        match found {
            Some(Err(error)) => self.report.breaks.push(Break::new(Kind::Unreadable, place, error, "a wallet")),
            None => {
                let found = format!("a stream of {} changes, no wallet", fold.thread.version);
                self.report.breaks.push(Break::new(Kind::MissingWallet, self.pk.clone(), found, "a wallet"));
            }
            Some(Ok(wallet)) if wallet.version > 0 && fold.thread.version == 0 => {
                let found = format!("version {}, no stream {}", wallet.version, self.pk);
                self.report.breaks.push(Break::new(Kind::MissingJournal, place, found, "an item for each version"));
                self.report.wallet = Some(wallet);
            }
            Some(Ok(wallet)) => {
                self.report.breaks.extend(compare(&wallet, fold));
                self.report.wallet = Some(wallet);
            }
        }
        Ok(())
    }

    async fn follow(&mut self) -> Result<(), StoreError> {
        loop {
            self.report.is_whole = false;
            if self.stop.is_some_and(|stop| self.reader.clock.now() >= stop) {
                return Ok(());
            }
            let page = self.reader.page(&self.pk, self.report.checkpoint.fold.thread.version).await?;
            if page.is_empty() {
                self.report.is_whole = true;
                return Ok(());
            }
            for item in &page {
                self.report.items = self.report.items.saturating_add(1);
                match Change::read(item) {
                    Ok(change) => self.change(&change).await?,
                    Err(unreadable) => self.pass(item, unreadable),
                }
            }
            if self.report.checkpoint.unaudited.len() >= UNAUDITED {
                self.audit().await?;
            }
        }
    }

    /// Goes on after an item that cannot be read.
    fn pass(&mut self, item: &JournalItem, unreadable: Break) {
        self.report.breaks.push(unreadable);
        let fold = &mut self.report.checkpoint.fold;
        fold.thread.version = item.version();
        fold.thread.next_sequence = item.next_sequence();
        fold.hash = item.text("h").unwrap_or_default().to_owned();
    }

    async fn change(&mut self, change: &Change) -> Result<(), StoreError> {
        let count = |list: usize| u64::try_from(list).unwrap_or(0);
        self.report.events = self.report.events.saturating_add(count(change.entry.events.len()));
        self.report.postings = self.report.postings.saturating_add(count(change.postings.len()));
        self.report.checkpoint.unaudited.extend(Unaudited::of(&change.entry));
        let place = change.entry.place();
        let stream = match story(self.reader, &place, &change.cause).await? {
            Story::Told(stream) => stream,
            Story::Broken(broken) => {
                self.report.breaks.push(broken);
                let fold = &mut self.report.checkpoint.fold;
                // Without its cause's events a change's own cannot be told: what else is wrong with it still shows.
                let others = fold.follow(self.user_id, change, &[]);
                self.report
                    .breaks
                    .extend(others.into_iter().filter(|found| !matches!(found.kind, Kind::Event | Kind::Chain)));
                return Ok(());
            }
        };
        if self.settings.audits_causes {
            self.report.checkpoint.unaudited.extend(stream.iter().flat_map(Unaudited::of));
        }
        self.report.breaks.extend(self.report.checkpoint.fold.follow(self.user_id, change, &stream));
        for posting in &change.postings {
            self.report.breaks.extend(explain_transfer(self.user_id, &place, posting, &stream));
            self.report.breaks.extend(explain_deposit(self.user_id, &place, posting, &stream));
            self.report.breaks.extend(explain_order(self.user_id, &place, posting, &stream));
            self.report.breaks.extend(explain_credits(self.user_id, &place, posting, &stream));
            if posting.account == Account::Transfers && change.entry.at >= self.settings.now {
                let late = self.report.late_transfers.entry(posting.asset).or_default();
                let other = posting.delta.magnitude().unwrap_or_default();
                let other = if posting.delta.is_negative() { Delta::plus(other) } else { Delta::minus(other) };
                *late = late.and(other).unwrap_or(*late);
            }
        }
        // Who walks the whole journal sees every order by itself.
        if change.cause.kind == "order" && self.settings.audits_causes {
            self.report.breaks.extend(check_order(&stream, self.settings.now, self.settings));
        }
        if change.cause.kind == "bet" && change.postings.iter().any(is_of_bet) {
            self.bet(change, &stream).await?;
        }
        Ok(())
    }

    async fn bet(&mut self, change: &Change, stream: &[Entry]) -> Result<(), StoreError> {
        let (bet_id, place) = (&change.cause.id, change.entry.place());
        let Some(story) = BetStory::read(stream).filter(|story| story.user_id == self.user_id) else {
            let found = format!("lines of bet#{bet_id}");
            self.report.breaks.push(Break::new(Kind::Bet, place, found, "a bet that this user placed"));
            return Ok(());
        };
        let mut bet = match self.report.checkpoint.bets.remove(bet_id) {
            Some(bet) => bet,
            None => self.lines_before(change, &story).await?,
        };
        change.postings.iter().for_each(|posting| bet.add(posting));
        match bet.standing(&story) {
            BetStanding::Complete => {}
            BetStanding::Waiting(_) => {
                self.report.checkpoint.bets.insert(bet_id.clone(), bet);
            }
            BetStanding::Broken(found, expected) => {
                let found = format!("bet#{bet_id}: {found}");
                self.report.breaks.push(Break::new(Kind::Bet, place, found, expected));
            }
        }
        Ok(())
    }

    /// The lines of a bet before `change`, from the stake on: those of a bet that was over are not kept.
    async fn lines_before(&self, change: &Change, story: &BetStory) -> Result<BetLines, StoreError> {
        let mut bet = BetLines::default();
        let first = story.paid_in.as_ref().map_or(1, |wallet| wallet.version);
        let mut version = first.saturating_sub(1);
        while version.saturating_add(1) < change.entry.version {
            let page = self.reader.page(&self.pk, version).await?;
            if page.is_empty() {
                break;
            }
            for item in &page {
                version = item.version();
                if version >= change.entry.version {
                    break;
                }
                let earlier = Change::read(item).ok().filter(|earlier| earlier.cause == change.cause);
                earlier.iter().flat_map(|earlier| &earlier.postings).for_each(|posting| bet.add(posting));
            }
        }
        Ok(bet)
    }

    /// Bets that are not over in the wallet: they may have been settled, and their payout be lost.
    async fn bets(&mut self) -> Result<(), StoreError> {
        for (bet_id, bet) in self.report.checkpoint.bets.clone() {
            let Ok(stream) = self.reader.stream(&format!("bet#{bet_id}")).await? else { continue };
            let Some(story) = BetStory::read(&stream) else { continue };
            let BetStanding::Waiting(Some(since)) = bet.standing(&story) else { continue };
            let is_late = self.settings.now >= since.plus_millis(self.settings.grace_ms);
            if is_late && !self.has_come(&bet_id).await? {
                let (found, expected) = bet.missing(&story);
                let place = format!("{} bet#{bet_id}", self.pk);
                self.report.breaks.push(Break::new(Kind::Bet, place, found, format!("{expected}, since {since}")));
            }
        }
        Ok(())
    }

    /// Whether a line of the bet came after the end that the walk has seen.
    async fn has_come(&self, bet_id: &str) -> Result<bool, StoreError> {
        let mut version = self.report.checkpoint.fold.thread.version;
        loop {
            let page = self.reader.page(&self.pk, version).await?;
            let Some(last) = page.last() else { return Ok(false) };
            version = last.version();
            let mut changes = page.iter().filter_map(|item| Change::read(item).ok());
            if changes.any(|change| change.cause.kind == "bet" && change.cause.id == bet_id) {
                return Ok(true);
            }
        }
    }

    /// Looks up what is old enough to be in the audit trail.
    async fn audit(&mut self) -> Result<(), StoreError> {
        let (now, grace) = (self.settings.now, self.settings.grace_ms);
        let unaudited = &mut self.report.checkpoint.unaudited;
        let due: Vec<_> = unaudited.extract_if(.., |event| now >= event.at.plus_millis(grace)).collect();
        self.report.breaks.extend(self.reader.unpublished(&due).await?);
        Ok(())
    }
}
