//! Stand-ins for NVIDIA's libraries, and a program that meets them.

use std::cell::Cell;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

use f5_runtime::probe::{Cuda, CudaUnavailable, Machine};

use crate::RELAY;

/// Folders with stand-ins: all of them, and each variant lacking something.
pub(crate) struct Fakes {
    pub(crate) dir: tempfile::TempDir,
    /// How often somebody asked.
    pub(crate) probed: Cell<usize>,
}

impl Fakes {
    pub(crate) fn build() -> Self {
        let fakes = Self {
            dir: tempfile::tempdir().unwrap(),
            probed: Cell::new(0),
        };
        fakes.compile("all/libcuda.so.1", &["-DCUDA"]);
        fakes.compile("all/libnvidia-ml.so.1", &["-DNVML"]);
        fakes.compile("all/libnvrtc.so", &[]);
        fakes.compile("stub/libcuda.so.1", &["-DCUDA", "-DSTUB"]);
        fakes.compile("empty/libcuda.so.1", &[]);
        fakes.compile("no-compiler/libcuda.so.1", &["-DCUDA"]);
        fakes.compile("no-management/libcuda.so.1", &["-DCUDA"]);
        fakes.compile("no-management/libnvrtc.so", &[]);
        let broken = fakes.dir.path().join("broken/libcuda.so.1");
        std::fs::create_dir_all(broken.parent().unwrap()).unwrap();
        std::fs::write(broken, "not a library").unwrap();
        fakes
    }

    pub(crate) fn compile(&self, output: &str, defines: &[&str]) {
        let output = self.dir.path().join(output);
        std::fs::create_dir_all(output.parent().unwrap()).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fake_drivers.c");
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .args([&output, &source])
            .args(defines)
            .status()
            .expect("cc, which also links Rust programs");
        assert!(status.success());
    }

    /// Probes with the stand-ins of `folder` and the given environment.
    pub(crate) fn probe(
        &self,
        folder: &str,
        vars: &[(&str, &str)],
    ) -> Result<Cuda, CudaUnavailable> {
        self.machine(folder, vars).cuda
    }

    /// The same, everything that was found out.
    pub(crate) fn machine(&self, folder: &str, vars: &[(&str, &str)]) -> Machine {
        self.probed.set(self.probed.get() + 1);
        let output = Command::new(env::current_exe().unwrap())
            .env("LD_LIBRARY_PATH", self.dir.path().join(folder))
            .env_remove("CUDA_VISIBLE_DEVICES")
            .env(RELAY, "1")
            .envs(vars.iter().copied())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{folder} {vars:?}: {:?}",
            output.status
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn refused(&self, folder: &str, vars: &[(&str, &str)]) -> CudaUnavailable {
        let reason = self.probe(folder, vars).expect_err(folder);
        assert!(
            !reason.remedy().is_empty() && !reason.remedy().contains('\n'),
            "{reason:?}"
        );
        assert!(!reason.to_string().is_empty());
        reason
    }
}
