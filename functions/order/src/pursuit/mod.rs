//! What is done about a paid order, one call to the merchant after the other. What is learnt is written down before
//! the next step is taken, so whoever comes next, or at the same time, goes on from there.

#[cfg(test)]
mod model;

use quoin_runtime::Failure;

use crate::fulfilment::{Fact, Next};
use crate::merchant::{Answer, Merchant, Silence, Word};
use crate::order::Order;

/// Where facts about one order are written down.
pub(crate) trait Book {
    /// Writes `fact` down; the order afterwards.
    async fn record(&self, fact: Fact) -> Result<Order, Failure>;
}

/// What became of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pursued {
    /// Its merchant has decided, or money went back because it cannot have it.
    Decided,
    /// It is open, for this reason.
    Open(String),
}

/// Brings `order` to its merchant. When `is_last`, no further attempt will follow.
pub(crate) async fn deliver(
    book: &impl Book,
    merchant: &impl Merchant,
    order: &Order,
    is_last: bool,
) -> Result<Pursued, Failure> {
    let pursued = match order.next() {
        Next::Nothing => return Ok(Pursued::Decided),
        Next::GiveUp | Next::Cancel => return give_up(book, merchant).await,
        Next::Place => place(book, merchant, order).await?,
        Next::AskFirst => match merchant.standing(order).await {
            Ok(Answer { word: Word::Unknown, .. }) => place(book, merchant, order).await?,
            answer => hear(book, answer).await?,
        },
    };
    match pursued {
        Pursued::Open(_) if is_last => give_up(book, merchant).await,
        Pursued::Open(_) | Pursued::Decided => Ok(pursued),
    }
}

/// Asks about `order`, and gives it up when `is_over`; never places it, which is the matter of [`deliver`].
pub(crate) async fn look_after(
    book: &impl Book,
    merchant: &impl Merchant,
    order: &Order,
    is_over: bool,
) -> Result<Pursued, Failure> {
    match order.next() {
        Next::Nothing => Ok(Pursued::Decided),
        Next::GiveUp | Next::Cancel => give_up(book, merchant).await,
        Next::Place | Next::AskFirst if is_over => give_up(book, merchant).await,
        Next::Place => Ok(Pursued::Open("the merchant has not been asked yet".to_owned())),
        Next::AskFirst => hear(book, merchant.standing(order).await).await,
    }
}

/// Asks the merchant to take the order; the attempt is written down first.
async fn place(book: &impl Book, merchant: &impl Merchant, order: &Order) -> Result<Pursued, Failure> {
    // Nobody delivers to somebody who is not there any more.
    let Some(recipient) = merchant.recipient(order).await? else { return give_up(book, merchant).await };
    let begun = book.record(Fact::Begun).await?;
    match begun.next() {
        Next::AskFirst => {}
        Next::Nothing => return Ok(Pursued::Decided),
        Next::Place | Next::GiveUp | Next::Cancel => return give_up(book, merchant).await,
    }
    let answer = merchant.place(&begun, &recipient).await;
    if let Err(Silence::NotSent(_)) = answer {
        book.record(Fact::NotSent { attempt: begun.fulfilment.attempts }).await?;
    }
    hear(book, answer).await
}

/// Ends the attempts: the order fails if the merchant cannot have it, else the merchant is asked to let it be.
async fn give_up(book: &impl Book, merchant: &impl Merchant) -> Result<Pursued, Failure> {
    let order = book.record(Fact::GivenUp).await?;
    match order.next() {
        Next::Nothing => Ok(Pursued::Decided),
        Next::Place | Next::AskFirst | Next::GiveUp | Next::Cancel => hear(book, merchant.cancel(&order).await).await,
    }
}

/// Writes down what the merchant says.
async fn hear(book: &impl Book, answer: Result<Answer, Silence>) -> Result<Pursued, Failure> {
    let reason = match answer {
        Ok(answer) => {
            let word = answer.word.clone();
            if book.record(answer.into_fact()).await?.next() == Next::Nothing {
                return Ok(Pursued::Decided);
            }
            match word {
                Word::Unknown => "the merchant does not know the order",
                Word::Confirmed(_) | Word::Refused | Word::Cancelled | Word::Pending => "the merchant has not decided",
            }
            .to_owned()
        }
        Err(silence) => silence.reason(),
    };
    Ok(Pursued::Open(reason))
}
