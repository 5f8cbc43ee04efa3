//! The tables of a stage, by the names that CloudFormation gives them: `quoin-<stage>-JournalTable-…`, and
//! `quoin-<stage>-Payment-…-PaymentTable-…` in a nested stack.

use quoin_runtime::Env;

use crate::Unable;

/// The tables that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(crate) journal: String,
    pub(crate) wallets: String,
    pub(crate) payment: String,
    pub(crate) reporting: String,
}

/// What tables are called here.
const ROLES: [&str; 6] = ["journal", "wallets", "payment", "reporting", "view", "audit-log"];

/// A table that was named by hand: which one, and its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    role: String,
    name: String,
}

impl std::str::FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (role, name) = text.split_once('=').ok_or("must be <which>=<name>")?;
        if !ROLES.contains(&role) {
            return Err(format!("the tables are {}", ROLES.join(", ")));
        }
        Ok(Self { role: role.to_owned(), name: name.to_owned() })
    }
}

/// Finds the tables of `stage`; those of `named` are taken as they are.
pub(crate) async fn tables(env: &Env, stage: &str, named: &[Named]) -> Result<Tables, Unable> {
    let prefix = format!("quoin-{stage}-");
    let names = env.store.table_names(&prefix).await.map_err(|error| Unable(format!("cannot list tables: {error}")))?;
    let table = |role: &str, resource: &str| match named.iter().find(|named| named.role == role) {
        Some(named) => Ok(named.name.clone()),
        None => one(&names, &prefix, role, resource),
    };
    Ok(Tables {
        journal: table("journal", "JournalTable")?,
        wallets: table("wallets", "WalletsTable")?,
        payment: table("payment", "PaymentTable")?,
        reporting: table("reporting", "ReportingTable")?,
    })
}

/// Finds one table of `stage`, `resource` in its templates, unless `named` has it.
pub(crate) async fn table(
    env: &Env,
    stage: &str,
    named: &[Named],
    (role, resource): (&str, &str),
) -> Result<String, Unable> {
    if let Some(named) = named.iter().find(|named| named.role == role) {
        return Ok(named.name.clone());
    }
    let prefix = format!("quoin-{stage}-");
    let names = env.store.table_names(&prefix).await.map_err(|error| Unable(format!("cannot list tables: {error}")))?;
    one(&names, &prefix, role, resource)
}

/// The one of `names` that is the table `resource`: tables of money outlive their stack, so there may be several.
fn one(names: &[String], prefix: &str, role: &str, resource: &str) -> Result<String, Unable> {
    let is_it =
        |name: &&String| name.strip_prefix(prefix).is_some_and(|rest| rest.split('-').any(|part| part == resource));
    let found: Vec<_> = names.iter().filter(is_it).collect();
    match found.as_slice() {
        [name] => Ok((*name).clone()),
        [] => {
            Err(Unable(format!("there is no table {prefix}…{resource}…; is it the right stage, region and account?")))
        }
        several => {
            let names: Vec<_> = several.iter().map(|name| name.as_str()).collect();
            Err(Unable(format!("several tables could be it, choose with --table {role}=…: {}", names.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_part_of_the_name_and_two_are_not_guessed_between() {
        let names: Vec<String> = [
            "quoin-dev-JournalTable-1A",
            "quoin-dev-Payment-9X-PaymentTable-2B",
            "quoin-dev-WalletsTable-3C",
            "quoin-dev-WalletsTable-4D",
        ]
        .map(str::to_owned)
        .into();
        let find = |resource| one(&names, "quoin-dev-", "x", resource).map_err(|Unable(reason)| reason);
        assert_eq!(find("JournalTable").unwrap(), "quoin-dev-JournalTable-1A");
        assert_eq!(find("PaymentTable").unwrap(), "quoin-dev-Payment-9X-PaymentTable-2B");
        assert!(find("WalletsTable").unwrap_err().contains("quoin-dev-WalletsTable-4D"));
        assert!(find("ReportingTable").unwrap_err().contains("no table"));
    }
}
