//! Joins the noised mel, the reference mel and the text (upstream `InputEmbedding`).

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Bool, Device, Tensor, module::linear},
};

use crate::layers::ConvPositionEmbedding;

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
    /// An embedding of width `dim`.
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
    /// - `text`: `[batch, frames, text_dim]`
    /// - output: `[batch, frames, dim]`
    #[must_use]
    pub fn constant(&self, cond: Tensor<3>, text: Tensor<3>) -> Tensor<3> {
        let weight = self.proj.weight.val();
        let [inputs, _] = weight.dims();
        let weight = weight.narrow(0, self.mel_dim, inputs - self.mel_dim);
        let bias = self.proj.bias.as_ref().map(|bias| bias.val());
        linear(Tensor::cat(vec![cond, text], 2), weight, bias)
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
