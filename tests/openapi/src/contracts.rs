//! The contracts of all services.

use quoin_runtime::Contracts;

use crate::Fault;
use crate::served::Served;

/// Every service that has routes.
const ALL: &[(&str, &Contracts)] = &[
    ("accounting", quoin_accounting::api::CONTRACTS),
    ("billing", quoin_billing::api::CONTRACTS),
    ("clan", quoin_clan::api::CONTRACTS),
    ("credit", quoin_credit::api::CONTRACTS),
    ("fraud", quoin_fraud::api::CONTRACTS),
    ("gig", quoin_gig::api::CONTRACTS),
    ("identity", quoin_identity::api::CONTRACTS),
    ("marketing", quoin_marketing::api::CONTRACTS),
    ("member-views", quoin_member_views::api::CONTRACTS),
    ("membership", quoin_membership::api::CONTRACTS),
    ("merchant", quoin_merchant::api::CONTRACTS),
    ("notification", quoin_notification::api::CONTRACTS),
    ("operations", quoin_operations::api::CONTRACTS),
    ("order", quoin_order::api::CONTRACTS),
    ("payment", quoin_payment::api::CONTRACTS),
    ("realtime", quoin_realtime::api::CONTRACTS),
    ("reporting", quoin_reporting::api::CONTRACTS),
    ("sandbox", quoin_sandbox::CONTRACTS),
    ("sportsbook", quoin_sportsbook::api::CONTRACTS),
    ("support", quoin_support::api::CONTRACTS),
    ("user", quoin_user::api::CONTRACTS),
    ("wallet", quoin_wallet::api::CONTRACTS),
];

/// Every function that serves a route.
///
/// # Errors
/// If the sample input of one cannot be read.
pub(crate) fn served() -> Result<Vec<Served>, Fault> {
    let all = ALL.iter().flat_map(|(service, contracts)| contracts.iter().map(move |one| (*service, one)));
    all.map(|(service, (function, contract))| Served::read(service, function, contract())).collect()
}
