//! Sample rate conversion: torchaudio's filter for whole clips, rubato for streams and odd ratios.

mod sinc;
mod stream;

pub use sinc::SincResampler;
pub use stream::StreamResampler;

/// Both rates divided by their greatest common factor.
pub(super) fn reduced(from_hz: u32, to_hz: u32) -> (u32, u32) {
    let (mut a, mut b) = (from_hz, to_hz);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (from_hz / a, to_hz / a)
}
