//! Ids of one registration: each follows from the saga's, so they differ in what stands before their digits alone, and
//! one leads to the others.

/// The customer who registers with the account `user_id`; there is none of an account that was opened otherwise.
#[must_use]
pub fn customer_of(user_id: &str) -> Option<String> {
    sibling(user_id, "user", "cust")
}

/// The payment that the registration of `customer_id` began with.
#[must_use]
pub fn first_payment_of(customer_id: &str) -> Option<String> {
    sibling(customer_id, "cust", "pay")
}

fn sibling(id: &str, kind: &str, other: &str) -> Option<String> {
    let digits = id.strip_prefix(kind)?.strip_prefix('_')?;
    Some(format!("{other}_{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_leads_to_its_customer_and_to_the_payment() {
        assert_eq!(customer_of("user_0b7c").as_deref(), Some("cust_0b7c"));
        assert_eq!(first_payment_of("cust_0b7c").as_deref(), Some("pay_0b7c"));
        assert_eq!(customer_of("cust_0b7c"), None);
    }
}
