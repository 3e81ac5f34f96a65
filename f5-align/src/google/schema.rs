//! What is sent and what comes back: the parts of the
//! [Speech-to-Text v1 REST schema](https://docs.cloud.google.com/speech-to-text/docs/reference/rest/v1/speech/recognize)
//! that are used here.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Most characters of a phrase that the server is told to expect.
const LONGEST_PHRASE: usize = 100;
/// Most phrases that it is told.
const MOST_PHRASES: usize = 500;

/// Body of `speech:recognize` and `speech:longrunningrecognize`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecognizeRequest<'a> {
    config: RecognitionConfig<'a>,
    audio: RecognitionAudio,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RecognitionConfig<'a> {
    encoding: &'static str,
    sample_rate_hertz: u32,
    language_code: &'a str,
    max_alternatives: u32,
    enable_word_time_offsets: bool,
    enable_word_confidence: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    speech_contexts: [SpeechContext; 1],
}

#[derive(Debug, Serialize)]
struct SpeechContext {
    phrases: Vec<String>,
}

#[derive(Debug, Serialize)]
struct RecognitionAudio {
    content: String,
}

impl<'a> RecognizeRequest<'a> {
    /// A request for the words of `samples`, which are expected to be those of `text`.
    pub(super) fn new(
        samples: &[f32],
        rate: u32,
        text: &str,
        language_code: &'a str,
        model: Option<&'a str>,
    ) -> Self {
        let integer = |sample: &f32| (sample * 32768.0).round().clamp(-32768.0, 32767.0) as i16;
        let bytes: Vec<u8> = samples
            .iter()
            .flat_map(|s| integer(s).to_le_bytes())
            .collect();
        Self {
            config: RecognitionConfig {
                encoding: "LINEAR16",
                sample_rate_hertz: rate,
                language_code,
                max_alternatives: 1,
                enable_word_time_offsets: true,
                enable_word_confidence: true,
                model,
                speech_contexts: [SpeechContext {
                    phrases: phrases(text),
                }],
            },
            audio: RecognitionAudio {
                content: STANDARD.encode(bytes),
            },
        }
    }
}

/// A text in pieces that the server accepts as phrases.
fn phrases(text: &str) -> Vec<String> {
    let mut phrases: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let length = |text: &str| text.chars().count();
        if length(word) > LONGEST_PHRASE {
            continue;
        }
        let is_full = phrases.len() == MOST_PHRASES;
        match phrases.last_mut() {
            Some(last) if length(last) + 1 + length(word) <= LONGEST_PHRASE => {
                last.push(' ');
                last.push_str(word);
            }
            _ if is_full => break,
            _ => phrases.push(word.to_owned()),
        }
    }
    phrases
}

/// Answer of `speech:recognize`, and of a finished operation.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RecognizeResponse {
    #[serde(default)]
    pub(super) results: Vec<RecognitionResult>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RecognitionResult {
    #[serde(default)]
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Deserialize)]
struct Alternative {
    #[serde(default)]
    confidence: f32,
    #[serde(default)]
    words: Vec<WordInfo>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WordInfo {
    #[serde(default, deserialize_with = "duration")]
    start_time: Duration,
    #[serde(default, deserialize_with = "duration")]
    end_time: Duration,
    #[serde(default)]
    word: String,
    #[serde(default)]
    confidence: f32,
}

/// A word that was recognised.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recognized {
    pub(super) word: String,
    pub(super) start: Duration,
    pub(super) end: Duration,
    pub(super) confidence: Option<f32>,
}

impl RecognizeResponse {
    /// The words of the best alternative of every result; only that one has times.
    pub(super) fn words(self) -> Vec<Recognized> {
        let best = self
            .results
            .into_iter()
            .filter_map(|result| result.alternatives.into_iter().next());
        best.flat_map(|best| {
            let all = best.confidence;
            best.words.into_iter().map(move |word| Recognized {
                word: word.word,
                start: word.start_time,
                end: word.end_time.max(word.start_time),
                // The server sends 0 for "not set".
                confidence: [word.confidence, all]
                    .into_iter()
                    .find(|c| *c > 0.0)
                    .map(|c| c.min(1.0)),
            })
        })
        .collect()
    }
}

/// Answer of `speech:longrunningrecognize` and of `operations.get`.
#[derive(Debug, Deserialize)]
pub(super) struct Operation {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) done: bool,
    pub(super) error: Option<Status>,
    pub(super) response: Option<RecognizeResponse>,
}

/// Body of an answer that is not 2xx.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: Status,
}

/// `google.rpc.Status`; over HTTP `code` is the HTTP status, in an operation one of gRPC.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Status {
    #[serde(default)]
    pub(super) code: u16,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) status: String,
}

/// Reads `google.protobuf.Duration` in JSON: seconds with at most nine decimals and an `s`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).ok_or_else(|| {
        let what = "a duration such as \"1.400s\"";
        D::Error::invalid_value(serde::de::Unexpected::Str(&text), &what)
    })
}

/// Exact: decimals never go through a binary fraction.
fn parse_duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let nanos: u32 = decimals.parse().ok()?;
    let nanos = nanos * 10_u32.pow(9 - decimals.len() as u32);
    Some(Duration::new(whole.parse().ok()?, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_exactly() {
        for (text, expected) in [
            ("0s", Some((0, 0))),
            ("1.400s", Some((1, 400_000_000))),
            ("1.4s", Some((1, 400_000_000))),
            ("12.000000001s", Some((12, 1))),
            ("3.1s", Some((3, 100_000_000))),
            ("18446744073709551615s", Some((u64::MAX, 0))),
            ("18446744073709551616s", None),
            ("1.0000000000s", None),
            ("-1s", None),
            ("+1s", None),
            ("1e3s", None),
            ("1.s", None),
            (".5s", None),
            ("1.4", None),
            ("s", None),
            ("", None),
        ] {
            let expected = expected.map(|(s, n)| Duration::new(s, n));
            assert_eq!(parse_duration(text), expected, "{text:?}");
        }
    }

    #[test]
    fn requests_are_as_published() {
        let request = RecognizeRequest::new(&[0.0, 0.5, 2.0, -1.0], 16_000, "a b", "en-US", None);
        let json = serde_json::to_value(&request).expect("JSON");
        let expected = serde_json::json!({
            "config": {
                "encoding": "LINEAR16", "sampleRateHertz": 16000, "languageCode": "en-US",
                "maxAlternatives": 1, "enableWordTimeOffsets": true, "enableWordConfidence": true,
                "speechContexts": [{"phrases": ["a b"]}],
            },
            // 0, 16384, 32767 and -32768 as little-endian bytes.
            "audio": {"content": "AAAAQP9/AIA="},
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn phrases_are_short_enough() {
        let text = "some words ".repeat(100) + &"x".repeat(101) + " end";
        let phrases = phrases(&text);
        assert!(phrases.iter().all(|p| p.chars().count() <= 100));
        let joined = phrases.join(" ");
        assert!(joined.starts_with("some words some") && joined.ends_with("words end"));
        assert_eq!(phrases.len(), 12);
    }

    #[test]
    fn words_come_from_the_best_alternatives() {
        let json = r#"{"results": [
            {"alternatives": [
                {"transcript": "hi all", "confidence": 0.5, "words": [
                    {"endTime": "0.300s", "word": "hi", "confidence": 0.9},
                    {"startTime": "0.300s", "endTime": "0.700s", "word": "all"}]},
                {"transcript": "high wall"}]},
            {"alternatives": []},
            {"alternatives": [{"words": [{"startTime": "2s", "endTime": "1s", "word": "bye"}]}],
             "resultEndTime": "2.5s", "languageCode": "en-us"}],
            "totalBilledTime": "15s", "requestId": "1"}"#;
        let response: RecognizeResponse = serde_json::from_str(json).expect("an answer");
        let words: Vec<_> = response
            .words()
            .into_iter()
            .map(|w| (w.word, w.start.as_millis(), w.end.as_millis(), w.confidence))
            .collect();
        let expected = [
            ("hi".to_owned(), 0, 300, Some(0.9)),
            ("all".to_owned(), 300, 700, Some(0.5)),
            ("bye".to_owned(), 2000, 2000, None),
        ];
        assert_eq!(words, expected);
        assert!(
            serde_json::from_str::<RecognizeResponse>("{}")
                .expect("nothing heard")
                .words()
                .is_empty()
        );
        let wrong = json.replace("0.700s", "0.7");
        let error = serde_json::from_str::<RecognizeResponse>(&wrong).expect_err("no duration");
        assert!(error.to_string().contains("1.400s"), "{error}");
    }
}
