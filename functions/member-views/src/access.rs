//! Who sees a row: its owner and operators. Nobody else learns that there is such a row.

use quoin_runtime::{Caller, Role};

/// How a caller stands to a row of `user_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is the caller's own.
    Owner,
    /// The caller runs the platform.
    Operator,
    /// It is no business of the caller's.
    Stranger,
}

/// How `caller` stands to a row of `user_id`.
pub(crate) fn standing(caller: &Caller, user_id: &str) -> Standing {
    if caller.user_id == user_id {
        Standing::Owner
    } else if caller.roles.contains(&Role::Operator) {
        Standing::Operator
    } else {
        Standing::Stranger
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_the_owner_of_the_own_row_and_a_stranger_is_nobody() {
        let caller = |user_id: &str, roles: &[Role]| Caller {
            user_id: user_id.to_owned(),
            session_id: "s".to_owned(),
            roles: roles.to_vec(),
        };
        assert_eq!(standing(&caller("user_1", &[Role::User, Role::Operator]), "user_1"), Standing::Owner);
        assert_eq!(standing(&caller("user_2", &[Role::User, Role::Operator]), "user_1"), Standing::Operator);
        assert_eq!(standing(&caller("user_2", &[Role::User, Role::Merchant]), "user_1"), Standing::Stranger);
    }
}
