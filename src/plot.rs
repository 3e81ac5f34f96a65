//! A picture of speech: its words over the waveform and the mel spectrogram, as a PNG file.

use std::{
    convert::Infallible,
    io::{self, Write},
    path::Path,
};

use embedded_graphics::{
    mono_font::{MonoTextStyle, iso_8859_1::FONT_6X10},
    pixelcolor::Rgb888,
    prelude::*,
    primitives::{Line, PrimitiveStyle, Rectangle},
    text::{Baseline, Text},
};
use f5_core::{
    audio::Waveform,
    files::replace,
    mel::{MelExtractor, MelSpec},
    timing::WordTiming,
};

use crate::error::{Repr, Result};

/// Pixels for a second, and the widths that the picture keeps between.
const PER_SECOND: f64 = 200.0;
const WIDTHS: (f64, f64) = (320.0, 16_000.0);
/// Rows for the words, one below the other where they would overlap, and the height of one.
const ROWS: usize = 4;
const ROW: i32 = 12;
/// Width of a character.
const LETTER: i32 = 6;
const WAVE_TOP: i32 = ROWS as i32 * ROW + 4;
const WAVE_HEIGHT: i32 = 120;
const MEL_TOP: i32 = WAVE_TOP + WAVE_HEIGHT + 4;
/// Pixels for a band of the mel.
const BAND: i32 = 2;
const AXIS: i32 = 16;

const PAPER: Rgb888 = Rgb888::WHITE;
const INK: Rgb888 = Rgb888::new(40, 40, 40);
const WAVE: Rgb888 = Rgb888::new(70, 100, 160);
const FOUND: Rgb888 = Rgb888::new(0, 150, 90);
const FILLED_IN: Rgb888 = Rgb888::new(220, 120, 0);
/// Quiet to loud, even steps.
const HEAT: [[u8; 3]; 5] = [
    [0, 0, 10],
    [70, 15, 110],
    [180, 50, 120],
    [250, 135, 95],
    [252, 250, 190],
];

/// Draws a waveform, its log-mel spectrogram (24 kHz, 100 bands, low ones at the bottom) and the
/// words with their starts and ends, and writes the PNG file `path`.
///
/// A second takes 200 pixels, less beyond 80 seconds. Words that were found in the audio are green,
/// those that were placed between others or spread by the text are orange. Names show ISO 8859-1
/// characters, others as `?`, and are left out where there is no room.
///
/// # Errors
///
/// When the audio has no samples or a rate that cannot be resampled, or the file cannot be written;
/// nothing is left half-written.
pub fn plot_words(waveform: &Waveform, words: &[WordTiming], path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let canvas = draw(waveform, words)?;
    replace(path, |file| canvas.encode(file)).map_err(|source| Repr::Write {
        path: path.to_owned(),
        source,
    })?;
    Ok(())
}

fn draw(waveform: &Waveform, words: &[WordTiming]) -> Result<Canvas> {
    let spec = MelSpec::vocos();
    let extractor = MelExtractor::new(&spec)?;
    let mut audio = waveform
        .resample(spec.target_sample_rate)?
        .samples()
        .to_vec();
    let seconds = waveform.duration().as_secs_f64();
    // Silence behind the shortest sounds, so that they have a frame.
    audio.resize(audio.len().max(extractor.min_samples()), 0.0);
    let mel = extractor.extract(&audio)?;
    let bands = mel.n_mels() as i32;
    let bottom = MEL_TOP + bands * BAND;
    let width = (seconds * PER_SECOND).clamp(WIDTHS.0, WIDTHS.1).ceil();
    let mut canvas = Canvas::new(width as usize, (bottom + AXIS) as usize);
    let scale = (width / seconds.max(1e-3)).min(PER_SECOND);
    let x = |time: f64| (time * scale).round() as i32;

    wave(&mut canvas, waveform, scale);
    let values = mel.data();
    let loudest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let hop = spec.hop_length as f64 / f64::from(spec.target_sample_rate);
    for column in 0..x(seconds) {
        let frame = (f64::from(column) / scale / hop).round() as usize;
        let Some(frame) = values.chunks_exact(mel.n_mels()).nth(frame) else {
            break;
        };
        for (band, value) in (0..bands).zip(frame) {
            // Natural logarithms: eight of them are 70 dB.
            let colour = heat(1.0 - (loudest - value) / 8.0);
            for row in 0..BAND {
                canvas.set(column, bottom - 1 - band * BAND - row, colour);
            }
        }
    }
    axis(&mut canvas, bottom, seconds, scale);
    names(&mut canvas, words, bottom, x);
    Ok(canvas)
}

/// Least and greatest sample of each column, the largest of all at the edge.
fn wave(canvas: &mut Canvas, waveform: &Waveform, scale: f64) {
    let samples = waveform.samples();
    let peak = samples.iter().fold(1e-9_f32, |peak, s| peak.max(s.abs()));
    let step = f64::from(waveform.sample_rate()) / scale;
    let middle = WAVE_TOP + WAVE_HEIGHT / 2;
    let y = |sample: f32| middle - (sample / peak * (WAVE_HEIGHT / 2 - 1) as f32).round() as i32;
    for column in 0..canvas.width as i32 {
        let first = (f64::from(column) * step) as usize;
        let after = ((f64::from(column + 1) * step) as usize).min(samples.len());
        let Some(part) = samples.get(first..after).filter(|part| !part.is_empty()) else {
            continue;
        };
        let (low, high) = part.iter().fold((0.0_f32, 0.0_f32), |(low, high), &s| {
            (low.min(s), high.max(s))
        });
        canvas.line((column, y(high)), (column, y(low)), WAVE);
    }
}

/// Seconds below the spectrogram, at least 50 pixels apart.
fn axis(canvas: &mut Canvas, top: i32, seconds: f64, scale: f64) {
    let steps = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0];
    let step = steps.into_iter().find(|s| s * scale >= 50.0);
    let step = step.unwrap_or(3600.0);
    for tick in 0..=(seconds / step) as i32 {
        let time = f64::from(tick) * step;
        let x = (time * scale).round() as i32;
        canvas.line((x, top), (x, top + 4), INK);
        canvas.text(&format!("{time:.1}"), (x + 2, top + 4), INK);
    }
}

/// Every word's span, and its name in the first row that has room.
fn names(canvas: &mut Canvas, words: &[WordTiming], bottom: i32, x: impl Fn(f64) -> i32) {
    let mut room = [0; ROWS];
    for word in words {
        let colour = if word.is_interpolated() {
            FILLED_IN
        } else {
            FOUND
        };
        let (start, end) = (x(word.start.as_secs_f64()), x(word.end.as_secs_f64()));
        for at in [start, end] {
            canvas.line((at, WAVE_TOP), (at, bottom - 1), colour);
        }
        canvas.line((start, WAVE_TOP - 2), (end, WAVE_TOP - 2), colour);
        let wide = word.word.chars().count() as i32 * LETTER;
        let row = (0..).zip(&mut room).find(|(_, used)| **used <= start);
        if let Some((row, used)) = row {
            *used = start + wide + 2;
            canvas.text(&word.word, (start + 1, row * ROW), colour);
        }
    }
}

/// The colour of a value from 0 to 1.
fn heat(value: f32) -> Rgb888 {
    let place = value.clamp(0.0, 1.0) * (HEAT.len() - 1) as f32;
    let below = (place as usize).min(HEAT.len() - 2);
    let part = place - below as f32;
    let mix = |i: usize| {
        let (a, b) = (f32::from(HEAT[below][i]), f32::from(HEAT[below + 1][i]));
        (a + (b - a) * part).round() as u8
    };
    Rgb888::new(mix(0), mix(1), mix(2))
}

/// Pixels, row by row, three bytes each.
struct Canvas {
    width: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        let paper = [PAPER.r(), PAPER.g(), PAPER.b()];
        Self {
            width,
            pixels: paper.repeat(width * height),
        }
    }

    fn height(&self) -> usize {
        self.pixels.len() / 3 / self.width
    }

    /// What lies outside is not drawn.
    fn set(&mut self, x: i32, y: i32, colour: Rgb888) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x < self.width && y < self.height() {
            let at = 3 * (y * self.width + x);
            self.pixels[at..at + 3].copy_from_slice(&[colour.r(), colour.g(), colour.b()]);
        }
    }

    fn line(&mut self, from: (i32, i32), to: (i32, i32), colour: Rgb888) {
        let line = Line::new(from.into(), to.into());
        let Ok(()) = line
            .into_styled(PrimitiveStyle::with_stroke(colour, 1))
            .draw(self);
    }

    fn text(&mut self, text: &str, at: (i32, i32), colour: Rgb888) {
        let style = MonoTextStyle::new(&FONT_6X10, colour);
        let Ok(_) = Text::with_baseline(text, at.into(), style, Baseline::Top).draw(self);
    }

    fn encode(&self, sink: impl Write) -> io::Result<()> {
        let mut encoder = png::Encoder::new(sink, self.width as u32, self.height() as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut image = encoder.write_header()?;
        image.write_image_data(&self.pixels)?;
        Ok(image.finish()?)
    }
}

impl Dimensions for Canvas {
    fn bounding_box(&self) -> Rectangle {
        let size = Size::new(self.width as u32, self.height() as u32);
        Rectangle::new(Point::zero(), size)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(
        &mut self,
        pixels: I,
    ) -> std::result::Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            self.set(at.x, at.y, colour);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use f5_core::timing::TimingSource;

    use super::*;

    fn beep(seconds: f32) -> Waveform {
        let samples = (0..(seconds * 24_000.0) as usize).map(|i| (i as f32 * 0.2).sin() * 0.3);
        Waveform::new(samples.collect(), 24_000).unwrap()
    }

    fn word(name: &str, start: u64, end: u64, source: TimingSource) -> WordTiming {
        WordTiming {
            word: name.to_owned(),
            start: Duration::from_millis(start),
            end: Duration::from_millis(end),
            score: None,
            source,
            chars: 0..name.chars().count(),
        }
    }

    fn column(canvas: &Canvas, x: usize, y: i32) -> [u8; 3] {
        let at = 3 * (y as usize * canvas.width + x);
        canvas.pixels[at..at + 3].try_into().unwrap()
    }

    #[test]
    fn boundaries_stand_at_their_times() {
        let words = [
            word("one", 500, 900, TimingSource::Acoustic),
            word("你", 1000, 1500, TimingSource::Interpolated),
        ];
        let canvas = draw(&beep(2.0), &words).unwrap();
        assert_eq!(canvas.width, 400);
        let (found, filled_in) = ([0, 150, 90], [220, 120, 0]);
        for (x, colour) in [
            (100, found),
            (180, found),
            (200, filled_in),
            (300, filled_in),
        ] {
            assert_eq!(column(&canvas, x, MEL_TOP + 7), colour, "{x}");
            assert_ne!(column(&canvas, x + 1, MEL_TOP + 7), colour, "{x}");
        }
    }

    #[test]
    fn the_loudest_band_of_a_tone_is_the_brightest() {
        let canvas = draw(&beep(2.0), &[]).unwrap();
        let brightness = |y: i32| column(&canvas, 200, y).map(u32::from).iter().sum::<u32>();
        let rows = MEL_TOP..MEL_TOP + 200;
        let brightest = rows.max_by_key(|&y| brightness(y)).unwrap();
        // 764 Hz is in the lower half of the bands.
        assert!(brightest > MEL_TOP + 100, "{brightest}");
    }

    #[test]
    fn files_are_readable_and_whole_whatever_the_length() {
        let folder = tempfile::tempdir().unwrap();
        for (seconds, width) in [(0.001, 320), (0.05, 320), (3.0, 600), (90.0, 16_000)] {
            let path = folder.path().join("out.png");
            plot_words(&beep(seconds), &[], &path).unwrap();
            let file = io::BufReader::new(std::fs::File::open(&path).unwrap());
            let mut reader = png::Decoder::new(file).read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            assert_eq!(reader.next_frame(&mut pixels).unwrap().width, width);
        }
        let missing = folder.path().join("none/out.png");
        let error = plot_words(&beep(1.0), &[], &missing).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Io);
        assert!(error.to_string().contains("out.png"), "{error}");
    }
}
