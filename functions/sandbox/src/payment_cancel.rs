//! `POST /sandbox/payments/{id}/cancel`: a payment is never to be made, whether or not it was asked for before.

use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{StoreError, Update};

use crate::access::{PAYMENT, admit};
use crate::outcome::Plan;
use crate::payment_status::Told;
use crate::requested::{Order, Requested};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox provider; never makes a payment from then on, or says that it has made it")
        .takes::<Order>()
        .answers::<Told<'_>>(200)
        .refuses(400, &["ID_INVALID"])
        .refuses(401, &["UNAUTHENTICATED"])
}

/// Lets a payment be, unless it is decided.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, PAYMENT).await?;
    let order: Order = request.json()?;
    if request.path("id")? != order.payment_id {
        return Err(Problem::field("ID_INVALID", "/payment_id", "must be the id in the path"));
    }
    let (table, now) = (env.config.table("sandbox")?, request.context.now);
    let (payment_id, never) = (order.payment_id.clone(), Requested::new(order, Plan::never(now)));
    if env.store.put_new(table, never.row(now.seconds())?).await? {
        return Response::json(200, &Told::of(&never, now));
    }
    let found = Requested::find(env, table, &payment_id).await?;
    let (mut requested, _) = found.ok_or_else(|| StoreError::Unavailable("the payment is gone".to_owned()))?;
    let plan = requested.plan.cancelled(now);
    if plan != requested.plan {
        requested.plan = plan;
        let update = Update::of(table, Requested::key(&payment_id)).json("requested", &requested)?.if_exists();
        env.store.update(update).await?;
    }
    Response::json(200, &Told::of(&requested, now))
}
