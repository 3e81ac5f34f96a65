//! Amounts of money.

use super::{
    numbers::{Amount, Number},
    scan::{Found, Scan},
};
use crate::text::numbers::cardinal;

struct Currency {
    one: &'static str,
    many: &'static str,
    /// The hundredth part, where prices are spoken with it.
    cent: Option<(&'static str, &'static str)>,
}

const CENTS: Option<(&str, &str)> = Some(("cent", "cents"));

const fn currency(
    one: &'static str,
    many: &'static str,
    cent: Option<(&'static str, &'static str)>,
) -> Currency {
    Currency { one, many, cent }
}

/// By sign or code.
fn look_up(sign: &str) -> Option<Currency> {
    Some(match sign {
        "$" => currency("dollar", "dollars", CENTS),
        "US$" | "USD" => currency("US dollar", "US dollars", CENTS),
        "C$" | "CA$" | "CAD" => currency("Canadian dollar", "Canadian dollars", CENTS),
        "A$" | "AU$" | "AUD" => currency("Australian dollar", "Australian dollars", CENTS),
        "NZ$" | "NZD" => currency("New Zealand dollar", "New Zealand dollars", CENTS),
        "HK$" | "HKD" => currency("Hong Kong dollar", "Hong Kong dollars", CENTS),
        "€" | "EUR" => currency("euro", "euros", CENTS),
        "£" | "GBP" => currency("pound", "pounds", Some(("penny", "pence"))),
        "¥" | "JPY" => currency("yen", "yen", None),
        "CN¥" | "CNY" | "RMB" => currency("yuan", "yuan", None),
        "₹" | "INR" => currency("rupee", "rupees", None),
        "₩" | "KRW" => currency("won", "won", None),
        "₽" | "RUB" => currency("ruble", "rubles", None),
        "₿" | "BTC" => currency("bitcoin", "bitcoins", None),
        "CHF" => currency("Swiss franc", "Swiss francs", None),
        "¢" => currency("cent", "cents", None),
        _ => return None,
    })
}

fn is_sign(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '¥' | '₹' | '₩' | '₽' | '₿' | '¢')
}

fn scale(suffix: &str) -> Option<&'static str> {
    Some(match suffix {
        "k" | "K" => "thousand",
        "m" | "M" | "mn" | "mln" => "million",
        "b" | "B" | "bn" => "billion",
        "t" | "T" | "tn" => "trillion",
        _ => return None,
    })
}

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let word = scan.word(index);
    match before_amount(word) {
        Some((minus, currency, rest)) => with_sign(scan, index, minus, &currency, rest),
        None => behind_amount(scan, index, word),
    }
}

/// The sign in front of an amount, and what follows it.
fn before_amount(word: &str) -> Option<(bool, Currency, &str)> {
    let rest = word.strip_prefix(['-', '−', '–']);
    let (minus, rest) = (rest.is_some(), rest.unwrap_or(word));
    let end = rest.find(is_sign)?;
    let end = end + rest[end..].chars().next()?.len_utf8();
    let (sign, rest) = rest.split_at(end);
    Some((minus, look_up(sign)?, rest))
}

/// `$5`, `$5.50`, `$5-$10`, `$5bn`, `$5/month` and, over two words, `$5 million`.
fn with_sign(
    scan: &Scan<'_>,
    index: usize,
    minus: bool,
    currency: &Currency,
    rest: &str,
) -> Option<Found> {
    let (first, mut rest) = Number::read(rest)?;
    let mut last = None;
    if let Some(tail) = rest.strip_prefix(['-', '–']) {
        let tail = tail.strip_prefix(is_sign).unwrap_or(tail);
        if tail.starts_with(|c: char| c.is_ascii_digit()) {
            let (number, tail) = Number::read(tail)?;
            (last, rest) = (Some(number), tail);
        }
    }
    let amount = Amount { first, last };
    let minus = if minus { "minus " } else { "" };
    let (suffix, per) = match rest.split_once('/') {
        Some((suffix, per)) if !per.is_empty() && per.chars().all(char::is_alphabetic) => {
            (suffix, format!(" per {per}"))
        }
        Some(_) => return None,
        None => (rest, String::new()),
    };
    if let Some(scale) = scale(suffix) {
        let spoken = format!("{minus}{} {scale} {}{per}", amount.words(), currency.many);
        return Found::new(1, vec![scan.say(index, spoken)]);
    }
    if !suffix.is_empty() {
        return None;
    }
    if per.is_empty() && scan.joins_next(index) && is_scale(scan.word(index + 1)) {
        let next = scan.word(index + 1);
        let scale = scale(next).unwrap_or(next);
        let edits = vec![
            scan.say(index, format!("{minus}{}", amount.words())),
            scan.say(index + 1, format!("{scale} {}", currency.many)),
        ];
        return Found::new(2, edits);
    }
    let spoken = format!("{minus}{}{per}", price(&amount, currency));
    Found::new(1, vec![scan.say(index, spoken)])
}

/// `5€`, `5 €`, `5 EUR`, `50¢`.
fn behind_amount(scan: &Scan<'_>, index: usize, word: &str) -> Option<Found> {
    let (amount, rest) = Amount::read(word)?;
    if let Some(currency) = look_up(rest).filter(|_| !rest.is_empty()) {
        return Found::new(1, vec![scan.say(index, price(&amount, &currency))]);
    }
    let currency =
        look_up(scan.word(index + 1)).filter(|_| rest.is_empty() && scan.joins_next(index))?;
    let name = if amount.is_one() {
        currency.one
    } else {
        currency.many
    };
    let edits = vec![scan.say(index, amount.words()), scan.say(index + 1, name)];
    Found::new(2, edits)
}

/// Words behind an amount that its currency is spoken after.
fn is_scale(word: &str) -> bool {
    matches!(
        word,
        "hundred"
            | "thousand"
            | "million"
            | "billion"
            | "trillion"
            | "k"
            | "K"
            | "M"
            | "mn"
            | "bn"
            | "tn"
    )
}

/// Five dollars fifty, fifty cents.
fn price(amount: &Amount<'_>, currency: &Currency) -> String {
    let Number { whole, part, .. } = &amount.first;
    let named = |words: String, one: bool| {
        let name = if one { currency.one } else { currency.many };
        format!("{words} {name}")
    };
    let (Some((cent, cents)), None, 2) = (currency.cent, &amount.last, part.len()) else {
        return named(amount.words(), amount.is_one());
    };
    let small = cardinal(part.trim_start_matches('0')).join(" ");
    let small_name = if *part == "01" { cent } else { cents };
    let is_nothing = whole.is_empty() || whole.bytes().all(|b| b == b'0');
    let big = || named(cardinal(whole).join(" "), whole == "1");
    match part.as_bytes() {
        b"00" if is_nothing => named("zero".to_owned(), false),
        b"00" => big(),
        _ if is_nothing => format!("{small} {small_name}"),
        [b'0', _] => format!("{} and {small} {small_name}", big()),
        _ => format!("{} {small}", big()),
    }
}
