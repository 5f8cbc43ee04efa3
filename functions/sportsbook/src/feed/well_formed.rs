//! Whether a message is one XML document and nothing else. The reader of messages stops at the end of the first
//! element: a second one, which may be a result, would be lost without a word.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::FeedError;

/// The most elements inside one another; messages have four.
const MAX_DEPTH: usize = 32;

/// Checks the document `text`.
///
/// # Errors
/// If it has a document type, more or less than one root, text outside of it, or too many levels.
pub(crate) fn well_formed(text: &str) -> Result<(), FeedError> {
    let malformed = |what: &str| FeedError::Malformed(what.to_owned());
    let mut reader = Reader::from_str(text);
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let event = reader.read_event().map_err(|error| FeedError::Malformed(error.to_string()))?;
        match event {
            Event::DocType(_) => return Err(FeedError::Doctype),
            Event::Start(_) | Event::Empty(_) => {
                roots = roots.saturating_add(usize::from(depth == 0));
                depth = depth.saturating_add(usize::from(matches!(event, Event::Start(_))));
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) if depth == 0 && !text.trim().is_empty() => {
                return Err(malformed("there is text outside of the message"));
            }
            Event::CData(_) | Event::GeneralRef(_) if depth == 0 => {
                return Err(malformed("there is text outside of the message"));
            }
            Event::Text(_)
            | Event::CData(_)
            | Event::GeneralRef(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_) => {}
            Event::Eof => break,
        }
        if roots > 1 {
            return Err(malformed("there is more than one message"));
        }
        if depth > MAX_DEPTH {
            return Err(malformed("there are too many levels"));
        }
    }
    if depth == 0 && roots == 1 { Ok(()) } else { Err(malformed("it has no end")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_document_and_nothing_else() {
        for text in ["<a/>", "\u{feff}<?xml version=\"1.0\"?>\n<!-- x --><a><b/>&lt;<![CDATA[<]]></a>\n"] {
            assert_eq!(well_formed(text), Ok(()), "{text}");
        }
        for text in
            ["", " ", "<a/><b/>", "<a/>b", "b<a/>", "<a/><", "<a>", "</a>", "<a></b>", "<a/>&lt;", "<![CDATA[<a/>]]>"]
        {
            assert!(matches!(well_formed(text), Err(FeedError::Malformed(_))), "{text}");
        }
        assert!(well_formed(&"<a>".repeat(50_000)).is_err());
    }

    #[test]
    fn no_document_types_in_any_case() {
        for text in ["<!DOCTYPE a><a/>", "<!doctype a><a/>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"] {
            assert_eq!(well_formed(text), Err(FeedError::Doctype), "{text}");
        }
    }
}
