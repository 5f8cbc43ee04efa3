//! The contracts of all services.

use quoin_runtime::Contracts;

use crate::Fault;
use crate::served::Served;

/// Every service that has routes.
const ALL: [(&str, &Contracts); 8] = [
    ("identity", quoin_identity::api::CONTRACTS),
    ("marketing", quoin_marketing::api::CONTRACTS),
    ("notification", quoin_notification::api::CONTRACTS),
    ("payment", quoin_payment::api::CONTRACTS),
    ("reporting", quoin_reporting::api::CONTRACTS),
    ("sandbox", quoin_sandbox::CONTRACTS),
    ("sportsbook", quoin_sportsbook::api::CONTRACTS),
    ("wallet", quoin_wallet::api::CONTRACTS),
];

/// Every function that serves a route.
///
/// # Errors
/// If the sample input of one cannot be read.
pub(crate) fn served() -> Result<Vec<Served>, Fault> {
    let all = ALL.into_iter().flat_map(|(service, contracts)| contracts.iter().map(move |one| (service, one)));
    all.map(|(service, (function, contract))| Served::read(service, function, contract())).collect()
}
