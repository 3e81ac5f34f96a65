//! How a text is cut into chunks, how long each lasts, and where its characters stand in the text.

use std::{ops::Range, sync::Arc, time::Duration};

use f5_core::text::{
    chunk_sentences_around, chunk_text,
    duration::{Pace, fixed_duration_shares, fixed_frames, total_frames},
    max_chars,
    normalize::Reading,
    normalize_ref_text, with_trailing_space,
};

use crate::{
    Voice,
    engine::Engine,
    error::Result,
    params::{Chunking, ShortText, SynthesisParams},
    speech::ChunkPlan,
    spoken::Spoken,
    voice::Conditioned,
};

/// Seconds of reference and speech that upstream puts into one sample.
const WINDOW: f64 = 22.0;
/// Chunks are never cut finer than this, however little room a long reference leaves.
const LEAST_BUDGET: i64 = 40;
/// Nor is a first chunk that is to be heard early: a few words.
const LEAST_FIRST: i64 = 20;

/// One chunk before it is spoken.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) text: String,
    pub(crate) chars: CharMap,
    /// Reference first.
    pub(crate) ids: Vec<i32>,
    /// Frames to sample, reference included.
    pub(crate) frames: usize,
    /// What ends where the chunk ends.
    pub(crate) end: End,
}

/// What ends where a chunk ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Clause,
    Sentence,
    Paragraph,
}

impl Planned {
    /// The chunk once it is known where its samples lie.
    pub(crate) fn spoken(self, spoken: &Spoken, samples: Range<usize>) -> ChunkPlan {
        ChunkPlan {
            chars: spoken.to_original(self.chars.span()),
            text: self.text,
            frames: self.frames,
            samples,
        }
    }
}

/// Cuts what is to be spoken and decides how long each chunk lasts.
pub(crate) fn plan(
    engine: &Engine,
    voice: &Voice,
    conditioned: &Conditioned,
    spoken: &Spoken,
    params: &SynthesisParams,
) -> Result<Vec<Planned>> {
    let gen_text = spoken.text();
    let spec = &engine.config.mel_spec;
    let prepared = &voice.inner;
    let audio = &prepared.waveform;
    let ref_seconds = audio.samples().len() as f64 / f64::from(audio.sample_rate());
    let (ref_text, ref_ids) = reference(engine, voice, params);
    let budget = max_chars(&ref_text, ref_seconds, WINDOW, params.speed)?;
    let wholes = in_bytes(gen_text, spoken.wholes());
    let mut texts = Vec::new();
    let mut rest = gen_text;
    let first_chunk = params.first_chunk;
    if let Some(first) = first_chunk.filter(|_| params.chunking != Chunking::Whole) {
        let pace = ref_text.len() as f64 / ref_seconds * params.speed;
        let budget =
            ((pace * first.as_secs_f64()) as i64).clamp(LEAST_FIRST, budget.max(LEAST_FIRST));
        texts.extend(cut(rest, budget, params, &wholes).into_iter().next());
        rest = texts.first().map_or(rest, |first| behind(rest, first));
    }
    let budget = match params.chunking {
        Chunking::Upstream | Chunking::Whole => budget,
        Chunking::Sentences => budget.max(LEAST_BUDGET),
    };
    let passed = gen_text.len() - rest.len();
    let wholes: Vec<_> = wholes
        .iter()
        .filter(|whole| whole.start >= passed)
        .map(|whole| whole.start - passed..whole.end - passed)
        .collect();
    texts.extend(cut(rest, budget, params, &wholes));

    let (ref_text, ref_ids) = match params.double_space {
        true => spaced(engine, ref_text, ref_ids),
        false => (ref_text, ref_ids),
    };
    let ref_frames = conditioned.samples / spec.hop_length;
    let rate = f64::from(spec.target_sample_rate);
    let shares = match params.fix_duration {
        Some(duration) => {
            let chunks: Vec<&str> = texts.iter().map(String::as_str).collect();
            let ref_seconds = (ref_frames * spec.hop_length) as f64 / rate;
            let cross_fade = params.cross_fade_duration.as_secs_f64();
            Some(fixed_duration_shares(
                duration.as_secs_f64(),
                ref_seconds,
                cross_fade,
                &chunks,
            )?)
        }
        None => None,
    };
    let pace = Pace {
        ref_frames,
        ref_text: &ref_text,
        speed: params.speed,
        slow_short_text: params.short_text == ShortText::Slow,
    };
    let mut places = CharMap::new(gen_text);
    let mut planned = Vec::with_capacity(texts.len());
    for (index, text) in texts.into_iter().enumerate() {
        let frames = match (&shares, params.short_text) {
            (Some(shares), _) => {
                fixed_frames(shares[index], spec.target_sample_rate, spec.hop_length)?
            }
            (None, ShortText::AtLeast(least)) => {
                let least = frames_in(least, rate, spec.hop_length);
                total_frames(&pace, &text)?.max(ref_frames.saturating_add(least))
            }
            (None, _) => total_frames(&pace, &text)?,
        };
        let chars = places.take(&text);
        let mut ids = ref_ids.clone();
        let readings = chars.readings(&text, spoken.readings());
        ids.extend(continued(engine, &ref_text, &text, &readings));
        let frames = f5_model::cfm::total_frames(ids.len(), conditioned.mel.frames(), frames);
        planned.push(Planned {
            chars,
            text,
            ids,
            frames,
            end: End::Clause,
        });
    }
    find_ends(&mut planned, gen_text);
    Ok(planned)
}

/// Ranges of characters, in order, as ranges of bytes.
fn in_bytes(text: &str, chars: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut chars = chars.peekable();
    if chars.peek().is_none() {
        return Vec::new();
    }
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let byte = |char: usize| places.get(char).copied().unwrap_or(text.len());
    chars
        .map(|range| byte(range.start)..byte(range.end))
        .collect()
}

/// The texts of the chunks, of at most `budget` bytes where they can be cut; `wholes` stay together.
fn cut(text: &str, budget: i64, params: &SynthesisParams, wholes: &[Range<usize>]) -> Vec<String> {
    match params.chunking {
        Chunking::Whole => match text {
            "" => Vec::new(),
            text => vec![text.to_owned()],
        },
        Chunking::Upstream => {
            let mut chunks = chunk_text(text, budget);
            // What is left behind a first chunk may be blank.
            chunks.retain(|chunk| !chunk.is_empty());
            chunks
        }
        Chunking::Sentences => {
            let budget = usize::try_from(budget).unwrap_or(0);
            // Wrapped lines and blank ones are spoken as one space.
            let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            chunk_sentences_around(text, budget, wholes)
                .iter()
                .map(|chunk| squeezed(&chunk.text))
                .collect()
        }
    }
}

/// What follows `chunk`, which `text` begins with but for whitespace.
fn behind<'a>(text: &'a str, chunk: &str) -> &'a str {
    let visible = chunk.chars().filter(|c| !c.is_whitespace()).count();
    let mut visibles = text.char_indices().filter(|(_, c)| !c.is_whitespace());
    let last = visible.checked_sub(1).and_then(|last| visibles.nth(last));
    last.map_or(text, |(at, c)| &text[at + c.len_utf8()..])
}

fn find_ends(planned: &mut [Planned], gen_text: &str) {
    let mut chars = gen_text.chars().enumerate().peekable();
    for index in 1..planned.len() {
        let between = planned[index - 1].chars.span().end..planned[index].chars.span().start;
        while chars.next_if(|(at, _)| *at < between.start).is_some() {}
        let mut lines = 0;
        while let Some((_, c)) = chars.next_if(|(at, _)| *at < between.end) {
            lines += usize::from(c == '\n');
        }
        let chunk = &mut planned[index - 1];
        let text = chunk
            .text
            .trim_end_matches(|c: char| !c.is_alphanumeric() && !is_stop(c));
        chunk.end = match (lines, text.ends_with(is_stop)) {
            (2.., _) => End::Paragraph,
            (_, true) => End::Sentence,
            (_, false) => End::Clause,
        };
    }
}

/// Whether a sentence ends with this character; quotes and brackets may follow it.
fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？')
}

fn frames_in(duration: Duration, rate: f64, hop_length: usize) -> usize {
    (duration.as_secs_f64() * rate / hop_length as f64) as usize
}

/// The reference text as this call reads it, and its ids: it goes through the same front end as the
/// text, because the length of one is estimated by the other.
fn reference(engine: &Engine, voice: &Voice, params: &SynthesisParams) -> (String, Vec<i32>) {
    let written = voice.ref_text();
    let normalized = engine.normalized(written, params);
    if normalized.is_unchanged() && normalized.readings().is_empty() {
        return (written.to_owned(), voice.inner.ids.clone());
    }
    let ref_text = normalize_ref_text(normalized.text());
    let tokenizer = &engine.config.tokenizer;
    let encoded = tokenizer.encode_with(&ref_text, &engine.vocab, normalized.readings());
    (ref_text, encoded.ids)
}

/// The reference with a second space.
fn spaced(engine: &Engine, ref_text: String, mut ids: Vec<i32>) -> (String, Vec<i32>) {
    let longer = with_trailing_space(&ref_text);
    ids.extend(continued(engine, &ref_text, &longer[ref_text.len()..], &[]));
    (longer, ids)
}

/// The ids of `text` where it follows `before`: a tokenizer may put a space between the two.
///
/// The last character of a prepared reference text is a space or a full stop, which no tokenizer
/// joins with what follows, so it stands for the whole.
fn continued(engine: &Engine, before: &str, text: &str, readings: &[Reading]) -> Vec<i32> {
    let tokenizer = &engine.config.tokenizer;
    let Some(last) = before.chars().next_back() else {
        return tokenizer.encode_with(text, &engine.vocab, readings).ids;
    };
    let readings: Vec<Reading> = readings
        .iter()
        .map(|reading| Reading {
            at: reading.at + 1,
            token: reading.token.clone(),
        })
        .collect();
    let encoded = tokenizer.encode_with(&format!("{last}{text}"), &engine.vocab, &readings);
    let tokens = encoded.ids.into_iter().zip(encoded.at);
    tokens.filter(|&(_, at)| at > 0).map(|(id, _)| id).collect()
}

/// Where the visible characters of a text stand; chunks take theirs off the front.
///
/// Chunks differ from the text in whitespace alone, so the n-th visible character of one is the n-th
/// of the other. All chunks share one list: a copy for each would make planning quadratic.
#[derive(Debug)]
pub(crate) struct CharMap {
    places: Arc<[usize]>,
    /// Those that belong to the chunk; before any is taken, all.
    own: Range<usize>,
}

impl CharMap {
    fn new(text: &str) -> Self {
        let visible = text.chars().enumerate().filter(|(_, c)| !c.is_whitespace());
        let places: Arc<[usize]> = visible.map(|(at, _)| at).collect();
        Self {
            own: 0..places.len(),
            places,
        }
    }

    fn take(&mut self, chunk: &str) -> Self {
        let visible = chunk.chars().filter(|c| !c.is_whitespace()).count();
        let start = self.own.start;
        self.own.start = start.saturating_add(visible).min(self.own.end);
        Self {
            places: Arc::clone(&self.places),
            own: start..self.own.start,
        }
    }

    fn places(&self) -> &[usize] {
        &self.places[self.own.clone()]
    }

    /// The readings of characters of the text that are in `chunk`, by their places there; `readings`
    /// are in order.
    fn readings(&self, chunk: &str, readings: &[Reading]) -> Vec<Reading> {
        let start = self.span().start;
        let first = readings.partition_point(|reading| reading.at < start);
        if first == readings.len() {
            return Vec::new();
        }
        let visible = chunk
            .chars()
            .enumerate()
            .filter(|(_, c)| !c.is_whitespace());
        let mut readings = readings[first..].iter().peekable();
        let found = visible.zip(self.places()).filter_map(|((at, _), place)| {
            while readings.next_if(|reading| reading.at < *place).is_some() {}
            let reading = readings.next_if(|reading| reading.at == *place)?;
            let token = reading.token.clone();
            Some(Reading { at, token })
        });
        found.collect()
    }

    /// The range in the text that all of the chunk's characters lie in.
    pub(crate) fn span(&self) -> Range<usize> {
        match self.places() {
            [] => 0..0,
            [first, .., last] => *first..last + 1,
            [only] => *only..only + 1,
        }
    }

    /// Moves a range of characters of `chunk` to the text.
    pub(crate) fn to_text(&self, chunk: &str, chars: &Range<usize>) -> Range<usize> {
        let visible = |n: usize| chunk.chars().take(n).filter(|c| !c.is_whitespace()).count();
        match self.places().get(visible(chars.start)..visible(chars.end)) {
            Some([first, .., last]) => *first..last + 1,
            Some([only]) => *only..only + 1,
            _ => 0..0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_chunks_are_found_in_the_text() {
        let text = " One two.\n\nThree  four. ";
        let mut map = CharMap::new(text);
        let (first, second) = (map.take("One two."), map.take("Three  four."));
        assert_eq!((first.span(), second.span()), (1..9, 11..23));
        let found = second.to_text("Three  four.", &(7..12));
        let chars: Vec<char> = text.chars().collect();
        assert_eq!(chars[found].iter().collect::<String>(), "four.");
    }
    #[test]
    fn chunks_take_no_longer_for_what_follows_them() {
        let (chunk, chunks) = ("so many words", 50_000);
        let text = format!("{chunk} ").repeat(chunks);
        let readings: Vec<Reading> = (0..chunks)
            .map(|chunk| Reading {
                at: chunk * 14 + 3,
                token: "m".to_owned(),
            })
            .collect();
        let clock = std::time::Instant::now();
        let mut map = CharMap::new(&text);
        for index in 0..chunks {
            let own = map.take(chunk);
            assert_eq!(own.span(), index * 14..index * 14 + 13);
            let readings = own.readings(chunk, &readings);
            assert_eq!((readings.len(), readings[0].at), (1, 3));
        }
        // Longer by far where each chunk moves the places of all that follow.
        assert!(clock.elapsed() < Duration::from_secs(2));
        assert_eq!(map.take("more").span(), 0..0);
    }
}
