//! Routes of the identity service.

pub mod create_session;
pub mod deactivate_me;
pub mod get_jwks;
pub mod get_me;
pub mod refresh_session;
pub mod register_user;
pub mod update_me;
