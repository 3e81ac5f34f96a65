//! The entries of the catalogue.

use super::{Content, Release, ReleasedFile, Role};

const fn known(path: &'static str, size: u64, digest: &'static str) -> ReleasedFile {
    ReleasedFile {
        path,
        content: Content::Known { digest, size },
    }
}

const fn unpublished(path: &'static str) -> ReleasedFile {
    ReleasedFile {
        path,
        content: Content::Unpublished,
    }
}

/// Commit of `SWivid/F5-TTS` that the entries are of.
const F5_REVISION: &str = "84e5a410d9cead4de2f847e7c9369a6440bdfaca";

/// Every released model that this workspace knows.
pub const RELEASES: &[Release] = &[
    Release {
        name: "F5TTS_v1_Base",
        role: Role::Speech,
        licence: "CC-BY-NC-4.0",
        repository: "SWivid/F5-TTS",
        revision: F5_REVISION,
        files: &[
            known(
                "F5TTS_v1_Base/vocab.txt",
                13_800,
                "2a05f992e00af9b0bd3800a8d23e78d520dbd705284ed2eedb5f4bd29398fa3c",
            ),
            known(
                "F5TTS_v1_Base/model_1250000.safetensors",
                1_348_435_761,
                "670900fd14e6c458b95da6e9ed317cdb20dbaf7a1c02ac06a05475a9d32b6a38",
            ),
        ],
        vocoder: Some("vocos-mel-24khz"),
    },
    Release {
        name: "F5TTS_Base",
        role: Role::Speech,
        licence: "CC-BY-NC-4.0",
        repository: "SWivid/F5-TTS",
        revision: F5_REVISION,
        files: &[
            unpublished("F5TTS_Base/vocab.txt"),
            ReleasedFile {
                path: "F5TTS_Base/model_1200000.safetensors",
                content: Content::DigestOnly {
                    digest: "4180310f91d592cee4bc14998cd37c781f779cf105e8ca8744d9bd48ca7046ae",
                },
            },
        ],
        vocoder: Some("vocos-mel-24khz"),
    },
    Release {
        name: "E2TTS_Base",
        role: Role::Speech,
        licence: "CC-BY-NC-4.0",
        repository: "SWivid/E2-TTS",
        revision: "main",
        files: &[
            unpublished("E2TTS_Base/vocab.txt"),
            unpublished("E2TTS_Base/model_1200000.safetensors"),
        ],
        vocoder: Some("vocos-mel-24khz"),
    },
    Release {
        name: "vocos-mel-24khz",
        role: Role::Vocoder,
        licence: "MIT",
        repository: "charactr/vocos-mel-24khz",
        revision: "0feb3fdd929bcd6649e0e7c5a688cf7dd012ef21",
        files: &[
            known(
                "config.yaml",
                461,
                "da9033922f969a47f0c160010226919e59f27761fd5066f3828d46de6650b0fc",
            ),
            known(
                "pytorch_model.bin",
                54_365_991,
                "97ec976ad1fd67a33ab2682d29c0ac7df85234fae875aefcc5fb215681a91b2a",
            ),
        ],
        vocoder: None,
    },
    Release {
        name: "bigvgan_v2_24khz_100band_256x",
        role: Role::Vocoder,
        licence: "MIT",
        repository: "nvidia/bigvgan_v2_24khz_100band_256x",
        revision: "c329ede9e9bbc100ddf5c91e2330a61921262370",
        files: &[
            known(
                "config.json",
                1402,
                "d77e2c96583ca2296ac112a56ec7cc6bd5da4bf7681ceff18448bedc4fcf6512",
            ),
            known(
                "bigvgan_generator.pt",
                450_088_331,
                "6f9c5715550c9d0f11159ceb8935638da5aeb19e27d1e63677632df095e376f5",
            ),
        ],
        vocoder: None,
    },
    Release {
        name: "wav2vec2-base-960h",
        role: Role::Aligner,
        licence: "Apache-2.0",
        repository: "facebook/wav2vec2-base-960h",
        revision: "22aad52d435eb6dbaf354bdad9b0da84ce7d6156",
        files: &[
            known(
                "config.json",
                1596,
                "d3ec255c063d9f95057b553b19c20135b259875834a4fe9deb218a6be25b4cf3",
            ),
            known(
                "preprocessor_config.json",
                159,
                "b225d617c025463b9e157e06afea8b90dc7078fc70b013c533328423e0486b4a",
            ),
            known(
                "vocab.json",
                291,
                "19727f8944fe6459fc3f240ae2c198395b740f6a029bd23e06656266b83bcf64",
            ),
            known(
                "model.safetensors",
                377_607_901,
                "8aa76ab2243c81747a1f832954586bc566090c83a0ac167df6f31f0fa917d74a",
            ),
        ],
        vocoder: None,
    },
];
