//! Addresses of pages and mail.

use super::{
    mixed,
    scan::{Found, Scan},
};

/// Last parts of names that are no words in front of which a space is forgotten.
const DOMAINS: [&str; 24] = [
    "com", "org", "net", "edu", "gov", "io", "dev", "app", "ai", "uk", "de", "fr", "eu", "info",
    "tv", "xyz", "ca", "au", "jp", "cn", "ch", "nl", "es", "ru",
];

pub(super) fn read(scan: &Scan<'_>, index: usize) -> Option<Found> {
    let word = scan.word(index);
    let address = ["https://", "http://", "ftp://", "mailto:"]
        .into_iter()
        .find_map(|scheme| word.strip_prefix(scheme));
    let is_address = address.is_some() || is_mail(word) || is_page(word);
    let address = address.unwrap_or(word).trim_end_matches('/');
    if !is_address || address.is_empty() {
        return None;
    }
    Found::new(1, vec![scan.say(index, words(address))])
}

fn is_mail(word: &str) -> bool {
    word.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && is_host(host) && host.contains('.'))
}

/// A name such as `example.com`, with or without a path.
fn is_page(word: &str) -> bool {
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or("");
    let last = host.rsplit('.').next().unwrap_or("");
    is_host(host) && host.contains('.') && (host.starts_with("www.") || DOMAINS.contains(&last))
}

fn is_host(host: &str) -> bool {
    host.split('.').all(|label| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    })
}

fn words(address: &str) -> String {
    let mut spoken: Vec<String> = Vec::new();
    let mut run = String::new();
    let mut push = |run: &mut String| {
        if !run.is_empty() {
            spoken.push(mixed::words(run).unwrap_or_else(|| run.clone()));
            run.clear();
        }
    };
    let mut names: Vec<(usize, &str)> = Vec::new();
    let mut count = 0;
    for c in address.chars() {
        match name(c) {
            Some(name) => {
                if !run.is_empty() {
                    push(&mut run);
                    count += 1;
                }
                names.push((count, name));
            }
            None => run.push(c),
        }
    }
    push(&mut run);
    // A name stands before the run that it was counted at.
    let mut words: Vec<String> = Vec::new();
    let mut names = names.into_iter().peekable();
    for (index, run) in spoken.into_iter().enumerate() {
        while let Some((_, name)) = names.next_if(|(at, _)| *at <= index) {
            words.push(name.to_owned());
        }
        words.push(if run == "www" {
            "w w w".to_owned()
        } else {
            run
        });
    }
    words.extend(names.map(|(_, name)| name.to_owned()));
    words.join(" ")
}

fn name(c: char) -> Option<&'static str> {
    Some(match c {
        '.' => "dot",
        '/' => "slash",
        '@' => "at",
        '-' => "dash",
        '_' => "underscore",
        ':' => "colon",
        '?' => "question mark",
        '=' => "equals",
        '&' => "and",
        '#' => "hash",
        '%' => "percent",
        '+' => "plus",
        '~' => "tilde",
        _ => return None,
    })
}
