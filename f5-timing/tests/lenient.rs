//! Every leniency by itself: the strict reader refuses with line and column, the lenient one reads.
#![allow(clippy::unwrap_used)] // Helpers of tests state expectations, too.

use f5_timing::{Document, MissingTimes, ReadOptions, TimingError, TimingFormat};

/// The place at which the strict reader stops.
fn refused(format: TimingFormat, text: &str) -> (usize, usize) {
    match format.parse(text.as_bytes(), &ReadOptions::default()) {
        Err(TimingError::Syntax {
            format: named,
            line,
            column,
            reason,
        }) => {
            assert_eq!(named, format);
            assert!(!reason.is_empty());
            (line, column)
        }
        other => panic!("{format} took {text:?}: {other:?}"),
    }
}

fn lenient(format: TimingFormat, text: &str) -> Document {
    format
        .parse(text.as_bytes(), &ReadOptions::lenient())
        .unwrap()
}

/// Cues as text and milliseconds.
fn cues(document: &Document) -> Vec<(&str, u128, u128)> {
    let cue = |cue: &'_ f5_timing::Cue| (cue.start.as_millis(), cue.end.as_millis());
    let all = document.cues.iter();
    all.map(|c| (c.text.as_str(), cue(c).0, cue(c).1)).collect()
}

fn check(format: TimingFormat, text: &str, place: (usize, usize), wanted: &[(&str, u128, u128)]) {
    assert_eq!(refused(format, text), place, "{format}: {text:?}");
    assert_eq!(cues(&lenient(format, text)), wanted, "{format}: {text:?}");
}

/// What both readers take.
fn both(format: TimingFormat, text: &str, wanted: &[(&str, u128, u128)]) {
    for options in [ReadOptions::default(), ReadOptions::lenient()] {
        let document = format.parse(text.as_bytes(), &options).unwrap();
        assert_eq!(cues(&document), wanted, "{format}: {text:?}");
    }
}

#[test]
fn srt() {
    let format = TimingFormat::Srt;
    let a: &[_] = &[("a", 1500, 2000)];
    // A point for the comma.
    check(format, "1\n00:00:01.500 --> 00:00:02.000\na\n", (2, 1), a);
    // The end alone.
    check(format, "1\n00:00:01,500 --> 00:00:02.000\na\n", (2, 17), a);
    // No number.
    check(format, "00:00:01,500 --> 00:00:02,000\na\n", (1, 1), a);
    // Fields of one digit, and short fractions.
    check(format, "1\n0:0:1,5 --> 0:0:2,0\na\n", (2, 1), a);
    // Coordinates behind the times.
    let text = "1\n00:00:01,500 --> 00:00:02,000  X1:10 X2:20 Y1:5 Y2:6\na\n";
    check(format, text, (2, 17), a);
    // No space around the arrow.
    check(format, "1\n00:00:01,500-->00:00:02,000\na\n", (2, 13), a);
    // Lines that are no cue.
    check(
        format,
        "hello\n\n1\n00:00:01,500 --> 00:00:02,000\na\n",
        (1, 1),
        a,
    );
    // A text of digits is a text, and CR and CRLF end lines.
    both(
        format,
        "1\r\n00:00:01,500 --> 00:00:02,000\r\n42\r\n7\r\n\r\n",
        &[("42\n7", 1500, 2000)],
    );
    both(format, "1\r00:00:01,500 --> 00:00:02,000\ra\r\r", a);
    // A byte order mark.
    both(format, "\u{FEFF}1\n00:00:01,500 --> 00:00:02,000\na\n", a);
}

#[test]
fn srt_markup() {
    let read = |text: &str, wanted: &str| {
        let file = format!("1\n00:00:01,500 --> 00:00:02,000\n{text}\n");
        both(TimingFormat::Srt, &file, &[(wanted, 1500, 2000)]);
    };
    for (text, wanted) in [
        // What players obey is taken away, however it is spelt.
        ("<i>Stay</i> <B>here</B>, <u >now</u >!", "Stay here, now!"),
        ("<s>a</s>{b}b{/b}{I}c{/I}", "abc"),
        (
            "<font color=\"#ffff00\" size=\"12\">yellow</font>",
            "yellow",
        ),
        ("<FONT\tface='x'>y</Font>", "y"),
        ("{\\an8}top{\\i1}{\\pos(1,2)} and below", "top and below"),
        ("{y:i}{C:$0000ff}blue", "blue"),
        ("one<br>two<BR />three", "one\ntwo\nthree"),
        ("- <i>one\n- two</i>", "- one\n- two"),
        ("<i></i>", ""),
        // Tags inside of what is none, and tags that taking away others would make.
        ("<<i>b>", "<b>"),
        ("{{\\b1}\\b0}", "{\\b0}"),
        ("a <font <i>b</i>", "a <font b"),
        // The rest is text.
        ("a < b > c, {d} <3", "a < b > c, {d} <3"),
        (
            "<unknown> </x> <ib> <> </> <1>",
            "<unknown> </x> <ib> <> </> <1>",
        ),
        ("<i", "<i"),
        ("{\\an8 {\\an8 <b", "{\\an8 {\\an8 <b"),
        (
            "} {z:1} {n} {/} {} C:\\new \\N",
            "} {z:1} {n} {/} {} C:\\new \\N",
        ),
        // Joiners that writers put, and others.
        (
            "<\u{2060}i>a--\u{2060}>{\u{2060}\\\u{2060}an8}",
            "<i>a-->{\\an8}",
        ),
        ("a\u{2060}b -\u{2060}>", "a\u{2060}b -\u{2060}>"),
    ] {
        read(text, wanted);
    }
    // Many braces that nothing closes take no longer than others.
    let open = "{\\".repeat(100_000);
    read(&open, &open);
}

#[test]
fn vtt() {
    let format = TimingFormat::Vtt;
    let a: &[_] = &[("a", 1500, 2000)];
    let head = "WEBVTT\n\n";
    // No space around the arrow.
    check(
        format,
        &format!("{head}00:01.500-->00:02.000\na\n"),
        (3, 10),
        a,
    );
    // An arrow in the middle of a text begins a cue.
    let text = format!("{head}00:01.500 --> 00:02.000\na\n00:03.000 --> 00:04.000\nb\n");
    check(
        format,
        &text,
        (5, 11),
        &[("a", 1500, 2000), ("b", 3000, 4000)],
    );
    // Cues with bad times are passed over.
    let text = format!("{head}00:61.500 --> 01:02.000\nx\n\n00:01.500 --> 00:02.000\na\n");
    check(format, &text, (3, 1), a);
    // A cue that ends as it starts is allowed to be read, not to be written.
    let text = format!("{head}00:01.500 --> 00:01.500\na\n");
    check(format, &text, (3, 14), &[("a", 1500, 1500)]);
    // No blank line behind the head.
    check(format, "WEBVTT\n00:01.500 --> 00:02.000\na\n", (2, 1), a);
    // A text without times.
    check(
        format,
        &format!("{head}lonely\n\n00:01.500 --> 00:02.000\na\n"),
        (3, 1),
        a,
    );
    // An open tag runs to the end; NUL is U+FFFD; references are decoded; comments are passed over.
    let text = format!("{head}NOTE x\n\n00:01.500 --> 00:02.000 line:0\na\0&amp;&lt;<b\n");
    both(format, &text, &[("a\u{FFFD}&<", 1500, 2000)]);
}

#[test]
fn ass() {
    let format = TimingFormat::Ass;
    let head = "[Script Info]\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, \
                MarginR, MarginV, Effect, Text\n";
    let event = |start: &str| format!("{head}Dialogue: 0,{start},0:00:09.00,D,,0,0,0,,a, b\n");
    // Fractions are counted in hundredths, whatever their length, as libass does.
    check(
        format,
        &event("0:00:01.5"),
        (5, 10),
        &[("a, b", 1050, 9000)],
    );
    check(
        format,
        &event("0:00:01.123"),
        (5, 10),
        &[("a, b", 2230, 9000)],
    );
    // Fields of any width.
    check(format, &event("0:0:1.50"), (5, 10), &[("a, b", 1500, 9000)]);
    // No Format line.
    let text = "[Events]\nDialogue: 0,0:00:01.50,0:00:02.00,D,,0,0,0,,a\n";
    check(format, text, (2, 1), &[("a", 1500, 2000)]);
    // Something in front of the first section.
    let text = format!("; made by hand\n{}", event("0:00:01.50"));
    check(format, &text, (1, 1), &[("a, b", 1500, 9000)]);
}

#[test]
fn csv() {
    let format = TimingFormat::Csv;
    let a: &[_] = &[("a", 1500, 2000)];
    check(format, "start;end;word\n1.5;2;a\n", (1, 1), a);
    check(format, "start\tend\tword\n1.5\t2\ta\n", (1, 1), a);
    check(format, "start_time,end_time,text\n1.5,2,a\n", (1, 1), a);
    check(
        format,
        "start,end,word\n1.5,2,a\"b\n",
        (2, 8),
        &[("a\"b", 1500, 2000)],
    );
    check(
        format,
        "start,end,word\n1.5,2,\"a\"b\n",
        (2, 10),
        &[("ab", 1500, 2000)],
    );
    check(
        format,
        "start,end,word\n1.5,2,\"a\n",
        (2, 8),
        &[("a\n", 1500, 2000)],
    );
    check(format, "start,end,word,score\n1.5,2,a\n", (2, 1), a);
    check(format, "start,end,word\n1.5,2,a\n\n", (3, 1), a);
    check(format, "", (1, 1), &[]);
    both(
        format,
        "start,end,word\r\n1.5,2,\"a, \"\"b\"\"\r\n\"\r\n",
        &[("a, \"b\"\r\n", 1500, 2000)],
    );
}

#[test]
fn json() {
    let a: &[_] = &[("a", 1500, 2000)];
    let word = r#"{"word":"a","start":1.5,"end":2}"#;
    let format = TimingFormat::Json;
    check(format, &format!(r#"{{"words":[{word}]}}"#), (1, 1), a);
    check(format, &format!("[{word}]"), (1, 1), a);
    check(
        format,
        &format!(r#"{{"segments":[{{"words":[{word}]}}]}}"#),
        (1, 1),
        a,
    );
    let text = format!(
        r#"{{"schema":"f5-timing/1","words":[{}]}}"#,
        word.replace("\"a\"", "\"\\ud800\"")
    );
    check(format, &text, (1, 49), &[("\u{FFFD}", 1500, 2000)]);
    for format in [TimingFormat::Whisper, TimingFormat::WhisperX] {
        check(format, &format!(r#"{{"words":[{word}]}}"#), (1, 1), a);
        both(
            format,
            r#"{"segments":[{"start":1.5,"end":2,"text":" a"}]}"#,
            a,
        );
    }
    let format = TimingFormat::JsonLines;
    check(
        format,
        &format!("{word}\n{}\n", word.replace("\"a\"", "\"\\udfff\"")),
        (2, 15),
        &[("a", 1500, 2000), ("\u{FFFD}", 1500, 2000)],
    );
}

#[test]
fn json_numbers_that_are_none_name_their_word() {
    for format in [TimingFormat::Json, TimingFormat::JsonLines] {
        for number in ["NaN", "Infinity", "-Infinity"] {
            let bad = format!(r#"{{"word":"b","start":{number},"end":2}}"#);
            let text = match format {
                TimingFormat::Json => {
                    format!("{{\"schema\":\"f5-timing/1\",\"words\":[\n{bad}]}}")
                }
                _ => bad,
            };
            refused(format, &text);
            let error = format.parse(text.as_bytes(), &ReadOptions::lenient());
            assert!(
                matches!(error, Err(TimingError::NotFinite { index: 0, .. })),
                "{error:?}"
            );
        }
    }
}

#[test]
fn words_without_times_are_refused_or_spread() {
    let text = r#"{"segments":[{"start":1,"end":4,"text":"a 1 2 b","words":[
        {"word":"a","start":1,"end":2},{"word":"1"},{"word":"2"},{"word":"b","start":3,"end":4}]}]}"#;
    let format = TimingFormat::WhisperX;
    let error = format.parse(text.as_bytes(), &ReadOptions::lenient());
    assert!(
        matches!(error, Err(TimingError::Missing { index: 1, .. })),
        "{error:?}"
    );
    let options = ReadOptions {
        missing: MissingTimes::Interpolate,
        ..ReadOptions::default()
    };
    let document = format.parse(text.as_bytes(), &options).unwrap();
    let wanted = [
        ("a", 1000, 2000),
        ("1", 2000, 2500),
        ("2", 2500, 3000),
        ("b", 3000, 4000),
    ];
    assert_eq!(cues(&document), wanted);
}

#[test]
fn tsv_and_audacity() {
    let a: &[_] = &[("a", 1500, 2000)];
    check(TimingFormat::Tsv, "1500\t2000\ta\n", (1, 1), a);
    check(
        TimingFormat::Tsv,
        "start\tend\ttext\n1500\t2000\n",
        (2, 10),
        &[("", 1500, 2000)],
    );
    check(
        TimingFormat::Tsv,
        "start\tend\ttext\n 1500\t2000 \ta\n",
        (2, 1),
        a,
    );
    let format = TimingFormat::Audacity;
    check(format, "1,5\t2,0\ta\n", (1, 1), a);
    check(format, "1.5\t2.0\n", (1, 8), &[("", 1500, 2000)]);
    // The frequencies of a spectral selection.
    both(format, "1.5\t2.0\ta\n\\\t100.0\t200.0\n", a);
}

#[test]
fn lrc() {
    let format = TimingFormat::Lrc;
    check(
        format,
        "lonely\n[00:01.50]a\n[00:02.00]\n",
        (1, 1),
        &[("a", 1500, 2000)],
    );
    check(
        format,
        "[00:01.5]a\n[00:02.00]\n",
        (1, 1),
        &[("a", 1500, 2000)],
    );
    check(
        format,
        "[00:01]a\n[00:02.00]\n",
        (1, 1),
        &[("a", 1000, 2000)],
    );
    check(
        format,
        "[0:01.50]a\n[00:02.00]\n",
        (1, 1),
        &[("a", 1500, 2000)],
    );
    // Tags, three decimals, an offset that shows lines earlier, several stamps.
    let text = "[ti:x]\n[offset:500]\n[00:01.500][00:03.00]a\n[00:02.00]b\n";
    both(
        format,
        text,
        &[("a", 1000, 1500), ("b", 1500, 2500), ("a", 2500, 2500)],
    );
}

#[test]
fn sbv() {
    let format = TimingFormat::Sbv;
    let a: &[_] = &[("a", 1500, 2000)];
    check(format, "0:0:1.5,0:0:2\na\n", (1, 1), a);
    check(format, "0:00:01,500,0:00:02.000\na\n", (1, 1), &[]);
    check(format, "hello\n\n0:00:01.500,0:00:02.000\na\n", (1, 1), a);
    both(
        format,
        "0:00:01.500,0:00:02.000\na\n42\n\n",
        &[("a\n42", 1500, 2000)],
    );
}

#[test]
fn textgrid() {
    let format = TimingFormat::TextGrid;
    let grid = |intervals: &str, count: u32, last: &str| {
        format!(
            "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\n0\n{last}\n<exists>\n1\n\
             \"IntervalTier\"\n\"words\"\n0\n{last}\n{count}\n{intervals}"
        )
    };
    let a: &[_] = &[("a", 1500, 2000)];
    both(format, &grid("0\n1.5\n\"\"\n1.5\n2\n\"a\"\n", 2, "2"), a);
    // Intervals that do not begin where the last one ended.
    let (line, _) = refused(format, &grid("1.5\n2\n\"a\"\n", 1, "2"));
    assert_eq!(line, 14);
    assert_eq!(cues(&lenient(format, &grid("1.5\n2\n\"a\"\n", 1, "2"))), a);
    // Intervals that do not reach the end.
    let short = grid("0\n1.5\n\"\"\n1.5\n2\n\"a\"\n", 2, "3");
    refused(format, &short);
    assert_eq!(cues(&lenient(format, &short)), a);
}

#[test]
fn ttml() {
    let format = TimingFormat::Ttml;
    let tt = |attributes: &str, body: &str| format!("<tt {attributes}>\n<body><div>{body}");
    let close = "</div></body></tt>";
    let frames = format!("<p begin=\"00:00:01:15\" end=\"60f\">a</p>{close}");
    let a: &[_] = &[("a", 1500, 2000)];
    check(format, &tt("frameRate=\"30\"", &frames), (2, 45), a);
    let ticks = format!("<p begin=\"15t\" end=\"20t\">a</p>{close}");
    check(format, &tt("tickRate=\"10\"", &ticks), (2, 37), a);
    let endless = format!("<p begin=\"1.5s\">a</p>{close}");
    check(format, &tt("", &endless), (2, 28), &[("a", 1500, 1500)]);
    let open = "<p begin=\"1.5s\" end=\"2s\">a</p>";
    check(format, &tt("", open), (2, 42), a);
}

#[test]
fn bytes_that_are_no_text() {
    let bytes = b"1\n00:00:01,500 --> 00:00:02,000\na\xFF\n";
    let error = TimingFormat::Srt.parse(bytes, &ReadOptions::default());
    assert!(
        matches!(
            error,
            Err(TimingError::Syntax {
                line: 3,
                column: 2,
                ..
            })
        ),
        "{error:?}"
    );
    let document = TimingFormat::Srt
        .parse(bytes, &ReadOptions::lenient())
        .unwrap();
    assert_eq!(cues(&document), [("a\u{FFFD}", 1500, 2000)]);
}
