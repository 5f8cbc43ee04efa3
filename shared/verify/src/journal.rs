//! The whole journal, stream by stream: what holds of every stream, whether or not a wallet leads to it.

use quoin_store::{JournalItem, Position, StoreError};

use crate::{
    Break, Change, Entry, Kind, Reader, Settings, Thread, Unaudited, check_member, check_order, forgotten, is_member,
    one_sided, other_side, paid, stream_of,
};

/// Items of a page.
const PAGE: i32 = 500;

/// What a page of the journal came to.
#[derive(Debug, Clone, Default)]
pub struct JournalReport {
    /// What does not add up.
    pub breaks: Vec<Break>,
    /// Items of streams that are no wallet's.
    pub items: u64,
    /// Streams that began in it and are no wallet's.
    pub streams: u64,
    /// Events of them.
    pub events: u64,
}

/// A walk over the journal.
#[derive(Debug)]
pub struct JournalWalk<'a> {
    reader: Reader<'a>,
    settings: Settings,
    position: Option<Position>,
    is_over: bool,
    current: Option<Current>,
    unaudited: Vec<Unaudited>,
    owners: Vec<String>,
}

/// The stream that the walk is in.
#[derive(Debug)]
struct Current {
    pk: String,
    thread: Thread,
    breaks: Vec<Break>,
    /// The latest item with a state, of a payment.
    last: Option<Entry>,
    /// All items, of an order: a few.
    order: Vec<Entry>,
    /// All items, of a member's stream: a few a year.
    member: Vec<Entry>,
    /// Its events that have to be in the audit trail, which are looked up once it has ended: what is wrong with a stream
    /// is told before what comes of that.
    unaudited: Vec<Unaudited>,
}

impl<'a> JournalWalk<'a> {
    /// A walk from the beginning.
    #[must_use]
    pub const fn new(reader: Reader<'a>, settings: Settings) -> Self {
        Self {
            reader,
            settings,
            position: None,
            is_over: false,
            current: None,
            unaudited: Vec::new(),
            owners: Vec::new(),
        }
    }

    /// Goes on by a page; `None` after the last.
    ///
    /// # Errors
    /// The classes of every request.
    pub async fn next(&mut self) -> Result<Option<JournalReport>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let mut report = JournalReport::default();
        let page = self.reader.journal(self.position.as_ref(), PAGE).await?;
        for item in &page.items {
            self.item(item, &mut report).await?;
        }
        self.position = page.next;
        if self.position.is_none() {
            self.is_over = true;
            self.end(&mut report).await?;
        }
        let due = std::mem::take(&mut self.unaudited);
        report.breaks.extend(self.reader.unpublished(&due).await?);
        let owners = std::mem::take(&mut self.owners);
        for (owner, has) in owners.iter().zip(self.reader.have_wallets(&owners).await?) {
            if !has {
                let place = format!("wallet#{owner}");
                report.breaks.push(Break::new(Kind::MissingWallet, place, "a stream, no wallet", "a wallet"));
            }
        }
        Ok(Some(report))
    }

    async fn item(&mut self, item: &JournalItem, report: &mut JournalReport) -> Result<(), StoreError> {
        if self.current.as_ref().is_none_or(|current| current.pk != item.pk()) {
            self.end(report).await?;
            let pk = item.pk().to_owned();
            self.owners.extend(pk.strip_prefix("wallet#").map(str::to_owned));
            let (order, member, unaudited) = (Vec::new(), Vec::new(), Vec::new());
            self.current = Some(Current {
                pk,
                thread: Thread::default(),
                breaks: Vec::new(),
                last: None,
                order,
                member,
                unaudited,
            });
        }
        // A wallet's stream is followed with its wallet.
        let Some(current) = self.current.as_mut().filter(|current| !current.pk.starts_with("wallet#")) else {
            return Ok(());
        };
        report.items = report.items.saturating_add(1);
        if current.thread.version == 0 {
            report.streams = report.streams.saturating_add(1);
        }
        let entry = match Entry::read(item) {
            Ok(entry) => entry,
            Err(unreadable) => {
                current.breaks.push(unreadable);
                current.thread.version = item.version();
                current.thread.next_sequence = item.next_sequence();
                return Ok(());
            }
        };
        report.events = report.events.saturating_add(u64::try_from(entry.events.len()).unwrap_or(0));
        current.breaks.extend(current.thread.follow(&entry));
        let grace = self.settings.grace_ms;
        if self.settings.now >= entry.at.plus_millis(grace) {
            current.unaudited.extend(Unaudited::of(&entry));
        }
        let untold = untold(&self.reader, &entry).await?;
        current.breaks.extend(untold);
        if current.pk.starts_with("payment#") && entry.state.is_some() {
            current.last = Some(entry);
        } else if current.pk.starts_with("order#") {
            current.order.push(entry);
        } else if is_member(&current.pk) {
            current.member.push(entry);
        }
        Ok(())
    }

    async fn end(&mut self, report: &mut JournalReport) -> Result<(), StoreError> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        self.unaudited.append(&mut current.unaudited);
        // What is missing may be in an item that cannot be read.
        if current.breaks.iter().all(|found| found.kind != Kind::Unreadable) {
            let (now, last) = (self.settings.now, current.last.as_ref());
            report.breaks.extend(last.and_then(|last| forgotten(last, now, &self.settings)));
            report.breaks.extend(check_order(&current.order, now, &self.settings));
        }
        report.breaks.extend(self.member(&current).await?);
        if current.breaks.is_empty() {
            return Ok(());
        }
        // A scan promises no order: what looks broken is read once more by itself.
        let mut thread = Thread::default();
        match self.reader.stream(&current.pk).await? {
            Err(unreadable) => report.breaks.push(unreadable),
            Ok(entries) => {
                for entry in &entries {
                    report.breaks.extend(thread.follow(entry));
                    report.breaks.extend(untold(&self.reader, entry).await?);
                }
            }
        }
        Ok(())
    }
}

impl JournalWalk<'_> {
    /// What is wrong with a member's stream, and with what it and others say of the same payments.
    async fn member(&self, current: &Current) -> Result<Vec<Break>, StoreError> {
        let check = |entries: &[Entry]| check_member(entries, self.settings.now, &self.settings);
        let mut breaks = check(&current.member);
        if !breaks.is_empty() {
            // Read once more by itself; what cannot be read is told with what holds of every stream.
            breaks = self.reader.stream(&current.pk).await?.map(|entries| check(&entries)).unwrap_or_default();
        }
        for told in paid(&current.member) {
            let other = self.reader.stream(&other_side(&current.pk, &told)).await?;
            if other.is_ok_and(|entries| !paid(&entries).contains(&told)) {
                breaks.push(one_sided(&current.pk, &told));
            }
        }
        Ok(breaks)
    }
}

/// The breaks of events that tell of changes which the wallet's stream does not have.
async fn untold(reader: &Reader<'_>, entry: &Entry) -> Result<Vec<Break>, StoreError> {
    let mut breaks = Vec::new();
    let mut seen = None;
    for wallet in entry.events.iter().filter_map(|event| event.metadata.wallet.as_ref()) {
        let change = Some((&wallet.id, wallet.version));
        if seen == change {
            continue;
        }
        seen = change;
        let cause = match reader.change(&wallet.id, wallet.version).await?.as_ref().map(Change::read) {
            Some(Ok(change)) => stream_of(&change.cause),
            // It is told with its wallet.
            Some(Err(_)) => continue,
            None => None,
        };
        if cause.as_ref() != Some(&entry.pk) {
            let expected = format!("a change of wallet#{} {} that follows from it", wallet.id, wallet.version);
            breaks.push(Break::new(Kind::Event, entry.place(), "an event of a change that is not there", expected));
        }
    }
    Ok(breaks)
}
