//! An invoice as a PDF document of one page, in English. The same invoice makes the same bytes: there is no clock and
//! no chance in it.

mod letters;

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use quoin_events::Timestamp;
use quoin_runtime::Personal;
use rust_decimal::Decimal;

use crate::invoice::{Line, LineKind};
use crate::table::Kept;
use letters::encoded;

/// A4, in points.
const PAGE: (u16, u16) = (595, 842);
const LEFT: u16 = 56;
const RIGHT: u16 = 539;
/// From one line to the next.
const STEP: u16 = 16;
/// No line is longer; what is, ends there.
const MOST_LETTERS: usize = 80;
/// The width of a letter of the fixed font at the size of the text, in points.
const FIXED_WIDTH: u16 = 6;
const SIZE: u16 = 10;
const TITLE_SIZE: u16 = 20;

/// The fonts, by the names under which the page has them. Every reader has them built in.
const PLAIN: Name<'static> = Name(b"F1");
const BOLD: Name<'static> = Name(b"F2");
const FIXED: Name<'static> = Name(b"F3");
const FONTS: [(Name<'static>, &[u8]); 3] = [(PLAIN, b"Helvetica"), (BOLD, b"Helvetica-Bold"), (FIXED, b"Courier")];

/// The document of an invoice for the person called `full_name`, with `scale` decimals.
pub(crate) fn of(kept: &Kept, full_name: Option<&Personal>, scale: u32) -> Vec<u8> {
    let [catalog, pages, page, contents, info] = [1, 2, 3, 4, 5].map(Ref::new);
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut sheet = pdf.page(page);
    sheet.media_box(Rect::new(0.0, 0.0, PAGE.0.into(), PAGE.1.into())).parent(pages).contents(contents);
    let fonts = (6..).map(Ref::new).zip(FONTS);
    let mut resources = sheet.resources();
    let mut named = resources.fonts();
    for (font, (name, _)) in fonts.clone() {
        named.pair(name, font);
    }
    named.finish();
    resources.finish();
    sheet.finish();
    for (font, (_, built_in)) in fonts {
        pdf.type1_font(font).base_font(Name(built_in)).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    pdf.stream(contents, &written(kept, full_name, scale));
    pdf.document_info(info).title(TextStr(&format!("Invoice {}", kept.invoice.number)));
    pdf.finish()
}

/// A page that is written from the top.
struct Sheet {
    content: Content,
    y: u16,
}

impl Sheet {
    fn down(&mut self, steps: u16) {
        self.y = self.y.saturating_sub(STEP.saturating_mul(steps));
    }

    fn show(&mut self, font: Name<'_>, size: u16, x: u16, text: &[u8]) {
        self.content.begin_text().set_font(font, size.into());
        self.content.set_text_matrix([1.0, 0.0, 0.0, 1.0, x.into(), self.y.into()]).show(Str(text)).end_text();
    }

    /// A line of text.
    fn text(&mut self, font: Name<'_>, text: &str) {
        let text: String = text.chars().take(MOST_LETTERS).collect();
        self.show(font, SIZE, LEFT, &encoded(&text));
        self.down(1);
    }

    /// A line with an amount at its end.
    fn amount(&mut self, font: Name<'_>, text: &str, amount: &str) {
        let digits = encoded(amount);
        let width = u16::try_from(digits.len()).unwrap_or(u16::MAX).saturating_mul(FIXED_WIDTH);
        self.show(FIXED, SIZE, RIGHT.saturating_sub(width), &digits);
        self.text(font, text);
    }

    /// A line across the page.
    fn rule(&mut self) {
        let y = self.y.saturating_add(STEP / 2).into();
        self.content.set_line_width(0.5).move_to(LEFT.into(), y).line_to(RIGHT.into(), y).stroke();
        self.down(1);
    }
}

fn written(kept: &Kept, full_name: Option<&Personal>, scale: u32) -> Vec<u8> {
    let invoice = &kept.invoice;
    let money = |value: Decimal| {
        let places = usize::try_from(value.scale().max(scale)).unwrap_or(0);
        format!("{value:.places$} {}", invoice.currency)
    };
    let mut sheet = Sheet { content: Content::new(), y: PAGE.1.saturating_sub(72) };
    for part in invoice.issuer.split(';') {
        sheet.text(BOLD, part.trim());
    }
    sheet.down(2);
    sheet.show(BOLD, TITLE_SIZE, LEFT, &encoded(&format!("Invoice {}", invoice.number)));
    sheet.down(2);
    sheet.text(PLAIN, &format!("Date: {}", invoice.issued_at.day()));
    if let Some(name) = full_name {
        sheet.text(PLAIN, &format!("For: {}", name.reveal()));
    }
    sheet.text(PLAIN, &format!("Customer: {}", invoice.customer_id));
    sheet.text(PLAIN, &format!("Subscription: {}", invoice.subscription_id));
    sheet.text(PLAIN, &format!("Payment: {}", invoice.payment_id));
    sheet.down(1);
    sheet.rule();
    for line in &invoice.lines {
        sheet.amount(PLAIN, &description(line), &money(line.amount.value()));
    }
    sheet.rule();
    sheet.amount(PLAIN, "Net", &money(invoice.net.value()));
    sheet.amount(PLAIN, &format!("Tax {} %", invoice.tax_percent), &money(invoice.tax.value()));
    sheet.amount(BOLD, "Total paid, tax included", &money(invoice.total.value()));
    sheet.down(2);
    let (first, second) = kept.hash.split_at_checked(32).unwrap_or((&kept.hash, ""));
    sheet.text(PLAIN, &format!("SHA-256 of the figures: {first}"));
    sheet.text(PLAIN, second);
    sheet.content.finish().to_vec()
}

fn description(line: &Line) -> String {
    match line.kind {
        LineKind::Plan => {
            // The first moment after the period is of the next one, mostly its first day.
            let last = Timestamp::plus_millis(line.period_end, -1).max(line.period_start);
            format!("Plan {}, {} to {}", line.plan, line.period_start.day(), last.day())
        }
        LineKind::Credit => "Credit from money paid before".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoice::tests::invoice;

    fn kept() -> Kept {
        Kept { invoice: invoice(), hash: invoice().hash().unwrap(), full_name: None }
    }

    #[test]
    fn a_document_says_what_the_invoice_says() {
        let document = of(&kept(), Some(&Personal::new("Jürgen Groß (sen.)")), 2);
        assert!(document.starts_with(b"%PDF-1.7") && document.ends_with(b"%%EOF"));
        let text: String = document.iter().map(|byte| char::from(*byte)).collect();
        for part in [
            "Invoice INV-2026-000001",
            // Texts beyond ASCII are in hexadecimal: For: Jürgen Groß (sen.)
            "<466F723A204AFC7267656E2047726FDF202873656E2E29>",
            "Date: 2026-02-01",
            "Plan monthly, 2026-02-01 to 2026-02-28",
            "499.00 INR",
            "-99.50 INR",
            "338.56 INR",
            "Tax 18 %",
            "60.94 INR",
            "399.50 INR",
            "Payment: pay_1",
            "1 Main Street",
            "WinAnsiEncoding",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn the_same_invoice_makes_the_same_document_and_nobody_is_named_who_is_not_known() {
        let name = Personal::new("Jane Doe");
        assert_eq!(of(&kept(), Some(&name), 2), of(&kept(), Some(&name), 2));
        let nameless: String = of(&kept(), None, 2).iter().map(|byte| char::from(*byte)).collect();
        assert!(!nameless.contains("For:") && nameless.contains("cust_1"));
    }
}
