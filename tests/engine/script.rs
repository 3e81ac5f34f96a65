//! Scripts of several voices: who says what, when, and what is wrong with a script.

use std::{fs, time::Duration};

use f5_tts::{
    Cast, ErrorKind, Script, ScriptError, SynthesisParams, TimingFormat, Voice,
    timing::{ReadOptions, WriteOptions},
};

use crate::{ENGINE, VOICE, quick, voices};

const SCRIPT: &str = "The old man came home. [pause 400ms]\n[man] Good morning!\n\
    {\"name\": \"main\", \"seed\": 11, \"speed\": 2} There is some bread and milk. [pause 1s]";

fn man() -> Voice {
    let ref_text = fs::read_to_string(voices().join("rms.txt")).unwrap();
    ENGINE.voice(voices().join("rms.wav"), &ref_text).unwrap()
}

fn cast() -> Cast {
    let main = VOICE.clone();
    Cast::new().with("main", main).with_speed("man", man(), 0.8)
}

#[test]
fn lines_are_what_their_voices_say_alone() {
    let script = Script::parse(SCRIPT).unwrap();
    let performance = ENGINE.perform(&script, &cast(), &quick()).unwrap();
    let said = |line: usize| {
        let line = &performance.lines[line];
        (line.speaker.as_str(), line.text.as_str(), line.seed)
    };
    assert_eq!(said(0), ("main", "The old man came home.", 7));
    assert_eq!(said(1), ("man", "Good morning!", 8));
    assert_eq!(said(2), ("main", "There is some bread and milk.", 11));
    let rate = performance.waveform.sample_rate() as usize;
    let samples = performance.waveform.samples();
    let mut end = 0;
    for (at, (voice, speed)) in [(&*VOICE, 1.0), (&man(), 0.8), (&*VOICE, 2.0)]
        .iter()
        .enumerate()
    {
        let line = &performance.lines[at];
        let params = SynthesisParams {
            seed: Some(line.seed),
            speed: *speed,
            ..quick()
        };
        let alone = ENGINE.synthesize(voice, &line.text, &params).unwrap();
        assert_eq!(line.samples.len(), alone.waveform.samples().len());
        // But for the edges, which are faded out.
        let inside = 120..line.samples.len() - 120;
        let spoken = &samples[line.samples.clone()];
        assert_eq!(spoken[inside.clone()], alone.waveform.samples()[inside]);
        let words = &performance.words[line.words.clone()];
        let shift = line.samples.start as f64 / rate as f64;
        assert_eq!(words.len(), alone.words.len());
        for (word, alone) in words.iter().zip(&alone.words) {
            assert_eq!((&word.word, &word.chars), (&alone.word, &alone.chars));
            let apart = word.start.as_secs_f64() - alone.start.as_secs_f64() - shift;
            assert!(apart.abs() < 1e-6, "{apart}");
        }
        // 400 ms as the script says, then the pause of a sentence.
        let pause = [0, rate * 4 / 10, rate * 3 / 10][at];
        assert_eq!(line.samples.start, end + pause);
        assert!(
            samples[end..line.samples.start]
                .iter()
                .all(|sample| *sample == 0.0)
        );
        end = line.samples.end;
    }
    assert_eq!(samples.len(), end + rate, "a second of silence at the end");
}

#[test]
fn pieces_are_the_performance() {
    let script = Script::parse(&format!("{SCRIPT} [man] {}", crate::speech::LONG)).unwrap();
    let whole = ENGINE.perform(&script, &cast(), &quick()).unwrap();
    let mut stream = ENGINE.perform_stream(&script, &cast(), &quick()).unwrap();
    assert_eq!((stream.lines(), stream.sample_rate()), (4, 24_000));
    let (mut samples, mut words, mut pieces) = (vec![], vec![], 0);
    for piece in &mut stream {
        let piece = piece.unwrap();
        assert_eq!(piece.first_sample, samples.len());
        assert_eq!(piece.speaker, whole.lines[piece.line].speaker);
        samples.extend(piece.samples);
        words.extend(piece.words);
        pieces += 1;
    }
    assert!(pieces > 4, "the long line comes in several");
    assert_eq!(
        (samples.as_slice(), &words),
        (whole.waveform.samples(), &whole.words)
    );
    assert!(words.windows(2).all(|pair| pair[0].end <= pair[1].start));
    assert!(words.last().unwrap().end <= whole.duration());
}

#[test]
fn a_performance_can_be_stopped() {
    let script = Script::parse(SCRIPT).unwrap();
    for remove_silence in [false, true] {
        let params = SynthesisParams {
            remove_silence,
            ..quick()
        };
        let mut stream = ENGINE.perform_stream(&script, &cast(), &params).unwrap();
        let token = stream.cancel_token();
        stream.next().unwrap().unwrap();
        token.cancel();
        let error = stream.next().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert!(stream.next().is_none());
    }
}

#[test]
fn speeds_are_looked_at_before_anything_is_spoken() {
    let script = Script::parse("Yes. [man] No.").unwrap();
    for speed in [0.0, -1.0, f64::NAN] {
        let cast = cast().with_speed("man", VOICE.clone(), speed);
        let error = ENGINE.perform_stream(&script, &cast, &quick()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn silence_is_removed_inside_lines_but_not_between() {
    let script = Script::parse("We walk home. [pause 2s] The bird sang.").unwrap();
    let params = SynthesisParams {
        remove_silence: true,
        ..quick()
    };
    let performance = ENGINE.perform(&script, &cast(), &params).unwrap();
    let [first, second] = &performance.lines[..] else {
        panic!("{:?}", performance.lines)
    };
    assert_eq!(second.samples.start - first.samples.end, 48_000);
}

#[test]
fn timing_files_say_who_speaks() {
    let script = Script::parse(SCRIPT).unwrap();
    let performance = ENGINE.perform(&script, &cast(), &quick()).unwrap();
    let track = performance.timings().unwrap();
    let written = |format: TimingFormat| {
        let mut bytes = Vec::new();
        track
            .write_with(format, &WriteOptions::default(), &mut bytes)
            .unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert!(written(TimingFormat::Vtt).contains("<v man>morning!"));
    assert!(written(TimingFormat::Ass).contains(",Default,man,0,0,0,,morning!"));
    assert!(written(TimingFormat::Json).contains("\"speaker\":\"man\""));
    for format in [TimingFormat::Vtt, TimingFormat::Ass, TimingFormat::Json] {
        let read = format
            .parse(written(format).as_bytes(), &ReadOptions::default())
            .unwrap();
        let speakers: Vec<_> = read
            .cues
            .iter()
            .map(|cue| cue.speaker.clone().unwrap())
            .collect();
        let expected = [["main"; 5].as_slice(), &["man"; 2], &["main"; 6]].concat();
        assert_eq!(speakers, expected, "{format}");
    }
}

#[test]
fn nobody_speaks_before_the_cast_is_complete() {
    let perform = |script: &str, cast: &Cast| {
        let script = Script::parse(script).unwrap();
        ENGINE
            .perform(&script, cast, &quick())
            .map(|p| p.lines[0].speaker.clone())
    };
    let error = perform("We walk home.\n[bob] Yes.", &cast()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let text = error.to_string();
    assert!(
        text.contains("line 2, column 7") && text.contains("bob") && text.contains("main, man"),
        "{text}"
    );
    let two = Cast::new()
        .with("a", VOICE.clone())
        .with("b", VOICE.clone());
    let error = perform("We walk home.", &two).unwrap_err();
    assert!(error.to_string().contains("nobody is named"), "{error}");
    let regular = two.with("Regular", VOICE.clone());
    assert_eq!(perform("Yes.", &regular).unwrap(), "Regular");
    assert_eq!(
        perform("Yes.", &Cast::new().with("ann", VOICE.clone())).unwrap(),
        "ann"
    );
}

#[test]
fn files_have_the_keys_of_upstream() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::copy(voices().join("slt.wav"), path("slt.wav")).unwrap();
    fs::write(path("story.txt"), "Good. [town] Yes, it is.").unwrap();
    let ref_text = fs::read_to_string(voices().join("slt.txt")).unwrap();
    let ref_text = ref_text.trim();
    let toml = format!(
        "model = \"F5TTS_v1_Base\"\nref_audio = \"slt.wav\"\nref_text = \"{ref_text}\"\ngen_text = \"\"\n\
         gen_file = \"story.txt\"\nremove_silence = true\noutput_dir = \"tests\"\noutput_file = \"story.wav\"\n\
         nfe_step = 2\ncross_fade_duration = 0.1\n[voices.town]\nref_audio = \"slt.wav\"\n\
         ref_text = \"{ref_text}\"\nspeed = 0.8\n"
    );
    let value: toml::Value = toml::from_str(&toml).unwrap();
    fs::write(path("story.toml"), &toml).unwrap();
    fs::write(path("story.json"), serde_json::to_string(&value).unwrap()).unwrap();
    let script = Script::load(path("story.toml")).unwrap();
    assert_eq!(Script::load(path("story.json")).unwrap(), script);
    assert_eq!(Script::load(path("story.txt")).unwrap().lines, script.lines);
    assert_eq!(script.settings.output().unwrap(), path("tests/story.wav"));
    let params = script.settings.params(&SynthesisParams::default());
    assert!(params.remove_silence);
    assert_eq!(
        (params.nfe_steps, params.cross_fade_duration),
        (2, Duration::from_millis(100))
    );
    let cast = script.settings.cast(&ENGINE).unwrap();
    let performance = ENGINE.perform(&script, &cast, &params).unwrap();
    let speakers: Vec<_> = performance
        .lines
        .iter()
        .map(|line| line.speaker.as_str())
        .collect();
    assert_eq!(speakers, ["main", "town"]);
}

#[test]
fn bad_files_are_named_with_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    let load = |name: &str, text: &str| {
        fs::write(dir.path().join(name), text).unwrap();
        Script::load(dir.path().join(name)).unwrap_err()
    };
    let chain = |error: &ScriptError| {
        let source = std::error::Error::source(error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    };
    let text = chain(&load("a.toml", "speed = 1.0\ngen_txt = \"Yes.\"\n"));
    assert!(
        text.contains("a.toml") && text.contains("line 2") && text.contains("gen_txt"),
        "{text}"
    );
    let text = chain(&load("a.json", "{\"speed\": 1,\n \"gen_text\": 5}"));
    assert!(text.contains("a.json") && text.contains("line 2"), "{text}");
    for value in ["-1.0", "nan", "1e300"] {
        let text = chain(&load(
            "b.toml",
            &format!("speed = 1\nfix_duration = {value}"),
        ));
        assert!(
            text.contains("line 2") && text.contains("fix_duration") && text.contains("seconds"),
            "{text}"
        );
    }
    let text = load("c.toml", "gen_text = \" \"").to_string();
    assert!(text.contains("c.toml: nobody says anything"), "{text}");
    let text = load("e.txt", "Yes.\n[town").to_string();
    assert!(text.contains("e.txt: line 2, column 1"), "{text}");
    let error = load("d.toml", "gen_file = \"none.txt\"");
    assert!(matches!(&error, ScriptError::Read { path, .. } if path.ends_with("none.txt")));
    assert_eq!(f5_tts::Error::from(error).kind(), ErrorKind::Io);
    let script = Script::parse("Yes.").unwrap();
    let error = script.settings.cast(&ENGINE).unwrap_err();
    assert!(error.to_string().contains("ref_audio"), "{error}");
}

#[test]
fn what_a_file_leaves_out_or_sets_to_null_is_the_callers() {
    let dir = tempfile::tempdir().unwrap();
    let load = |text: &str| {
        fs::write(dir.path().join("a.json"), text).unwrap();
        Script::load(dir.path().join("a.json")).unwrap().settings
    };
    let nothing = load(
        "{\"gen_text\": \"Yes.\", \"fix_duration\": null, \"cross_fade_duration\": null, \"speed\": null, \
         \"output_dir\": null, \"output_file\": null}",
    );
    assert_eq!(
        (nothing.fix_duration, nothing.cross_fade_duration),
        (None, None)
    );
    assert_eq!(nothing.output(), None);
}

#[test]
fn output_starts_from_the_folder_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = dir.path().join("elsewhere/a.wav");
    for (keys, expected) in [
        ("output_file = 'a.wav'".to_owned(), dir.path().join("a.wav")),
        (
            "output_dir = ''\noutput_file = 'b/a.wav'".to_owned(),
            dir.path().join("b/a.wav"),
        ),
        (
            "output_dir = 'out'\noutput_file = 'a.wav'".to_owned(),
            dir.path().join("out/a.wav"),
        ),
        (
            format!(
                "output_dir = 'out'\noutput_file = '{}'",
                elsewhere.display()
            ),
            elsewhere.clone(),
        ),
    ] {
        fs::write(
            dir.path().join("a.toml"),
            format!("gen_text = 'Yes.'\n{keys}"),
        )
        .unwrap();
        let script = Script::load(dir.path().join("a.toml")).unwrap();
        assert_eq!(script.settings.output(), Some(expected), "{keys}");
    }
}
