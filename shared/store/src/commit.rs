//! What one commit writes, and how it is brought into the shape that is stored.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use quoin_digest::Sha256;
use quoin_events::types::{WalletCredited, WalletDebited};
use quoin_events::{Draft, EntityRef, Origin, Place, Timestamp, WalletRef};
use quoin_ledger::{Decision, Link, Purpose, Wallet, chain_hash};
use quoin_money::Asset;

use crate::wallet_item;
use crate::{Head, Item, Key, Receipt, StoreError, Stream, Update};

/// One new item of one stream.
#[derive(Debug, Clone)]
pub struct Append {
    pub(crate) stream: Stream,
    pub(crate) version: u64,
    pub(crate) first_sequence: u64,
    at: Timestamp,
    state: Option<String>,
    receipt: Option<Receipt>,
    drafts: Vec<Draft>,
}

impl Append {
    /// The first item of a new stream.
    #[must_use]
    pub fn first(stream: Stream, now: Timestamp) -> Self {
        Self { stream, version: 1, first_sequence: 1, at: now, state: None, receipt: None, drafts: Vec::new() }
    }

    /// The item after `head`.
    #[must_use]
    pub fn after(stream: Stream, head: &Head, now: Timestamp) -> Self {
        Self {
            stream,
            version: head.version.saturating_add(1),
            first_sequence: head.next_sequence,
            at: now.max(head.at),
            state: None,
            receipt: None,
            drafts: Vec::new(),
        }
    }

    /// With the aggregate's state afterwards.
    ///
    /// # Errors
    /// If the state cannot be written as JSON.
    pub fn state(mut self, state: &impl serde::Serialize) -> Result<Self, StoreError> {
        self.state = Some(serde_json::to_string(state)?);
        Ok(self)
    }

    /// With the receipt of the command that wrote it.
    #[must_use]
    pub fn receipt(mut self, receipt: Receipt) -> Self {
        self.receipt = Some(receipt);
        self
    }

    /// With events, after those that it has.
    #[must_use]
    pub fn events(mut self, drafts: impl IntoIterator<Item = Draft>) -> Self {
        self.drafts.extend(drafts);
        self
    }

    /// Moment of the commit: now, or the moment of the item before if the clock went back.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    fn render(&self, origin: &Origin, source: &str) -> Result<Rendered, StoreError> {
        let mut envelopes = Vec::with_capacity(self.drafts.len());
        let mut topics = Vec::with_capacity(self.drafts.len());
        for (sequence, draft) in (self.first_sequence..).zip(&self.drafts) {
            let place = Place { kind: self.stream.kind, id: &self.stream.id, sequence };
            envelopes.push(draft.render(place, origin)?);
            topics.push(format!("{}/{}", draft.topic(), draft.event()));
        }
        let mut item = Item::new()
            .text("pk", self.stream.pk())
            .number("sk", self.version)
            .number("s0", self.first_sequence)
            .number("n", self.drafts.len())
            .text("at", self.at.to_string())
            .text("src", source)
            .text_opt("st", self.state.clone());
        if let Some(receipt) = &self.receipt {
            item = item.text("bh", receipt.body_hash.clone());
            if let Some(answer) = &receipt.answer {
                item = item.json("ans", answer)?;
            }
        }
        if !envelopes.is_empty() {
            item = item.texts("ev", envelopes.clone()).texts("pub", topics);
        }
        Ok(Rendered { item, envelopes })
    }
}

/// An item and, apart, the texts of its events.
struct Rendered {
    item: Item,
    envelopes: Vec<String>,
}

/// What is told of a change besides its postings. Every event is about the wallet and has its place in the wallet's
/// sequence.
#[derive(Debug, Clone, Default)]
pub struct Telling {
    /// Before the postings.
    pub first: Vec<Draft>,
    /// After them.
    pub last: Vec<Draft>,
    /// What the events of an asset's postings for one purpose say of the entity (`data.metadata`).
    pub remarks: BTreeMap<(Purpose, Asset), BTreeMap<String, String>>,
}

/// A decided change of one wallet: the wallet itself and the next item of its stream.
#[derive(Debug, Clone)]
pub struct WalletWrite {
    before: Wallet,
    decision: Decision,
    drafts: Vec<Draft>,
    in_own_stream: bool,
}

impl WalletWrite {
    /// The change that leads from `before` to `decision`. Its events go to the wallet's own stream,
    /// unless [`WalletWrite::take_events`] hands them to another one.
    ///
    /// # Errors
    /// If an event cannot be written as JSON.
    pub fn new(before: Wallet, decision: Decision) -> Result<Self, StoreError> {
        Self::telling(before, decision, Telling::default())
    }

    /// The same change, with more to tell than its postings.
    ///
    /// # Errors
    /// If an event cannot be written as JSON.
    pub fn telling(before: Wallet, mut decision: Decision, telling: Telling) -> Result<Self, StoreError> {
        let Telling { first, last, remarks } = telling;
        let at = decision.wallet.at;
        let mut drafts = first;
        for posting in &decision.postings {
            let Some(mut entry) = posting.entry(&before.user_id, &decision.related) else { continue };
            entry.metadata = remarks.get(&(posting.purpose, posting.asset)).cloned();
            drafts.push(if posting.delta.is_negative() {
                Draft::new(&WalletDebited(entry), at)
            } else {
                Draft::new(&WalletCredited(entry), at)
            }?);
        }
        drafts.extend(last);
        let number = |draft: Draft| {
            decision.wallet.event_count = decision.wallet.event_count.saturating_add(1);
            let (version, sequence) = (decision.wallet.version, decision.wallet.event_count);
            draft.of_wallet(WalletRef { id: before.user_id.clone(), version, sequence })
        };
        let drafts = drafts.into_iter().map(number).collect();
        Ok(Self { before, decision, drafts, in_own_stream: true })
    }

    /// The wallet afterwards.
    #[must_use]
    pub const fn wallet(&self) -> &Wallet {
        &self.decision.wallet
    }

    /// The decided postings and what they belong to.
    #[must_use]
    pub const fn decision(&self) -> &Decision {
        &self.decision
    }

    /// The events of the change, for the stream of the entity that it belongs to.
    #[must_use]
    pub fn take_events(&mut self) -> Vec<Draft> {
        self.in_own_stream = false;
        self.drafts.clone()
    }

    /// One more event for the wallet's own stream.
    #[must_use]
    pub fn with_event(mut self, draft: Draft) -> Self {
        self.drafts.push(draft);
        self
    }

    fn stream(&self) -> Stream {
        Stream::new("wallet", self.before.user_id.clone())
    }

    fn render(
        &self,
        elsewhere: &[(String, String)],
        origin: &Origin,
        source: &str,
    ) -> Result<RenderedWallet, StoreError> {
        let mut wallet = self.decision.wallet.clone();
        let stream = self.stream();
        let mut append = Append {
            stream,
            version: wallet.version,
            first_sequence: wallet.own_event_count.saturating_add(1),
            at: wallet.at,
            state: None,
            receipt: None,
            drafts: Vec::new(),
        };
        if self.in_own_stream {
            append.drafts.clone_from(&self.drafts);
            let count = u64::try_from(self.drafts.len()).unwrap_or(0);
            wallet.own_event_count = wallet.own_event_count.saturating_add(count);
        }
        let rendered = append.render(origin, source)?;
        let others = elsewhere.iter().filter(|(owner, _)| *owner == wallet.user_id).map(|(_, text)| text);
        let events_hash = Sha256::of_each(others.chain(&rendered.envelopes).map(String::as_str)).hex();
        let lines = serde_json::to_string(&self.decision.postings)?;
        let after = serde_json::to_string(&wallet.balances)?;
        let cause = serde_json::to_string::<EntityRef>(&self.decision.related)?;
        let at = wallet.at.to_string();
        wallet.chain_head = chain_hash(Link {
            previous: &self.before.chain_head,
            user_id: &wallet.user_id,
            version: wallet.version,
            at: &at,
            lines: &lines,
            after: &after,
            cause: &cause,
            events_hash: &events_hash,
        });
        let journal = rendered
            .item
            .text("lines", lines)
            .text("after", after)
            .text("cause", cause)
            .text("evh", events_hash)
            .text("ph", self.before.chain_head.clone())
            .text("h", wallet.chain_head.clone());
        Ok(RenderedWallet {
            before: self.before.version,
            changes: wallet_item::changes(&self.before, &wallet)?,
            journal,
            wallet,
        })
    }
}

/// A wallet's changed attributes and the item of its stream.
pub(crate) struct RenderedWallet {
    pub(crate) before: u64,
    pub(crate) wallet: Wallet,
    pub(crate) changes: Vec<(&'static str, AttributeValue)>,
    pub(crate) journal: Item,
}

/// Everything that one command or one event changes: together, or not at all.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    pub(crate) appends: Vec<Append>,
    pub(crate) wallets: Vec<WalletWrite>,
    pub(crate) new_wallets: Vec<Wallet>,
    pub(crate) others: Vec<Other>,
}

/// A write of a service's own table inside a commit.
#[derive(Debug, Clone)]
pub(crate) enum Other {
    /// A new item; the commit fails if the key is taken.
    PutNew { table: String, item: Item },
    /// An item in place of whatever stands there.
    Put { table: String, item: Item },
    /// A change in place.
    Update(Update),
    /// Removes an item, which may have to be there.
    Delete { table: String, key: Key, must_exist: bool },
}

/// A commit in the shape that is stored.
pub(crate) struct RenderedCommit {
    pub(crate) appends: Vec<Item>,
    pub(crate) wallets: Vec<RenderedWallet>,
    pub(crate) new_wallets: Vec<Item>,
    pub(crate) others: Vec<Other>,
}

impl Commit {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With an item of a stream. The first append that carries a receipt makes the commit idempotent.
    #[must_use]
    pub fn append(mut self, append: Append) -> Self {
        self.appends.push(append);
        self
    }

    /// With a change of a wallet.
    #[must_use]
    pub fn wallet(mut self, write: WalletWrite) -> Self {
        self.wallets.push(write);
        self
    }

    /// With a wallet that does not exist yet.
    #[must_use]
    pub fn new_wallet(mut self, wallet: Wallet) -> Self {
        self.new_wallets.push(wallet);
        self
    }

    /// With a new item of a service's own table; the commit fails if the key is taken.
    #[must_use]
    pub fn put_new(mut self, table: &str, item: Item) -> Self {
        self.others.push(Other::PutNew { table: table.to_owned(), item });
        self
    }

    /// With an item of a service's own table, in place of whatever stands there.
    #[must_use]
    pub fn put(mut self, table: &str, item: Item) -> Self {
        self.others.push(Other::Put { table: table.to_owned(), item });
        self
    }

    /// With a change of an item of a service's own table.
    #[must_use]
    pub fn update(mut self, update: Update) -> Self {
        self.others.push(Other::Update(update));
        self
    }

    /// Without an item of a service's own table.
    #[must_use]
    pub fn delete(mut self, table: &str, key: Key) -> Self {
        self.others.push(Other::Delete { table: table.to_owned(), key, must_exist: false });
        self
    }

    /// Without an item of a service's own table that has to be there: of several that take it, one does.
    #[must_use]
    pub fn take(mut self, table: &str, key: Key) -> Self {
        self.others.push(Other::Delete { table: table.to_owned(), key, must_exist: true });
        self
    }

    /// With everything that `other` writes, after what it has.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.appends.extend(other.appends);
        self.wallets.extend(other.wallets);
        self.new_wallets.extend(other.new_wallets);
        self.others.extend(other.others);
        self
    }

    /// Whether it writes nothing but items of services' own tables: neither the journal nor a wallet.
    #[must_use]
    pub const fn is_own_tables_only(&self) -> bool {
        self.appends.is_empty() && self.wallets.is_empty() && self.new_wallets.is_empty()
    }

    /// How large its items of streams are before they are packed, in their order.
    ///
    /// # Errors
    /// If an event cannot be written as JSON.
    pub fn sizes_of_appends(&self, origin: &Origin, source: &str) -> Result<Vec<usize>, StoreError> {
        self.appends.iter().map(|append| Ok(append.render(origin, source)?.item.size())).collect()
    }

    pub(crate) fn render(self, origin: &Origin, source: &str) -> Result<RenderedCommit, StoreError> {
        let mut appends = Vec::with_capacity(self.appends.len());
        let mut wallet_events = Vec::new();
        for append in &self.appends {
            let rendered = append.render(origin, source)?;
            for (draft, text) in append.drafts.iter().zip(rendered.envelopes) {
                if let Some(owner) = draft.wallet_owner() {
                    wallet_events.push((owner.to_owned(), text));
                }
            }
            appends.push(rendered.item);
        }
        let wallets =
            self.wallets.iter().map(|write| write.render(&wallet_events, origin, source)).collect::<Result<_, _>>()?;
        let new_wallets = self
            .new_wallets
            .iter()
            .map(|wallet| Ok(wallet_item::attributes(wallet)?.text("pk", wallet.user_id.clone())))
            .collect::<Result<_, StoreError>>()?;
        Ok(RenderedCommit { appends, wallets, new_wallets, others: self.others })
    }
}
