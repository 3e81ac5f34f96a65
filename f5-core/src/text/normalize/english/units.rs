//! Amounts with units.

use super::{
    numbers::Amount,
    scan::{Found, Scan},
};

/// A unit's sign, its name, the name of several, and whether the sign is one behind a space too.
type Unit = (&'static str, &'static str, &'static str, bool);

const UNITS: [Unit; 94] = [
    ("%", "percent", "percent", true),
    ("‰", "per mille", "per mille", true),
    ("°", "degree", "degrees", true),
    ("°C", "degree Celsius", "degrees Celsius", true),
    ("°F", "degree Fahrenheit", "degrees Fahrenheit", true),
    ("ºC", "degree Celsius", "degrees Celsius", true),
    ("ºF", "degree Fahrenheit", "degrees Fahrenheit", true),
    ("℃", "degree Celsius", "degrees Celsius", true),
    ("℉", "degree Fahrenheit", "degrees Fahrenheit", true),
    ("nm", "nanometer", "nanometers", true),
    ("µm", "micrometer", "micrometers", true),
    ("μm", "micrometer", "micrometers", true),
    ("mm", "millimeter", "millimeters", true),
    ("cm", "centimeter", "centimeters", true),
    ("m", "meter", "meters", true),
    ("km", "kilometer", "kilometers", true),
    ("mm²", "square millimeter", "square millimeters", true),
    ("cm²", "square centimeter", "square centimeters", true),
    ("m²", "square meter", "square meters", true),
    ("m2", "square meter", "square meters", true),
    ("km²", "square kilometer", "square kilometers", true),
    ("km2", "square kilometer", "square kilometers", true),
    ("cm³", "cubic centimeter", "cubic centimeters", true),
    ("m³", "cubic meter", "cubic meters", true),
    ("m3", "cubic meter", "cubic meters", true),
    ("ha", "hectare", "hectares", false),
    ("in", "inch", "inches", false),
    ("ft", "foot", "feet", true),
    ("yd", "yard", "yards", true),
    ("mi", "mile", "miles", true),
    ("mph", "mile per hour", "miles per hour", true),
    ("kph", "kilometer per hour", "kilometers per hour", true),
    ("µg", "microgram", "micrograms", true),
    ("mg", "milligram", "milligrams", true),
    ("g", "gram", "grams", true),
    ("kg", "kilogram", "kilograms", true),
    ("oz", "ounce", "ounces", true),
    ("lb", "pound", "pounds", true),
    ("lbs", "pound", "pounds", true),
    ("ml", "milliliter", "milliliters", true),
    ("mL", "milliliter", "milliliters", true),
    ("cl", "centiliter", "centiliters", true),
    ("l", "liter", "liters", true),
    ("L", "liter", "liters", true),
    ("ns", "nanosecond", "nanoseconds", true),
    ("µs", "microsecond", "microseconds", true),
    ("ms", "millisecond", "milliseconds", true),
    ("s", "second", "seconds", false),
    ("sec", "second", "seconds", true),
    ("secs", "second", "seconds", true),
    ("min", "minute", "minutes", true),
    ("mins", "minute", "minutes", true),
    ("h", "hour", "hours", false),
    ("hr", "hour", "hours", true),
    ("hrs", "hour", "hours", true),
    ("yr", "year", "years", true),
    ("yrs", "year", "years", true),
    ("Hz", "hertz", "hertz", true),
    ("kHz", "kilohertz", "kilohertz", true),
    ("MHz", "megahertz", "megahertz", true),
    ("GHz", "gigahertz", "gigahertz", true),
    ("kB", "kilobyte", "kilobytes", true),
    ("KB", "kilobyte", "kilobytes", true),
    ("MB", "megabyte", "megabytes", true),
    ("GB", "gigabyte", "gigabytes", true),
    ("TB", "terabyte", "terabytes", true),
    ("PB", "petabyte", "petabytes", true),
    ("KiB", "kibibyte", "kibibytes", true),
    ("MiB", "mebibyte", "mebibytes", true),
    ("GiB", "gibibyte", "gibibytes", true),
    ("kbps", "kilobit per second", "kilobits per second", true),
    ("Mbps", "megabit per second", "megabits per second", true),
    ("Gbps", "gigabit per second", "gigabits per second", true),
    ("mV", "millivolt", "millivolts", true),
    ("V", "volt", "volts", true),
    ("kV", "kilovolt", "kilovolts", true),
    ("mA", "milliamp", "milliamps", true),
    ("mAh", "milliamp hour", "milliamp hours", true),
    ("W", "watt", "watts", true),
    ("kW", "kilowatt", "kilowatts", true),
    ("MW", "megawatt", "megawatts", true),
    ("GW", "gigawatt", "gigawatts", true),
    ("kWh", "kilowatt hour", "kilowatt hours", true),
    ("MWh", "megawatt hour", "megawatt hours", true),
    ("kJ", "kilojoule", "kilojoules", true),
    ("cal", "calorie", "calories", true),
    ("kcal", "kilocalorie", "kilocalories", true),
    ("Pa", "pascal", "pascals", false),
    ("hPa", "hectopascal", "hectopascals", true),
    ("kPa", "kilopascal", "kilopascals", true),
    ("Ω", "ohm", "ohms", true),
    ("dB", "decibel", "decibels", true),
    (
        "rpm",
        "revolution per minute",
        "revolutions per minute",
        true,
    ),
    ("px", "pixel", "pixels", true),
];

fn unit(sign: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.0 == sign)
}

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let (amount, rest) = Amount::read(scan.word(index))?;
    if rest.is_empty() {
        let next = scan.word(index + 1);
        if !scan.joins_next(index) || unit(next).is_some_and(|unit| !unit.3) {
            return None;
        }
        let name = name(next, amount.is_one())?;
        let is_word = next.ends_with(char::is_alphabetic) && !next.contains('/');
        // `12 ft. long`: units of letters may be abbreviations.
        let named = match is_word {
            true => scan.say_dotted(index + 1, name),
            false => scan.say(index + 1, name),
        };
        return Found::new(2, vec![scan.say(index, amount.words()), named]);
    }
    // The 90s and the 1990s are decades.
    let whole = amount.first.as_whole().unwrap_or("");
    if rest == "s" && matches!(whole.len(), 2 | 4) && whole.ends_with('0') {
        return None;
    }
    let name = match rest.strip_prefix('-') {
        // A 10-kg bag.
        Some(sign) => name(sign, true).filter(|_| sign != "in" && sign != "s")?,
        None => name(rest, amount.is_one())?,
    };
    Found::new(
        1,
        vec![scan.say(index, format!("{} {name}", amount.words()))],
    )
}

/// `km/h` as kilometers per hour.
fn name(sign: &str, one: bool) -> Option<String> {
    let (sign, per) = match sign.split_once('/') {
        Some((sign, per)) => (sign, Some(per)),
        None => (sign, None),
    };
    let (_, single, several, _) = unit(sign)?;
    let name = if one { single } else { several };
    let Some(per) = per else {
        return Some((*name).to_owned());
    };
    let per = match unit(per) {
        Some((_, single, ..)) => single,
        None if per.len() > 2 && per.bytes().all(|b| b.is_ascii_lowercase()) => per,
        None => return None,
    };
    Some(format!("{name} per {per}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_unit_stands_twice() {
        for (index, unit) in UNITS.iter().enumerate() {
            assert!(
                UNITS[..index].iter().all(|other| other.0 != unit.0),
                "{}",
                unit.0
            );
        }
    }
}
