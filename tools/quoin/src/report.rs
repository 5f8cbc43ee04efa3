//! What was checked and what was found: a table for people, a document for programs.

use std::io::Write;

use quoin_verify::{Break, Totals};
use serde::Serialize;

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    is_well: bool,
    breaks: &'a [Break],
    checked: &'a Totals,
}

/// Prints it on stdout.
pub(crate) fn print(totals: &Totals, breaks: &[Break], is_json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if is_json {
        let document = Document { is_well: breaks.is_empty(), breaks, checked: totals };
        return writeln!(out, "{}", serde_json::to_string_pretty(&document)?);
    }
    write!(out, "{}", table(totals))?;
    if breaks.is_empty() {
        return writeln!(out, "no cent is unexplained");
    }
    for Break { kind, place, found, expected } in breaks {
        writeln!(out, "BREAK {}\n  at        {place}\n  found     {found}\n  expected  {expected}", kind.as_str())?;
    }
    Ok(())
}

fn table(totals: &Totals) -> String {
    let mut text = String::new();
    let counts = [
        ("wallets", totals.wallets),
        ("streams", totals.streams),
        ("items", totals.items),
        ("events", totals.events),
        ("postings", totals.postings),
    ];
    for (name, count) in counts {
        text.push_str(&format!("{name:<14}{count:>12}\n"));
    }
    for (asset, sums) in &totals.assets {
        text.push_str(&format!("\n{asset}\n"));
        let wallets = [("wallets", sums.available), ("owed to us", sums.owed)];
        for (name, sum) in wallets.into_iter().filter(|(name, sum)| *name == "wallets" || !sum.is_zero()) {
            text.push_str(&format!("  {name:<12}{:>12}\n", sum.to_string()));
        }
        for (account, sum) in &sums.accounts {
            let name = serde_json::to_value(account).ok().and_then(|name| name.as_str().map(str::to_owned));
            text.push_str(&format!("  {:<12}{:>12}\n", name.unwrap_or_default(), sum.to_string()));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_ledger::Account;
    use quoin_money::Asset;

    #[test]
    fn sums_stand_under_their_asset() {
        let mut totals = Totals { wallets: 2, ..Totals::default() };
        let cash = totals.assets.entry(Asset::Cash).or_default();
        cash.available = "10.5".parse().unwrap();
        cash.accounts.insert(Account::Payments, "-10.5".parse().unwrap());
        let text = table(&totals);
        assert!(text.contains("wallets                  2\n"), "{text}");
        assert!(text.contains("\ncash\n  wallets             10.5\n  payments           -10.5\n"), "{text}");
    }
}
