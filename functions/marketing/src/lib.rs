//! The marketing service.
