//! Lines together as a row holds them: one after another and compressed, as envelopes are much alike. The format's
//! checksum tells a row that was damaged.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::{Line, Partition};

/// The most of a row's lines before they are compressed: a row stays far below DynamoDB's 400 kB even if they cannot be.
const ROW_BYTES: usize = 256_000;
/// The most that a row is unpacked to; the longest line is a message of a queue, of one megabyte.
const MOST_BYTES: usize = 4_000_000;

/// Packs `lines` into as few rows as may be, in their order.
///
/// # Errors
/// Never: what is compressed goes into memory.
pub(crate) fn pack<'a>(lines: impl IntoIterator<Item = &'a str>) -> std::io::Result<Vec<Vec<u8>>> {
    let (mut rows, mut row) = (Vec::new(), String::new());
    for line in lines {
        if !row.is_empty() && row.len().saturating_add(line.len()) >= ROW_BYTES {
            rows.push(compressed(&row)?);
            row.clear();
        }
        row.push_str(line);
        row.push('\n');
    }
    if !row.is_empty() {
        rows.push(compressed(&row)?);
    }
    Ok(rows)
}

fn compressed(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

/// The lines of a row, each with the partition that it belongs to.
///
/// # Errors
/// If it was not packed here, or is damaged.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<(Partition, Line)>, String> {
    let mut text = String::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    ZlibDecoder::new(packed).take(most).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() > MOST_BYTES {
        return Err("it is longer than a row may be".to_owned());
    }
    text.lines().map(|line| Line::placed(line).map_err(|error| error.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::line::tests::{line, line_of};
    use proptest::prelude::*;

    fn unpacked(rows: &[Vec<u8>]) -> Vec<Line> {
        rows.iter().flat_map(|row| unpack(row).unwrap()).map(|(_, line)| line).collect()
    }

    /// A line that cannot be compressed, of so many bytes more than an empty one.
    fn noise(bytes: usize, seed: u64) -> Line {
        let mut state = seed;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'#'.wrapping_add(u8::try_from((state >> 33) % 57).unwrap()))
        });
        line(0, &noise.take(bytes).collect::<String>())
    }

    #[test]
    fn nothing_makes_no_row() {
        assert_eq!(pack([]).unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_batch_is_one_row_of_a_fraction_of_its_lines() {
        let lines: Vec<Line> = (0..25).map(|n| line_of("wallet.debited", n, &format!("e{n}"))).collect();
        let rows = pack(lines.iter().map(|line| line.text.as_str())).unwrap();
        assert_eq!(rows.len(), 1);
        let bytes: usize = lines.iter().map(|line| line.text.len()).sum();
        assert!(rows[0].len() * 4 < bytes, "{} of {bytes}", rows[0].len());
    }

    #[test]
    fn rows_stay_below_what_the_table_takes() {
        let lines: Vec<Line> = (0..9).map(|n| noise(90_000, n)).collect();
        let rows = pack(lines.iter().map(|line| line.text.as_str())).unwrap();
        assert_eq!(rows.len(), 5);
        assert!(rows.iter().all(|row| row.len() <= ROW_BYTES), "{:?}", rows.iter().map(Vec::len).collect::<Vec<_>>());
        assert_eq!(unpacked(&rows), lines);
    }

    #[test]
    fn a_long_line_has_a_row_of_its_own() {
        let lines = [line(0, "a"), noise(ROW_BYTES, 1), line(1, "b")];
        let rows = pack(lines.iter().map(|line| line.text.as_str())).unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(unpacked(&rows), lines);
    }

    #[test]
    fn what_is_no_row_is_told() {
        let good = pack([line(0, "a").text.as_str()]).unwrap().remove(0);
        assert!(unpack(&good).is_ok());
        assert!(unpack(b"").is_err());
        assert!(unpack(&pack(["{}"]).unwrap()[0]).is_err());
        assert!(unpack(&compressed(&"x".repeat(MOST_BYTES + 1)).unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked_in_its_order(
            lines in proptest::collection::vec((0_i64..200_000_000, "[ -!#-\\[\\]-~]{1,60}"), 0..300),
            repeats in 1_usize..40,
        ) {
            let lines: Vec<Line> = lines.iter().map(|(ms, id)| line(*ms, &id.repeat(repeats))).collect();
            let rows = pack(lines.iter().map(|line| line.text.as_str())).unwrap();
            prop_assert!(rows.iter().all(|row| row.len() <= ROW_BYTES));
            for (partition, line) in rows.iter().flat_map(|row| unpack(row).unwrap()) {
                prop_assert_eq!(partition.day, line.at.day());
            }
            prop_assert_eq!(unpacked(&rows), lines);
        }

        #[test]
        fn a_row_that_was_cut_or_changed_is_told(
            ids in proptest::collection::vec("[a-z0-9]{8}", 1..20),
            at in proptest::num::usize::ANY,
            bit in 0_u8..8,
        ) {
            let lines: Vec<Line> = ids.iter().map(|id| line(0, id)).collect();
            let mut row = pack(lines.iter().map(|line| line.text.as_str())).unwrap().remove(0);
            let at = at.checked_rem(row.len()).unwrap();
            prop_assert!(unpack(&row[..at]).is_err());
            row[at] ^= 1 << bit;
            // Some bits of the header mean nothing for what follows.
            prop_assert!(unpack(&row).map_or(true, |told| told.into_iter().map(|(_, line)| line).eq(lines)));
        }
    }
}
