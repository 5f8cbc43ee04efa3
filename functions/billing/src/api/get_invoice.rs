//! `GET /api/invoices/{number}`: an invoice as JSON, or as its document for whoever prefers `application/pdf`.
//!
//! The figures stay when a person is erased; the name and the document cannot be read any more.

use quoin_runtime::{Caller, Env, Failure, Problem, Request, Response, Role};
use serde::Serialize;

use crate::archive;
use crate::invoice::Invoice;
use crate::table::{self, Kept};

/// The media type of the document.
const PDF: &str = "application/pdf";

/// An invoice.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Invoice"))]
struct Shown {
    #[serde(flatten)]
    invoice: Invoice,
    /// SHA-256 over the members above it, as JSON, in hexadecimal.
    hash: String,
    /// Who paid; absent once the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<String>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("An invoice, as JSON or as a PDF document (its customer, operators)")
        .answers::<Shown>(200)
        .also_answers(200, PDF)
        .refuses(404, &["NOT_FOUND"])
        .refuses(410, &["DOCUMENT_ERASED"])
}

/// Answers with an invoice.
///
/// # Errors
/// 401, 404 for one that does not exist or is another user's, 410 for the document of somebody who was erased, or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let (caller, number) = (request.caller()?, request.path("number")?);
    let row = env.store.get(table::name(env)?, &table::invoice(number), true).await?;
    let kept = row.as_ref().map(Kept::read).transpose()?;
    let kept = kept.filter(|kept| may_see(caller, &kept.invoice)).ok_or_else(|| Problem::not_found("invoice"))?;
    let key = env.data_key(&kept.invoice.user_id).await?;
    let response = if request.prefers(PDF) {
        let erased = || Problem::new(410, "DOCUMENT_ERASED", "the customer was erased, and with them the document");
        let document = archive::read(env, &key.ok_or_else(erased)?, number).await?;
        // It is put after the invoice, and soon.
        let document = document.ok_or_else(|| Failure::transient("the document is not stored yet"))?;
        let name = format!("attachment; filename=\"{number}.pdf\"");
        Response::binary(200, PDF, &document).header("content-disposition", name)
    } else {
        let full_name = key.and_then(|key| archive::name(&key, &kept)).map(|name| name.reveal().to_owned());
        Response::json(200, &Shown { invoice: kept.invoice, hash: kept.hash, full_name })?
    };
    Ok(response.header("vary", "accept").header("cache-control", "private, no-store"))
}

fn may_see(caller: &Caller, invoice: &Invoice) -> bool {
    caller.user_id == invoice.user_id || caller.roles.contains(&Role::Operator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoice::tests::invoice;

    #[test]
    fn an_invoice_is_its_customers_and_operators() {
        let caller = |user_id: &str, roles: &[Role]| Caller {
            user_id: user_id.to_owned(),
            session_id: "s".to_owned(),
            roles: roles.to_vec(),
        };
        assert!(may_see(&caller("user_1", &[Role::User]), &invoice()));
        assert!(may_see(&caller("op", &[Role::User, Role::Operator]), &invoice()));
        assert!(!may_see(&caller("user_2", &[Role::User, Role::Merchant]), &invoice()));
        assert!(!may_see(&caller("cust_1", &[Role::User]), &invoice()));
    }
}
