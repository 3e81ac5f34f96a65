//! Joins the noised mel, the reference mel and the text (upstream `InputEmbedding`, and `AudioEmbedding`,
//! which has no text).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Bool, Device, Tensor, module::linear},
};

use crate::{cfm::Velocity, layers::ConvPositionEmbedding};

/// One projection of `[x, cond, text]`, and a convolutional position embedding added to it.
#[derive(Module, Debug)]
pub struct InputEmbedding {
    /// `[2 * mel_dim + text_dim, dim]`
    pub proj: Linear,
    /// Position embedding.
    pub conv_pos_embed: ConvPositionEmbedding,
    #[module(skip)]
    mel_dim: usize,
}

impl InputEmbedding {
    /// An embedding of width `dim`; `text_dim` is 0 where the text goes another way.
    #[must_use]
    pub fn new(mel_dim: usize, text_dim: usize, dim: usize, device: &Device) -> Self {
        Self {
            proj: LinearConfig::new(2 * mel_dim + text_dim, dim).init(device),
            conv_pos_embed: ConvPositionEmbedding::new(dim, device),
            mel_dim,
        }
    }

    /// The part of the projection that does not change while a sample is drawn, bias included.
    ///
    /// # Shapes
    ///
    /// - `cond`: `[batch, frames, mel_dim]`
    /// - `text`: `[batch, frames, text_dim]`, if there is any
    /// - output: `[batch, frames, dim]`
    #[must_use]
    pub fn constant(&self, cond: Tensor<3>, text: Option<Tensor<3>>) -> Tensor<3> {
        let weight = self.proj.weight.val();
        let [inputs, _] = weight.dims();
        let weight = weight.narrow(0, self.mel_dim, inputs - self.mel_dim);
        let bias = self.proj.bias.as_ref().map(|bias| bias.val());
        let known = match text {
            Some(text) => Tensor::cat(vec![cond, text], 2),
            None => cond,
        };
        linear(known, weight, bias)
    }

    /// The part of the projection that follows the noised mel.
    ///
    /// # Shapes
    ///
    /// - `x`: `[batch, frames, mel_dim]`
    /// - output: `[batch, frames, dim]`
    #[must_use]
    pub fn project(&self, x: Tensor<3>) -> Tensor<3> {
        linear(x, self.proj.weight.val().narrow(0, 0, self.mel_dim), None)
    }

    /// Adds the position embedding to the projected input.
    ///
    /// # Shapes
    ///
    /// - `projected` and output: `[batch, frames, dim]`
    /// - `padding`: `[batch, frames, 1]`, true where a frame is padding
    #[must_use]
    pub fn position(&self, projected: Tensor<3>, padding: Option<&Tensor<3, Bool>>) -> Tensor<3> {
        self.conv_pos_embed.forward(projected.clone(), padding) + projected
    }
}

/// An [`InputEmbedding`] that knows reference and text of a batch.
#[derive(Debug)]
pub(crate) struct ConditionedInput<'a> {
    embedding: &'a InputEmbedding,
    /// Constant part of the projection: conditional rows, then unconditional ones.
    constant: Tensor<3>,
    guided: bool,
}

impl<'a> ConditionedInput<'a> {
    /// `encode` gives the text of all rows, or with `true` what the unconditional rows see in its place.
    pub(crate) fn new(
        embedding: &'a InputEmbedding,
        cond: Tensor<3>,
        guided: bool,
        encode: impl Fn(bool) -> Option<Tensor<3>>,
    ) -> Self {
        let mut constant = embedding.constant(cond.clone(), encode(false));
        if guided {
            let uncond = embedding.constant(cond.zeros_like(), encode(true));
            constant = Tensor::cat(vec![constant, uncond], 0);
        }
        Self {
            embedding,
            constant,
            guided,
        }
    }

    /// The embedding of `x`, `[batch, frames, mel_dim]`: `[rows, frames, dim]`.
    pub(crate) fn at(&self, x: &Tensor<3>, padding: Option<&Tensor<3, Bool>>) -> Tensor<3> {
        let projected = self.embedding.project(x.clone());
        let projected = if self.guided {
            Tensor::cat(vec![projected.clone(), projected], 0)
        } else {
            projected
        };
        self.embedding
            .position(projected + self.constant.clone(), padding)
    }

    /// Parts what was computed from [`at`](Self::at) into both halves.
    pub(crate) fn unpack(&self, velocity: Tensor<3>) -> Velocity {
        let [rows, _, _] = velocity.dims();
        if !self.guided {
            return Velocity {
                conditional: velocity,
                unconditional: None,
            };
        }
        Velocity {
            conditional: velocity.clone().narrow(0, 0, rows / 2),
            unconditional: Some(velocity.narrow(0, rows / 2, rows / 2)),
        }
    }
}
