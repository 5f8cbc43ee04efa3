//! The read models that there are.

use std::fmt;
use std::str::FromStr;

/// A read model, in a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Each customer.
    Customers,
    /// Each subscription.
    Subscriptions,
    /// Counters by plan and day, and what each entity contributes to them.
    Analytics,
}

impl View {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Customers, Self::Subscriptions, Self::Analytics];

    /// What it is called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Subscriptions => "subscriptions",
            Self::Analytics => "analytics",
        }
    }

    /// The name of its table, as a service declares it.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Self::Customers => "customer-view",
            Self::Subscriptions => "subscription-view",
            Self::Analytics => "analytics-view",
        }
    }

    /// Whether streams of `kind` make its rows.
    #[must_use]
    pub fn is_made_of(self, kind: &str) -> bool {
        match self {
            Self::Customers => kind == "customer",
            Self::Subscriptions => kind == "subscription",
            Self::Analytics => kind == "customer" || kind == "subscription",
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for View {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL.into_iter().find(|view| view.as_str() == text).ok_or_else(|| format!("the views are {}", names()))
    }
}
