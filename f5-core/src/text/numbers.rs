//! English numbers in words.
//!
//! American reading: no "and" behind hundreds. Words are in lower case and stand apart: `forty`, `two`.

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
const GROUPS: [&str; 5] = ["", "thousand", "million", "billion", "trillion"];

/// A whole number: `42` is forty two. Digit by digit from a quadrillion on, and with a leading zero.
///
/// ```
/// use f5_core::text::numbers::cardinal;
///
/// assert_eq!(cardinal("1250").join(" "), "one thousand two hundred fifty");
/// ```
#[must_use]
pub fn cardinal(digits: &str) -> Vec<&'static str> {
    match digits.parse::<u64>() {
        // A leading zero is read: agent 007.
        Ok(n) if n < 1_000_000_000_000_000 && (digits.len() == 1 || !digits.starts_with('0')) => {
            let mut words = Vec::new();
            for group in (0..GROUPS.len()).rev() {
                let part = n / 1000_u64.pow(group as u32) % 1000;
                if part > 0 {
                    below_thousand(part as usize, &mut words);
                    words.extend(Some(GROUPS[group]).filter(|g| !g.is_empty()));
                }
            }
            if words.is_empty() {
                vec!["zero"]
            } else {
                words
            }
        }
        _ => spelled(digits),
    }
}

/// Digit by digit; what is no ASCII digit is left out.
#[must_use]
pub fn spelled(digits: &str) -> Vec<&'static str> {
    digits
        .chars()
        .filter_map(|c| c.to_digit(10))
        .map(|d| SMALL[d as usize])
        .collect()
}

/// Four digits from 1100 to 2099 as a year: nineteen eighty four, two thousand five, nineteen oh one.
#[must_use]
pub fn year(digits: &str) -> Option<Vec<&'static str>> {
    let n: usize = digits
        .parse()
        .ok()
        .filter(|n| digits.len() == 4 && (1100..2100).contains(n))?;
    let (century, rest) = (n / 100, n % 100);
    if (2000..2010).contains(&n) {
        return Some(cardinal(digits));
    }
    let mut words = Vec::new();
    below_thousand(century, &mut words);
    match rest {
        0 => words.push("hundred"),
        1..10 => words.extend(["oh", SMALL[rest]]),
        _ => below_thousand(rest, &mut words),
    }
    Some(words)
}

/// An ordinal: `21` is twenty first.
#[must_use]
pub fn ordinal(digits: &str) -> Vec<String> {
    let mut words: Vec<String> = cardinal(digits).into_iter().map(str::to_owned).collect();
    if let Some(last) = words.last_mut() {
        *last = match last.as_str() {
            "one" => "first".into(),
            "two" => "second".into(),
            "three" => "third".into(),
            "five" => "fifth".into(),
            "eight" => "eighth".into(),
            "nine" => "ninth".into(),
            "twelve" => "twelfth".into(),
            tens if tens.ends_with('y') => format!("{}ieth", &tens[..tens.len() - 1]),
            other => format!("{other}th"),
        };
    }
    words
}

fn below_thousand(n: usize, words: &mut Vec<&'static str>) {
    if n >= 100 {
        words.extend([SMALL[n / 100], "hundred"]);
    }
    match n % 100 {
        0 => {}
        rest @ 1..20 => words.push(SMALL[rest]),
        rest => {
            words.push(TENS[rest / 10]);
            words.extend((!rest.is_multiple_of(10)).then(|| SMALL[rest % 10]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_read_them() {
        assert_eq!(cardinal("0"), ["zero"]);
        assert_eq!(cardinal("42"), ["forty", "two"]);
        assert_eq!(cardinal("1000019").join(" "), "one million nineteen");
        assert_eq!(
            cardinal("315700").join(" "),
            "three hundred fifteen thousand seven hundred"
        );
        assert_eq!(cardinal("007"), ["zero", "zero", "seven"]);
        assert_eq!(cardinal("99999999999999999999").len(), 20);
        assert_eq!(year("1984").unwrap().join(" "), "nineteen eighty four");
        assert_eq!(year("1900").unwrap().join(" "), "nineteen hundred");
        assert_eq!(year("2005").unwrap().join(" "), "two thousand five");
        assert_eq!(year("1806").unwrap().join(" "), "eighteen oh six");
        assert_eq!(year("3000"), None);
        assert_eq!(ordinal("21").join(" "), "twenty first");
        assert_eq!(ordinal("30").join(" "), "thirtieth");
    }
}
