//! What texts with tags are read as, and what is said about those that cannot be.

use std::time::Duration;

use super::*;
use crate::SeedPolicy;

fn told(script: &str) -> Vec<(Option<String>, String)> {
    let lines = Script::parse(script).expect("a script").lines;
    lines
        .into_iter()
        .map(|line| (line.voice, line.text))
        .collect()
}

fn say(voice: &str, text: &str) -> (Option<String>, String) {
    let voice = (!voice.is_empty()).then(|| voice.to_owned());
    (voice, text.to_owned())
}

#[test]
fn tags_of_the_command_line_and_styles_of_the_page() {
    let script = "A bird sang.\n[town] Come in! {main}\nHe came.\n{\"name\": \"Old Man\", \"seed\": 7, \
        \"speed\": 0.9} Good, good. [main] [town] Yes.";
    let expected = [
        say("", "A bird sang."),
        say("town", "Come in!"),
        say("main", "He came."),
        say("Old Man", "Good, good."),
        say("town", "Yes."),
    ];
    assert_eq!(told(script), expected);
    let lines = Script::parse(script).expect("a script").lines;
    assert_eq!(
        (lines[3].seed, lines[3].speed),
        (Some(SeedPolicy::Fixed(7)), Some(0.9))
    );
    assert_eq!((lines[4].seed, lines[4].speed), (None, None));
    assert_eq!(lines[1].at, ScriptPlace { line: 2, column: 8 });
    // Upstream's own line: any seed.
    let regular = "{\"name\": \"Regular\", \"seed\": -1, \"speed\": 1} Hello.";
    assert_eq!(
        Script::parse(regular).expect("a script").lines[0].seed,
        Some(SeedPolicy::Random)
    );
}

#[test]
fn pauses_add_up_and_keep_the_voice() {
    let script = Script::parse("[town] One. [pause 400ms] Two. [pause 1.5s][PAUSE 1 s] [pause 0s]");
    let script = script.expect("a script");
    assert_eq!(script.lines[1].voice.as_deref(), Some("town"));
    assert_eq!(script.lines[0].pause, None);
    assert_eq!(script.lines[1].pause, Some(Duration::from_millis(400)));
    assert_eq!(script.last_pause, Some(Duration::from_millis(2500)));
}

#[test]
fn escapes_are_the_characters_themselves() {
    let expected = [say("", "a [b] {c} \\ \\d and ] } alone")];
    assert_eq!(told("a \\[b\\] \\{c\\} \\\\ \\d and ] } alone"), expected);
}

#[test]
fn errors_name_the_place_and_the_remedy() {
    for (script, at, part) in [
        ("One.\n two [town", (2, 6), "write \\[ for the character"),
        ("One [town\n] two", (1, 5), "nothing closes"),
        ("One. [my town] two", (1, 6), "[my town] is neither"),
        ("One. [] two", (1, 6), "[] is neither"),
        ("One. [pause] two", (1, 6), "[pause] is no pause"),
        ("One. [pause -1s] two", (1, 6), "no pause"),
        ("One. [pause 5] two", (1, 6), "400ms"),
        ("One. [pause 4000s] two", (1, 6), "hour"),
        ("One. [pause infs] two", (1, 6), "no pause"),
        ("Oné. {\"name\": 5} two", (1, 15), "malformed"),
        (
            "One.\n{\"name\": \"a\",\n \"sped\": 2} two",
            (3, 7),
            "malformed",
        ),
        ("One. {\"seed\": 5} two", (1, 16), "malformed"),
        ("One. {} two", (1, 7), "malformed"),
        (
            "One. {\"name\": \"a\", \"speed\": -2} two",
            (1, 6),
            "speed is -2",
        ),
        (
            "One. {\"name\": \"a\", \"seed\": -2} two",
            (1, 6),
            "seed is -2",
        ),
        ("One. {town", (1, 6), "\\{"),
    ] {
        let text = Script::parse(script).expect_err(script).to_string();
        let place = format!("line {}, column {}: ", at.0, at.1);
        assert!(
            text.starts_with(&place) && text.contains(part),
            "{script}: {text}"
        );
    }
    assert!(matches!(
        Script::parse(" [town] [pause 1s]"),
        Err(ScriptError::Empty)
    ));
}
