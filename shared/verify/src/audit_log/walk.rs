//! The walk through the log, and through the journal beside it; it only reads.

use quoin_events::{Envelope, Timestamp};
use quoin_store::{Key, Position, Query, Store, StoreError};
use serde::Serialize;

use super::check::{AuditBreak, AuditKind, ChainCheck, place};
use super::link::{Link, Mark, SHARDS, Stored, chain_pk, is_logged, shard_of};
use crate::canonical;

/// Items of a page; DynamoDB reads as many at once by their keys.
const PAGE: u32 = 100;

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct AuditReport {
    /// Links that were checked.
    pub links: u64,
    /// Items of the journal that were looked at.
    pub items: u64,
    /// Events of the journal that have to have a link.
    pub events: u64,
    /// What is wrong, chain by chain and then stream by stream.
    pub breaks: Vec<AuditBreak>,
}

/// Is told how far the walk is.
pub type AuditProgress<'a> = &'a mut dyn FnMut(&AuditReport);

/// A walk through the log in `table`.
#[derive(Debug)]
pub struct AuditWalk<'a> {
    store: &'a Store,
    table: &'a str,
    /// Events that were committed after this may still be on their way.
    settled: Timestamp,
    /// The last link of each chain when it was checked.
    ends: Vec<u64>,
    /// The stream of each item of the journal whose texts cannot be read.
    damaged: Vec<String>,
    report: AuditReport,
}

/// An event of the journal: what its link has to say, but for its place in a chain.
struct Told {
    link: Link,
    at: Timestamp,
}

impl Told {
    fn place(&self) -> String {
        format!("{} event {}", self.link.entity, self.link.sequence)
    }

    /// How a link says something else.
    fn otherwise(&self, found: &Link) -> Option<(String, String)> {
        let parts = |link: &Link| {
            [&link.event_id, &link.event, &link.entity, &link.sequence.to_string(), &link.timestamp, &link.sha256]
                .map(String::as_str)
                .join(" ")
        };
        let (found, told) = (parts(found), parts(&self.link));
        (found != told).then_some((found, told))
    }
}

impl<'a> AuditWalk<'a> {
    /// A walk for which what was committed until `settled` has to be in the log.
    #[must_use]
    pub fn new(store: &'a Store, table: &'a str, settled: Timestamp) -> Self {
        Self { store, table, settled, ends: Vec::new(), damaged: Vec::new(), report: AuditReport::default() }
    }

    /// Checks every chain, and every event of the journal against its link.
    ///
    /// # Errors
    /// If a table cannot be read.
    pub async fn run(mut self, said: AuditProgress<'_>) -> Result<AuditReport, StoreError> {
        for shard in 0..SHARDS {
            self.chain(shard, said).await?;
        }
        let logged = self.journal(said).await?;
        // Each link leads to one mark and each event has one, so there are as many of the one as of the other.
        let is_well = self.report.breaks.len() == self.damaged.len();
        if self.report.links > logged && is_well {
            self.unknown().await?;
        }
        Ok(self.report)
    }

    async fn chain(&mut self, shard: u8, said: AuditProgress<'_>) -> Result<(), StoreError> {
        let (mut check, mut after) = (ChainCheck::default(), None);
        loop {
            let page = self.page(shard, after).await?;
            let mut links = Vec::new();
            for item in &page.items {
                match Stored::read(shard, item) {
                    Ok(stored) => {
                        self.report.breaks.extend(check.next(&stored));
                        links.push(stored);
                    }
                    Err(error) => {
                        let sk = item.get_text("sk").unwrap_or_default();
                        self.report.breaks.push(check.unreadable(shard, sk, &error.to_string()));
                    }
                }
            }
            self.marks(&links).await?;
            self.report.links = self.report.links.saturating_add(u64::try_from(page.items.len()).unwrap_or(0));
            said(&self.report);
            after = page.next;
            if after.is_none() {
                self.ends.push(check.number);
                return Ok(());
            }
        }
    }

    async fn page(&self, shard: u8, after: Option<Key>) -> Result<quoin_store::Page, StoreError> {
        self.store.query(self.table, Query::of(chain_pk(shard)).limit(PAGE).after(after).consistent()).await
    }

    /// Checks that the marks of `links` lead to them.
    async fn marks(&mut self, links: &[Stored]) -> Result<(), StoreError> {
        let keys: Vec<_> = links.iter().map(|stored| (self.table, Mark::key(&stored.link.event_id))).collect();
        let found = self.store.batch(&keys).await?;
        for (stored, item) in links.iter().zip(found) {
            let (link, expected) = (&stored.link, stored.link.mark());
            let mark = item.as_ref().and_then(|item| Mark::read(&link.event_id, item));
            if mark.as_ref() != Some(&expected) {
                let found = match mark {
                    Some(mark) => format!("a mark of chain {} link {}, {}", mark.shard, mark.number, mark.sha256),
                    None => "no mark".to_owned(),
                };
                let expected = format!("a mark of event {} that leads here", link.event_id);
                self.report.breaks.push(AuditBreak::new(AuditKind::Unmarked, place(link), found, expected));
            }
        }
        Ok(())
    }

    /// Checks that every event of the journal has its link; says how many of the links that were checked are those.
    async fn journal(&mut self, said: AuditProgress<'_>) -> Result<u64, StoreError> {
        let (mut logged, mut after): (u64, Option<Position>) = Default::default();
        loop {
            let page = self.store.stored_journal_page(after.as_ref(), i32::try_from(PAGE).unwrap_or(i32::MAX)).await?;
            self.report.items = self.report.items.saturating_add(u64::try_from(page.items.len()).unwrap_or(0));
            let mut told = Vec::new();
            for item in &page.items {
                if let Some(damage) = item.damage() {
                    self.damaged.push(item.pk().to_owned());
                    let place = format!("{} {}", item.pk(), item.version());
                    self.report.breaks.push(AuditBreak::new(
                        AuditKind::Unreadable,
                        place,
                        damage.to_string(),
                        "packed texts",
                    ));
                }
                told.extend(item.events().iter().filter_map(|text| self::told(item.pk(), item.at(), text)));
            }
            for chunk in told.chunks(usize::try_from(PAGE).unwrap_or(1)) {
                logged = logged.saturating_add(self.events(chunk).await?);
            }
            said(&self.report);
            after = page.next;
            if after.is_none() {
                return Ok(logged);
            }
        }
    }

    async fn events(&mut self, told: &[Told]) -> Result<u64, StoreError> {
        self.report.events = self.report.events.saturating_add(u64::try_from(told.len()).unwrap_or(0));
        let keys: Vec<_> = told.iter().map(|one| (self.table, Mark::key(&one.link.event_id))).collect();
        let marks = self.store.batch(&keys).await?;
        let (mut logged, mut marked) = (0_u64, Vec::new());
        for (one, item) in told.iter().zip(marks) {
            match item.as_ref().and_then(|item| Mark::read(&one.link.event_id, item)) {
                None if one.at > self.settled => {}
                None => {
                    let found = format!("committed at {}, not in the log", one.at);
                    self.report.breaks.push(AuditBreak::new(AuditKind::Unlogged, one.place(), found, "a link"));
                }
                Some(mark) => {
                    let end = self.ends.get(usize::from(mark.shard)).copied().unwrap_or(0);
                    logged = logged.saturating_add(u64::from(mark.number <= end));
                    marked.push((one, mark));
                }
            }
        }
        self.contents(&marked).await?;
        Ok(logged)
    }

    /// Checks that links say what the journal does. What is no link, or not there, is found in its chain.
    async fn contents(&mut self, marked: &[(&Told, Mark)]) -> Result<(), StoreError> {
        let keys: Vec<_> = marked.iter().map(|(_, mark)| (self.table, Link::key(mark.shard, mark.number))).collect();
        let found = self.store.batch(&keys).await?;
        for ((one, mark), item) in marked.iter().zip(found) {
            let Some(Ok(stored)) = item.as_ref().map(|item| Stored::read(mark.shard, item)) else { continue };
            if let Some((found, expected)) = one.otherwise(&stored.link) {
                self.report.breaks.push(AuditBreak::new(AuditKind::Forged, place(&stored.link), found, expected));
            }
        }
        Ok(())
    }

    /// Names the links whose events the journal does not have.
    async fn unknown(&mut self) -> Result<(), StoreError> {
        for (shard, end) in (0..SHARDS).zip(self.ends.clone()) {
            let mut after = None;
            loop {
                let page = self.page(shard, after).await?;
                for item in &page.items {
                    let Ok(Stored { link, .. }) = Stored::read(shard, item) else { continue };
                    // Its event may be among the texts that cannot be read.
                    if self.damaged.contains(&link.entity) {
                        continue;
                    }
                    if link.number <= end && !self.is_told(&link.entity, link.sequence, &link.event_id).await? {
                        let found = format!("event {} of {} {}", link.event_id, link.entity, link.sequence);
                        let expected = "an event of the journal";
                        self.report.breaks.push(AuditBreak::new(AuditKind::Forged, place(&link), found, expected));
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn is_told(&self, entity: &str, sequence: u64, event_id: &str) -> Result<bool, StoreError> {
        let events = self.store.events_from(entity, sequence).await?;
        let told = events.into_iter().find(|(found, _)| *found == sequence);
        let envelope = told.and_then(|(_, text)| serde_json::from_str::<Envelope>(&text).ok());
        Ok(envelope.is_some_and(|envelope| envelope.event_id() == event_id))
    }
}

/// The event in `text`, if it has to be in the log.
fn told(pk: &str, at: Timestamp, text: &str) -> Option<Told> {
    let envelope: Envelope = serde_json::from_str(text).ok()?;
    if !is_logged(&envelope.event) {
        return None;
    }
    let link = Link {
        shard: shard_of(pk),
        number: 0,
        previous: String::new(),
        event_id: envelope.event_id().to_owned(),
        event: envelope.event.clone(),
        entity: pk.to_owned(),
        sequence: envelope.metadata.sequence.unwrap_or(0),
        timestamp: envelope.timestamp.clone(),
        sha256: canonical::sha256(text).ok()?,
    };
    Some(Told { link, at })
}
