//! Carrying out steps about orders: people order, operators give coins and look at who was held up, merchants behave
//! as they like.

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use serde_json::json;

use crate::actors::{Actors, Answer, amount};
use crate::cloud::{millis, secret_value};
use crate::scenario::{Action, Step};
use crate::shop::{Coins, MERCHANTS, operator};
use crate::wire::Request;

const DAY_MS: i64 = 86_400_000;

impl Actors {
    /// Steps about orders; nothing of any other.
    pub(crate) async fn buy(&self, step: &Step, key: &str) -> Vec<Answer> {
        match &step.action {
            Action::Order { user, cart } => self.command(*user, "POST", "/api/orders", &cart.body(), key).await,
            Action::Gift { user, coins } => self.give(*user, coins, key).await,
            Action::Behave { merchant, manner } => self.behave(*merchant, manner).await,
            Action::Clear { user } => {
                let path = format!("/api/fraud/users/{}/clear", self.people.id(*user));
                self.request(Some(&operator()), "POST", &path, &json!({}), key).await
            }
            _ => Vec::new(),
        }
    }

    async fn give(&self, user: usize, coins: &Coins, key: &str) -> Vec<Answer> {
        let path = format!("/api/wallets/{}/adjustments", self.people.id(user));
        let mut body = json!({"asset": coins.asset, "amount": amount(100 * coins.units), "reason": "simulated"});
        if let Some(merchant) = coins.merchant {
            body["merchant_id"] = MERCHANTS[merchant].id.into();
        }
        if let Some(days) = coins.days {
            let now = millis(self.platform.cloud.handle.now());
            body["expires_at"] = Timestamp::from_millis(now + i64::from(days) * DAY_MS).to_string().into();
        }
        self.request(Some(&operator()), "POST", &path, &body, key).await
    }

    /// Switches a merchant.
    pub(crate) async fn behave(&self, merchant: usize, manner: &str) -> Vec<Answer> {
        let secret = secret_value("SandboxSecret.Id");
        let headers = BTreeMap::from([("authorization".to_owned(), format!("Bearer {secret}"))]);
        let body = json!({"merchant": {"merchant_id": MERCHANTS[merchant].id, "manner": manner}});
        let request = Request {
            method: "PUT".to_owned(),
            url: "/sandbox/behaviour".to_owned(),
            headers,
            body: body.to_string().into_bytes(),
        };
        self.insist(None, &|_| request.clone()).await
    }

    /// Every merchant behaves well again.
    pub(crate) async fn reconcile(&self) {
        for merchant in 0..MERCHANTS.len() {
            self.behave(merchant, "takes").await;
        }
    }
}
