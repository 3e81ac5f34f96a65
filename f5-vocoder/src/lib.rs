//! Vocoders that turn F5-TTS mel spectrograms into waveforms, on Burn.
