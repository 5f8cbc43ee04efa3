//! `POST /api/orders`: one batch read and one transaction; a refusal is one item.

use quoin_events::Sealed;
use quoin_runtime::{DataKey, Env, Problem, Request, Response, command, idempotent_command};

use crate::order_view::OrderView;
use crate::placing::{PlaceOrder, Placing, Shop, load};

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Places an order: it is paid from the wallet, or refused, at once")
        .idempotent()
        .takes::<PlaceOrder>()
        .answers::<OrderView<String>>(201)
        .refuses(400, &["ID_INVALID", "ITEMS_COUNT", "PRODUCT_TWICE", "QUANTITY_INVALID", "CAMPAIGN_CODE_INVALID"])
        .refuses(400, &["TEXT_INVALID", "PINCODE_INVALID", "AMOUNT_OUT_OF_RANGE"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["MIN_ORDER_VALUE", "DELIVERY_ZONE", "CAMPAIGN_NOT_ELIGIBLE", "KYC_REQUIRED"])
        .refuses(422, &["MERCHANT_INACTIVE", "FRAUD_REVIEW", "OUT_OF_STOCK"])
        .refuses(422, &["WALLET_INSUFFICIENT_BALANCE", "WALLET_CLOSED"])
}

/// Places an order.
///
/// # Errors
/// 400, 401, 404 or 429; a refusal (422) is an answer like any other and stands in the journal.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let order_id = idempotent_command(request, "order")?;
    let asked: PlaceOrder = request.json()?;
    let key = env.data_key(user_id).await?.ok_or_else(|| Problem::not_found("user"))?;
    let cart = asked.check(&key)?;
    let placing = Placing {
        cart: &cart,
        shop: &Shop::of(env)?,
        order_id: &order_id,
        user_id,
        request_id: request.context.request_id(),
        idempotency_key: request.idempotency_key()?,
        began_at: request.context.now,
    };
    let load = async || load(env, user_id, &cart).await;
    let response = command(env, &request.context, load, |loaded, now| placing.propose(loaded, now)).await?;
    opened(response, &key)
}

/// The stored answer has ciphertext only; its owner gets it in the clear, the first time and every other.
fn opened(response: Response, key: &DataKey) -> Result<Response, Problem> {
    if response.status != 201 {
        return Ok(response);
    }
    let view: OrderView<Sealed> = serde_json::from_str(&response.body)?;
    Ok(Response { body: serde_json::to_string(&view.opened(Some(key))?)?, ..response })
}
