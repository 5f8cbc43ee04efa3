//! What goes wrong, how often, and how often it did. Each history draws which faults it has and how strong they
//! are, so that some histories are calm but for one of them.

use std::collections::BTreeMap;

/// A fault that can be thrown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The request is applied and its reply lost.
    LostReply,
    /// The reply is lost and the client's SDK sends the same bytes again.
    SentAgain,
    /// The request is refused for its rate.
    Throttled,
    /// The service fails before it does anything.
    Unavailable,
    /// The request takes longer than anybody waits, and lands after all.
    Late,
    /// A write meets a transaction.
    Conflict,
    /// Some entries of a PutEvents call are not taken.
    PartlyPublished,
    /// Some entries of a batch are not put into the queue.
    PartlyEnqueued,
    /// Some keys of a batch are left for later.
    PartlyRead,
    /// Some items of a batch are left for later.
    PartlyWritten,
    /// A query answers with a part of what it could.
    ShortPage,
    /// The environment is gone between two awaits.
    Killed,
    /// The function has less time than usual, and its time is up.
    TimedOut,
    /// The environment was frozen: its connections are dead, and say so or nothing at all.
    DeadSocket,
    /// The clock of an environment is wrong by minutes, or goes back.
    ClockSkew,
    /// A message comes again although it was handled.
    Duplicated,
    /// A message waits for hours or days, as long as its queue keeps it.
    Delayed,
    /// A schedule of a boost does not call.
    CallLost,
    /// A schedule calls twice.
    CalledTwice,
    /// A message that was handled is a dead letter all the same, since its acknowledgements were lost, and an operator
    /// sends it back days later; perhaps more than once, so that it outlasts what is remembered of it.
    Redriven,
    /// A read that may be stale is.
    StaleRead,
    /// The client does not get the answer.
    AnswerLost,
    /// A request is sent a second time while the first one is under way.
    AskedTwice,
    /// A key that was used is used for another request.
    KeyReused,
    /// An event comes in a newer version, with members that nobody knows yet.
    NewerEvent,
    /// An event comes without the members that were added to the source's envelope.
    OlderEvent,
    /// An event of the next major version comes, which nobody here can act on.
    MajorEvent,
    /// The message provider fails before it takes a message, once or more often than it is asked.
    ProviderDown,
    /// The message provider takes a message and says nothing.
    ProviderSilent,
    /// The message provider takes a message and is slow to say so.
    ProviderSlow,
    /// The message provider refuses whom a message is for.
    Refused,
    /// A message's delivery receipt comes before the answer to the message.
    ReceiptEarly,
    /// A message's delivery receipt comes within days.
    ReceiptLate,
    /// A message's delivery receipt comes twice.
    ReceiptTwice,
}

/// Every fault.
pub const ALL: [Fault; 34] = [
    Fault::LostReply,
    Fault::SentAgain,
    Fault::Throttled,
    Fault::Unavailable,
    Fault::Late,
    Fault::Conflict,
    Fault::PartlyPublished,
    Fault::PartlyEnqueued,
    Fault::PartlyRead,
    Fault::PartlyWritten,
    Fault::ShortPage,
    Fault::Killed,
    Fault::TimedOut,
    Fault::DeadSocket,
    Fault::ClockSkew,
    Fault::Duplicated,
    Fault::Delayed,
    Fault::CallLost,
    Fault::CalledTwice,
    Fault::Redriven,
    Fault::StaleRead,
    Fault::AnswerLost,
    Fault::AskedTwice,
    Fault::KeyReused,
    Fault::NewerEvent,
    Fault::OlderEvent,
    Fault::MajorEvent,
    Fault::ProviderDown,
    Fault::ProviderSilent,
    Fault::ProviderSlow,
    Fault::Refused,
    Fault::ReceiptEarly,
    Fault::ReceiptLate,
    Fault::ReceiptTwice,
];

/// The chance of each fault at each place where it can happen, in thousandths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan(BTreeMap<Fault, u32>);

impl Plan {
    /// Nothing goes wrong.
    #[must_use]
    pub fn calm() -> Self {
        Self::default()
    }

    /// Drawn: each fault is absent, rare or frequent.
    pub fn draw(chance: &mut fastrand::Rng) -> Self {
        let strength = |chance: &mut fastrand::Rng| match chance.u32(..4) {
            0 => 0,
            1 => 5,
            2 => 20,
            _ => 60,
        };
        let all = ALL.iter().map(|fault| (*fault, strength(chance) * weight(*fault)));
        Self(all.filter(|(_, weight)| *weight > 0).collect())
    }

    /// Only these, often.
    #[must_use]
    pub fn only(faults: &[Fault]) -> Self {
        Self(faults.iter().map(|fault| (*fault, 60 * weight(*fault))).collect())
    }

    /// The same without `fault`.
    #[must_use]
    pub fn without(&self, fault: Fault) -> Self {
        Self(self.0.iter().filter(|(one, _)| **one != fault).map(|(one, weight)| (*one, *weight)).collect())
    }

    /// The faults that can happen.
    pub fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        self.0.iter().filter(|(_, weight)| **weight > 0).map(|(fault, _)| *fault)
    }

    pub(crate) fn happens(&self, fault: Fault, chance: &mut fastrand::Rng) -> bool {
        let weight = self.0.get(&fault).copied().unwrap_or(0);
        weight > 0 && chance.u32(..1000) < weight
    }
}

/// What happens once a message may happen more often than what happens at each of its requests.
const fn weight(fault: Fault) -> u32 {
    match fault {
        // Few of them find that anything was written a moment ago.
        Fault::StaleRead | Fault::CallLost => 15,
        Fault::Duplicated
        | Fault::Delayed
        | Fault::CalledTwice
        | Fault::PartlyPublished
        | Fault::PartlyEnqueued
        | Fault::PartlyRead
        | Fault::PartlyWritten
        | Fault::ShortPage => 5,
        Fault::Redriven
        | Fault::AskedTwice
        | Fault::KeyReused
        | Fault::ClockSkew
        | Fault::NewerEvent
        | Fault::OlderEvent
        | Fault::ProviderDown
        | Fault::ProviderSilent
        | Fault::ProviderSlow
        | Fault::Refused
        | Fault::ReceiptEarly
        | Fault::ReceiptLate
        | Fault::ReceiptTwice
        | Fault::AnswerLost => 3,
        Fault::LostReply
        | Fault::SentAgain
        | Fault::MajorEvent
        | Fault::Throttled
        | Fault::Unavailable
        | Fault::Late
        | Fault::Conflict
        | Fault::Killed
        | Fault::TimedOut
        | Fault::DeadSocket => 1,
    }
}
