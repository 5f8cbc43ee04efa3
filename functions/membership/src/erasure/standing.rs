//! Everything that an erasure is decided on, and what follows from it.

use std::collections::BTreeMap;

use quoin_accounts::{
    Account, StreamEnd, User, claim_key, credential_key, profile_key, profile_update, referral_claim,
};
use quoin_events::types::{
    CancellationReason, CustomerDeleted, DeactivationReason, DeletionReason, UserDeactivated, UserErased,
};
use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_ledger::{Rejection, Status as Use, Wallet, Window, restrict};
use quoin_membership_model::{
    Customer, CustomerEvent, CustomerStatus, Refusal, Subscription, customer_of, first_payment_of,
};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Found, Problem};
use quoin_store::{Append, Commit, Head, Key, Snapshot, StoreError, WalletWrite};

use super::{Erasure, Reason, Status};
use crate::api::answer::refused;
use crate::append::{self, Streamed};
use crate::charge::Charge;
use crate::registration::Tables;
use crate::table;

/// Why nothing is written.
#[derive(Debug)]
pub(crate) enum Stop {
    /// There is nothing to do, or not yet.
    Nothing,
    /// It is refused, or cannot be written.
    Failed(Problem),
}

impl<E: Into<Problem>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("there is nothing to do"),
            Self::Failed(problem) => f.write_str(problem.code),
        }
    }
}

/// What a member has beyond an account.
struct Member {
    customer: Found<Customer>,
    subscription: Option<Found<Subscription>>,
    /// The registration, by which what it was told apart by is found.
    saga_id: Option<String>,
}

/// A person as everything stands.
pub(super) struct Standing {
    user_id: String,
    erasure: Head,
    before: Option<Erasure>,
    user: StreamEnd,
    account: Option<Account>,
    member: Option<Member>,
    wallet: Option<Wallet>,
}

impl Snapshot for Standing {
    fn rebase(&mut self, wallet: Wallet) {
        self.wallet = Some(wallet);
    }
}

/// What does not depend on the person.
pub(super) struct Place<'a> {
    pub(super) tables: &'a Tables,
    pub(super) calendar: Window,
    pub(super) request_id: &'a str,
}

impl Member {
    async fn load(env: &Env, user_id: &str) -> Result<Option<Self>, StoreError> {
        let Some(customer_id) = customer_of(user_id) else { return Ok(None) };
        let found = Found::<Customer>::find(env, &Customer::stream(&customer_id)).await?;
        let Some(customer) = found.filter(|found| found.state.user_id == user_id) else { return Ok(None) };
        let subscription = match &customer.state.subscription_id {
            Some(id) => Found::find(env, &Subscription::stream(id)).await?,
            None => None,
        };
        let saga_id = match first_payment_of(&customer_id) {
            Some(id) => Found::<Charge>::find(env, &Charge::stream(&id)).await?.and_then(|found| found.state.saga_id),
            None => None,
        };
        Ok(Some(Self { customer, subscription, saga_id }))
    }
}

impl Standing {
    pub(super) async fn load(env: &Env, user_id: &str) -> Result<Self, StoreError> {
        let erasure = env.store.head(&Erasure::stream(user_id)).await?;
        let before = erasure.state.as_deref().map(serde_json::from_str).transpose()?;
        // The streams first: a profile that is newer than its stream makes the append lose, never the other way round.
        let user = StreamEnd(env.store.head(&User::stream(user_id)).await?);
        let member = Member::load(env, user_id).await?;
        let users = quoin_accounts::table(env).map_err(StoreError::corrupt)?;
        let profile = env.store.get(users, &profile_key(user_id), true).await?;
        let account = profile.as_ref().map(Account::read).transpose()?;
        let wallet = env.store.wallet(user_id).await?;
        Ok(Self { user_id: user_id.to_owned(), erasure, before, user, account, member, wallet })
    }

    /// One moment for all of a commit: none of its streams goes back in time.
    fn moment(&self, now: Timestamp) -> Timestamp {
        let at = now.max(self.erasure.at).max(self.user.0.at);
        let at = self.wallet.as_ref().map_or(at, |wallet| at.max(wallet.at));
        let Some(member) = &self.member else { return at };
        let at = at.max(member.customer.head.at);
        member.subscription.as_ref().map_or(at, |subscription| at.max(subscription.head.at))
    }

    fn charging(&self) -> Option<&Found<Subscription>> {
        let subscription = self.member.as_ref()?.subscription.as_ref()?;
        subscription.state.charging.is_some().then_some(subscription)
    }

    /// What is next: the whole erasure, or its begin where a payment is on its way.
    pub(super) fn next(&self, place: &Place<'_>, may_begin: bool, now: Timestamp) -> Result<Commit, Stop> {
        let user = self.user.user()?.ok_or_else(|| Problem::not_found("user"))?;
        let at = self.moment(now);
        match &self.before {
            Some(before) if before.status == Status::CarriedOut => return Err(Stop::Nothing),
            Some(_) => {}
            None if !may_begin => return Err(Stop::Nothing),
            None => self.refuse(&user, at)?,
        }
        match (self.charging(), &self.before) {
            (Some(subscription), None) => self.wait(place, user, subscription, at),
            (Some(_), Some(_)) => Err(Stop::Nothing),
            (None, _) => self.erase(place, user, at),
        }
    }

    /// Whoever has money here, or owes it, settles that first; and nobody gets rid of an exclusion by being forgotten.
    fn refuse(&self, user: &User, at: Timestamp) -> Result<(), Problem> {
        if let Use::SelfExcluded { until } = user.status.at(at) {
            let problem = Problem::refused("SELF_EXCLUDED", "the exclusion from play has to be kept until its end");
            return Err(problem.with("self_excluded_until", until));
        }
        let Some(wallet) = &self.wallet else { return Ok(()) };
        if !wallet.available(Asset::Cash).is_zero() {
            return Err(Problem::refused("WALLET_NOT_EMPTY", "there is cash in the wallet"));
        }
        if !wallet.holds.is_empty() {
            return Err(Problem::refused("HOLDS_OPEN", "something is set aside in the wallet"));
        }
        if wallet.owed.values().any(|owed| !owed.is_zero()) {
            return Err(Problem::refused("DEBT_OPEN", "something is owed"));
        }
        Ok(())
    }

    /// The account is closed and the request is kept. The subscription's stream goes on by an item that changes nothing:
    /// the end of its payment is then before this write, which loses, or after it, and finds the request.
    fn wait(
        &self,
        place: &Place<'_>,
        user: User,
        subscription: &Found<Subscription>,
        at: Timestamp,
    ) -> Result<Commit, Stop> {
        let erasure = self.erasure(place, Status::Waiting, at);
        let next = Erasure { reasons: vec![Reason::PaymentInProgress], ..erasure };
        let profile = profile_update(&place.tables.users, &closed(&user))?;
        let touched = append::next(subscription, [], at)?;
        let commit = Commit::new().append(self.item(&next, at)?).append(touched).update(profile);
        Ok(commit.and(self.close(place, user, at)?))
    }

    /// All of it.
    fn erase(&self, place: &Place<'_>, user: User, at: Timestamp) -> Result<Commit, Stop> {
        let next = Erasure {
            carried_out_at: Some(at),
            reasons: Vec::new(),
            left: self.left(),
            ..self.erasure(place, Status::CarriedOut, at)
        };
        let (tables, user_id) = (place.tables, self.user_id.as_str());
        let erased = UserErased { user_id: self.user_id.clone() };
        let mut commit = Commit::new()
            .append(self.item(&next, at)?.events([Draft::new(&erased, at)?]))
            .and(self.close(place, user, at)?)
            .delete(&tables.user_keys, Key::single(user_id))
            .delete(&tables.users, credential_key(user_id))
            .delete(&tables.users, profile_key(user_id));
        if let Some(account) = &self.account {
            let referral = account.user.referral_code.as_deref().map(referral_claim);
            let claims = [Some(account.email_key.clone()), account.phone_key.clone(), referral];
            for claim in claims.into_iter().flatten() {
                commit = commit.delete(&tables.users, claim_key(&claim));
            }
        }
        match &self.member {
            Some(member) => Ok(commit.and(member.forget(tables, at)?)),
            None => Ok(commit),
        }
    }

    fn erasure(&self, place: &Place<'_>, status: Status, at: Timestamp) -> Erasure {
        match &self.before {
            Some(before) => Erasure { status, ..before.clone() },
            None => Erasure {
                user_id: self.user_id.clone(),
                customer_id: self.member.as_ref().map(|member| member.customer.state.customer_id.clone()),
                status,
                reasons: Vec::new(),
                requested_at: at,
                carried_out_at: None,
                left: BTreeMap::new(),
                request_id: place.request_id.to_owned(),
            },
        }
    }

    fn item(&self, next: &Erasure, at: Timestamp) -> Result<Append, StoreError> {
        Append::after(Erasure::stream(&self.user_id), &self.erasure, at).state(next)
    }

    /// What stays in the wallet.
    fn left(&self) -> BTreeMap<Asset, Amount> {
        let balances = self.wallet.iter().flat_map(|wallet| &wallet.balances);
        balances.filter(|(_, one)| !one.available.is_zero()).map(|(asset, one)| (*asset, one.available)).collect()
    }

    /// The account and its wallet closed. Also of one that is closed already the stream goes on, so that nothing of the
    /// account changes meanwhile.
    fn close(&self, place: &Place<'_>, user: User, at: Timestamp) -> Result<Commit, Stop> {
        let append = self.user.append(&self.user_id, at)?;
        let append = if user.status.at(at) == Use::Closed {
            append
        } else {
            let event =
                UserDeactivated { user_id: self.user_id.clone(), reason: DeactivationReason::Closed, until: None };
            append.state(&closed(&user))?.events([Draft::new(&event, at)?])
        };
        let commit = Commit::new().append(append);
        let Some(wallet) = &self.wallet else { return Ok(commit) };
        let related = EntityRef { kind: "user".to_owned(), id: self.user_id.clone() };
        match restrict(wallet, Use::Closed, related, at, place.calendar) {
            Ok(decision) => Ok(commit.wallet(WalletWrite::new(wallet.clone(), decision)?)),
            Err(Rejection::Closed) => Ok(commit),
            Err(rejection) => Err(Stop::Failed(Problem::from(&rejection))),
        }
    }
}

fn closed(user: &User) -> User {
    User { status: Use::Closed, ..user.clone() }
}

impl Member {
    /// The subscription cancelled, the customer deleted, and what was kept for payments gone.
    fn forget(&self, tables: &Tables, at: Timestamp) -> Result<Commit, Stop> {
        let customer = &self.customer.state;
        let mut commit = Commit::new().delete(&tables.membership, table::method(&customer.customer_id));
        if let Some(saga_id) = &self.saga_id {
            commit = commit.delete(&tables.membership, table::fingerprint(saga_id));
        }
        if let Some(found) = &self.subscription {
            match found.state.cancel(CancellationReason::Erasure) {
                Ok(event) => commit = commit.append(append::next(found, [event], at)?),
                Err(Refusal::Cancelled) => {}
                Err(refusal) => return Err(Stop::Failed(refused(refusal))),
            }
        }
        if customer.status != CustomerStatus::Deleted {
            let deleted = CustomerEvent::Deleted(CustomerDeleted {
                customer_id: customer.customer_id.clone(),
                user_id: customer.user_id.clone(),
                reason: DeletionReason::Erasure,
            });
            commit = commit.append(append::next(&self.customer, [deleted], at)?);
        }
        Ok(commit)
    }
}

#[cfg(test)]
mod tests;
