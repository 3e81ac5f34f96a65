//! WAV files as they are found: sizes left open or wrong, padding, cut off, 64-bit forms.

use std::io::{self, Cursor, Read};

use f5_core::audio::{
    AudioError, Pcm, SampleWidth, Waveform,
    check::{Finding, RefText, ReferenceReport, Severity},
    reference::preprocess,
};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::support::{int_wav, noise};

/// A chunk, padded to even length.
fn chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = sized(id, content.len() as u32, content);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// A chunk that says what it is told to say.
fn sized(id: &[u8; 4], size: u32, content: &[u8]) -> Vec<u8> {
    [&id[..], &size.to_le_bytes(), content].concat()
}

/// `fmt ` with anything behind its sixteen bytes.
fn fmt(code: u16, channels: u16, bits: u16, block: u16, rest: &[u8]) -> Vec<u8> {
    let fields = [code, channels, 24_000, 0, 0, 0, block, bits];
    let mut content: Vec<u8> = fields.iter().flat_map(|v| v.to_le_bytes()).collect();
    content.extend(rest);
    chunk(b"fmt ", &content)
}

/// An extensible `fmt `.
fn extensible(code: u16, bits: u16, valid: u16) -> Vec<u8> {
    let [size, valid, mask, code] = [22_u16, valid, 4, code].map(u16::to_le_bytes);
    let guid = b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71";
    let rest = [&size[..], &valid, &mask, &[0, 0], &code, guid].concat();
    fmt(0xfffe, 1, bits, bits / 8, &rest)
}

fn riff(form: &[u8; 4], size: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    sized(form, size, &[b"WAVE", chunks.concat().as_slice()].concat())
}

fn mono() -> Vec<u8> {
    fmt(1, 1, 16, 2, b"")
}

/// Every reader, with and without features, gives the same.
#[track_caller]
fn read(file: &[u8]) -> Pcm {
    let pcm = Pcm::from_wav_reader(file).unwrap();
    assert_eq!(Pcm::from_reader(Cursor::new(file.to_vec())).unwrap(), pcm);
    let wave = Waveform::from_wav_reader(file).unwrap();
    assert_eq!(wave.samples().len(), pcm.frames());
    pcm
}

#[track_caller]
fn refused(file: &[u8]) -> AudioError {
    let wave = Waveform::from_wav_reader(file).unwrap_err();
    let pcm = Pcm::from_wav_reader(file).unwrap_err();
    assert_eq!(wave.to_string(), pcm.to_string());
    pcm
}

/// 1, 2, 3, ... as 16-bit samples.
fn counting(samples: u16) -> Vec<u8> {
    (1..=samples).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn chunks_of_odd_length() {
    let data = chunk(b"data", &counting(40));
    let (odd, even) = (b"INFOISFT\x05\0\0\0Lavf\0", b"INFOISFT\x06\0\0\0Lavf\0\0");
    let unpadded = |content: &[u8]| sized(b"LIST", content.len() as u32, content);
    let strange_pad = |content: &[u8]| [unpadded(content), b"\xff".to_vec()].concat();
    for chunks in [
        [mono(), chunk(b"LIST", odd), data.clone()],
        [mono(), chunk(b"LIST", even), data.clone()],
        [chunk(b"abcd", b"x"), mono(), data.clone()],
        [mono(), strange_pad(odd), data.clone()],
        // Some writers forget the padding.
        [mono(), unpadded(odd), data.clone()],
        [chunk(b"bext", &[7; 603]), mono(), data.clone()],
        [mono(), data.clone(), chunk(b"LIST", odd)],
        [
            mono(),
            [chunk(b"fact", &[9; 4]), unpadded(odd)].concat(),
            data.clone(),
        ],
    ] {
        let pcm = read(&riff(b"RIFF", 36, &chunks));
        assert_eq!(pcm.samples(), (1..=40).collect::<Vec<_>>());
        assert_eq!((pcm.sample_rate(), pcm.missing_frames()), (24_000, 0));
    }
}

#[test]
fn streams_that_do_not_know_their_length() {
    for (all, data) in [
        (u32::MAX, u32::MAX),
        (0, 0),
        (u32::MAX, 0),
        (36, 0),
        (116, 0),
        (0x7fff_f024, 0x7fff_f000),
        (0, u32::MAX),
        (0, 80),
        (7, 80),
    ] {
        let list = chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0");
        let file = riff(
            b"RIFF",
            all,
            &[mono(), list, sized(b"data", data, &counting(40))],
        );
        let pcm = read(&file);
        assert_eq!(
            pcm.samples(),
            (1..=40).collect::<Vec<_>>(),
            "{all:#x} {data:#x}"
        );
        assert_eq!(pcm.missing_frames(), 0, "{all:#x} {data:#x}");
    }
}

#[test]
fn a_recording_without_samples() {
    let empty = chunk(b"data", b"");
    for chunks in [
        vec![mono(), empty.clone()],
        vec![mono(), empty.clone(), chunk(b"LIST", b"INFO")],
        vec![mono(), sized(b"data", 0, b"\x01")],
    ] {
        assert_eq!(read(&riff(b"RIFF", 36, &chunks)).frames(), 0);
    }
}

#[test]
fn what_is_there_of_a_file_that_was_cut_off() {
    // 100 bytes of frames of 6.
    for (content, size, frames, missing) in [
        (96, 96, 16, 0),
        (95, 96, 15, 1),
        (90, 96, 15, 1),
        (91, 91, 15, 0),
        (97, 97, 16, 0),
        (98, 96, 16, 0),
        (0, 600, 0, 100),
        (5, 600_000_000, 0, 100_000_000),
        (96, 60, 10, 0),
    ] {
        let content = vec![1; content];
        let chunks = [fmt(1, 2, 24, 6, b""), sized(b"data", size, &content)];
        let pcm = read(&riff(b"RIFF", 36, &chunks));
        assert_eq!(pcm.channels(), 2);
        assert_eq!(
            (pcm.frames(), pcm.missing_frames()),
            (frames, missing),
            "{size}"
        );
    }
}

#[test]
fn a_cut_reference_is_told() {
    let samples = noise(3, 24_000, 1, 16, &[(4_000, 12_000)]);
    let mut file = int_wav(&samples, 24_000, 1, 16);
    let text = RefText::Given("");
    let findings = |file: &[u8]| {
        let pcm = read(file);
        let report = ReferenceReport::of(&pcm, &preprocess(&pcm).unwrap(), text);
        let cut = |f: &&Finding| matches!(f, Finding::CutOff { .. });
        report.findings.iter().find(cut).cloned()
    };
    assert_eq!(findings(&file), None);
    file.truncate(44 + 48_000 * 3 + 1);
    let finding = findings(&file).unwrap();
    assert_eq!(finding.severity(), Severity::Warning);
    assert_eq!(
        finding.to_string(),
        "the file ends after 3.0 of the 4.0 s that its header announces"
    );
    assert!(!finding.remedy().is_empty());
    // A size beyond every clock.
    let endless = u64::MAX.to_le_bytes();
    let long = chunk(b"ds64", &[&endless[..], &endless, &endless].concat());
    let data = sized(b"data", u32::MAX, &file[44..]);
    let file = riff(b"RF64", u32::MAX, &[long, mono(), data]);
    assert!(findings(&file).is_some());
    // What is made of a cut clip is whole.
    let pcm = read(&file);
    assert!(pcm.missing_frames() > 0);
    assert_eq!(pcm.slice_ms(0, 100).missing_frames(), 0);
}

#[test]
fn files_of_64_bit_sizes() {
    let ds64 = |size: u64| {
        let sizes = [size + 100, size, 40].map(u64::to_le_bytes);
        chunk(b"ds64", &[sizes.as_flattened(), &[0; 4]].concat())
    };
    for form in [b"RF64", b"BW64"] {
        for (long, size, frames, missing) in [
            (80, u32::MAX, 40, 0),
            (60, u32::MAX, 30, 0),
            (82, u32::MAX, 40, 1),
            (5 << 32, u32::MAX, 40, (5 << 31) - 40),
            (0, u32::MAX, 40, 0),
            (9, 80, 40, 0),
        ] {
            let data = sized(b"data", size, &counting(40));
            let file = riff(form, u32::MAX, &[ds64(long), mono(), data]);
            let pcm = read(&file);
            assert_eq!((pcm.frames(), pcm.missing_frames()), (frames, missing));
        }
    }
}

#[test]
fn formats_that_are_told_in_other_ways() {
    let bytes: [u8; 12] = [1, 2, 3, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0x80, 0x3f];
    let (wide, three) = (
        [0x0003_0201, 0x00ff_ffff, 0x3f80_0000],
        [0x0302_0100, -65_281, 65_280, 0x3f80_0000],
    );
    let pairs = [0x0201, 3, -1, 255, 0, 0x3f80];
    for (fmt, samples) in [
        // Bytes per second and per frame only repeat the rest.
        (fmt(1, 1, 16, 0, b""), &pairs[..]),
        (fmt(1, 1, 16, 77, b""), &pairs),
        // Anything behind the sixteen bytes.
        (fmt(1, 1, 32, 4, b"\0\0"), &wide),
        (fmt(1, 1, 16, 2, &[0xee; 31]), &pairs),
        (extensible(1, 16, 16), &pairs),
        // Valid bits are the highest ones of a sample.
        (extensible(1, 32, 24), &wide),
        (extensible(1, 32, 0), &wide),
        (extensible(3, 32, 32), &[0, 0, i32::MAX]),
        (extensible(1, 24, 20), &three),
        // 24 bits in four bytes.
        (
            fmt(1, 1, 24, 4, b""),
            &[0x0302_0100, -1, 0x8000_00ff_u32 as i32],
        ),
    ] {
        let data = chunk(b"data", &bytes);
        let pcm = read(&riff(b"RIFF", 36, &[fmt, data]));
        assert_eq!(pcm.samples(), samples);
        let width = match samples.len() {
            6 => SampleWidth::Bits16,
            _ => SampleWidth::Bits32,
        };
        assert_eq!(pcm.sample_width(), width);
    }
}

#[test]
fn what_is_refused_says_why() {
    let data = || chunk(b"data", &counting(40));
    let file = |chunks: &[Vec<u8>]| riff(b"RIFF", 36, chunks);
    for (chunks, missing) in [
        (vec![], "fmt "),
        (vec![chunk(b"LIST", b"INFO")], "fmt "),
        (vec![data()], "fmt "),
        (vec![data(), mono()], "fmt "),
        (vec![mono()], "data"),
        (vec![mono(), sized(b"LIST", u32::MAX, b"INFO")], "data"),
        (vec![mono(), b"data\x08\0\0".to_vec()], "data"),
    ] {
        match refused(&file(&chunks)) {
            AudioError::MissingChunk { id } => assert_eq!(id, missing),
            other => panic!("{other:?}"),
        }
    }
    match refused(&file(&[chunk(b"fmt ", &mono()[8..20]), data()])) {
        AudioError::ShortFmt { got, needed } => assert_eq!((got, needed), (12, 16)),
        other => panic!("{other:?}"),
    }
    let mut foreign = extensible(1, 16, 16);
    foreign[40] ^= 1;
    for (fmt, found, named) in [
        (fmt(2, 1, 4, 256, b""), 2, "0x0002 (ADPCM"),
        (fmt(6, 1, 8, 1, b""), 6, "0x0006 (A-law)"),
        (fmt(7, 1, 8, 1, b""), 7, "0x0007 (µ-law)"),
        (fmt(0x31, 1, 0, 65, b""), 0x31, "0x0031 (GSM"),
        (extensible(7, 8, 8), 7, "0x0007 (µ-law)"),
        (fmt(0x7777, 1, 16, 2, b""), 0x7777, "0x7777 is"),
        (foreign, 0xfffe, "0xfffe (an ext"),
        (fmt(0xfffe, 1, 16, 2, b"\0\0"), 0xfffe, "0xfffe (an ext"),
    ] {
        let error = refused(&file(&[fmt, data()]));
        let text = error.to_string();
        assert!(matches!(error, AudioError::UnsupportedEncoding { code } if code == found));
        assert!(text.contains(named) && text.contains("symphonia"), "{text}");
    }
    for (code, bits) in [(1, 0), (1, 12), (1, 64), (3, 16), (3, 64)] {
        let error = refused(&file(&[fmt(code, 1, bits, bits / 8, b""), data()]));
        assert!(matches!(error, AudioError::UnsupportedBitDepth { bits: b } if b == bits));
        assert!(error.to_string().contains("symphonia"), "{error}");
    }
}

#[test]
fn a_reader_that_fails_is_no_end_of_file() {
    struct Failing(Cursor<Vec<u8>>);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(buffer)? {
                0 => Err(io::ErrorKind::ConnectionReset.into()),
                read => Ok(read),
            }
        }
    }
    let file = int_wav(&[1; 100], 24_000, 1, 16);
    for cut in [0, 10, 17, 30, 41, 60] {
        let error = Pcm::from_wav_reader(Failing(Cursor::new(file[..cut].to_vec()))).unwrap_err();
        assert!(matches!(error, AudioError::Stream { .. }), "{error:?}");
    }
}

#[cfg(feature = "symphonia")]
#[test]
fn other_encodings_in_odd_files() {
    let file = std::fs::read(crate::support::path("encoded").join("voice_alaw.wav")).unwrap();
    let whole = Pcm::from_reader(Cursor::new(file.clone())).unwrap();
    let at = file.windows(4).position(|id| id == b"data").unwrap();
    let data = &file[at + 8..];
    let head = fmt(6, 1, 8, 1, b"\0\0");
    let odd = || chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0");
    let all = data.len() as u32;
    for (extra, size, missing) in [
        (odd(), all, 0),
        (odd(), u32::MAX, 0),
        (Vec::new(), 0, 0),
        (Vec::new(), all + 600, 600),
    ] {
        let file = riff(
            b"RIFF",
            36,
            &[head.clone(), extra, sized(b"data", size, data)],
        );
        let pcm = Pcm::from_reader(Cursor::new(file)).unwrap();
        assert_eq!(pcm.samples(), whole.samples(), "{size}");
        assert_eq!(pcm.missing_frames(), missing);
    }
    // 64-bit floats, cut in the middle of one; frames of two channels.
    let data: Vec<u8> = [0.5_f64, -0.25, 1.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    for (channels, samples) in [(1, &[16_384, -8_192][..]), (2, &[16_384, -8_192])] {
        let data = sized(b"data", 32, &data[..23]);
        let file = riff(
            b"RIFF",
            36,
            &[odd(), fmt(3, channels, 64, 8 * channels, b""), data],
        );
        assert_eq!(
            Pcm::from_reader(Cursor::new(file)).unwrap().samples(),
            samples
        );
    }
}

/// Knows the largest room that was made for its bytes.
struct Asked<'a>(&'a [u8], usize);

impl Read for Asked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1.max(buffer.len());
        self.0.read(buffer)
    }
}

fn check_bounded(file: &[u8]) {
    let mut reader = Asked(file, 0);
    let pcm = Pcm::from_wav_reader(&mut reader);
    assert!(reader.1 <= 2 * file.len() + 16_384, "{}", reader.1);
    if let Ok(pcm) = pcm {
        assert!(pcm.samples().len() <= file.len());
        assert!(pcm.samples().len().is_multiple_of(pcm.channels().into()));
    }
    let _ = Waveform::from_wav_reader(file);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn arbitrary_bytes_are_audio_or_an_error(bytes in vec(any::<u8>(), 0..300), known in any::<bool>()) {
        check_bounded(&bytes);
        let fmt = if known { mono() } else { Vec::new() };
        check_bounded(&riff(b"RIFF", 36, &[fmt, bytes]));
    }

    #[test]
    fn a_changed_header_is_audio_or_an_error(
        changes in vec((any::<Index>(), prop_oneof![any::<u8>(), Just(0), Just(0xff)]), 0..12),
        cut in proptest::option::of(any::<Index>()),
        long in any::<bool>(),
    ) {
        let ds64 = chunk(b"ds64", &[80_u64; 3].map(u64::to_le_bytes).concat());
        let list = chunk(b"LIST", b"odd");
        let chunks = [ds64, list, extensible(1, 16, 16), chunk(b"data", &counting(40))];
        let (form, from) = if long { (b"RF64", 0) } else { (b"RIFF", 1) };
        let mut file = riff(form, 200, &chunks[from..]);
        for (at, byte) in changes {
            let at = at.index(file.len() - 80);
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        check_bounded(&file);
    }
}
