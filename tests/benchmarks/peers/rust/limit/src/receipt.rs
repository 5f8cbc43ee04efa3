//! An answer is kept under its key, so that the same request finds it again.

use std::borrow::Cow;

use serde::Deserialize;

use crate::Error;
use crate::clock::Moment;
use crate::endpoint::{body, refused};
use crate::json::quoted;
use crate::sign::sha256;
use crate::table::{Tables, is_taken};

/// How long an answer is kept.
const KEPT_SECONDS: u64 = 86_400;

/// What makes a request the same request.
#[derive(Debug)]
pub struct Receipt {
    id: String,
    hash: String,
}

/// What was found under a key.
#[derive(Debug)]
pub enum Stored {
    /// The answer that was given.
    Answer(String),
    /// The key of another request.
    Reused,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(rename = "Item", borrow)]
    item: Item<'a>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    answer: Word<'a>,
    hash: Word<'a>,
}

#[derive(Deserialize)]
struct Word<'a> {
    #[serde(rename = "S", borrow)]
    s: Cow<'a, str>,
}

impl Receipt {
    /// Of a request under a key.
    pub fn of(id: &str, request: &[u8]) -> Self {
        Self { id: quoted(id), hash: sha256(request) }
    }

    /// The members of a `Put` that keeps the answer unless there is one.
    pub fn put(&self, tables: &Tables, answer: &str, now: Moment) -> String {
        format!(
            r#""TableName":"{table}","ConditionExpression":"attribute_not_exists(id)","Item":{{"id":{{"S":{id}}},"answer":{{"S":{answer}}},"hash":{{"S":"{hash}"}},"expires":{{"N":"{expires}"}}}}"#,
            table = tables.idempotency,
            id = self.id,
            answer = quoted(answer),
            hash = self.hash,
            expires = now.seconds() + KEPT_SECONDS,
        )
    }

    /// Keeps a refusal, which no transaction writes; or the answer that was given before.
    pub fn refuse(&self, tables: &mut Tables, answer: String, now: Moment) -> Result<Stored, Error> {
        let put = format!("{{{}}}", self.put(tables, &answer, now));
        let reply = tables.call("PutItem", &put)?;
        if reply.status == 200 {
            return Ok(Stored::Answer(answer));
        }
        if is_taken(&reply) { self.stored(tables) } else { Err(refused(&reply)) }
    }

    /// The answer that was given.
    pub fn stored(&self, tables: &mut Tables) -> Result<Stored, Error> {
        let (table, id) = (&tables.idempotency, &self.id);
        let get = format!(r#"{{"TableName":"{table}","ConsistentRead":true,"Key":{{"id":{{"S":{id}}}}}}}"#);
        let reply = tables.call("GetItem", &get)?;
        let Item { answer, hash } = serde_json::from_slice::<Found<'_>>(body(&reply)?)?.item;
        Ok(if hash.s == self.hash { Stored::Answer(answer.s.into_owned()) } else { Stored::Reused })
    }
}
