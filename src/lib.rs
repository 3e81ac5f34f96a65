//! F5-TTS facade.
