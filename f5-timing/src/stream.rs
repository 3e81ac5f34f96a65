//! Writing while words still come: a cue leaves as soon as no later word can change it.

use std::{io::Write, time::Duration};

use f5_core::timing::WordTiming;

use crate::{
    cue::Cutter,
    error::{Result, TimeField, TimingError},
    format::{FormatWriter, Head, Pass, TimingFormat},
    options::WriteOptions,
    time,
    track::{self, Track},
    write::CueOut,
};

/// Writes words as they come, in memory that does not grow with their number.
///
/// What has been written before an error stays written; [`Track::save`] writes whole files.
#[derive(Debug)]
pub struct StreamWriter<W: Write> {
    sink: W,
    writer: Box<dyn FormatWriter>,
    cues: Option<(Cutter, CueOut)>,
    /// Words that a later cue may still show; `gone` were before them.
    window: Track,
    gone: usize,
    /// Words so far and the times of the last one.
    count: usize,
    last: (u64, u64),
    buf: Vec<u8>,
    speaker: Option<String>,
}

impl<W: Write> StreamWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// If the format names totals before its first word (TextGrid) or goes through the words twice
    /// (Whisper, WhisperX, JSON with segments), or the sink refuses the bytes.
    pub fn new(sink: W, format: TimingFormat, options: &WriteOptions) -> Result<Self> {
        let mut writer = format.writer(options);
        if writer.second().is_some() || writer.is_counted() {
            return Err(TimingError::NotStreamable { format });
        }
        let cues = match writer.first() {
            Pass::Words => None,
            Pass::Cues(tick) => Some((
                Cutter::new(&options.cues, tick),
                CueOut::new(options, &*writer),
            )),
        };
        let mut buf = Vec::new();
        writer.begin(
            &mut buf,
            &Head {
                language: None,
                title: None,
                duration: 0,
            },
        );
        let mut stream = Self {
            sink,
            writer,
            cues,
            window: Track::new(),
            gone: 0,
            count: 0,
            last: (0, 0),
            buf,
            speaker: None,
        };
        stream.send()?;
        Ok(stream)
    }

    /// Says who speaks the words that come now; nobody in particular at first.
    pub fn set_speaker(&mut self, name: Option<&str>) {
        self.speaker = name.map(str::to_owned);
    }

    /// Adds a word and writes what it has made final.
    ///
    /// # Errors
    ///
    /// As [`Track::from_words`], the word is then left out; or if the sink refuses the bytes.
    pub fn push(&mut self, word: &WordTiming) -> Result<()> {
        self.push_word(&word.word, word.start, word.end, word.score)
    }

    /// Adds a word given in parts; see [`StreamWriter::push`].
    ///
    /// # Errors
    ///
    /// As [`StreamWriter::push`].
    pub fn push_word(
        &mut self,
        word: &str,
        start: Duration,
        end: Duration,
        score: Option<f32>,
    ) -> Result<()> {
        let start = time::from_duration(start, self.count, TimeField::Start)?;
        let end = time::from_duration(end, self.count, TimeField::End)?;
        track::check(self.count, start, end, self.last, score)?;
        // The window holds later words than all it has let go, so its own check agrees.
        self.window.push_nanos(word, start, end, score)?;
        self.window.name_last(self.speaker.as_deref());
        self.last = (start, end);
        self.count += 1;
        let (index, gone) = (self.count - 1, self.gone);
        let (writer, window, buf) = (&mut *self.writer, &self.window, &mut self.buf);
        match &mut self.cues {
            None => writer.word(buf, window, 0),
            Some((cutter, out)) => {
                let speaker = window.speaker_number(window.len() - 1);
                cutter.push(index, word, (start, end), speaker, |span| {
                    out.put(buf, window, span, gone, writer);
                    Ok::<(), TimingError>(())
                })?;
            }
        }
        let pending = match &self.cues {
            None => self.count,
            Some((cutter, _)) => cutter.first_pending().unwrap_or(self.count),
        };
        self.window.drain_front(pending - gone);
        self.gone = pending;
        self.send()
    }

    /// Writes what is left and gives the sink back.
    ///
    /// # Errors
    ///
    /// If the sink refuses the bytes.
    pub fn finish(mut self) -> Result<W> {
        let (writer, window, buf) = (&mut *self.writer, &self.window, &mut self.buf);
        if let Some((cutter, out)) = &mut self.cues {
            cutter.finish(|span| {
                out.put(buf, window, span, self.gone, writer);
                Ok::<(), TimingError>(())
            })?;
        }
        writer.end(buf, self.last.1);
        self.send()?;
        self.sink.flush().map_err(TimingError::Write)?;
        Ok(self.sink)
    }

    /// The sink.
    pub fn get_ref(&self) -> &W {
        &self.sink
    }

    fn send(&mut self) -> Result<()> {
        if !self.buf.is_empty() {
            self.sink.write_all(&self.buf).map_err(TimingError::Write)?;
            self.buf.clear();
        }
        Ok(())
    }
}
