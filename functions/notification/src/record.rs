//! What is recorded of a notice: its row before it is sent, and afterwards the changes of how far it is.
//!
//! Its stream decides, and its row follows by itself, as a transaction of both would cost twice as much. Whoever finds
//! nothing left to record has the row follow again: an earlier try may have ended between the two.

use quoin_events::{Origin, Timestamp};
use quoin_runtime::Env;
use quoin_store::{Append, Commit, Head, StoreError, Update};

use crate::notice::{Change, Notice, Standing, Status, Told};
use crate::reference::Reference;
use crate::table;

/// The version of the stream that a row says the status of.
pub(crate) const VERSION: &str = "v";

/// Records `change` after `head`.
///
/// # Errors
/// [`StoreError::Lost`] if somebody else wrote first; the other classes are those of every request.
pub(crate) async fn record(
    env: &Env,
    table: &str,
    origin: &Origin,
    notice: &Notice,
    change: &Change,
    (head, now): (&Head, Timestamp),
) -> Result<(), StoreError> {
    if let (Some(provider_id), Told::Sent) = (&change.standing.provider_id, change.told) {
        // Before the commit and by itself, which costs half: it leads to the notice's row, and that is there.
        let leading = table::item(table::message(provider_id)).text("reference", notice.reference.to_string());
        env.store.put(table, leading.number("expires", table::expires(now))).await?;
    }
    env.store.commit(changed(notice, change, head, now)?, origin).await?;
    follow(env, table, &notice.reference, (head.version.saturating_add(1), change.standing.status)).await
}

/// Has the row say what its stream says at `version`, unless it says what a later one does, or is gone.
///
/// # Errors
/// The classes of every request.
pub(crate) async fn follow(
    env: &Env,
    table: &str,
    reference: &Reference,
    (version, status): (u64, Status),
) -> Result<(), StoreError> {
    let row = Update::of(table, reference.row())
        .text("status", status.as_str())
        .number(VERSION, version)
        .number("expires", table::expires(env.clock.now()))
        .if_below(VERSION, version);
    env.store.update(row).await.map(|_| ())
}

/// The commit of a change: the stream's next item.
///
/// # Errors
/// If it cannot be written as JSON.
pub(crate) fn changed(notice: &Notice, change: &Change, head: &Head, now: Timestamp) -> Result<Commit, StoreError> {
    let append = Append::after(notice.reference.stream(), head, now);
    let accepted_at = match (change.told, change.standing.status) {
        (_, Status::Sent) => None,
        (Told::Sent, _) => Some(append.at()),
        (Told::Failed | Told::Nothing, _) => change.standing.accepted_at,
    };
    let standing = Standing { accepted_at, ..change.standing.clone() };
    let events = notice.event(change, append.at())?;
    Ok(Commit::new().append(append.state(&standing)?.events(events)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::{Answer, Receipt, id};
    use quoin_events::Cause;
    use quoin_events::types::Channel;

    const KILOBYTE: usize = 1024;

    #[test]
    fn what_becomes_of_a_notice_fits_into_one_kilobyte_each_time() {
        // Ids are as long as real ones.
        let (uuid, hex) = ("92019baa-5cff-53c8-8fbf-3e740581c4fd", "4bf92f3577b34da6a3ce929d0e0e4736");
        let user_id = format!("user_{hex}");
        let reference = Reference {
            notification_id: id(uuid, Channel::Push, &user_id),
            user_id,
            about_at: Timestamp::from_millis(1_767_521_827_700),
        };
        let notice = Notice {
            reference,
            channel: Channel::Push,
            template: "wallet_limit_reached".to_owned(),
            language: "en".to_owned(),
            about_event: "wallet.transferred".to_owned(),
            about_event_id: uuid.to_owned(),
        };
        let origin = Origin {
            request_id: uuid.to_owned(),
            traceparent: Some(format!("00-{hex}-00f067aa0ba902b7-01")),
            cause: Cause::Event(uuid.to_owned()),
        };
        let now = notice.reference.about_at.plus_millis(200);
        let sent = Standing::SENDING.answered(&Answer::Accepted(format!("msg_{hex}")), false).unwrap();
        let refused =
            Standing::SENDING.answered(&Answer::Refused("HTTP 422 UNKNOWN_NUMBER".to_owned()), false).unwrap();
        let arrived = sent.standing.received(&Receipt::Delivered, uuid).unwrap();
        for change in [sent, refused, arrived] {
            let commit = changed(&notice, &change, &Head::none(), now).unwrap();
            let bytes = commit.sizes_of_appends(&origin, "quoin-prod-delivery-callback").unwrap();
            assert!(bytes.iter().all(|bytes| *bytes <= KILOBYTE), "{:?}: {bytes:?}", change.standing.status);
        }
    }
}
