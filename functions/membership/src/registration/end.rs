//! The end of a registration: a subscription and an account, or nothing that anybody could read.

use quoin_accounts::{Account, User, claim_key, credential_key};
use quoin_events::Timestamp;
use quoin_events::types::{ChargeFailure, CustomerDeleted, CustomerRegistered, DeletionReason, SubscriptionCreated};
use quoin_ledger::Wallet;
use quoin_membership_model::{Customer, CustomerEvent, Subscription, SubscriptionEvent};
use quoin_runtime::{Found, Problem, Role};
use quoin_store::{Answer, Append, Commit, Key, StoreError};
use serde::Serialize;

use super::Tables;
use crate::charge::Charge;
use crate::saga::{Saga, Status};
use crate::{append, table};

/// Somebody who is a member now.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "MemberRegistered"))]
pub(crate) struct Registered<'a> {
    /// The customer.
    customer_id: &'a str,
    /// What the customer has.
    subscription_id: &'a str,
    /// What it was paid with.
    payment_id: &'a str,
}

/// A registration whose payment has ended.
pub(crate) struct End<'a> {
    pub(crate) saga: &'a Found<Saga>,
    pub(crate) customer: &'a Found<Customer>,
    pub(crate) charge: &'a Charge,
    /// The claim on the e-mail address.
    pub(crate) email_key: &'a str,
    pub(crate) at: Timestamp,
}

impl End<'_> {
    /// Customer, subscription and account.
    pub(crate) fn completed(&self, tables: &Tables) -> Result<Commit, StoreError> {
        let (saga, customer, at) = (&self.saga.state, &self.customer.state, self.at);
        let body = Registered {
            customer_id: &saga.customer_id,
            subscription_id: &saga.subscription_id,
            payment_id: &saga.payment_id,
        };
        let answer = Answer::new(201, &body)?;
        let user = self.user();
        let account = Account::new(user.clone(), self.email_key.to_owned(), None);
        let registered = CustomerEvent::Registered(CustomerRegistered {
            customer_id: saga.customer_id.clone(),
            user_id: saga.user_id.clone(),
            full_name: customer.full_name.clone(),
            email: customer.email.clone(),
            language: customer.language.clone(),
            plan: saga.plan.clone(),
            subscription_id: saga.subscription_id.clone(),
            payment_id: saga.payment_id.clone(),
        });
        Ok(Commit::new()
            .append(self.ended(Status::Completed, None, answer)?)
            .append(append::next(self.customer, [registered], at)?)
            .append(append::begin::<Subscription>(self.subscription(), at)?)
            .append(Append::first(User::stream(&saga.user_id), at).state(&user)?)
            .new_wallet(Wallet::new(saga.user_id.clone(), at))
            .put_new(&tables.users, account.item(at)?))
    }

    /// Nothing that anybody could read: with the key goes what was sealed under it.
    pub(crate) fn compensated(&self, tables: &Tables, reason: ChargeFailure) -> Result<Commit, StoreError> {
        let saga = &self.saga.state;
        let (detail, why) = match reason {
            ChargeFailure::Declined => ("the payment was declined", DeletionReason::PaymentDeclined),
            ChargeFailure::Expired => ("the payment was not made in time", DeletionReason::PaymentExpired),
        };
        let answer =
            Problem::new(402, "PAYMENT_DECLINED", detail).with("saga_id", &saga.saga_id).answer(&saga.request_id)?;
        let deleted = CustomerEvent::Deleted(CustomerDeleted {
            customer_id: saga.customer_id.clone(),
            user_id: saga.user_id.clone(),
            reason: why,
        });
        Ok(Commit::new()
            .append(self.ended(Status::Compensated, Some(reason), answer)?)
            .append(append::next(self.customer, [deleted], self.at)?)
            .delete(&tables.users, claim_key(self.email_key))
            .delete(&tables.users, credential_key(&saga.user_id))
            .delete(&tables.user_keys, Key::single(&saga.user_id))
            .delete(&tables.membership, table::method(&saga.customer_id)))
    }

    fn ended(&self, status: Status, reason: Option<ChargeFailure>, answer: Answer) -> Result<Append, StoreError> {
        let Found { head, state } = self.saga;
        let next =
            Saga { status, ended_at: Some(self.at), failure_reason: reason, answer: Some(answer), ..state.clone() };
        Append::after(Saga::stream(&state.saga_id), head, self.at).state(&next)
    }

    fn subscription(&self) -> SubscriptionEvent {
        let (saga, quote) = (&self.saga.state, &self.charge.quote);
        SubscriptionEvent::Created(SubscriptionCreated {
            subscription_id: saga.subscription_id.clone(),
            customer_id: saga.customer_id.clone(),
            user_id: saga.user_id.clone(),
            plan: quote.plan.clone(),
            price: quote.price,
            currency: self.charge.currency.clone(),
            payment_id: saga.payment_id.clone(),
            period_start: quote.period_start,
            period_end: quote.period_end,
        })
    }

    fn user(&self) -> User {
        let customer = &self.customer.state;
        User {
            user_id: customer.user_id.clone(),
            status: quoin_ledger::Status::Active,
            roles: vec![Role::User],
            full_name: customer.full_name.clone(),
            email: customer.email.clone(),
            phone: None,
            language: customer.language.clone(),
            country: None,
            referral_code: None,
            referred_by: None,
            agent_id: None,
            kyc_status: None,
            registered_at: self.at,
        }
    }
}
