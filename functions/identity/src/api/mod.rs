//! Routes of the identity service.

pub mod create_session;
pub mod deactivate_me;
pub mod get_jwks;
pub mod get_me;
pub mod get_user;
pub mod refresh_session;
pub mod register_user;
pub mod set_kyc;
pub mod update_me;

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts = &[
    ("create-session", create_session::contract),
    ("deactivate-me", deactivate_me::contract),
    ("get-jwks", get_jwks::contract),
    ("get-me", get_me::contract),
    ("get-user", get_user::contract),
    ("refresh-session", refresh_session::contract),
    ("register-user", register_user::contract),
    ("set-kyc", set_kyc::contract),
    ("update-me", update_me::contract),
];
