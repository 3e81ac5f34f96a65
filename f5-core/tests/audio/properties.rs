//! What holds for any input.

use std::io::Cursor;

use f5_core::audio::{
    Pcm, SampleWidth, WavFormat, Waveform,
    crossfade::join,
    resample::{SincResampler, StreamResampler},
    silence::{SilenceParams, detect_nonsilent, detect_silence, split_ranges},
};
use proptest::{collection::vec, prelude::*};

use crate::support::{float_wav, int_wav, noise_pcm};

const RATES: [u32; 7] = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000];

fn rate() -> impl Strategy<Value = u32> {
    prop::sample::select(RATES.to_vec())
}

/// Loud and quiet stretches in turn.
fn stretches() -> impl Strategy<Value = Vec<(u32, i32)>> {
    let stretch = (1_u32..1_700, prop::sample::select(vec![0, 60, 300, 9_000]));
    vec(stretch, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn resampled_length_is_rounded_up(len in 0_usize..3_000, from in rate(), to in rate()) {
        let resampler = SincResampler::new(from, to).unwrap();
        let expected = (len as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize;
        prop_assert_eq!(resampler.output_len(len), expected);
        let out = resampler.resample(&vec![0.25; len]);
        prop_assert_eq!(out.len(), expected);
        // A constant stays one, away from the ends where silence is mixed in.
        let edge = (20 * to).div_ceil(from.min(to)) as usize;
        for v in out.iter().take(expected.saturating_sub(edge)).skip(edge) {
            prop_assert!((v - 0.25).abs() < 2e-3, "{}", v);
        }
    }

    #[test]
    fn same_rate_changes_nothing(samples in vec(-1_f32..1.0, 0..200), at in rate()) {
        prop_assert_eq!(&SincResampler::new(at, at).unwrap().resample(&samples), &samples);
    }

    #[test]
    fn stream_pieces_do_not_matter(
        len in 1_usize..9_000, piece in 1_usize..3_000, from in rate(), to in rate(),
    ) {
        let samples: Vec<f32> = (0..len).map(|i| (i as f32 * 0.03).sin()).collect();
        let convert = |piece| {
            let mut resampler = StreamResampler::new(from, to).unwrap();
            let mut out = Vec::new();
            for chunk in samples.chunks(piece) {
                out.extend(resampler.push(chunk).unwrap());
            }
            out.extend(resampler.finish().unwrap());
            out
        };
        let out = convert(piece);
        prop_assert_eq!(out.len(), SincResampler::new(from, to).unwrap().output_len(len));
        prop_assert_eq!(&out, &convert(len));
        // Aligned with the input: the tone comes out where it went in, to half a sample.
        let slope = 0.03 * f64::from(from) / f64::from(to);
        let step = f64::from(from) / f64::from(to);
        let edge = 300 * to.div_ceil(from) as usize;
        for (i, v) in out.iter().enumerate().take(out.len().saturating_sub(edge)).skip(edge) {
            let expected = (i as f64 * step * 0.03).sin() as f32;
            let off = f64::from((v - expected).abs());
            prop_assert!(off < 0.51 * slope + 2e-3, "{}: {} {}", i, v, expected);
        }
    }

    #[test]
    fn joined_length_counts_every_overlap_once(
        lens in vec(0_usize..60, 0..6), n in 0_usize..40,
    ) {
        let chunks: Vec<Vec<f32>> = lens.iter().map(|&len| vec![0.5; len]).collect();
        let joined = join(&chunks, n);
        let mut expected = 0;
        for (&len, &start) in lens.iter().zip(&joined.starts) {
            prop_assert_eq!(start, expected - n.min(expected).min(len));
            expected = start + len;
        }
        prop_assert_eq!(joined.starts.len(), lens.len());
        prop_assert_eq!(joined.samples.len(), expected);
        prop_assert!(joined.samples.iter().all(|v| (v - 0.5).abs() < 1e-6));
    }

    #[test]
    fn integer_wav_round_trip(
        values in vec(any::<i32>(), 0..64), channels in 1_u16..5, at in rate(),
        bits in prop::sample::select(vec![8_u16, 16, 24, 32]),
    ) {
        let whole = values.len() / usize::from(channels) * usize::from(channels);
        let values: Vec<i32> = values[..whole].iter().map(|v| v >> (32 - bits)).collect();
        let file = int_wav(&values, at, channels, bits);
        let pcm = Pcm::from_wav_reader(file.as_slice()).unwrap();
        prop_assert_eq!((pcm.channels(), pcm.sample_rate()), (channels, at));
        let shift = pcm.sample_width().bits() - u32::from(bits);
        let narrow: Vec<i32> = pcm.samples().iter().map(|v| v >> shift).collect();
        prop_assert_eq!(&narrow, &values);

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.wav");
        pcm.write_wav(&path).unwrap();
        prop_assert_eq!(&Pcm::read_wav(&path).unwrap(), &pcm);

        let wave = Waveform::from_wav_reader(file.as_slice()).unwrap();
        prop_assert_eq!(wave.samples().len(), pcm.frames());
        for (mono, wide) in wave.samples().iter().zip(pcm.to_mono().samples()) {
            prop_assert!((mono - wide).abs() < 1e-6);
        }
    }

    #[test]
    fn float_wav_round_trip(samples in vec(-4_f32..4.0, 0..200), at in rate()) {
        let wave = Waveform::from_wav_reader(float_wav(&samples, at, 1).as_slice()).unwrap();
        prop_assert_eq!(wave.samples(), &samples[..]);
        let mut file = Cursor::new(Vec::new());
        wave.write_wav_to(&mut file, WavFormat::Float32).unwrap();
        let back = Waveform::from_wav_reader(file.into_inner().as_slice()).unwrap();
        prop_assert_eq!(back, wave);
    }

    #[test]
    fn sixteen_bit_waveform_round_trip(values in vec(any::<i16>(), 0..200), at in rate()) {
        let samples = values.iter().map(|v| f32::from(*v) / 32_768.0).collect();
        let wave = Waveform::new(samples, at).unwrap();
        let mut file = Cursor::new(Vec::new());
        wave.write_wav_to(&mut file, WavFormat::Pcm16).unwrap();
        prop_assert_eq!(Waveform::from_wav_reader(file.into_inner().as_slice()).unwrap(), wave);
    }

    #[test]
    fn damaged_files_are_refused_or_read_but_never_panic(
        at in 0_usize..60, byte in any::<u8>(), cut in 0_usize..60,
    ) {
        let mut file = int_wav(&[5; 8], 24_000, 2, 16);
        file[at] = byte;
        file.truncate(file.len() - cut);
        // Either answer is fine, as long as the readers agree.
        let wave = Waveform::from_wav_reader(file.as_slice());
        let pcm = Pcm::from_wav_reader(file.as_slice());
        prop_assert_eq!(wave.is_ok(), pcm.is_ok());
    }

    #[test]
    fn silence_and_sound_cover_the_clip(stretches in stretches(), seed in any::<u32>()) {
        let pcm = noise_pcm(seed, 8_000, &stretches);
        for params in [SilenceParams::LONG_PAUSES, SilenceParams::SHORT_PAUSES] {
            let mut all = detect_silence(&pcm, &params);
            all.extend(detect_nonsilent(&pcm, &params));
            all.sort_by_key(|range| (range.start, range.end));
            let mut end = 0;
            for range in all {
                prop_assert_eq!(range.start, end);
                end = range.end;
            }
            prop_assert_eq!(end, pcm.len_ms());
        }
    }

    #[test]
    fn split_pieces_are_ordered_and_hold_every_sound(
        stretches in stretches(), seed in any::<u32>(),
    ) {
        let pcm = noise_pcm(seed, 8_000, &stretches);
        for params in [SilenceParams::LONG_PAUSES, SilenceParams::OUTPUT] {
            let pieces = split_ranges(&pcm, &params);
            prop_assert!(pieces.windows(2).all(|pair| pair[0].end <= pair[1].start));
            prop_assert!(pieces.iter().all(|piece| piece.end <= pcm.len_ms()));
            let sounds = detect_nonsilent(&pcm, &params);
            prop_assert_eq!(pieces.len(), sounds.len());
            for (piece, sound) in pieces.iter().zip(&sounds) {
                prop_assert!(piece.start <= sound.start && sound.end <= piece.end);
            }
        }
    }

    #[test]
    fn quantised_waveforms_stay_within_half_a_step(samples in vec(-1_f32..0.99, 0..100)) {
        let wave = Waveform::new(samples, 24_000).unwrap();
        for width in [SampleWidth::Bits8, SampleWidth::Bits16, SampleWidth::Bits32] {
            let back = wave.to_pcm(width).to_mono();
            let step = (0.5 / width.full_scale()) as f32 + 1e-7;
            for (a, b) in wave.samples().iter().zip(back.samples()) {
                prop_assert!((a - b).abs() <= step);
            }
        }
    }
}
