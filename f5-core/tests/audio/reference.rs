//! Reference preparation against upstream's rules run on pydub 0.25.1: every width, rate and channel
//! count that takes another way through them, and every way of cutting.

use f5_core::{
    audio::{
        AudioError, Pcm, SampleWidth,
        reference::{Clip, preprocess},
    },
    mel::MelSpec,
};

use crate::support::{int_wav, noise, noise_pcm, path, sha256};

struct Case {
    seed: u32,
    /// Rate, channels and bits of the file.
    file: (u32, u16, u16),
    stretches: &'static [(u32, i32)],
    /// Rate, bits, frames and frames of speech of the result.
    result: (u32, u32, usize, usize),
    clipped: Option<Clip>,
    sha256: &'static str,
}

impl Case {
    fn check(&self) {
        let (rate, channels, bits) = self.file;
        let samples = noise(self.seed, rate, channels, bits, self.stretches);
        let file = int_wav(&samples, rate, channels, bits);
        let pcm = Pcm::from_wav_reader(file.as_slice()).unwrap();
        let result = preprocess(&pcm).unwrap();
        let got = &result.pcm;
        assert_eq!(
            (
                got.sample_rate(),
                got.sample_width().bits(),
                got.frames(),
                result.speech_frames
            ),
            self.result
        );
        assert_eq!(
            got.channels(),
            if self.result.3 == 0 { 1 } else { channels }
        );
        assert_eq!(result.clipped, self.clipped);
        assert_eq!(result.source_duration, pcm.to_mono().duration());
        assert_eq!(sha256(got), self.sha256);
    }
}

#[test]
fn eight_khz_becomes_11025_by_linear_interpolation() {
    Case {
        seed: 1,
        file: (8_000, 1, 16),
        stretches: &[(400, 0), (700, 9_000), (1_300, 20), (333, 9_000), (95, 30)],
        result: (11_025, 16, 26_327, 25_776),
        clipped: None,
        sha256: "868ff2b9c2d21f39f5175d68f81c43bf14e94aeaf433a74072c0f02491c2eaa3",
    }
    .check();
}

#[test]
fn eight_bit_stereo_is_widened_and_converted() {
    Case {
        seed: 2,
        file: (8_000, 2, 8),
        stretches: &[(100, 0), (900, 9_000), (2_500, 0), (501, 9_000), (40, 0)],
        result: (11_025, 16, 38_047, 37_496),
        clipped: None,
        sha256: "6dd1050b8503fefa297e8e96430f3cbe3a062a21ec3c1a060da74b96e825e070",
    }
    .check();
}

#[test]
fn eight_bit_above_11025_keeps_its_rate() {
    Case {
        seed: 3,
        file: (22_050, 1, 8),
        stretches: &[(55, 0), (1_200, 9_000), (70, 0)],
        result: (22_050, 16, 27_671, 26_570),
        clipped: None,
        sha256: "804ea4579c2cb6349b80c272ff3ebc45a17258785de75a7f1cfc7055b69f1651",
    }
    .check();
}

#[test]
fn twenty_four_bit_is_worked_on_at_32() {
    Case {
        seed: 4,
        file: (16_000, 1, 24),
        stretches: &[(300, 10), (800, 9_000), (1_700, 60), (411, 9_000), (133, 0)],
        result: (16_000, 32, 47_423, 46_624),
        clipped: None,
        sha256: "b676b6d739498fba878dc9afd9e024e00c967c56058b8f6e3cc006418c9005fe",
    }
    .check();
}

#[test]
fn thirty_two_bit_stereo_at_the_limit_keeps_its_rate() {
    Case {
        seed: 5,
        file: (11_025, 2, 32),
        stretches: &[(10, 3), (800, 9_000), (1_500, 30), (411, 9_000), (7, 0)],
        result: (11_025, 32, 30_517, 29_966),
        clipped: None,
        sha256: "befee65c01a430cd76a9e83719d63b17949e3c7f8b5c772ad83e6c0195348ef9",
    }
    .check();
}

#[test]
fn three_channels_stay() {
    Case {
        seed: 6,
        file: (44_100, 3, 16),
        stretches: &[(61, 0), (350, 9_000), (29, 5)],
        result: (44_100, 16, 18_077, 15_876),
        clipped: None,
        sha256: "9dba03c1789de1f51470db1bd50997851214d7f01b1ea0450aab136352b9ab8c",
    }
    .check();
}

#[test]
fn long_recordings_are_cut_at_long_pauses() {
    Case {
        seed: 7,
        file: (8_000, 1, 16),
        stretches: &[
            (4_000, 9_000),
            (1_500, 9),
            (4_100, 9_000),
            (1_200, 0),
            (4_900, 9_000),
            (300, 0),
        ],
        result: (11_025, 16, 106_391, 105_840),
        clipped: Some(Clip::LongPause),
        sha256: "f5f084dbff79676a53723035e703accd378a080381bce47a13c702bacc1a3bc0",
    }
    .check();
}

#[test]
fn long_recordings_are_cut_at_short_pauses() {
    Case {
        seed: 8,
        file: (11_025, 1, 16),
        stretches: &[
            (5_000, 9_000),
            (300, 200),
            (4_000, 9_000),
            (150, 100),
            (7_003, 9_000),
            (300, 0),
        ],
        result: (11_025, 16, 103_138, 102_587),
        clipped: Some(Clip::ShortPause),
        sha256: "5c2292a983e91f46610f6ec048cb9ed97b6f45d69397ced57cab291da1a6db14",
    }
    .check();
}

#[test]
fn long_recordings_without_pause_are_cut_hard() {
    Case {
        seed: 9,
        file: (12_000, 1, 16),
        stretches: &[(13_337, 9_000)],
        result: (12_000, 16, 144_599, 144_000),
        clipped: Some(Clip::Hard),
        sha256: "4a0a710bc5e9fc8db832cecd008539fc54fb0cbe0cdf13cf1c6ccc98519d9b1d",
    }
    .check();
}

#[test]
fn silence_beyond_a_second_at_each_side_goes() {
    Case {
        seed: 10,
        file: (16_000, 1, 16),
        stretches: &[(3_100, 0), (2_000, 9_000), (2_600, 40), (600, 9_000)],
        result: (16_000, 16, 74_399, 73_600),
        clipped: None,
        sha256: "6b6e5499eec190d88fee452520e1b40b57e27f3e47fde986c524bac9d65efafb",
    }
    .check();
}

#[test]
fn positions_round_as_pydubs_at_odd_rates() {
    Case {
        seed: 11,
        file: (11_127, 1, 16),
        stretches: &[(1_003, 9_000), (1_111, 50), (999, 9_000), (11, 0)],
        result: (11_127, 16, 35_205, 34_649),
        clipped: None,
        sha256: "860ba25778ea2edaf0be25d88c26898e6d7f064f37a1bd216bdd34e8b5e20171",
    }
    .check();
}

#[test]
fn a_soft_recording_leaves_only_the_tail() {
    Case {
        seed: 12,
        file: (16_000, 1, 16),
        stretches: &[(1_500, 90)],
        result: (11_025, 16, 551, 0),
        clipped: None,
        sha256: "bdfaedf3df2aa37003aab690ae3576dc6e52df6169433be2652221fd5a3a5561",
    }
    .check();
}

#[test]
fn a_very_short_recording_is_kept() {
    Case {
        seed: 13,
        file: (24_000, 1, 16),
        stretches: &[(13, 9_000)],
        result: (24_000, 16, 1_510, 312),
        clipped: None,
        sha256: "9677efed8f4c6454a77caa6fec27e72aac1fce33b5a5249744049021a835031a",
    }
    .check();
}

#[test]
fn upstreams_own_case_of_16_khz_speech() {
    let result = preprocess(&Pcm::read_wav(path("short_16k_mono.wav")).unwrap()).unwrap();
    assert_eq!(
        (result.pcm.frames(), result.pcm.sample_rate()),
        (28_319, 16_000)
    );
    assert_eq!(
        sha256(&result.pcm),
        "10f60a0ea873ca61e5fdd7c3f6a38c5bcc03b999e7a2ed229cef3ce24abffa4d"
    );
    assert_eq!(result.clipped, None);
    result.check(&MelSpec::vocos()).unwrap();
}

#[test]
fn silent_reference_is_refused() {
    let result = preprocess(&noise_pcm(12, 16_000, &[(1500, 90)])).unwrap();
    assert!(matches!(
        result.check(&MelSpec::vocos()),
        Err(AudioError::SilentReference {
            frames: 551,
            rms: 0.0
        })
    ));
}

#[test]
fn reference_shorter_than_a_window_is_refused() {
    let result = preprocess(&noise_pcm(13, 24_000, &[(13, 9_000)])).unwrap();
    assert!(matches!(
        result.check(&MelSpec::vocos()),
        Err(AudioError::ReferenceTooShort {
            samples: 312,
            needed: 1024
        })
    ));
}

#[test]
fn empty_reference_is_refused() {
    let empty = Pcm::new(Vec::new(), SampleWidth::Bits16, 1, 24_000).unwrap();
    assert!(matches!(preprocess(&empty), Err(AudioError::Empty)));
}
