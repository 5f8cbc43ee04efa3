//! Decides on an order: pure, from what was read to the commit that is written.

use std::collections::BTreeMap;

use quoin_events::types::{
    CoinAmount, OrderFailureReason, OrderValidationCompleted, OrderValidationStarted, OrderValidations,
    WalletDebitFailed, WalletDebitStarted,
};
use quoin_events::{Draft, Timestamp};
use quoin_ledger::{Change, Decision, Movement, Purpose, Status as WalletStatus, Wallet, Window, decide};
use quoin_money::{Amount, Asset, MoneyError, Scales};
use quoin_runtime::{ConfigError, Env, Problem};
use quoin_store::{Answer, Append, Commit, Proposal, Receipt, Telling, Update, WalletWrite, body_hash};

use super::cart::Cart;
use super::loaded::{Loaded, Offered};
use super::person::Person;
use super::refused;
use crate::catalogue::{Merchant, least_pieces};
use crate::order::{Campaign, Failure, Fulfilment, Line, Order, Part, Status, Taken};
use crate::order_view::OrderView;
use crate::payment::{Plan, plan};
use crate::pricing;
use crate::rules::{Facts, ask, refusal};
use crate::table::{self, LEFT, TABLE};

/// What a stage sets.
pub(crate) struct Shop {
    /// With what orders are paid, in this order.
    assets: Vec<Asset>,
    scales: Scales,
    calendar: Window,
    table: String,
}

impl Shop {
    pub(crate) fn of(env: &Env) -> Result<Self, ConfigError> {
        let name = "ORDER_ASSETS";
        let invalid = || ConfigError::Invalid(name.to_owned(), "a list of assets");
        let assets: Vec<Asset> = env
            .config
            .require(name)?
            .split(',')
            .map(|asset| asset.trim().parse().map_err(|_| invalid()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            assets,
            scales: env.config.scales()?,
            calendar: env.config.calendar()?,
            table: env.config.table(TABLE)?.to_owned(),
        })
    }
}

/// An order in the making.
pub(crate) struct Placing<'a> {
    pub(crate) cart: &'a Cart,
    pub(crate) shop: &'a Shop,
    pub(crate) order_id: &'a str,
    pub(crate) user_id: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) idempotency_key: &'a str,
    /// When the request came.
    pub(crate) began_at: Timestamp,
}

/// An order that is priced and validated, and what it takes.
struct Draught {
    order: Order,
    validations: OrderValidations,
    /// Why it goes no further than that.
    refusal: Option<OrderFailureReason>,
    /// The events of its validation.
    told: Vec<Draft>,
    /// When they were over.
    now: Timestamp,
}

impl Placing<'_> {
    /// The commit of the order on what was read, or of its refusal.
    ///
    /// # Errors
    /// 404 where the merchant or a product is unknown; nothing is written then.
    pub(crate) fn propose(&self, loaded: &Loaded, now: Timestamp) -> Result<Proposal, Problem> {
        let wallet = loaded.wallet.as_ref().ok_or_else(|| Problem::not_found("wallet"))?;
        let draught = self.draught(loaded, now.max(self.began_at))?;
        match draught.refusal {
            Some(reason) => self.refuse(draught, Failure { reason, required: None, available: None }),
            None => self.pay(draught, wallet),
        }
    }

    fn draught(&self, loaded: &Loaded, now: Timestamp) -> Result<Draught, Problem> {
        let cart = self.cart;
        let person = loaded.person.as_ref().ok_or_else(|| Problem::not_found("user"))?;
        let merchant = loaded
            .merchant
            .as_ref()
            .ok_or_else(|| Problem::not_found("merchant").at("/merchant_id", "there is no such merchant"))?;
        let scale = self.shop.scales.of(Asset::Cash);
        let (mut items, mut taken) = (Vec::with_capacity(cart.items.len()), Some(Vec::new()));
        for (index, (wanted, offered)) in cart.items.iter().zip(&loaded.products).enumerate() {
            let Some(Offered { product, stock }) = offered else {
                let pointer = format!("/items/{index}/product_id");
                return Err(Problem::not_found("product").at(pointer, "the merchant has no such product"));
            };
            items.push(product.line(wanted.quantity, scale).map_err(too_large)?);
            let pieces = least_pieces(wanted.quantity, stock);
            taken = taken.zip(pieces).map(|(mut all, pieces)| {
                all.push(pieces);
                all
            });
        }
        let subtotal = pricing::subtotal(&items).map_err(too_large)?;
        let (campaign, discount) = match self.campaign(loaded, merchant, now) {
            Some((campaign, discount)) => (Some(campaign), Some(discount)),
            None => (None, None),
        };
        let facts = Facts {
            subtotal,
            merchant,
            pincode: &cart.pincode,
            campaign_holds: cart.campaign_code.as_ref().map(|_| campaign.is_some()),
            kyc: person.kyc_status,
        };
        let validations = ask(&loaded.rules, &facts);
        let refusal = refusal(&validations, loaded.is_under_review, taken.is_some());
        let (pricing, discounts) =
            pricing::price(&items, discount.as_ref(), merchant.delivery_fee, scale).map_err(too_large)?;
        let told = self.validation(subtotal, &validations, refusal, now)?;
        // What is refused takes nothing.
        let mut taken = taken.filter(|_| refusal.is_none()).unwrap_or_default().into_iter();
        let line = |(item, discount)| Line { item, discount, taken: taken.next().unwrap_or_default() };
        let lines = items.into_iter().zip(discounts).map(line).collect();
        let order = self.order(person, merchant, lines, pricing, campaign, now);
        Ok(Draught { order, validations, refusal, told, now })
    }

    /// The campaign that was asked for, if it holds and has a use left, and what it takes off.
    fn campaign(
        &self,
        loaded: &Loaded,
        merchant: &Merchant,
        now: Timestamp,
    ) -> Option<(Campaign, crate::catalogue::Discount)> {
        let promised = loaded.campaign.as_ref()?;
        let campaign = Some(&promised.campaign).filter(|campaign| campaign.holds(&merchant.merchant_id, now))?;
        let uses_shard = match campaign.max_uses {
            None => None,
            Some(_) => Some(least_pieces(1, &promised.uses)?.first()?.shard),
        };
        let (code, campaign_id) = (campaign.code.clone(), campaign.campaign_id.clone());
        Some((Campaign { code, campaign_id, uses_shard }, campaign.discount))
    }

    /// That validation began, and what came of it.
    fn validation(
        &self,
        cart_value: Amount,
        validations: &OrderValidations,
        refusal: Option<OrderFailureReason>,
        now: Timestamp,
    ) -> Result<Vec<Draft>, Problem> {
        let started = OrderValidationStarted {
            user_id: self.user_id.to_owned(),
            merchant_id: self.cart.merchant_id.clone(),
            cart_value,
            campaign_code: self.cart.campaign_code.clone(),
            delivery_pincode: self.cart.pincode.clone(),
            session_id: self.cart.session_id.clone(),
        };
        let took = now.millis().saturating_sub(self.began_at.millis());
        let completed = OrderValidationCompleted {
            user_id: self.user_id.to_owned(),
            merchant_id: self.cart.merchant_id.clone(),
            can_checkout: refusal.is_none(),
            validations: *validations,
            duration_ms: u64::try_from(took).unwrap_or(0),
        };
        let started = Draft::new(&started, self.began_at)?.with_idempotency_key(self.idempotency_key.to_owned());
        Ok(vec![started, Draft::new(&completed, now)?])
    }

    fn order(
        &self,
        person: &Person,
        merchant: &Merchant,
        lines: Vec<Line>,
        pricing: quoin_events::types::OrderPricing,
        campaign: Option<Campaign>,
        now: Timestamp,
    ) -> Order {
        Order {
            order_id: self.order_id.to_owned(),
            user_id: self.user_id.to_owned(),
            status: Status::Paid,
            request_id: self.request_id.to_owned(),
            idempotency_key: self.idempotency_key.to_owned(),
            session_id: self.cart.session_id.clone(),
            user_name: person.name.clone(),
            user_phone: person.phone.clone(),
            merchant_id: merchant.merchant_id.clone(),
            merchant_name: merchant.name.clone(),
            merchant_company: merchant.company.clone(),
            lines,
            pricing,
            campaign,
            payment: Vec::new(),
            address: self.cart.address.clone(),
            delivery_pincode: self.cart.pincode.clone(),
            placed_at: now,
            fulfilment: Fulfilment::default(),
            failure: None,
            ended_at: None,
        }
    }

    /// Takes the money, the stock and the campaign's use, and says so: all of it in one transaction.
    fn pay(&self, mut draught: Draught, wallet: &Wallet) -> Result<Proposal, Problem> {
        let at = draught.now.max(wallet.at);
        let Shop { assets, scales, calendar, .. } = self.shop;
        let total = draught.order.pricing.total;
        let plan = plan(wallet, total, assets, &draught.order.merchant_id, *scales, at).map_err(too_large)?;
        let parts = match (plan, wallet.status) {
            (Plan::Pays(parts), WalletStatus::Active | WalletStatus::SelfExcluded { .. }) => parts,
            (Plan::Lacks(available), _) => {
                return self.refuse_debit(draught, OrderFailureReason::WalletInsufficientBalance, available);
            }
            (Plan::Pays(_), WalletStatus::Closed) => {
                return self.refuse_debit(draught, OrderFailureReason::WalletClosed, total);
            }
        };
        draught.order.placed_at = at;
        let mut events = std::mem::take(&mut draught.told);
        events.push(Draft::new(&draught.order.initiated(), at)?);
        let mut commit = Commit::new();
        if !parts.is_empty() {
            let decision = decide(wallet, &self.change(&draught.order, &parts), draught.now, *calendar)
                .map_err(|rejection| Problem::from(&rejection))?;
            draught.order.payment = paid(&decision)?;
            let mut write = WalletWrite::telling(wallet.clone(), decision, self.telling(&draught.order, &parts, at)?)?;
            events.extend(write.take_events());
            commit = commit.wallet(write);
        }
        events.push(Draft::new(&draught.order.paid(), at)?);
        let order = &draught.order;
        commit = self.counters(order).into_iter().fold(commit, Commit::update);
        let answer = Answer::new(201, &OrderView::sealed(order))?;
        self.write(commit, order, at, events, answer)
    }

    fn change(&self, order: &Order, parts: &[(Asset, Amount)]) -> Change {
        let debit = |(asset, amount): &(Asset, Amount)| Movement::Debit {
            asset: *asset,
            amount: *amount,
            purpose: Purpose::DebitOrderPayment,
            merchant_id: Some(order.merchant_id.clone()),
        };
        Change { related: order.entity(), movements: parts.iter().map(debit).collect() }
    }

    /// What the debit says besides its postings.
    fn telling(&self, order: &Order, parts: &[(Asset, Amount)], at: Timestamp) -> Result<Telling, Problem> {
        let coin = |(asset, amount): &(Asset, Amount)| CoinAmount { coin_type: *asset, amount: *amount };
        let started = WalletDebitStarted {
            user_id: self.user_id.to_owned(),
            transaction_type: Purpose::DebitOrderPayment.as_str().to_owned(),
            total_amount: order.pricing.total,
            breakdown: parts.iter().map(coin).collect(),
            related_order_id: self.order_id.to_owned(),
        };
        let mut remark = BTreeMap::from([("merchant_id".to_owned(), order.merchant_id.clone())]);
        if let Some(campaign) = &order.campaign {
            remark.insert("campaign_code".to_owned(), campaign.code.clone());
        }
        let remarks = BTreeMap::from([((Purpose::DebitOrderPayment, Asset::PromoCoins), remark)]);
        Ok(Telling { first: vec![Draft::new(&started, at)?], last: Vec::new(), remarks })
    }

    /// Stock and uses that the order takes, each on the condition that it is still there.
    fn counters(&self, order: &Order) -> Vec<Update> {
        let table = &self.shop.table;
        let mut updates = Vec::new();
        for line in &order.lines {
            for Taken { shard, quantity } in &line.taken {
                let key = table::stock(&order.merchant_id, &line.item.product_id, *shard);
                updates.push(Update::of(table, key).take(LEFT, *quantity));
            }
        }
        if let Some(Campaign { code, uses_shard: Some(shard), .. }) = &order.campaign {
            updates.push(Update::of(table, table::campaign_uses(code, *shard)).take(LEFT, 1));
        }
        updates
    }

    fn refuse_debit(
        &self,
        mut draught: Draught,
        reason: OrderFailureReason,
        available: Amount,
    ) -> Result<Proposal, Problem> {
        let required = draught.order.pricing.total;
        let failed = WalletDebitFailed {
            user_id: self.user_id.to_owned(),
            transaction_type: Purpose::DebitOrderPayment.as_str().to_owned(),
            amount_required: required,
            amount_available: available,
            failure_reason: reason.as_str().to_owned(),
            related_order_id: Some(self.order_id.to_owned()),
            related_entity: None,
        };
        draught.told.push(Draft::new(&failed, draught.now)?);
        for line in &mut draught.order.lines {
            line.taken.clear();
        }
        self.refuse(draught, Failure { reason, required: Some(required), available: Some(available) })
    }

    /// One item: the receipt with the refusal, and the events that led to it.
    fn refuse(&self, draught: Draught, failure: Failure) -> Result<Proposal, Problem> {
        let Draught { mut order, validations, mut told, now, .. } = draught;
        told.push(Draft::new(&order.failed(&failure), now)?);
        let answer = refused::problem(&order, &failure, &validations).answer(self.request_id)?;
        // It uses nothing that a refund would have to give back.
        if let Some(campaign) = &mut order.campaign {
            campaign.uses_shard = None;
        }
        (order.status, order.failure, order.ended_at) = (Status::Failed, Some(failure), Some(now));
        self.write(Commit::new(), &order, now, told, answer)
    }

    fn write(
        &self,
        commit: Commit,
        order: &Order,
        at: Timestamp,
        events: Vec<Draft>,
        answer: Answer,
    ) -> Result<Proposal, Problem> {
        let body_hash = body_hash(self.cart)?;
        let append = Append::first(Order::stream(self.order_id), at)
            .state(order)?
            .receipt(Receipt { body_hash: body_hash.clone(), answer: Some(answer.clone()) })
            .events(events);
        Ok(Proposal { commit: commit.append(append), body_hash, answer: Some(answer) })
    }
}

/// What the decision took, per asset, in order. What has expired leaves the wallet too, but does not pay.
fn paid(decision: &Decision) -> Result<Vec<Part>, Problem> {
    let payments = decision.postings.iter().filter(|posting| posting.purpose == Purpose::DebitOrderPayment);
    let part = |posting: &quoin_ledger::Posting| {
        Ok(Part {
            asset: posting.asset,
            amount: posting.delta.magnitude()?,
            transaction_id: posting.transaction_id.clone(),
            lots: posting.lots.clone(),
        })
    };
    payments.map(part).collect::<Result<_, MoneyError>>().map_err(too_large)
}

fn too_large(error: MoneyError) -> Problem {
    Problem::new(400, "AMOUNT_OUT_OF_RANGE", error.to_string()).at("/items", "cost more than can be counted")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Campaign as Rule, Discount, DiscountKind, Product, Shard};
    use crate::placing::cart::Wanted;
    use crate::placing::loaded::Promised;
    use crate::rules::{KycStatus, Rules};
    use quoin_events::Sealed;
    use quoin_events::types::SealedAddress;
    use quoin_events::{Origin, Place};
    use quoin_ledger::{Balance, Lot};
    use quoin_runtime::{DataKey, Personal};
    use serde_json::Value;
    use std::collections::BTreeSet;

    const BEGAN: i64 = 1_000;
    const NOW: i64 = 1_040;

    fn seal(text: &str) -> Sealed {
        DataKey::new("u1", &[7; 32]).unwrap().seal(&Personal::new(text)).unwrap()
    }

    fn cart(campaign_code: Option<&str>) -> Cart {
        Cart {
            merchant_id: "m1".into(),
            items: vec![
                Wanted { product_id: "p1".into(), quantity: 2 },
                Wanted { product_id: "p2".into(), quantity: 5 },
            ],
            campaign_code: campaign_code.map(str::to_owned),
            address: SealedAddress { line1: seal("1 Street"), city: seal("Town"), pincode: seal("560001") },
            pincode: "560001".into(),
            session_id: "sess_1".into(),
        }
    }

    fn offered(id: &str, price: u32, left: &[i64]) -> Option<Offered> {
        let stock = (0..).zip(left).map(|(number, left)| Shard { number, left: *left }).collect();
        let product = Product { product_id: id.into(), name: "Bread".into(), unit_price: Amount::whole(price) };
        Some(Offered { product, stock })
    }

    fn loaded(cash: u32) -> Loaded {
        let mut wallet = Wallet::new("u1".into(), Timestamp::from_millis(0));
        let balance = Balance { available: Amount::whole(cash), ..Balance::default() };
        wallet.balances.insert(Asset::Cash, balance);
        Loaded {
            wallet: Some(wallet),
            person: Some(Person { name: seal("Jane Doe"), phone: None, kyc_status: Some(KycStatus::Verified) }),
            is_under_review: false,
            rules: Rules::read(None).unwrap(),
            merchant: Some(Merchant {
                merchant_id: "m1".into(),
                name: "Fresh Mart".into(),
                company: "bizone".into(),
                active: true,
                min_order_value: Amount::ZERO,
                delivery_pincodes: BTreeSet::from(["560001".to_owned()]),
                delivery_fee: Amount::ZERO,
                managers: BTreeSet::new(),
            }),
            campaign: None,
            products: vec![offered("p1", 150, &[10]), offered("p2", 40, &[3, 4])],
        }
    }

    fn promised(left: i64) -> Option<Promised> {
        let campaign = Rule {
            code: "WEEKEND50".into(),
            campaign_id: "camp_weekend50".into(),
            merchant_id: "m1".into(),
            discount: Discount { kind: DiscountKind::Fixed, amount: Amount::whole(50) },
            active: true,
            starts_at: None,
            ends_at: None,
            max_uses: Some(10),
        };
        Some(Promised { campaign, uses: vec![Shard { number: 6, left }] })
    }

    fn shop() -> Shop {
        Shop {
            assets: vec![Asset::PromoCoins, Asset::Cash],
            scales: Scales::default(),
            calendar: Window::default(),
            table: "order".into(),
        }
    }

    fn draught(cart: &Cart, loaded: &Loaded) -> Draught {
        with(cart, |placing| placing.draught(loaded, Timestamp::from_millis(NOW)).unwrap())
    }

    fn answer(cart: &Cart, loaded: &Loaded) -> (u16, Value) {
        let proposal = with(cart, |placing| placing.propose(loaded, Timestamp::from_millis(NOW)).unwrap());
        let answer = proposal.answer.unwrap();
        (answer.status, serde_json::from_str(answer.body.get()).unwrap())
    }

    fn with<T>(cart: &Cart, act: impl Fn(&Placing<'_>) -> T) -> T {
        act(&Placing {
            cart,
            shop: &shop(),
            order_id: "order_1",
            user_id: "u1",
            request_id: "req_1",
            idempotency_key: "key_1",
            began_at: Timestamp::from_millis(BEGAN),
        })
    }

    #[test]
    fn an_order_takes_stock_and_a_use_from_where_they_are() {
        let loaded = Loaded { campaign: promised(1), ..loaded(500) };
        let draught = draught(&cart(Some("WEEKEND50")), &loaded);
        assert_eq!(draught.refusal, None);
        let taken: Vec<_> = draught.order.lines.iter().map(|line| line.taken.clone()).collect();
        let part = |shard, quantity| Taken { shard, quantity };
        assert_eq!(taken, [vec![part(0, 2)], vec![part(1, 4), part(0, 1)]]);
        assert_eq!(draught.order.campaign.unwrap().uses_shard, Some(6));
        assert_eq!(draught.order.pricing.total, Amount::whole(450));
        assert_eq!(draught.told.iter().map(Draft::event).collect::<Vec<_>>().len(), 2);
    }

    /// The events of `drafts`, as they are stored.
    fn told(drafts: &[Draft]) -> Vec<Value> {
        let place = Place { kind: "order", id: "order_1", sequence: 1 };
        let rendered = drafts.iter().map(|draft| draft.render(place, &Origin::default()).unwrap());
        rendered.map(|text| serde_json::from_str(&text).unwrap()).collect()
    }

    #[test]
    fn validation_tells_when_it_began_and_how_long_it_took() {
        let told = told(&draught(&cart(None), &loaded(500)).told);
        assert_eq!(told[0]["timestamp"], Value::from(Timestamp::from_millis(BEGAN).to_string()));
        assert_eq!(told[1]["timestamp"], Value::from(Timestamp::from_millis(NOW).to_string()));
        assert_eq!(told[1]["data"]["duration_ms"], Value::from(40));
    }

    #[test]
    fn only_the_debit_of_the_order_names_its_merchant_and_campaign() {
        let mut loaded = Loaded { campaign: promised(1), ..loaded(500) };
        let expired =
            Lot { amount: Amount::whole(7), expires_at: Some(Timestamp::from_millis(NOW - 1)), merchant_id: None };
        let promo = Balance { available: Amount::whole(107), lots: vec![expired], ..Balance::default() };
        loaded.wallet.as_mut().unwrap().balances.insert(Asset::PromoCoins, promo);
        let wallet = loaded.wallet.clone().unwrap();
        let at = Timestamp::from_millis(NOW);
        let drafts = with(&cart(Some("WEEKEND50")), |placing| {
            let order = placing.draught(&loaded, at).unwrap().order;
            let parts = [(Asset::PromoCoins, Amount::whole(100)), (Asset::Cash, Amount::whole(350))];
            let decision = decide(&wallet, &placing.change(&order, &parts), at, Window::default()).unwrap();
            let telling = placing.telling(&order, &parts, at).unwrap();
            WalletWrite::telling(wallet.clone(), decision, telling).unwrap().take_events()
        });
        let debits: Vec<_> = told(&drafts)
            .iter()
            .filter(|event| event["event"] == "wallet.debited")
            .map(|event| (event["data"]["transaction_type"].clone(), event["data"]["metadata"].clone()))
            .collect();
        let remark = serde_json::json!({"campaign_code": "WEEKEND50", "merchant_id": "m1"});
        let expected =
            [("debit_expired", Value::Null), ("debit_order_payment", remark), ("debit_order_payment", Value::Null)];
        assert_eq!(debits, expected.map(|(purpose, remark)| (Value::from(purpose), remark)));
    }

    #[test]
    fn a_campaign_without_a_use_left_refuses() {
        let loaded = Loaded { campaign: promised(0), ..loaded(500) };
        let (status, body) = answer(&cart(Some("WEEKEND50")), &loaded);
        assert_eq!((status, &body["code"]), (422, &Value::from("CAMPAIGN_NOT_ELIGIBLE")));
        assert_eq!(body["validations"]["campaign_eligible"], false);
        assert_eq!(body["validations"]["user_kyc"], true);
    }

    #[test]
    fn what_is_refused_takes_nothing() {
        let mut short = loaded(500);
        short.products[1] = offered("p2", 40, &[3, 1]);
        let draught = draught(&cart(None), &short);
        assert_eq!(draught.refusal, Some(OrderFailureReason::OutOfStock));
        assert!(draught.order.lines.iter().all(|line| line.taken.is_empty()));
        assert_eq!(answer(&cart(None), &short).0, 422);
    }

    #[test]
    fn a_wallet_that_lacks_says_what_it_has() {
        let (status, body) = answer(&cart(None), &loaded(300));
        assert_eq!((status, &body["failure_stage"]), (422, &Value::from("wallet_debit")));
        let number = |units: u32| serde_json::to_value(Amount::whole(units)).unwrap();
        assert_eq!((&body["amount_required"], &body["amount_available"]), (&number(500), &number(300)));
    }

    #[test]
    fn a_closed_account_buys_nothing_not_even_for_nothing() {
        let mut closed = loaded(500);
        closed.products = vec![offered("p1", 0, &[10]), offered("p2", 0, &[10])];
        let (status, body) = answer(&cart(None), &closed);
        assert_eq!((status, body["payment"]["transaction_ids"].as_array().unwrap().len()), (201, 0));
        closed.wallet.as_mut().unwrap().status = WalletStatus::Closed;
        assert_eq!(answer(&cart(None), &closed).1["code"], "WALLET_CLOSED");
    }

    #[test]
    fn what_is_not_sold_is_not_found() {
        let mut unknown = loaded(500);
        unknown.products[1] = None;
        let cart = cart(None);
        let problem = with(&cart, |placing| placing.propose(&unknown, Timestamp::from_millis(NOW)).unwrap_err());
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (404, "/items/1/product_id"));
    }

    #[test]
    fn the_stored_answer_holds_ciphertext_only() {
        let (status, body) = answer(&cart(None), &loaded(500));
        assert_eq!((status, &body["status"]), (201, &Value::from("paid")));
        for sealed in [&body["user_name"], &body["delivery"]["address"]["line1"]] {
            assert!(sealed.as_str().unwrap().starts_with("enc:v1:"), "{sealed}");
        }
    }
}
