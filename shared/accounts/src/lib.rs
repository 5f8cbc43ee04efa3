//! What an account is made of: its stream, its profile, its credential, and its claims on what only one may have.
//!
//! For the services that open accounts and close them; the others know users by their ids. Invariants: a profile is
//! written in the transaction that appends to its stream; no key of a table holds a contact point, only its hash; a
//! password is kept as an argon2id hash, in a row of its own, and never in the journal.

mod account;
mod contact;
mod credential;
mod fields;
mod password;
mod random;
mod user;

pub use account::{
    Account, Reach, claim, claim_key, owner, profile_key, profile_update, reach_attributes, referral_claim, table,
};
pub use contact::Contact;
pub use credential::{credential_item, credential_key, load_credential};
pub use fields::{Fields, Wrong, full_name, language, reference};
pub use password::{LENGTHS, PasswordHash, chosen};
pub use random::{secret, sha256};
pub use user::{StreamEnd, User};
