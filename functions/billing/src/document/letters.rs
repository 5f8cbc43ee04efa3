//! Texts in the letters that the document's fonts have.
//!
//! The built-in fonts of PDF readers know the Windows code page 1252, that is the letters of Western Europe. Any other
//! letter is written as Latin letters spell it (Łukasz as Lukasz, Анна as Anna), and as a question mark where nobody
//! knows how. The exact name is in the invoice's JSON.

/// What 1252 has between the control characters and Latin-1.
const EXTRAS: [(char, u8); 27] = [
    ('€', 0x80),
    ('‚', 0x82),
    ('ƒ', 0x83),
    ('„', 0x84),
    ('…', 0x85),
    ('†', 0x86),
    ('‡', 0x87),
    ('ˆ', 0x88),
    ('‰', 0x89),
    ('Š', 0x8a),
    ('‹', 0x8b),
    ('Œ', 0x8c),
    ('Ž', 0x8e),
    ('‘', 0x91),
    ('’', 0x92),
    ('“', 0x93),
    ('”', 0x94),
    ('•', 0x95),
    ('–', 0x96),
    ('—', 0x97),
    ('˜', 0x98),
    ('™', 0x99),
    ('š', 0x9a),
    ('›', 0x9b),
    ('œ', 0x9c),
    ('ž', 0x9e),
    ('Ÿ', 0x9f),
];

/// `text` in the code page of the fonts, on one line.
pub(super) fn encoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match own(letter) {
            Some(byte) => bytes.push(byte),
            // Some spaces are spelled as ends of lines.
            None => bytes.extend(deunicode::deunicode_char(letter).unwrap_or("?").bytes().map(|byte| byte.max(b' '))),
        }
    }
    bytes
}

/// The byte of a letter that the fonts have; a space for what is no letter.
fn own(letter: char) -> Option<u8> {
    if letter.is_control() {
        return Some(b' ');
    }
    match u8::try_from(u32::from(letter)) {
        Ok(byte) => Some(byte),
        Err(_) => EXTRAS.iter().find(|(extra, _)| *extra == letter).map(|(_, byte)| *byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_are_kept_or_spelled_or_marked() {
        for (text, expected) in [
            ("Jürgen Groß", b"J\xfcrgen Gro\xdf".as_slice()),
            ("Žofie Œuvre, 5 €", b"\x8eofie \x8cuvre, 5 \x80"),
            ("Łukasz Dąbrowski", b"Lukasz Dabrowski"),
            ("Анна", b"Anna"),
            ("आशा", b"aashaa"),
            ("a\r\nb\u{9d}", b"a  b "),
            ("a\u{2028}b", b"a b"),
            ("\u{10ffff}", b"?"),
        ] {
            assert_eq!(encoded(text), expected, "{text}: {}", String::from_utf8_lossy(&encoded(text)));
        }
    }

    proptest! {
        #[test]
        fn every_text_is_on_one_line_of_letters_that_the_fonts_have(text in "\\PC{0,60}") {
            let undefined = [0x81, 0x8d, 0x8f, 0x90, 0x9d, 0x7f];
            prop_assert!(encoded(&text).iter().all(|byte| *byte >= 0x20 && !undefined.contains(byte)));
        }
    }
}
