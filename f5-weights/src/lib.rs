//! Loads PyTorch checkpoints into Burn modules: the step that the backbone and the vocoders share.
//!
//! [`load`] compares all names and shapes before it reads a value, then fills the module tensor by
//! tensor: beside the module itself, memory holds one tensor at a time. Parameters that Burn has
//! not initialised yet never are, so that no time goes into random numbers.
//!
//! A module's parameters are found under the path of their fields, in PyTorch's conventions:
//!
//! | in the module | in the checkpoint |
//! |---|---|
//! | field `backbone.embed.weight` | `backbone.embed.weight` |
//! | element 3 of the `Vec` field `convnext` | `convnext.3` |
//! | element 2 of the tuple field `time_mlp` | `time_mlp.2` |
//! | field that is `None` | nothing |
//! | `weight` of a `Linear`, `[in, out]` | `weight`, `[out, in]` |
//! | `gamma` and `beta` of Burn's own norms | `weight` and `bias` |
//! | `gamma` of any other module | `gamma` |
//!
//! Other differences of name are up to the `rename` argument of [`load`].
//!
//! ```
//! use burn::{module::Module, nn::{Linear, LinearConfig}, tensor::Device};
//! use f5_weights::expected;
//!
//! #[derive(Module, Debug)]
//! struct FeedForward {
//!     linear_in: Linear,
//!     linear_out: Linear,
//! }
//!
//! let device = Device::flex();
//! let module = FeedForward {
//!     linear_in: LinearConfig::new(4, 8).init(&device),
//!     linear_out: LinearConfig::new(8, 4).with_bias(false).init(&device),
//! };
//! let rename = |name: &str| name.replace("linear_in", "ff.0.0").replace("linear_out", "ff.2");
//! let names: Vec<String> =
//!     expected(&module, rename).iter().map(|spec| format!("{} {:?}", spec.name, spec.shape)).collect();
//! assert_eq!(names, ["ff.0.0.weight [8, 4]", "ff.0.0.bias [8]", "ff.2.weight [4, 8]"]);
//! ```
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "pickle")]
mod pickle;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use burn::{
    module::{Module, ModuleVisitor, Param},
    store::{
        Applier, BurnToPyTorchAdapter, ModuleAdapter, ModuleContext, PyTorchToBurnAdapter, bridge,
        burn_pack,
    },
    tensor::{DType, Shape, Tensor, TensorData},
};
use f5_core::weights::{Checkpoint, TensorSpec, WeightsError};

/// Opens a checkpoint: a safetensors file, or with feature `pickle` one of PyTorch's own.
///
/// # Errors
///
/// Those of [`Checkpoint::open`]; with feature `pickle`, [`WeightsError::Unpickle`] in place of
/// [`WeightsError::Pickle`].
pub fn open(path: impl AsRef<Path>) -> Result<Checkpoint, WeightsError> {
    match Checkpoint::open(path) {
        #[cfg(feature = "pickle")]
        Err(WeightsError::Pickle { path }) => pickle::open(&path),
        result => result,
    }
}

/// Fills every parameter of `module` from `checkpoint`, in `f32`.
///
/// `rename` turns a parameter's path in the module (see the [crate's table](self)) into its name in
/// the checkpoint, once prefixes are stripped. Where both agree, it is `str::to_owned`.
///
/// # Errors
///
/// [`WeightsError::Mismatch`], naming every tensor that does not fit, before anything is read;
/// [`WeightsError::Read`] or [`WeightsError::NonFinite`] if a tensor cannot be used after all. The
/// module is gone then: there is no half-filled network.
///
/// # Panics
///
/// Burn panics if the device cannot hold the parameters.
pub fn load<M: Module>(
    module: M,
    checkpoint: Checkpoint,
    rename: impl Fn(&str) -> String,
) -> Result<M, WeightsError> {
    let parameters = parameters(&module, rename);
    let specs: Vec<_> = parameters.iter().map(|(_, spec)| spec.clone()).collect();
    checkpoint.check(&specs)?;

    // Burn carries a failed read as text; the typed error waits here meanwhile.
    let failure = Arc::new(Mutex::new(None));
    let checkpoint = Arc::new(checkpoint);
    let tensors = parameters
        .into_iter()
        .map(|(path, spec)| {
            let (checkpoint, failure) = (Arc::clone(&checkpoint), Arc::clone(&failure));
            let shape = Shape::from(spec.shape);
            bridge::deferred(
                path,
                DType::F32,
                shape.clone(),
                None,
                move || match checkpoint.tensor_f32(&spec.name) {
                    Ok(values) => Ok(TensorData::new(values, shape.clone())),
                    Err(error) => {
                        let text = error.to_string();
                        failure
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(error);
                        Err(burn_pack::Error::ValidationError(text))
                    }
                },
            )
        })
        .collect();

    let mut applier = Applier::new(tensors, None, Some(PyTorchToBurnAdapter.clone_box()), false);
    let module = module.map(&mut applier);
    let result = applier.into_result();
    match failure
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        Some(error) => Err(error),
        None => {
            debug_assert!(result.is_success(), "checked beforehand: {result}");
            Ok(module)
        }
    }
}

/// Names and shapes that [`load`] needs in a checkpoint, in the order of the module's fields.
///
/// Nothing is initialised: asking a network for its tensors costs no memory.
#[must_use]
pub fn expected<M: Module>(module: &M, rename: impl Fn(&str) -> String) -> Vec<TensorSpec> {
    parameters(module, rename)
        .into_iter()
        .map(|(_, spec)| spec)
        .collect()
}

/// Every parameter's path under PyTorch's conventions, and its tensor in the checkpoint.
fn parameters<M: Module>(module: &M, rename: impl Fn(&str) -> String) -> Vec<(String, TensorSpec)> {
    let mut visitor = Parameters::default();
    module.visit(&mut visitor);
    visitor
        .found
        .into_iter()
        .map(|(path, shape)| {
            let name = rename(&path);
            (path, TensorSpec::new(name, shape))
        })
        .collect()
}

/// Collects paths and shapes; [`burn::store::Collector`] would initialise every parameter for that.
#[derive(Debug, Default)]
struct Parameters {
    path: Vec<String>,
    containers: Vec<String>,
    found: Vec<(String, Vec<usize>)>,
}

impl ModuleVisitor for Parameters {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.push(name.to_owned());
        self.containers.push(container_type.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
        self.containers.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (path, shape) = (self.path.join("."), param.lazy_shape());
        // A tensor without data: only its name and shape are turned to PyTorch's conventions.
        let stub = bridge::deferred(path, DType::F32, shape, None, || {
            Err(burn_pack::Error::ValidationError(
                "names and shapes only".to_owned(),
            ))
        });
        let turned = BurnToPyTorchAdapter.adapt(stub, ModuleContext::new(&self.containers));
        self.found.push((turned.name, turned.shape.to_vec()));
    }
}
