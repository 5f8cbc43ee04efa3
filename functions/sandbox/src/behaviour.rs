//! `PUT /sandbox/behaviour`: how many of a provider's next requests fail, and how; and how a merchant behaves.

use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Item, Key, StoreError, Update};
use serde::{Deserialize, Serialize};

use crate::access::{SANDBOX, admit};
use crate::merchant::{Manner, switch_key};
use crate::requested::KEEP_SECONDS;

/// A provider that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxParty"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Party {
    /// Text messages.
    Sms,
    /// Electronic mail.
    Email,
    /// Push messages.
    Push,
    /// Payments.
    Payments,
}

impl Party {
    /// The wire name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Push => "push",
            Self::Payments => "payments",
        }
    }

    fn key(self) -> Key {
        Key::new("behaviour", self.as_str())
    }
}

/// The next requests fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxSwitch"))]
#[serde(deny_unknown_fields)]
struct Switch {
    /// How many requests.
    #[serde(default)]
    fail_next: u32,
    /// With which status.
    #[cfg_attr(feature = "schema", schemars(range(min = 400, max = 599)))]
    #[serde(default = "unavailable")]
    status: u16,
}

/// What is switched now, by party.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxSwitched"))]
struct Switched {
    /// Text messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    sms: Option<SwitchView>,
    /// Electronic mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<SwitchView>,
    /// Push messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    push: Option<SwitchView>,
    /// Payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    payments: Option<SwitchView>,
    /// A merchant.
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant: Option<MerchantSwitch>,
}

impl Switched {
    fn with(mut self, (party, Switch { fail_next, status }): (Party, Switch)) -> Self {
        let view = Some(SwitchView { fail_next, status });
        match party {
            Party::Sms => self.sms = view,
            Party::Email => self.email = view,
            Party::Push => self.push = view,
            Party::Payments => self.payments = view,
        }
        self
    }
}

/// A merchant behaves otherwise than its id says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxMerchantSwitch"))]
#[serde(deny_unknown_fields)]
struct MerchantSwitch {
    /// Which merchant.
    merchant_id: String,
    /// From now on.
    manner: Manner,
}

/// A switch as it stands.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxSwitchView"))]
struct SwitchView {
    /// How many requests.
    fail_next: u32,
    /// With which status.
    status: u16,
}

/// Everything that one request switches.
type Switches = (Vec<(Party, Switch)>, Option<MerchantSwitch>);

/// A channel with its switch, the payments' switch, or a merchant's.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxBehaviour"))]
#[serde(deny_unknown_fields)]
struct Behaviour {
    /// Whose requests.
    channel: Option<Party>,
    /// How many of them; none if it is absent.
    fail_next: Option<u32>,
    /// With which status; 503 if it is absent.
    #[cfg_attr(feature = "schema", schemars(range(min = 400, max = 599)))]
    status: Option<u16>,
    /// The same for payments.
    payments: Option<Switch>,
    /// How a merchant behaves.
    merchant: Option<MerchantSwitch>,
}

const fn unavailable() -> u16 {
    503
}

impl Behaviour {
    fn switches(self) -> Result<Switches, Problem> {
        let status = self.status.unwrap_or_else(unavailable);
        let named = match (self.channel, self.fail_next) {
            (Some(party), fail_next) => Some((party, Switch { fail_next: fail_next.unwrap_or(0), status })),
            (None, Some(_)) => {
                return Err(Problem::field("CHANNEL_MISSING", "/channel", "whose requests are to fail?"));
            }
            (None, None) => None,
        };
        let payments = self.payments.map(|switch| (Party::Payments, switch));
        let switches: Vec<_> = named.into_iter().chain(payments).collect();
        if switches.iter().any(|(_, switch)| !(400..=599).contains(&switch.status)) {
            return Err(Problem::field("STATUS_INVALID", "/status", "must be 400 to 599"));
        }
        if switches.is_empty() && self.merchant.is_none() {
            return Err(Problem::field("CHANNEL_MISSING", "/channel", "whose requests are to fail?"));
        }
        Ok((switches, self.merchant))
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox provider; makes the next requests fail")
        .takes::<Behaviour>()
        .answers::<Switched>(200)
        .refuses(400, &["CHANNEL_MISSING", "STATUS_INVALID"])
        .refuses(401, &["UNAUTHENTICATED"])
}

/// Switches the behaviour; what was switched before is forgotten.
///
/// # Errors
/// 400, 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, SANDBOX).await?;
    let table = env.config.table("sandbox")?;
    let (switches, merchant) = request.json::<Behaviour>()?.switches()?;
    for (party, switch) in &switches {
        let key = party.key();
        let row = Item::new()
            .text("pk", key.pk)
            .text("sk", key.sk)
            .number("fail_next", switch.fail_next)
            .number("status", switch.status)
            .number("failed", 0);
        env.store.put(table, row).await?;
    }
    if let Some(MerchantSwitch { merchant_id, manner }) = &merchant {
        let key = switch_key(merchant_id);
        let expires = request.context.now.plus_seconds(KEEP_SECONDS).seconds();
        let row = Item::new().text("pk", key.pk).text("sk", key.sk).number("expires", expires);
        env.store.put(table, row.json("manner", manner)?).await?;
    }
    let switched = switches.into_iter().fold(Switched::default(), Switched::with);
    Response::json(200, &Switched { merchant, ..switched })
}

/// The failure that is switched on for `party`, which is used up by this request.
pub(crate) async fn switched_failure(env: &Env, party: Party) -> Result<Option<Problem>, Problem> {
    let table = env.config.table("sandbox")?;
    let Some(row) = env.store.get(table, &party.key(), true).await? else { return Ok(None) };
    let number = |name: &str| {
        row.get_number(name).ok_or_else(|| StoreError::Refused(format!("the attribute {name} is missing")))
    };
    let (fail_next, status, failed) = (number("fail_next")?, number("status")?, number("failed")?);
    // The condition counts: of many requests at once, exactly as many fail as were asked for.
    let take = Update::of(table, party.key()).add("failed", 1).if_newer("failed", fail_next);
    if failed >= fail_next || !env.store.update(take).await? {
        return Ok(None);
    }
    let status = u16::try_from(status).unwrap_or_else(|_| unavailable());
    Ok(Some(Problem::new(status, "SANDBOX_FAILURE", "this failure is switched on")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Switches, &'static str> {
        serde_json::from_str::<Behaviour>(text).map_err(|_| "MALFORMED")?.switches().map_err(|problem| problem.code)
    }

    fn switches(text: &str) -> Result<Vec<(Party, Switch)>, &'static str> {
        all(text).map(|(switches, _)| switches)
    }

    #[test]
    fn a_merchant_is_switched_alone() {
        let switch = MerchantSwitch { merchant_id: "m1".to_owned(), manner: Manner::Takes };
        let text = r#"{"merchant":{"merchant_id":"m1","manner":"takes"}}"#;
        assert_eq!(all(text), Ok((Vec::new(), Some(switch))));
        assert_eq!(all(r#"{"merchant":{"merchant_id":"m1"}}"#), Err("MALFORMED"));
    }

    #[test]
    fn channels_and_payments_are_switched() {
        let five = Switch { fail_next: 5, status: 503 };
        assert_eq!(switches(r#"{"channel":"sms","fail_next":5,"status":503}"#), Ok(vec![(Party::Sms, five)]));
        assert_eq!(switches(r#"{"payments":{"fail_next":5}}"#), Ok(vec![(Party::Payments, five)]));
        let off = Switch { fail_next: 0, status: 503 };
        assert_eq!(switches(r#"{"channel":"email"}"#), Ok(vec![(Party::Email, off)]));
    }

    #[test]
    fn what_would_switch_nothing_is_refused() {
        assert_eq!(switches("{}"), Err("CHANNEL_MISSING"));
        assert_eq!(switches(r#"{"fail_next":5}"#), Err("CHANNEL_MISSING"));
        assert_eq!(switches(r#"{"channel":"sms","fail_next":1,"status":200}"#), Err("STATUS_INVALID"));
        assert_eq!(switches(r#"{"channel":"pigeon"}"#), Err("MALFORMED"));
    }
}
