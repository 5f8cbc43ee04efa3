//! Opaque positions in lists: what a client hands back to read on.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Key;

/// The most bytes of a sort key; a longer one is no key of any table.
const MAX_SK: usize = 1024;

/// A cursor that this API did not hand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list")]
pub struct InvalidCursor;

/// The cursor that reads on after `key`.
#[must_use]
pub fn encode_cursor(key: &Key) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}\u{1f}{}", key.pk, key.sk))
}

/// The key of a cursor, if it belongs to the partition `pk`: nobody reads on in another's list.
///
/// # Errors
/// If the text is not a cursor of that partition.
pub fn decode_cursor(cursor: &str, pk: &str) -> Result<Key, InvalidCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
    let (found, sk) = text.split_once('\u{1f}').ok_or(InvalidCursor)?;
    if found == pk && (1..=MAX_SK).contains(&sk.len()) { Ok(Key::new(found, sk)) } else { Err(InvalidCursor) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_handed_out_is_read_back_and_anything_else_is_refused_without_panic(
            pk in "[a-z#]{1,20}", sk in "[a-z0-9#:]{1,40}", noise in ".{0,60}",
        ) {
            let key = Key::new(pk.clone(), sk);
            prop_assert_eq!(decode_cursor(&encode_cursor(&key), &pk), Ok(key));
            if let Ok(read) = decode_cursor(&noise, &pk) {
                prop_assert_eq!(read.pk, pk);
            }
        }
    }

    #[test]
    fn a_cursor_of_another_partition_is_refused() {
        let cursor = encode_cursor(&Key::new("bets#a", "1"));
        assert_eq!(decode_cursor(&cursor, "bets#a"), Ok(Key::new("bets#a", "1")));
        assert_eq!(decode_cursor(&cursor, "bets#b"), Err(InvalidCursor));
        assert_eq!(decode_cursor("%%%", "bets#a"), Err(InvalidCursor));
        let long = encode_cursor(&Key::new("bets#a", "1".repeat(MAX_SK + 1)));
        assert_eq!(decode_cursor(&long, "bets#a"), Err(InvalidCursor));
    }
}
