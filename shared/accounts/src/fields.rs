//! Reads the fields of a request and tells of all that are wrong at once.

use std::collections::BTreeMap;

use quoin_runtime::{FieldError, Problem};

/// Why a field is wrong: a stable code and a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong(pub &'static str, pub &'static str);

/// What is wrong so far.
#[derive(Debug, Default)]
pub struct Fields(Vec<(&'static str, Wrong)>);

impl Fields {
    /// A field that must be there.
    pub fn required<T>(
        &mut self,
        pointer: &'static str,
        value: Option<&str>,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        if value.is_none() {
            self.wrong(pointer, Wrong("FIELD_REQUIRED", "is required"));
        }
        self.optional(pointer, value, parse)
    }

    /// A field that may be absent.
    pub fn optional<T>(
        &mut self,
        pointer: &'static str,
        value: Option<&str>,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        parse(value?).map_err(|wrong| self.wrong(pointer, wrong)).ok()
    }

    /// Notes a field that is wrong.
    pub fn wrong(&mut self, pointer: &'static str, wrong: Wrong) {
        self.0.push((pointer, wrong));
    }

    /// What was read, unless something was wrong.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, Problem> {
        match (read, self.0.as_slice()) {
            (Some(read), []) => Ok(read),
            (_, wrong) => Err(problem(wrong)),
        }
    }
}

fn problem(wrong: &[(&'static str, Wrong)]) -> Problem {
    let code = match wrong {
        [(_, Wrong(code, _))] => code,
        _ => "FIELDS_INVALID",
    };
    let mut problem = Problem::new(400, code, "the request is malformed");
    problem.errors = wrong
        .iter()
        .map(|(pointer, Wrong(_, detail))| FieldError { pointer: (*pointer).to_owned(), detail: (*detail).to_owned() })
        .collect();
    let codes: BTreeMap<_, _> = wrong.iter().map(|(pointer, Wrong(code, _))| (*pointer, *code)).collect();
    problem.with("codes", codes)
}

/// A name: 1 to 100 characters, none of them a control character.
pub fn full_name(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Wrong("FULL_NAME_INVALID", "must be 1 to 100 printable characters"))
    }
}

/// A language tag in the shape of BCP 47: a language of two or three letters, then subtags.
pub fn language(text: &str) -> Result<String, Wrong> {
    let mut parts = text.split('-');
    let primary = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let subtags =
        parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if primary && subtags && text.len() <= 35 {
        Ok(text.to_owned())
    } else {
        Err(Wrong("LANGUAGE_INVALID", "must be a BCP 47 language tag, as en or pt-BR"))
    }
}

/// An id that another service gave out.
pub fn reference(text: &str) -> Result<String, Wrong> {
    if (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(Wrong("ID_INVALID", "must be 1 to 100 printable characters without spaces"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let mut fields = Fields::default();
        let name = fields.required("/full_name", Some(" "), full_name);
        let tongue = fields.required("/language", None, language);
        let problem = fields.finish(name.zip(tongue)).unwrap_err();
        assert_eq!((problem.status, problem.code), (400, "FIELDS_INVALID"));
        let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/full_name", "/language"]);
        assert_eq!(problem.members["codes"]["/language"], "FIELD_REQUIRED");
    }

    #[test]
    fn one_that_is_wrong_gives_its_own_code() {
        let mut fields = Fields::default();
        let read = fields.required("/language", Some("english"), language);
        assert_eq!(fields.finish(read).unwrap_err().code, "LANGUAGE_INVALID");
    }

    #[test]
    fn language_tags() {
        for tag in ["en", "de-AT", "zh-Hant-TW", "fil"] {
            assert!(language(tag).is_ok(), "{tag}");
        }
        for tag in ["", "e", "english", "en_US", "en-", "12"] {
            assert!(language(tag).is_err(), "{tag}");
        }
    }
}
