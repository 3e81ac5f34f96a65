//! The F5-TTS diffusion transformer and its flow-matching sampler on Burn.
