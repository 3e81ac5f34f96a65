//! From a planned text to audio: one core for whole speech, streams, batches and scripts.
//!
//! A [`Take`] is one text on its way: it hands out chunks, and puts what became of them together
//! again. [`render`](render::render) makes sound of chunks, of one text or of several. A stream
//! is a take whose pieces are given away as they come; everything else collects them.

mod batch;
mod brake;
mod noise;
mod render;
mod seam;
mod stream;
mod take;
mod words;

pub use batch::Request;
pub(crate) use brake::{Brake, cancelled};
pub(crate) use noise::NoiseSource;
pub use stream::{CancelToken, SpeechPiece, SpeechStream, StreamEvent};
pub(crate) use take::Take;
pub(crate) use words::align_chunk;

#[cfg(all(test, feature = "cpu"))]
mod tests;
