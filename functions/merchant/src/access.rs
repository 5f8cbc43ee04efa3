//! Who sees what is a merchant's: operators, and the people whom the merchant's profile names as its managers. Nobody
//! else learns that there is such a merchant.

use quoin_runtime::{Caller, Env, Problem, Request, Role};
use quoin_store::Key;

/// Lets operators and the managers of the merchant `merchant_id` pass.
///
/// # Errors
/// 401 without a caller; 404 for anybody else, and if there is no such merchant.
pub(crate) async fn managed(env: &Env, request: &Request, merchant_id: &str) -> Result<(), Problem> {
    let caller = request.caller()?;
    let managers = managers(env, merchant_id).await?;
    if may_see(caller, managers.as_deref()) { Ok(()) } else { Err(Problem::not_found("merchant")) }
}

/// The managers of a merchant; `None` if there is no such merchant.
pub(crate) async fn managers(env: &Env, merchant_id: &str) -> Result<Option<Vec<String>>, Problem> {
    // The profile is the order service's: it is looked at, never written.
    let key = Key::new(format!("merchant#{merchant_id}"), "profile");
    let Some(profile) = env.store.get(env.config.table("order")?, &key, true).await? else { return Ok(None) };
    Ok(Some(profile.get_json("managers")?.unwrap_or_default()))
}

fn may_see(caller: &Caller, managers: Option<&[String]>) -> bool {
    managers.is_some_and(|managers| caller.roles.contains(&Role::Operator) || managers.contains(&caller.user_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_and_managers_see_a_merchant_that_exists() {
        let caller = |user_id: &str, roles: &[Role]| Caller {
            user_id: user_id.to_owned(),
            session_id: "s".to_owned(),
            roles: roles.to_vec(),
        };
        let managers = ["jane".to_owned()];
        assert!(may_see(&caller("jane", &[Role::User]), Some(&managers)));
        assert!(may_see(&caller("op", &[Role::Operator]), Some(&managers)));
        assert!(!may_see(&caller("joe", &[Role::User, Role::Merchant]), Some(&managers)));
        assert!(!may_see(&caller("jane", &[Role::User]), Some(&[])));
        assert!(!may_see(&caller("op", &[Role::Operator]), None));
    }
}
