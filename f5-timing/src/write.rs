//! From a track to bytes: passes over the words, and files that are whole or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{
    cue::{CueView, Merger, Span},
    error::{Result, TimingError},
    format::{FormatWriter, Head, Pass, Tick, TimingFormat},
    options::WriteOptions,
    text::is_blank,
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
    /// The bytes go to a file beside it that is renamed at the end, so the path holds a whole file
    /// or what it held before.
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
    let mut out = Out {
        sink,
        buf: Vec::with_capacity(FULL + 4096),
    };
    let head = Head {
        language: track.language(),
        title: track.title(),
        track: Some(track),
    };
    writer.begin(&mut out.buf, &head);
    pass(track, writer.first(), &mut *writer, &mut out)?;
    if let Some(second) = writer.second() {
        writer.between(&mut out.buf);
        pass(track, second, &mut *writer, &mut out)?;
    }
    writer.end(&mut out.buf, track.duration_nanos());
    out.empty()?;
    out.sink.flush()
}

fn pass(
    track: &Track,
    pass: Pass,
    writer: &mut dyn FormatWriter,
    out: &mut Out<'_>,
) -> io::Result<()> {
    match pass {
        Pass::Words => {
            for index in 0..track.len() {
                writer.word(&mut out.buf, track, index, index);
                out.empty_if_full()?;
            }
            Ok(())
        }
        Pass::Cues(tick) => cues_of_words(track, tick, writer, out),
    }
}

fn cues_of_words(
    track: &Track,
    tick: Tick,
    writer: &mut dyn FormatWriter,
    out: &mut Out<'_>,
) -> io::Result<()> {
    let mut merger = Merger::new(tick);
    let mut put = |span: Span, out: &mut Out<'_>| {
        let Span { words, start, end } = span;
        writer.cue(
            &mut out.buf,
            &CueView {
                track,
                words,
                start,
                end,
                breaks: &[],
            },
        );
        out.empty_if_full()
    };
    for index in 0..track.len() {
        if is_blank(track.text_of(index)) {
            continue;
        }
        let (start, end) = track.nanos_of(index);
        if let Some(span) = merger.push(index..index + 1, start, end) {
            put(span, out)?;
        }
    }
    merger.finish().map_or(Ok(()), |span| put(span, out))
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
    let written = write(&mut file).map_err(|e| ("write", e));
    drop(file);
    let done = written.and_then(|()| fs::rename(&beside, path).map_err(|e| ("replace", e)));
    if done.is_err() {
        // The first error is the one worth reporting.
        let _ = fs::remove_file(&beside);
    }
    done
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
