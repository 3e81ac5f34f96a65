//! The layers of the network (`transformers`' `modeling_wav2vec2.py`).

use burn::{
    module::{Initializer, Module, Param},
    nn::{
        GroupNorm, GroupNormConfig, LayerNorm, LayerNormConfig, Linear, LinearConfig,
        conv::{Conv1d, Conv1dConfig},
    },
    tensor::{
        Device, Tensor,
        activation::gelu,
        module::{attention, conv1d},
        ops::{AttentionModuleOptions, ConvOptions},
    },
};

use super::config::{Config, FeatExtractNorm};

/// One convolution over the waveform (`Wav2Vec2GroupNormConvLayer`, `Wav2Vec2LayerNormConvLayer`,
/// `Wav2Vec2NoLayerNormConvLayer`).
#[derive(Module, Debug)]
pub(super) struct FeatureLayer {
    conv: Conv1d,
    group_norm: Option<GroupNorm>,
    layer_norm: Option<LayerNorm>,
}

impl FeatureLayer {
    /// Layer `index` of the feature extractor.
    pub(super) fn new(config: &Config, index: usize, device: &Device) -> Self {
        let (input, output) = match index {
            0 => (1, config.conv_dim[0]),
            _ => (config.conv_dim[index - 1], config.conv_dim[index]),
        };
        let norm = config.feat_extract_norm;
        let in_groups = norm == FeatExtractNorm::Group && index == 0;
        let in_layers = norm == FeatExtractNorm::Layer;
        Self {
            conv: Conv1dConfig::new(input, output, config.conv_kernel[index])
                .with_stride(config.conv_stride[index])
                .with_bias(config.conv_bias)
                .init(device),
            group_norm: in_groups.then(|| GroupNormConfig::new(output, output).init(device)),
            layer_norm: in_layers.then(|| LayerNormConfig::new(output).init(device)),
        }
    }

    /// `[batch, channels, time]` to the same with fewer time steps.
    pub(super) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let mut x = self.conv.forward(x);
        if let Some(norm) = &self.group_norm {
            x = norm.forward(x);
        }
        if let Some(norm) = &self.layer_norm {
            x = norm.forward(x.swap_dims(1, 2)).swap_dims(1, 2);
        }
        gelu(x)
    }
}

/// Features to the width of the encoder (`Wav2Vec2FeatureProjection`).
#[derive(Module, Debug)]
pub(super) struct FeatureProjection {
    layer_norm: LayerNorm,
    projection: Linear,
}

impl FeatureProjection {
    pub(super) fn new(config: &Config, device: &Device) -> Self {
        let width = config.conv_dim[config.conv_dim.len() - 1];
        Self {
            layer_norm: norm(config, width, device),
            projection: LinearConfig::new(width, config.hidden_size).init(device),
        }
    }

    /// `[batch, frames, features]` to `[batch, frames, hidden]`.
    pub(super) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.projection.forward(self.layer_norm.forward(x))
    }
}

/// Where a frame stands, from its neighbours (`Wav2Vec2PositionalConvEmbedding`): a grouped
/// convolution whose weight is kept as direction and length until it has been loaded.
#[derive(Module, Debug)]
pub(super) struct PositionConv {
    /// Length of the weight at each place of the kernel, `[1, 1, kernel]`; none once it is folded
    /// into `weight`.
    weight_g: Option<Param<Tensor<3>>>,
    /// `[hidden, hidden / groups, kernel]`.
    weight_v: Param<Tensor<3>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    groups: usize,
}

impl PositionConv {
    pub(super) fn new(config: &Config, device: &Device) -> Self {
        let (hidden, kernel) = (config.hidden_size, config.num_conv_pos_embeddings);
        let groups = config.num_conv_pos_embedding_groups;
        Self {
            weight_g: Some(Initializer::Ones.init([1, 1, kernel], device)),
            weight_v: Initializer::Zeros.init([hidden, hidden / groups, kernel], device),
            bias: Initializer::Zeros.init([hidden], device),
            groups,
        }
    }

    /// The same convolution with its weight as one tensor: `g * v / |v|`, the norm over all but the
    /// kernel.
    pub(super) fn folded(mut self) -> Self {
        if let Some(lengths) = self.weight_g.take() {
            let direction = self.weight_v.val();
            let norm = direction.clone().square().sum_dim(0).sum_dim(1).sqrt();
            self.weight_v = Param::from_tensor(direction * (lengths.val() / norm));
        }
        self
    }

    /// `[batch, frames, hidden]`, to be added to the input.
    pub(super) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let weight = self.weight_v.val();
        let [_, frames, _] = x.dims();
        let [_, _, kernel] = weight.dims();
        let options = ConvOptions::new([1], [kernel / 2], [1], self.groups);
        let x = conv1d(x.swap_dims(1, 2), weight, Some(self.bias.val()), options);
        // An even kernel gives one frame too many.
        gelu(x.narrow(2, 0, frames)).swap_dims(1, 2)
    }
}

/// One layer of the encoder (`Wav2Vec2EncoderLayer`, `Wav2Vec2EncoderLayerStableLayerNorm`).
#[derive(Module, Debug)]
pub(super) struct EncoderLayer {
    attention: SelfAttention,
    layer_norm: LayerNorm,
    feed_forward: FeedForward,
    final_layer_norm: LayerNorm,
}

impl EncoderLayer {
    pub(super) fn new(config: &Config, device: &Device) -> Self {
        Self {
            attention: SelfAttention::new(config, device),
            layer_norm: norm(config, config.hidden_size, device),
            feed_forward: FeedForward {
                intermediate_dense: LinearConfig::new(config.hidden_size, config.intermediate_size)
                    .init(device),
                output_dense: LinearConfig::new(config.intermediate_size, config.hidden_size)
                    .init(device),
            },
            final_layer_norm: norm(config, config.hidden_size, device),
        }
    }

    /// `[batch, frames, hidden]` to the same; `norm_first` is the large layout.
    pub(super) fn forward(&self, x: Tensor<3>, norm_first: bool) -> Tensor<3> {
        if norm_first {
            let x = x.clone() + self.attention.forward(self.layer_norm.forward(x));
            return x.clone() + self.feed_forward.forward(self.final_layer_norm.forward(x));
        }
        let x = self
            .layer_norm
            .forward(x.clone() + self.attention.forward(x));
        self.final_layer_norm
            .forward(x.clone() + self.feed_forward.forward(x))
    }
}

#[derive(Module, Debug)]
struct FeedForward {
    intermediate_dense: Linear,
    output_dense: Linear,
}

impl FeedForward {
    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.output_dense
            .forward(gelu(self.intermediate_dense.forward(x)))
    }
}

#[derive(Module, Debug)]
struct SelfAttention {
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    out_proj: Linear,
    #[module(skip)]
    heads: usize,
}

impl SelfAttention {
    fn new(config: &Config, device: &Device) -> Self {
        let project = || LinearConfig::new(config.hidden_size, config.hidden_size).init(device);
        Self {
            q_proj: project(),
            k_proj: project(),
            v_proj: project(),
            out_proj: project(),
            heads: config.num_attention_heads,
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, frames, hidden] = x.dims();
        let split = |x: Tensor<3>| {
            x.reshape([batch, frames, self.heads, hidden / self.heads])
                .swap_dims(1, 2)
        };
        let q = split(self.q_proj.forward(x.clone()));
        let k = split(self.k_proj.forward(x.clone()));
        let v = split(self.v_proj.forward(x));
        let out = attention(q, k, v, None, None, AttentionModuleOptions::default());
        self.out_proj
            .forward(out.swap_dims(1, 2).reshape([batch, frames, hidden]))
    }
}

pub(super) fn norm(config: &Config, width: usize, device: &Device) -> LayerNorm {
    LayerNormConfig::new(width)
        .with_epsilon(config.layer_norm_eps)
        .init(device)
}
