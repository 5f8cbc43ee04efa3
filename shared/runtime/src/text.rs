//! Texts that people write for people.

use crate::Problem;

/// What is shown in place of a text whose author was forgotten.
pub const ERASED: &str = "[erased]";

/// A text for people: trimmed, 1 to `longest` characters, none of them a control character.
///
/// # Errors
/// 400 at `pointer`.
pub fn printable(text: &str, longest: usize, pointer: &str) -> Result<String, Problem> {
    let text = text.trim();
    if (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        let detail = format!("must be 1 to {longest} printable characters");
        Err(Problem::field("TEXT_INVALID", pointer, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_has_something_to_read() {
        assert_eq!(printable("  Paint a fence ", 13, "/title"), Ok("Paint a fence".to_owned()));
        for wrong in ["", "   ", "a\nb", "\u{7f}", "Paint a fence."] {
            let problem = printable(wrong, 13, "/title").unwrap_err();
            assert_eq!((problem.code, problem.errors[0].pointer.as_str()), ("TEXT_INVALID", "/title"), "{wrong:?}");
        }
    }
}
