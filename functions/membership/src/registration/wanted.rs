//! Who wants to be a member, and of what.

#[cfg(feature = "schema")]
use quoin_accounts::LENGTHS;
use quoin_accounts::{Contact, Fields, Wrong, chosen, full_name, language};
use quoin_membership_model::{Plan, Plans};
use quoin_runtime::{Failure, Personal, Problem};
use serde::Deserialize;

/// Who wants to be a member.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMember {
    /// An e-mail address.
    #[cfg_attr(feature = "schema", schemars(required))]
    email: Option<Personal>,
    /// 1 to 100 printable characters.
    #[cfg_attr(feature = "schema", schemars(required))]
    full_name: Option<Personal>,
    /// Long enough to resist, short enough to hash.
    #[cfg_attr(feature = "schema", schemars(required, length(min = *LENGTHS.start(), max = *LENGTHS.end())))]
    password: Option<Personal>,
    /// `monthly` or `yearly`.
    #[cfg_attr(feature = "schema", schemars(required))]
    plan: Option<String>,
    /// What the plan is paid with.
    #[cfg_attr(feature = "schema", schemars(required))]
    payment_method: Option<NewMethod>,
    /// BCP 47; English if it is not said.
    #[cfg_attr(feature = "schema", schemars(length(max = 35)))]
    language: Option<String>,
}

/// What a member pays with.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMethod {
    /// The payment provider's token; the sandbox has `tok_approve`, `tok_decline`, `tok_late`, `tok_silent`, `tok_twice`.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1, max = 200)))]
    token: Option<Personal>,
}

/// A request that is in order.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) email: Contact,
    pub(crate) full_name: Personal,
    pub(crate) password: Personal,
    pub(crate) plan: Plan,
    pub(crate) token: Personal,
    pub(crate) language: String,
}

const DEFAULT_LANGUAGE: &str = "en";

impl NewMember {
    /// The request, if all of it is in order.
    ///
    /// # Errors
    /// 400, naming every field that is wrong.
    pub(crate) fn check(self, plans: &Plans) -> Result<Wanted, Problem> {
        let mut fields = Fields::default();
        let text = |field: &Option<Personal>| field.as_ref().map(|field| field.reveal().to_owned());
        let email = fields.required("/email", text(&self.email).as_deref(), Contact::email);
        let full_name = fields.required("/full_name", text(&self.full_name).as_deref(), full_name);
        let password = fields.required("/password", text(&self.password).as_deref(), chosen);
        let plan = fields.required("/plan", self.plan.as_deref(), |name| {
            plans.find(name).cloned().ok_or(Wrong("PLAN_INVALID", "must be monthly or yearly"))
        });
        let token = self.payment_method.as_ref().and_then(|method| text(&method.token));
        let token = fields.required("/payment_method/token", token.as_deref(), token_of);
        let language =
            fields.optional("/language", Some(self.language.as_deref().unwrap_or(DEFAULT_LANGUAGE)), language);
        let read = email.zip(full_name).zip(password).zip(plan).zip(token).zip(language);
        fields.finish(read.map(|(((((email, full_name), password), plan), token), language)| Wanted {
            email,
            full_name: Personal::new(full_name),
            password,
            plan,
            token,
            language,
        }))
    }
}

fn token_of(text: &str) -> Result<Personal, Wrong> {
    if (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Personal::new(text))
    } else {
        Err(Wrong("TOKEN_INVALID", "must be 1 to 200 printable characters without spaces"))
    }
}

impl Wanted {
    /// All of the request in one text: what is hashed to tell a repetition from another request.
    pub(crate) fn canonical(&self) -> Result<Personal, Failure> {
        let parts = [
            self.email.text.reveal(),
            self.full_name.reveal(),
            self.password.reveal(),
            &self.plan.plan,
            self.token.reveal(),
            &self.language,
        ];
        serde_json::to_string(&parts).map(Personal::new).map_err(Failure::poison)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(body: &str) -> Result<Wanted, Problem> {
        serde_json::from_str::<NewMember>(body).unwrap().check(&Plans::standard().unwrap())
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let problem = checked(r#"{"email":"nobody","password":"short","plan":"weekly"}"#).unwrap_err();
        let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/email", "/full_name", "/password", "/plan", "/payment_method/token"]);
        let spaced = r#"{"email":"a@b.de","full_name":"A","password":"long enough","plan":"yearly",
            "payment_method":{"token":"a b"}}"#;
        assert_eq!(checked(spaced).unwrap_err().code, "TOKEN_INVALID");
    }

    #[test]
    fn one_request_has_one_text() {
        let body = |email: &str, token: &str| {
            format!(
                r#"{{"email":"{email}","full_name":"A","password":"long enough","plan":"yearly","payment_method":{{"token":"{token}"}}}}"#
            )
        };
        let text = |body: &str| checked(body).unwrap().canonical().unwrap();
        assert_eq!(text(&body("a@b.de", "t")), text(&body(" a@b.de ", "t")));
        assert_ne!(text(&body("a@b.de", "t")), text(&body("a@b.de", "u")));
        assert_eq!(checked(&body("a@b.de", "t")).unwrap().language, "en");
    }
}
