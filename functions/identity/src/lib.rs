//! The identity service: accounts, sessions and access tokens.
//!
//! Invariants: an account, its wallet, its data key and its claims on an e-mail address, a phone number and
//! a referral code come into being in one transaction, or none of them does; a person's data is sealed
//! wherever it is written; a password is kept as an argon2id hash and a refresh token as a SHA-256 hash; who
//! asks for an unknown account learns it neither from the answer nor from its time; each refresh token works
//! once, and using it again ends the session.

pub mod api;
pub mod authorizer;
pub mod consumers;
mod country;
mod es256;
pub mod operator;
mod profile_view;
#[cfg(test)]
mod samples;
mod sessions;
mod stop;
mod throttle;
mod tokens;
