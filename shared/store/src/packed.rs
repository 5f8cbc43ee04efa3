//! The texts of a large journal item, compressed into one attribute.
//!
//! A transaction pays twice for every started kilobyte of an item, and most of an item is what its texts share with
//! each other and with those of every other item. Nothing is lost: what is read is what was written, byte for byte.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lz4_flex::block::{compress_prepend_size_with_dict, decompress_size_prepended_with_dict};

use crate::Item;

/// The attribute that holds the packed ones.
pub const PACKED: &str = "z";
/// Items up to this size cost no more than packed ones.
const UNIT_BYTES: usize = 1024;
/// More than any item that DynamoDB would have stored can unpack to in earnest.
const MOST_BYTES: usize = 16 << 20;
/// What is packed, in the order in which it is. A place in this list is stored: it only ever grows at its end.
const TEXTS: [(&str, Kind); 7] = [
    ("st", Kind::Text),
    ("ans", Kind::Text),
    ("lines", Kind::Text),
    ("after", Kind::Text),
    ("cause", Kind::Text),
    ("ev", Kind::List),
    ("pub", Kind::List),
];
/// What texts usually have in common. Its number is stored with what was packed with it: no dictionary ever changes.
const DICTIONARIES: [&[u8]; 1] = [include_bytes!("packed/dictionary_1.txt")];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    List,
}

/// Why packed texts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PackedError {
    /// Packed by a later version of this.
    #[error("the dictionary {0} is not known here")]
    Dictionary(u8),
    /// Not what was packed.
    #[error("the packed texts are damaged")]
    Damaged,
}

/// The attributes of `item` as they are stored: with its texts packed, if it takes more than a unit as it is, and less
/// so.
pub(crate) fn stored(item: &Item) -> HashMap<String, AttributeValue> {
    let size = item.size();
    if size <= UNIT_BYTES {
        return item.0.clone();
    }
    let mut content = Vec::with_capacity(size);
    for (place, (name, _)) in (0_u8..).zip(TEXTS) {
        match item.0.get(name) {
            Some(AttributeValue::S(text)) => add(&mut content, place, text),
            Some(AttributeValue::L(texts)) => texts.iter().filter_map(|text| text.as_s().ok()).for_each(|text| {
                add(&mut content, place, text);
            }),
            _ => {}
        }
    }
    let (number, dictionary) = newest();
    let mut packed = vec![number];
    packed.extend(compress_prepend_size_with_dict(&content, dictionary));
    if packed.len() >= content.len() || content.len() > MOST_BYTES {
        return item.0.clone();
    }
    let others = item.0.iter().filter(|(name, _)| TEXTS.iter().all(|(text, _)| text != name));
    let mut attributes: HashMap<_, _> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
    attributes.insert(PACKED.to_owned(), AttributeValue::B(Blob::new(packed)));
    attributes
}

/// An item of the journal as it was before it was stored. One whose packed texts cannot be read keeps them packed.
pub(crate) fn loaded(mut attributes: HashMap<String, AttributeValue>) -> Item {
    let packed = attributes.get(PACKED).and_then(|packed| packed.as_b().ok());
    let Some(texts) = packed.and_then(|packed| unpacked(packed.as_ref()).ok()) else { return Item(attributes) };
    attributes.remove(PACKED);
    let mut lists: HashMap<&str, Vec<AttributeValue>> = HashMap::new();
    for (name, kind, text) in texts {
        match kind {
            Kind::Text => drop(attributes.insert(name.to_owned(), AttributeValue::S(text))),
            Kind::List => lists.entry(name).or_default().push(AttributeValue::S(text)),
        }
    }
    attributes.extend(lists.into_iter().map(|(name, texts)| (name.to_owned(), AttributeValue::L(texts))));
    Item(attributes)
}

/// Why the packed texts of a loaded item could not be read, if so.
pub(crate) fn damage(item: &Item) -> Option<PackedError> {
    match item.0.get(PACKED)?.as_b() {
        Ok(packed) => unpacked(packed.as_ref()).err(),
        Err(_) => Some(PackedError::Damaged),
    }
}

/// The texts of a packed attribute under the names of those that they came from, a list's one by one.
///
/// # Errors
/// If they cannot be read.
pub fn unpack(packed: &[u8]) -> Result<Vec<(&'static str, String)>, PackedError> {
    Ok(unpacked(packed)?.into_iter().map(|(name, _, text)| (name, text)).collect())
}

fn unpacked(packed: &[u8]) -> Result<Vec<(&'static str, Kind, String)>, PackedError> {
    let (number, block) = packed.split_first().ok_or(PackedError::Damaged)?;
    let place = usize::from(*number).checked_sub(1).ok_or(PackedError::Damaged)?;
    let dictionary = DICTIONARIES.get(place).ok_or(PackedError::Dictionary(*number))?;
    let size = block.first_chunk().and_then(|size| usize::try_from(u32::from_le_bytes(*size)).ok());
    let size = size.filter(|size| *size <= MOST_BYTES).ok_or(PackedError::Damaged)?;
    let content = decompress_size_prepended_with_dict(block, dictionary).map_err(|_| PackedError::Damaged)?;
    if content.len() != size {
        return Err(PackedError::Damaged);
    }
    let (mut texts, mut rest) = (Vec::new(), content.as_slice());
    while !rest.is_empty() {
        let (name, kind, text);
        (name, kind, text, rest) = next(rest).ok_or(PackedError::Damaged)?;
        texts.push((name, kind, text));
    }
    Ok(texts)
}

/// The number of the dictionary that is packed with, from 1, and the dictionary.
fn newest() -> (u8, &'static [u8]) {
    let last = (1_u8..).zip(DICTIONARIES).last();
    last.unwrap_or_default()
}

fn add(content: &mut Vec<u8>, place: u8, text: &str) {
    content.push(place);
    content.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    content.extend(text.as_bytes());
}

/// The first text of `content`, and what comes after it.
fn next(content: &[u8]) -> Option<(&'static str, Kind, String, &[u8])> {
    let (place, rest) = content.split_first()?;
    let (name, kind) = *TEXTS.get(usize::from(*place))?;
    let (size, rest) = rest.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*size)).ok()?)?;
    Some((name, kind, std::str::from_utf8(text).ok()?.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::size;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    /// The first item of a bet, as it is placed.
    fn bet() -> Item {
        let state = r#"{"bet_id":"bet_33ddf604c259ec6beb45b8de596e95e8","user_id":"user_e0e4940b87bea2bc48c5ffde6c46ceaa","type":"single","status":"placed","stake":{"amount":1.25,"asset":"cash"},"total_odds":1.1,"potential_payout":1.38,"selections":[{"event_id":"sr:match:9631495610","market_id":"1","outcome_id":"1","odds":1.1,"market_version":1795386730891}],"placed_at":"2026-11-22T22:32:18.463Z"}"#;
        let answer = r#"{"status":201,"body":{"bet_id":"bet_33ddf604c259ec6beb45b8de596e95e8","status":"placed","stake":{"amount":1.25,"asset":"cash"},"total_odds":1.1,"potential_payout":1.38,"wallet":{"version":6,"balances":[{"asset":"cash","available":9999998.75,"held":0},{"asset":"bonus","available":100,"held":0},{"asset":"promo_coins","available":10000000,"held":0},{"asset":"branded_coins","available":10000000,"held":0},{"asset":"rez_coins","available":10000000,"held":0}]}}}"#;
        let placed = r#"{"event":"BetPlaced","version":"1.0","timestamp":"2026-11-22T22:32:18.463Z","data":{"bet_id":"bet_33ddf604c259ec6beb45b8de596e95e8","user_id":"user_e0e4940b87bea2bc48c5ffde6c46ceaa","type":"single","stake":{"amount":1.25,"asset":"cash"},"total_odds":1.1,"potential_payout":1.38,"selections":[{"event_id":"sr:match:9631495610","market_id":"1","outcome_id":"1","odds":1.1,"market_version":1795386730891}]},"metadata":{"source":"sportsbook-service","request_id":"req_d836a1f5e55e40fc9727741d6c1f078d","event_id":"c68ab34e-bcf8-5590-aab1-2553e4fbd089","entity":{"type":"bet","id":"bet_33ddf604c259ec6beb45b8de596e95e8"},"sequence":1,"traceparent":"00-06a610297bb12f431b3b6ccfa0801be1-47458141c78842f7-00"}}"#;
        let debited = r#"{"event":"wallet.debited","version":"1.0","timestamp":"2026-11-22T22:32:18.463Z","data":{"transaction_id":"txn_015b68210f9c459b17932205","user_id":"user_e0e4940b87bea2bc48c5ffde6c46ceaa","transaction_type":"debit_bet_stake","coin_type":"cash","amount":1.25,"balance_before":10000000,"balance_after":9999998.75,"related_entity":{"type":"bet","id":"bet_33ddf604c259ec6beb45b8de596e95e8"}},"metadata":{"source":"wallet-service","request_id":"req_d836a1f5e55e40fc9727741d6c1f078d","event_id":"7d072bdc-dca8-5832-8f0e-5534ba185b22","entity":{"type":"bet","id":"bet_33ddf604c259ec6beb45b8de596e95e8"},"sequence":2,"wallet":{"id":"user_e0e4940b87bea2bc48c5ffde6c46ceaa","version":6,"sequence":6},"traceparent":"00-06a610297bb12f431b3b6ccfa0801be1-47458141c78842f7-00"}}"#;
        Item::new()
            .text("pk", "bet#bet_33ddf604c259ec6beb45b8de596e95e8")
            .number("sk", 1)
            .number("s0", 1)
            .number("n", 2)
            .text("at", "2026-11-22T22:32:18.463Z")
            .text("src", "quoin-production-place-bet")
            .text("st", state)
            .text("bh", "1:6377371824bce8d616d65139a027fc3f")
            .text("ans", answer)
            .texts("ev", vec![placed.to_owned(), debited.to_owned()])
            .texts("pub", vec!["betting.events/BetPlaced".to_owned(), "wallet.events/wallet.debited".to_owned()])
    }

    #[test]
    fn a_bet_on_one_selection_fits_a_unit() {
        let bet = bet();
        let stored = stored(&bet);
        assert!(bet.size() > 2 * UNIT_BYTES, "{}", bet.size());
        assert!(size(&stored) <= UNIT_BYTES, "{}", size(&stored));
        assert_eq!(loaded(stored), bet);
    }

    #[test]
    fn what_costs_a_unit_anyway_is_left_for_people_to_read() {
        let small = Item::new().text("pk", "bet#1").number("sk", 2).text("st", "x".repeat(900));
        assert_eq!(stored(&small), small.0);
        assert_eq!(loaded(small.0.clone()), small);
    }

    #[test]
    fn what_is_damaged_or_of_another_dictionary_is_told_and_not_guessed() {
        let Some(AttributeValue::B(packed)) = stored(&bet()).remove(PACKED) else { panic!("it is not packed") };
        let packed = packed.into_inner();
        for size in 0..packed.len() {
            assert!(matches!(unpack(&packed[..size]), Err(PackedError::Damaged)), "{size} bytes");
        }
        let other = [&[200], &packed[1..]].concat();
        assert!(matches!(unpack(&other), Err(PackedError::Dictionary(200))));
        let huge = [&packed[..1], &u32::MAX.to_le_bytes(), &packed[5..]].concat();
        assert!(matches!(unpack(&huge), Err(PackedError::Damaged)));
    }

    #[test]
    fn what_packing_would_not_make_smaller_is_left_as_it_is() {
        // Every byte is another one than those around it, and none is in the dictionary for long.
        let noise: String = (0..1_100_u32).filter_map(|place| char::from_u32(0x4e00 + place * 37 % 20_000)).collect();
        let item = Item::new().text("pk", "bet#1").number("sk", 2).text("st", noise);
        assert_eq!(stored(&item), item.0);
    }

    #[test]
    fn an_item_whose_texts_are_damaged_says_so() {
        let mut attributes = stored(&bet());
        assert!(damage(&loaded(attributes.clone())).is_none());
        attributes.insert(PACKED.to_owned(), AttributeValue::B(Blob::new([1, 2, 3])));
        let item = loaded(attributes);
        assert!(matches!(damage(&item), Some(PackedError::Damaged)));
        assert_eq!((item.get_text("pk"), item.get_text("st")), (bet().get_text("pk"), None));
    }

    #[test]
    fn what_was_packed_before_can_be_read_for_good() {
        let text = "ASwFAAB/ALAEAAB7fQIA/////59TBRUAAACOCgkAEDl9BRoaAAoJBX8ifQYYAAAARAUFUwYcAAAAMgAKLQVwZGViaXRlZA==";
        let texts = unpack(&STANDARD.decode(text).unwrap()).unwrap();
        let (state, told) = texts.split_first().unwrap();
        assert_eq!(*state, ("st", "{}".repeat(600)));
        let told: Vec<_> = told.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(
            told,
            [
                ("ev", r#"{"event":"BetPlaced"}"#),
                ("ev", r#"{"event":"wallet.debited"}"#),
                ("pub", "betting.events/BetPlaced"),
                ("pub", "wallet.events/wallet.debited"),
            ]
        );
    }

    #[test]
    fn a_dictionary_that_was_written_with_is_never_changed() {
        let hashes = DICTIONARIES.map(|dictionary| quoin_digest::Sha256::of(dictionary).hex());
        assert_eq!(hashes, ["787ef18f64aa78c23887259c546314417c1213c63dc57d2669198bfe5d61ac06"]);
    }

    proptest! {
        #[test]
        fn whatever_an_item_holds_comes_back(
            texts in prop::collection::btree_map(prop::sample::select(vec!["st", "ans", "lines", "after", "cause"]), ".{0,900}", 0..5),
            events in prop::collection::vec(".{0,700}", 1..5),
            names in prop::collection::vec("[a-z./]{0,40}", 1..5),
        ) {
            let item = texts.into_iter().fold(Item::new().text("pk", "k").number("sk", 7), |item, (name, text)| item.text(name, text));
            let item = item.texts("ev", events).texts("pub", names);
            prop_assert_eq!(loaded(stored(&item)), item);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = unpack(&[&[1], bytes.as_slice()].concat());
        }
    }
}
