//! What a change belongs to, and the stream that knows of it.

use quoin_events::EntityRef;

/// The stream in which a change's cause stands; `None` for what a wallet does by itself.
#[must_use]
pub fn stream_of(cause: &EntityRef) -> Option<String> {
    let id = &cause.id;
    Some(match cause.kind.as_str() {
        // A limit is set by the wallet's own item.
        "limit" => return None,
        "transfer" | "adjustment" => format!("cmd#{id}"),
        // A transfer by command names its receipt, `direct#…`; other operations name what they were called.
        "operation" => format!("cmd#direct#{id}"),
        "bonus" => format!("op#bonus#{id}"),
        kind => format!("{kind}#{id}"),
    })
}
