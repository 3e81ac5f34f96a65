//! What a CTC network says about each frame: a log-probability for every class.

/// Log-probabilities, `[frames, classes]`, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Emissions {
    log_probs: Vec<f32>,
    classes: usize,
}

/// Why emissions cannot be used, or a text cannot be laid over them.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The values do not fill rows.
    #[error("{values} log-probabilities are no whole number of rows of {classes} classes")]
    Shape {
        /// Values given.
        values: usize,
        /// Classes of a row.
        classes: usize,
    },
    /// A log-probability is infinite or not a number.
    #[error("the log-probability of class {class} at frame {frame} is {value}")]
    NotFinite {
        /// The frame.
        frame: usize,
        /// The class.
        class: usize,
        /// The value.
        value: f32,
    },
    /// A token of the text is the blank, or no class at all.
    #[error(
        "token {index} is {token}, which is not one of {classes} classes or is the blank {blank}"
    )]
    Token {
        /// Which token of the text, from 0.
        index: usize,
        /// Its class.
        token: usize,
        /// Number of classes.
        classes: usize,
        /// The class of the blank.
        blank: usize,
    },
    /// Every token takes a frame, and two equal ones in a row a blank between them.
    #[error(
        "{tokens} tokens with {repeats} repeats take {} frames, but there are {frames}",
        tokens + repeats
    )]
    TooFewFrames {
        /// Frames.
        frames: usize,
        /// Tokens of the text.
        tokens: usize,
        /// Tokens that equal the one before them.
        repeats: usize,
    },
}

impl Emissions {
    /// Wraps the values of a network.
    ///
    /// # Errors
    ///
    /// [`PathError::Shape`], or [`PathError::NotFinite`] for the first value that is not finite.
    pub fn new(log_probs: Vec<f32>, classes: usize) -> Result<Self, PathError> {
        let values = log_probs.len();
        if classes == 0 || !values.is_multiple_of(classes) {
            return Err(PathError::Shape { values, classes });
        }
        if let Some(index) = log_probs.iter().position(|p| !p.is_finite()) {
            return Err(PathError::NotFinite {
                frame: index / classes,
                class: index % classes,
                value: log_probs[index],
            });
        }
        Ok(Self { log_probs, classes })
    }

    /// Number of frames.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.log_probs.len() / self.classes
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The log-probabilities of frame `t`.
    ///
    /// # Panics
    ///
    /// If there is no such frame.
    #[must_use]
    pub fn frame(&self, t: usize) -> &[f32] {
        &self.log_probs[t * self.classes..][..self.classes]
    }

    /// The emissions with one class more, the last one, that fits everything: its log-probability is
    /// always 0. It stands for sounds that the network has no class for (the star of torchaudio's
    /// `MMS_FA` bundle).
    #[must_use]
    pub fn with_star(&self) -> Self {
        let rows = self.log_probs.chunks_exact(self.classes);
        let with_star = rows.flat_map(|row| row.iter().copied().chain([0.0]));
        Self {
            log_probs: with_star.collect(),
            classes: self.classes + 1,
        }
    }

    /// The most likely class of each frame, equal ones in a row and blanks left out: what was
    /// spoken, without a language's help (greedy decoding). The first of equally likely classes
    /// counts.
    #[must_use]
    pub fn greedy(&self, blank: usize) -> Vec<usize> {
        let best = |row: &[f32]| {
            let mut best = 0;
            for (class, value) in row.iter().enumerate() {
                if *value > row[best] {
                    best = class;
                }
            }
            best
        };
        let mut tokens: Vec<usize> = self
            .log_probs
            .chunks_exact(self.classes)
            .map(best)
            .collect();
        tokens.dedup();
        tokens.retain(|token| *token != blank);
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_cannot_be_used_are_named() {
        let shape = PathError::Shape {
            values: 5,
            classes: 2,
        };
        assert_eq!(Emissions::new(vec![0.0; 5], 2), Err(shape));
        assert!(matches!(
            Emissions::new(Vec::new(), 0),
            Err(PathError::Shape { classes: 0, .. })
        ));
        assert!(matches!(
            Emissions::new(vec![-1.0, -2.0, -1.0, f32::NEG_INFINITY], 2),
            Err(PathError::NotFinite {
                frame: 1,
                class: 1,
                ..
            })
        ));
    }

    #[test]
    fn greedy_decoding_keeps_repeats_that_a_blank_parts() {
        // Class 0 is the blank; frames say 1 1 0 1 2 2 0.
        let rows = [1, 1, 0, 1, 2, 2, 0].map(|class| {
            let mut row = [-5.0; 3];
            row[class] = -0.1;
            row
        });
        let emissions = Emissions::new(rows.concat(), 3).expect("finite rows");
        assert_eq!(emissions.greedy(0), [1, 1, 2]);
        assert_eq!(emissions.with_star().frame(3), [-5.0, -0.1, -5.0, 0.0]);
    }
}
