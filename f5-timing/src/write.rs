//! From a track to bytes: passes over the words, and files that are whole or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    cue::{CueOptions, CueView, Cutter, Span, lay_out},
    error::{Result, TimingError},
    format::{FormatWriter, Head, Pass, Tick, TimingFormat},
    options::{CueMode, WriteOptions},
    track::Track,
};

/// The buffer is handed to the sink when it has grown past this.
const FULL: usize = 32 * 1024;

impl Track {
    /// Writes the track, one cue per word in subtitle formats.
    ///
    /// # Errors
    ///
    /// If the sink refuses the bytes.
    pub fn write(&self, format: TimingFormat, sink: impl Write) -> Result<()> {
        self.write_with(format, &WriteOptions::default(), sink)
    }

    /// Writes the track as the options say.
    ///
    /// # Errors
    ///
    /// If the sink refuses the bytes.
    pub fn write_with(
        &self,
        format: TimingFormat,
        options: &WriteOptions,
        mut sink: impl Write,
    ) -> Result<()> {
        write(self, format, options, &mut sink).map_err(TimingError::Write)
    }

    /// Writes the track to a file, in the format of its extension.
    ///
    /// The bytes go to a file beside it that is synced to the disk and renamed at the end, so the
    /// path holds a whole file or what it held before, even after a crash.
    ///
    /// # Errors
    ///
    /// If no format has the extension, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let format = TimingFormat::from_path(&path)?;
        self.save_with(path, format, &WriteOptions::default())
    }

    /// Writes the track to a file in the format and the way given; see [`Track::save`].
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn save_with(
        &self,
        path: impl AsRef<Path>,
        format: TimingFormat,
        options: &WriteOptions,
    ) -> Result<()> {
        let path = path.as_ref();
        replace(path, |file| write(self, format, options, file)).map_err(|(action, source)| {
            TimingError::File {
                action,
                path: path.to_owned(),
                source,
            }
        })
    }
}

fn write(
    track: &Track,
    format: TimingFormat,
    options: &WriteOptions,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = format.writer(options);
    let segmented;
    let mode = match &options.cues {
        CueMode::Words if writer.is_segmented() => {
            segmented = CueMode::Segmented(CueOptions::default());
            &segmented
        }
        mode => mode,
    };
    let mut out = Out {
        sink,
        buf: Vec::with_capacity(FULL + 4096),
    };
    if let (true, Pass::Cues(tick)) = (writer.is_counted(), writer.first()) {
        let mut cues = CueOut::new(options, &*writer);
        each_cue(track, mode, tick, |span| {
            cues.count(track, span, &mut *writer);
            Ok(())
        })?;
    }
    let duration = track.duration_nanos();
    let head = Head {
        language: track.language(),
        title: track.title(),
        duration,
    };
    writer.begin(&mut out.buf, &head);
    pass(track, writer.first(), mode, options, &mut *writer, &mut out)?;
    if let Some(second) = writer.second() {
        writer.between(&mut out.buf);
        pass(track, second, mode, options, &mut *writer, &mut out)?;
    }
    writer.end(&mut out.buf, duration);
    out.empty()?;
    out.sink.flush()
}

fn pass(
    track: &Track,
    pass: Pass,
    mode: &CueMode,
    options: &WriteOptions,
    writer: &mut dyn FormatWriter,
    out: &mut Out<'_>,
) -> io::Result<()> {
    match pass {
        Pass::Words => {
            for index in 0..track.len() {
                writer.word(&mut out.buf, track, index);
                out.empty_if_full()?;
            }
            Ok(())
        }
        Pass::Cues(tick) => {
            let mut cues = CueOut::new(options, writer);
            each_cue(track, mode, tick, |span| {
                cues.put(&mut out.buf, track, span, 0, writer);
                out.empty_if_full()
            })
        }
    }
}

fn each_cue(
    track: &Track,
    mode: &CueMode,
    tick: Tick,
    mut put: impl FnMut(Span) -> io::Result<()>,
) -> io::Result<()> {
    let mut cutter = Cutter::new(mode, tick);
    for index in 0..track.len() {
        let (text, times) = (track.text_of(index), track.nanos_of(index));
        cutter.push(index, text, times, track.speaker_number(index), &mut put)?;
    }
    cutter.finish(put)
}

/// Turns cues into views: lines, highlights.
#[derive(Debug)]
pub(crate) struct CueOut {
    tick: Option<Tick>,
    layout: Option<CueOptions>,
    isolate: bool,
    highlight: bool,
    breaks: Vec<(usize, usize)>,
}

impl CueOut {
    pub(crate) fn new(options: &WriteOptions, writer: &dyn FormatWriter) -> Self {
        let cues = match &options.cues {
            CueMode::Segmented(cues) => Some(cues),
            CueMode::Words => None,
        };
        let tick = match writer.first() {
            Pass::Cues(tick) => Some(tick),
            Pass::Words => None,
        };
        Self {
            tick,
            layout: cues.filter(|_| !writer.is_single_line()).cloned(),
            isolate: cues.is_some_and(|cues| cues.isolate_rtl),
            highlight: options.highlight && writer.highlights(),
            breaks: Vec::new(),
        }
    }

    /// Writes a cue; `gone` words are no longer in front of the track.
    #[inline]
    pub(crate) fn put(
        &mut self,
        buf: &mut Vec<u8>,
        track: &Track,
        span: Span,
        gone: usize,
        writer: &mut dyn FormatWriter,
    ) {
        let words = span.words.start - gone..span.words.end - gone;
        if let Some(options) = &self.layout {
            lay_out(track, words.clone(), options, &mut self.breaks);
        }
        let view = CueView {
            track,
            words,
            start: span.start,
            end: span.end,
            breaks: &self.breaks,
            mark: 0..0,
            isolate: self.isolate,
        };
        match self.tick {
            Some(tick) if self.highlight => highlight(buf, &view, tick, writer),
            _ => writer.cue(buf, &view),
        }
    }

    fn count(&mut self, track: &Track, span: Span, writer: &mut dyn FormatWriter) {
        let Span { words, start, end } = span;
        let isolate = self.isolate;
        let view = CueView {
            track,
            words,
            start,
            end,
            breaks: &[],
            mark: 0..0,
            isolate,
        };
        writer.count(&view);
    }
}

/// Repeats a cue for each of its words: marked from its start to the start of the next.
fn highlight(buf: &mut Vec<u8>, cue: &CueView<'_>, tick: Tick, writer: &mut dyn FormatWriter) {
    let mut visible = cue.visible().peekable();
    let (mut start, mut first) = (cue.start, cue.words.start);
    while let Some(word) = visible.next() {
        let end = match visible.peek() {
            Some(next) => tick
                .round(cue.track.nanos_of(*next).0)
                .clamp(start, cue.end),
            None => cue.end,
        };
        // Words that begin in the same tick are marked together.
        if end == start {
            continue;
        }
        let view = CueView {
            start,
            end,
            mark: first..word + 1,
            words: cue.words.clone(),
            ..*cue
        };
        writer.cue(buf, &view);
        (start, first) = (end, word + 1);
    }
}

struct Out<'w> {
    sink: &'w mut dyn Write,
    buf: Vec<u8>,
}

impl Out<'_> {
    #[inline]
    fn empty_if_full(&mut self) -> io::Result<()> {
        if self.buf.len() >= FULL {
            self.empty()
        } else {
            Ok(())
        }
    }

    fn empty(&mut self) -> io::Result<()> {
        self.sink.write_all(&self.buf)?;
        self.buf.clear();
        Ok(())
    }
}

/// Writes beside `path` and renames; what was written goes away if anything fails.
fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), (&'static str, io::Error)> {
    let (mut file, beside) = create_beside(path).map_err(|e| ("create a file beside", e))?;
    // The bytes reach the disk before the name does: a crash leaves the old file or the new one.
    let written = write(&mut file).and_then(|()| file.sync_all());
    drop(file);
    let done = written
        .map_err(|e| ("write", e))
        .and_then(|()| fs::rename(&beside, path).map_err(|e| ("replace", e)));
    if done.is_err() {
        // The first error is the one worth reporting.
        let _ = fs::remove_file(&beside);
        return done;
    }
    sync_folder(path).map_err(|e| ("keep the name of", e))
}

/// Makes the rename last, where a folder can be opened and synced.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path
        .file_name()
        .ok_or(io::ErrorKind::InvalidInput)?
        .to_string_lossy();
    let process = std::process::id();
    for attempt in 0.. {
        let beside = path.with_file_name(format!(".{name}.{process}.{attempt}.tmp"));
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, beside)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
