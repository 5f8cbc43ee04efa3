//! Why an order came to nothing, as a person reads it: a clause in the person's language, without its full stop.

use quoin_events::types::OrderFailureReason as Reason;

use crate::library::Language;

/// `reason` in words.
pub(crate) const fn of(reason: Reason, language: Language) -> &'static str {
    match language {
        Language::En => english(reason),
        Language::De => german(reason),
        Language::Es => spanish(reason),
        Language::Fr => french(reason),
    }
}

const fn english(reason: Reason) -> &'static str {
    match reason {
        Reason::MinOrderValue => "it is below the minimum order value",
        Reason::DeliveryZone => "the merchant does not deliver to this address",
        Reason::CampaignNotEligible => "the campaign does not apply to it",
        Reason::KycRequired => "your identity has to be verified first",
        Reason::MerchantInactive => "the merchant takes no orders at the moment",
        Reason::OutOfStock => "not enough of a product is left",
        Reason::FraudReview => "your orders are being reviewed first",
        Reason::WalletInsufficientBalance => "the balance is not enough",
        Reason::WalletClosed => "the account is closed",
        Reason::MerchantRejected => "the merchant could not accept it",
        Reason::MerchantUnreachable => "the merchant could not be reached",
    }
}

const fn german(reason: Reason) -> &'static str {
    match reason {
        Reason::MinOrderValue => "der Mindestbestellwert ist nicht erreicht",
        Reason::DeliveryZone => "der Händler liefert nicht an diese Adresse",
        Reason::CampaignNotEligible => "die Aktion gilt nicht für diese Bestellung",
        Reason::KycRequired => "Ihre Identität muss zuerst bestätigt werden",
        Reason::MerchantInactive => "der Händler nimmt zurzeit keine Bestellungen an",
        Reason::OutOfStock => "von einem Produkt ist nicht mehr genug vorrätig",
        Reason::FraudReview => "Ihre Bestellungen werden zuerst geprüft",
        Reason::WalletInsufficientBalance => "das Guthaben reicht nicht aus",
        Reason::WalletClosed => "das Konto ist geschlossen",
        Reason::MerchantRejected => "der Händler konnte sie nicht annehmen",
        Reason::MerchantUnreachable => "der Händler war nicht erreichbar",
    }
}

const fn spanish(reason: Reason) -> &'static str {
    match reason {
        Reason::MinOrderValue => "no alcanza el importe mínimo",
        Reason::DeliveryZone => "el comercio no entrega en esta dirección",
        Reason::CampaignNotEligible => "la promoción no se aplica a este pedido",
        Reason::KycRequired => "antes hay que verificar tu identidad",
        Reason::MerchantInactive => "el comercio no acepta pedidos en este momento",
        Reason::OutOfStock => "no queda suficiente de un producto",
        Reason::FraudReview => "tus pedidos se están revisando",
        Reason::WalletInsufficientBalance => "el saldo no es suficiente",
        Reason::WalletClosed => "la cuenta está cerrada",
        Reason::MerchantRejected => "el comercio no ha podido aceptarlo",
        Reason::MerchantUnreachable => "no se ha podido contactar con el comercio",
    }
}

const fn french(reason: Reason) -> &'static str {
    match reason {
        Reason::MinOrderValue => "le montant minimal n'est pas atteint",
        Reason::DeliveryZone => "le marchand ne livre pas à cette adresse",
        Reason::CampaignNotEligible => "la promotion ne s'applique pas à cette commande",
        Reason::KycRequired => "votre identité doit d'abord être vérifiée",
        Reason::MerchantInactive => "le marchand ne prend pas de commandes en ce moment",
        Reason::OutOfStock => "il ne reste plus assez d'un produit",
        Reason::FraudReview => "vos commandes sont en cours de vérification",
        Reason::WalletInsufficientBalance => "le solde ne suffit pas",
        Reason::WalletClosed => "le compte est fermé",
        Reason::MerchantRejected => "le marchand n'a pas pu l'accepter",
        Reason::MerchantUnreachable => "le marchand n'a pas pu être joint",
    }
}
