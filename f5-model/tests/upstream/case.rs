//! Reads a case: the network, its inputs and what upstream made of them.

use std::{collections::HashMap, fs, path::PathBuf, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use f5_core::mel::Mel;
use f5_kernels::{Cpu, F32, Isa, Kernel, Pool};
use f5_model::{
    BackboneConfig, Dit,
    cfm::{Backbone, BatchMasking, Cfm, Conditioning},
    cpu::{Architecture, CpuTransformer},
};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

const WEIGHTS: &str = "weights.safetensors";

/// Where everything is computed: on the processor.
#[cfg(not(feature = "wgpu"))]
pub(crate) fn device() -> Device {
    Device::flex()
}

/// Where everything is computed: on the first device with a Vulkan driver. Pinned to Vulkan, because
/// the same would pass on OpenGL and show nothing.
#[cfg(feature = "wgpu")]
pub(crate) fn device() -> Device {
    use burn::tensor::wgpu::WgpuBackend;
    static DEVICE: std::sync::LazyLock<Device> = std::sync::LazyLock::new(|| {
        let options = Device::wgpu_options().graphics_api(WgpuBackend::Vulkan);
        options.init().expect("a Vulkan driver, as Mesa's lavapipe")
    });
    DEVICE.clone()
}

pub(crate) struct Case {
    dir: PathBuf,
    pub(crate) config: BackboneConfig,
    backbone: Arc<dyn Backbone>,
    json: Value,
    io: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Case {
    pub(crate) fn load(name: &str) -> Self {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data")
            .join(name);
        let json: Value =
            serde_json::from_str(&fs::read_to_string(dir.join("case.json")).unwrap()).unwrap();
        let bytes = fs::read(dir.join("io.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let io = tensors.iter().map(|(name, view)| {
            let data = match view.dtype() {
                Dtype::F32 => view
                    .data()
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|b| f32::from_le_bytes(*b))
                    .collect(),
                Dtype::I64 => view
                    .data()
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .map(|b| i64::from_le_bytes(*b) as f32)
                    .collect(),
                Dtype::U8 => view.data().iter().map(|&b| f32::from(b)).collect(),
                other => panic!("{name} is {other:?}"),
            };
            (name.to_owned(), (view.shape().to_vec(), data))
        });
        let named = serde_json::json!({"backbone": json["class"], "arch": json["config"]});
        let config: BackboneConfig = serde_json::from_value(named).unwrap();
        let vocab_size = json["config"]["text_num_embeds"].as_u64().unwrap() as usize;
        let backbone = config.load(dir.join(WEIGHTS), vocab_size, &device());
        Self {
            backbone: backbone.unwrap().into(),
            dir,
            config,
            io: io.collect(),
            json,
        }
    }

    /// Loads the network as what it is: `load` is its own function.
    pub(crate) fn inside<N, C>(
        &self,
        load: impl Fn(PathBuf, &C, usize, &Device) -> f5_model::Result<N>,
        config: &C,
    ) -> N {
        let vocab_size = self.backbone.vocab_size();
        load(self.dir.join(WEIGHTS), config, vocab_size, &device()).unwrap()
    }

    pub(crate) fn dit(&self) -> Dit {
        match &self.config {
            BackboneConfig::Dit(config) => self.inside(Dit::load, config),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.dir.file_name().unwrap().to_string_lossy().into_owned()
    }

    pub(crate) fn data(&self, name: &str) -> &[f32] {
        &self.io[name].1
    }

    pub(crate) fn tensor<const D: usize>(&self, name: &str) -> Tensor<D> {
        let (shape, data) = self.io[name].clone();
        Tensor::from_data(TensorData::new(data, shape), &device())
    }

    pub(crate) fn ids(&self) -> Vec<i32> {
        self.data("text").iter().map(|&id| id as i32).collect()
    }

    pub(crate) fn frames(&self) -> usize {
        self.count("/frames")
    }

    pub(crate) fn reference(&self) -> Mel {
        let frames = self.count("/ref_frames");
        Mel::new(self.data("cond")[..frames * 100].to_vec(), 100)
    }

    /// The network on CPU kernels.
    pub(crate) fn cpu<K: Kernel>(&self, kernel: K, threads: usize) -> Arc<dyn Backbone> {
        let architecture = match &self.config {
            BackboneConfig::Dit(config) => Architecture::Dit(config),
            BackboneConfig::UNetT(config) => Architecture::UNetT(config),
            other => panic!("{other:?}"),
        };
        let path = self.dir.join(WEIGHTS);
        let pool = Pool::new(Some(threads)).unwrap();
        let (vocab_size, device) = (self.backbone.vocab_size(), Device::flex());
        Arc::new(
            CpuTransformer::load(&path, architecture, vocab_size, &device, kernel, pool).unwrap(),
        )
    }

    /// Every implementation of the network that has to agree with upstream: on Burn, and on the CPU
    /// kernels of each instruction set that this processor has, if the network is known there.
    pub(crate) fn networks(&self) -> Vec<(String, Arc<dyn Backbone>)> {
        let mut networks = vec![("burn".to_owned(), Arc::clone(&self.backbone))];
        if !self.config.has_cpu_kernels() {
            return networks;
        }
        for isa in [Isa::Portable, Isa::Avx2, Isa::Neon, Isa::Avx512] {
            let cpu = Cpu::up_to(isa);
            if cpu.isa() == isa {
                networks.push((format!("cpu {isa}"), self.cpu(F32(cpu), 2)));
            }
        }
        networks
    }

    pub(crate) fn cfm(&self) -> Cfm {
        Cfm::new(Arc::clone(&self.backbone))
    }

    pub(crate) fn count(&self, pointer: &str) -> usize {
        self.json.pointer(pointer).and_then(Value::as_u64).unwrap() as usize
    }

    pub(crate) fn conditioning(&self, guided: bool) -> Conditioning {
        Conditioning {
            cond: self.tensor("cond"),
            text: vec![self.ids()],
            durations: vec![self.frames()],
            guided,
            batch_masking: BatchMasking::Exact,
            times: Vec::new(),
        }
    }

    pub(crate) fn check<const D: usize>(&self, stage: &str, got: Tensor<D>, tolerance: f32) {
        self.check_as(stage, stage, got, tolerance);
    }

    /// As [`check`](Self::check), said of `what`.
    pub(crate) fn check_as<const D: usize>(
        &self,
        what: &str,
        stage: &str,
        got: Tensor<D>,
        tolerance: f32,
    ) {
        assert_eq!(self.io[stage].0, got.dims(), "{what}");
        let got = got.into_data().try_into_vec::<f32>().unwrap();
        assert_close(what, self.data(stage), &got, tolerance);
    }
}

pub(crate) fn assert_close(what: &str, expected: &[f32], got: &[f32], tolerance: f32) {
    assert_eq!(expected.len(), got.len(), "{what}");
    let scale = expected
        .iter()
        .fold(1.0f32, |scale, value| scale.max(value.abs()));
    for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
        let error = (expected - got).abs();
        assert!(
            error <= tolerance * scale,
            "{what}[{index}]: {got}, expected {expected}"
        );
    }
}
