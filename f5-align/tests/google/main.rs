//! Google's Speech-to-Text against a server on this machine that speaks the published schema, with
//! its errors, quotas and slowness.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests state their expectations"
)]

mod server;

use std::{
    error::Error,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use f5_align::{
    AlignError, Aligner, AlignerChain, Alignment, Cause, Verdict,
    google::{Credentials, GoogleSpeechAligner, GoogleSpeechError, HttpError},
};
use f5_core::{audio::Waveform, timing::TimingSource};
use serde_json::{Value as Json, json};

use server::{Answer, Server};

const TEXT: &str = "The quick brown fox";

fn tone(seconds: f32, rate: u32) -> Waveform {
    let samples = (0..(seconds * rate as f32) as usize).map(|i| 0.1 * (i as f32 * 0.3).sin());
    Waveform::new(samples.collect(), rate).unwrap()
}

fn aligner(server: &Server) -> GoogleSpeechAligner {
    GoogleSpeechAligner::new(Credentials::api_key("k3y"))
        .allow_upload(true)
        .endpoint(&server.url)
        .retries(0)
}

/// An answer with words of a quarter of a second each.
fn words(words: &str) -> Json {
    let word = |(i, word): (usize, &str)| {
        let at = |quarters: usize| format!("{}.{:02}0s", quarters / 4, quarters % 4 * 25);
        json!({"startTime": at(i), "endTime": at(i + 1), "word": word, "confidence": 0.75})
    };
    let words: Vec<Json> = words.split(' ').enumerate().map(word).collect();
    json!({"results": [{"alternatives": [{"transcript": "", "confidence": 0.9, "words": words}]}]})
}

fn align(server: &Server) -> Result<Alignment, AlignError> {
    aligner(server).align(&tone(1.0, 16_000), TEXT, "en-GB")
}

/// Whether it may succeed later, and the error below [`AlignError::Failed`].
fn failure(found: Result<Alignment, AlignError>) -> (bool, GoogleSpeechError) {
    let error = found.unwrap_err();
    let AlignError::Failed {
        aligner: "google",
        retryable,
        source,
    } = &error
    else {
        panic!("{error:?}");
    };
    // The cause says what the error below it says, and passes its sources on.
    assert!(error.source().is_some());
    (
        *retryable,
        source.downcast_ref::<GoogleSpeechError>().unwrap().clone(),
    )
}

#[test]
fn words_that_are_recognised_are_placed_and_others_flagged() {
    let server = Server::start(vec![Answer::ok(words("the quick crown socks"))]);
    let found = align(&server).unwrap();
    assert_eq!(found.aligner, "google");
    let times: Vec<_> = found
        .words
        .iter()
        .map(|w| {
            (
                w.word.as_str(),
                w.start.as_millis(),
                w.end.as_millis(),
                w.score,
                w.source,
            )
        })
        .collect();
    let heard = TimingSource::Acoustic;
    let expected = [
        ("The", 0, 250, Some(0.75), heard),
        ("quick", 250, 500, Some(0.75), heard),
        ("brown", 500, 750, Some(0.75), heard),
        ("fox", 750, 1000, None, TimingSource::Interpolated),
    ];
    assert_eq!(times, expected);
    assert_eq!(found.quality.coverage, 0.75);
}

#[test]
fn requests_are_as_published_and_name_the_key_in_a_header_alone() {
    let server = Server::start(vec![Answer::ok(words("the"))]);
    let model = aligner(&server).model("latest_long");
    model.align(&tone(0.5, 48_000), TEXT, "en").unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /v1/speech:recognize");
    assert!(asked[0].headers.contains(&"x-goog-api-key: k3y".to_owned()));
    assert!(
        asked[0]
            .headers
            .contains(&"content-type: application/json".to_owned())
    );
    let config = json!({
        "encoding": "LINEAR16", "sampleRateHertz": 16000, "languageCode": "en-US",
        "maxAlternatives": 1, "enableWordTimeOffsets": true, "enableWordConfidence": true,
        "model": "latest_long", "speechContexts": [{"phrases": [TEXT]}],
    });
    assert_eq!(asked[0].body["config"], config);
    let audio = asked[0].body["audio"]["content"].as_str().unwrap();
    assert_eq!(STANDARD.decode(audio).unwrap().len(), 16_000);
}

#[test]
fn tokens_are_asked_for_before_each_request() {
    let quota = Answer::Say(503, "retry-after: 0\r\n", String::new());
    let server = Server::start(vec![quota, Answer::ok(words("the"))]);
    let count = AtomicUsize::new(0);
    let provider = move || Ok(format!("token{}", count.fetch_add(1, Ordering::Relaxed)));
    let aligner = GoogleSpeechAligner::new(Credentials::bearer(provider)).allow_upload(true);
    aligner
        .endpoint(&server.url)
        .align(&tone(1.0, 16_000), TEXT, "en-GB")
        .unwrap();
    let asked = server.asked();
    for (i, asked) in asked.iter().enumerate() {
        assert!(
            asked
                .headers
                .contains(&format!("authorization: bearer token{i}"))
        );
    }
    assert_eq!(asked.len(), 2);

    let nobody = || Err(Cause::new(std::io::Error::other("signed out")));
    let aligner = GoogleSpeechAligner::new(Credentials::bearer(nobody)).allow_upload(true);
    let aligner = aligner.endpoint(&server.url).retries(0);
    let (_, error) = failure(aligner.align(&tone(1.0, 16_000), TEXT, "en-GB"));
    assert_eq!(error.source().unwrap().to_string(), "signed out");
}

#[test]
fn nothing_is_sent_without_consent() {
    let server = Server::start(vec![Answer::ok(words("the"))]);
    let aligner = aligner(&server).allow_upload(false);
    let error = aligner
        .align(&tone(1.0, 16_000), TEXT, "en-GB")
        .unwrap_err();
    assert!(matches!(error, AlignError::Unavailable { .. }));
    assert!(error.to_string().contains("consent"), "{error}");
    assert!(server.asked().is_empty());
}

#[test]
fn long_audio_is_an_operation_that_is_waited_for() {
    let pending = || Answer::ok(json!({"name": "71-x", "metadata": {"progressPercent": 50}}));
    let done = json!({"name": "71-x", "done": true, "response": words("the quick brown fox")});
    let server = Server::start(vec![pending(), pending(), Answer::ok(done)]);
    let found = aligner(&server)
        .align(&tone(60.5, 8_000), TEXT, "en-GB")
        .unwrap();
    assert_eq!(found.quality.coverage, 1.0);
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let expected = [
        "POST /v1/speech:longrunningrecognize",
        "GET /v1/operations/71-x",
        "GET /v1/operations/71-x",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn operations_can_fail_take_too_long_and_have_bad_names() {
    let long = tone(60.5, 8_000);
    let ask = |answers: Vec<Answer>| {
        let server = Server::start(answers);
        let aligner = aligner(&server).timeout(Duration::from_secs(1));
        failure(aligner.align(&long, TEXT, "en-GB"))
    };
    let error = json!({"name": "1", "done": true, "error": {"code": 3, "message": "Inline audio exceeds duration limit."}});
    let (retryable, error) = ask(vec![Answer::ok(error)]);
    assert!(
        !retryable && error.to_string().contains("exceeds duration limit"),
        "{error}"
    );
    let pending = || Answer::ok(json!({"name": "1"}));
    let (retryable, error) = ask(vec![pending(), pending(), pending(), pending()]);
    assert!(
        retryable && matches!(error, GoogleSpeechError::NotDone { .. }),
        "{error}"
    );
    let (_, error) = ask(vec![Answer::ok(json!({"name": "../keys?x"}))]);
    assert!(matches!(error, GoogleSpeechError::Schema { .. }), "{error}");
}

fn quota(retry_after: &'static str) -> Answer {
    let error = json!({"error": {
        "code": 429, "status": "RESOURCE_EXHAUSTED",
        "message": "Quota exceeded for quota metric 'Requests'",
    }});
    Answer::Say(429, retry_after, error.to_string())
}

#[test]
fn a_quota_is_waited_out_as_long_as_the_server_says() {
    let server = Server::start(vec![quota("Retry-After: 1\r\n"), Answer::ok(words("the"))]);
    let started = Instant::now();
    aligner(&server)
        .retries(1)
        .align(&tone(1.0, 16_000), TEXT, "en-GB")
        .unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn a_quota_beyond_the_time_allowed_is_told_at_once() {
    let server = Server::start(vec![quota("Retry-After: 3600\r\n")]);
    let started = Instant::now();
    let found = aligner(&server)
        .retries(5)
        .align(&tone(1.0, 16_000), TEXT, "en-GB");
    let (retryable, error) = failure(found);
    assert!(retryable && started.elapsed() < Duration::from_secs(30));
    assert_eq!(
        error.to_string(),
        "the server says 429 RESOURCE_EXHAUSTED: Quota exceeded for quota metric 'Requests'; ask again after 3600 s"
    );
}

#[test]
fn what_asking_again_cannot_change_is_not_asked_again() {
    let denied = json!({"error": {"code": 403, "message": "API key not valid.", "status": "PERMISSION_DENIED"}});
    let server = Server::start(vec![Answer::Say(403, "", denied.to_string())]);
    let (retryable, error) = failure(aligner(&server).retries(3).align(
        &tone(1.0, 16_000),
        TEXT,
        "en-GB",
    ));
    assert!(!retryable);
    assert_eq!(
        error.to_string(),
        "the server says 403 PERMISSION_DENIED: API key not valid."
    );
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn errors_of_proxies_and_redirects_are_not_followed() {
    let server = Server::start(vec![
        Answer::Say(502, "", "<html>bad gateway</html>".to_owned()),
        Answer::Say(307, "location: http://127.0.0.1:1/\r\n", String::new()),
    ]);
    let (retryable, error) = failure(align(&server));
    assert!(
        retryable && matches!(error, GoogleSpeechError::Refused { status: 502, .. }),
        "{error}"
    );
    let (retryable, error) = failure(align(&server));
    assert!(
        !retryable && matches!(error, GoogleSpeechError::Refused { status: 307, .. }),
        "{error}"
    );
}

#[test]
fn slow_answers_end_when_time_is_up() {
    let slow = Duration::from_secs(20);
    for answer in [Answer::Wait(slow), Answer::Stall(slow)] {
        let server = Server::start(vec![answer]);
        let started = Instant::now();
        let aligner = aligner(&server)
            .timeout(Duration::from_millis(400))
            .retries(3);
        let (retryable, error) = failure(aligner.align(&tone(1.0, 16_000), TEXT, "en-GB"));
        assert!(retryable && started.elapsed() < Duration::from_secs(10));
        let is_timeout = matches!(
            error,
            GoogleSpeechError::Transport(HttpError::Timeout { .. })
        );
        assert!(is_timeout, "{error:?}");
    }
}

#[test]
fn there_may_be_no_limit_of_time_and_any_number_of_retries() {
    // More than a wait can be doubled.
    let mut answers: Vec<Answer> = (0..70).map(|_| quota("Retry-After: 0\r\n")).collect();
    answers.push(Answer::ok(words("the")));
    let server = Server::start(answers);
    let patient = aligner(&server).timeout(Duration::MAX).retries(u32::MAX);
    patient.align(&tone(1.0, 16_000), TEXT, "en-GB").unwrap();
    assert_eq!(server.asked().len(), 71);

    let done = json!({"name": "1", "done": true, "response": words("the quick")});
    let server = Server::start(vec![Answer::ok(json!({"name": "1"})), Answer::ok(done)]);
    let patient = aligner(&server).timeout(Duration::MAX);
    patient.align(&tone(60.5, 8_000), TEXT, "en-GB").unwrap();
}

#[test]
fn broken_connections_can_be_tried_again() {
    let server = Server::start(vec![Answer::HangUp, Answer::ok(words("the"))]);
    aligner(&server)
        .retries(1)
        .align(&tone(1.0, 16_000), TEXT, "en-GB")
        .unwrap();
    let nobody = aligner(&server).endpoint("http://127.0.0.1:1");
    let (retryable, error) = failure(nobody.align(&tone(1.0, 16_000), TEXT, "en-GB"));
    let is_connection = matches!(
        error,
        GoogleSpeechError::Transport(HttpError::Connection { .. })
    );
    assert!(retryable && is_connection, "{error:?}");
}

#[test]
fn answers_that_are_not_of_the_schema_say_what_is_wrong() {
    for (body, what) in [
        ("no JSON".to_owned(), "expected"),
        (
            words("the").to_string().replace("0.250s", "a while"),
            "\"1.400s\"",
        ),
        (r#"{"results": 5}"#.to_owned(), "sequence"),
    ] {
        let server = Server::start(vec![Answer::ok(body)]);
        let (retryable, error) = failure(align(&server));
        assert!(!retryable && error.to_string().contains(what), "{error}");
    }
    for nothing in [json!({}), json!({"results": [{"alternatives": [{}]}]})] {
        let server = Server::start(vec![Answer::ok(nothing)]);
        assert_eq!(
            failure(align(&server)),
            (false, GoogleSpeechError::NothingRecognized)
        );
    }
}

#[test]
fn audio_that_no_request_can_hold_is_not_sent() {
    let server = Server::start(Vec::new());
    let (_, error) = failure(aligner(&server).align(&tone(300.0, 16_000), TEXT, "en-GB"));
    assert!(
        matches!(error, GoogleSpeechError::TooLarge { .. }),
        "{error}"
    );
}

#[test]
fn a_chain_goes_on_without_the_server_and_says_why() {
    let server = Server::start(vec![quota("")]);
    let chain = AlignerChain::new().link(aligner(&server));
    let found = chain.align(&tone(1.0, 16_000), TEXT, "en-GB").unwrap();
    assert_eq!(found.aligner, "energy");
    assert!(matches!(found.trail[0].verdict, Verdict::Failed(_)));
    assert!(
        found.trail[0].to_string().contains("429"),
        "{}",
        found.trail[0]
    );
}
