//! Machines that lack any of what GPUs need: the report names exactly what is there and why the
//! rest is not.

use std::fs;

use f5_runtime::probe::{CudaUnavailable, VulkanUnavailable};

use crate::fakes::Fakes;

/// Libraries, the names they are looked for by, and how the stand-in is built.
const LIBRARIES: [(&str, &[&str], &str); 4] = [
    ("libcuda.so.1", &["libcuda.so.1", "libcuda.so"], "-DCUDA"),
    ("libnvrtc.so", &["libnvrtc.so"], "-DCOMPILER"),
    (
        "libnvidia-ml.so.1",
        &["libnvidia-ml.so.1", "libnvidia-ml.so"],
        "-DNVML",
    ),
    (
        "libvulkan.so.1",
        &["libvulkan.so.1", "libvulkan.so"],
        "-DVULKAN",
    ),
];
const VULKAN_DRIVER: u32 = 4;

pub(crate) fn every_subset_is_told_exactly(fakes: &Fakes) {
    let manifest = fakes.dir.path().join("driver.json");
    fs::write(&manifest, "{}").unwrap();
    for missing in 0u32..1 << (LIBRARIES.len() + 1) {
        let lacks = |i: u32| missing >> i & 1 == 1;
        let folder = format!("machine-{missing}");
        for (i, (file, names, define)) in LIBRARIES.iter().enumerate() {
            if !lacks(i as u32) {
                fakes.compile(&format!("{folder}/{file}"), &[define]);
                continue;
            }
            // Something of that name that is no library hides the one that this machine may have.
            for name in *names {
                let path = fakes.dir.path().join(&folder).join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "not a library").unwrap();
            }
        }
        let drivers = if lacks(VULKAN_DRIVER) {
            fakes.dir.path().join("no-such-file")
        } else {
            manifest.clone()
        };
        let vars = [("VK_DRIVER_FILES", drivers.to_str().unwrap())];
        let machine = fakes.machine(&folder, &vars);
        let cuda_is_exact = match &machine.cuda {
            Err(CudaUnavailable::NoDriverLibrary { .. }) => lacks(0),
            Err(CudaUnavailable::CompilerMissing { .. }) => !lacks(0) && lacks(1),
            Ok(cuda) => {
                let told = cuda.devices.iter().all(|d| d.free_memory.is_some());
                !lacks(0) && !lacks(1) && told != lacks(2) && cuda.driver.is_some() != lacks(2)
            }
            Err(_) => false,
        };
        assert!(cuda_is_exact, "{missing:b}: {:?}", machine.cuda);
        let vulkan_is_exact = match &machine.vulkan {
            Err(VulkanUnavailable::NoLoader { .. }) => lacks(3),
            Err(VulkanUnavailable::NoDriver { .. }) => !lacks(3) && lacks(VULKAN_DRIVER),
            Ok(vulkan) => !lacks(3) && !lacks(VULKAN_DRIVER) && vulkan.version == (1, 3, 0),
            Err(_) => false,
        };
        assert!(vulkan_is_exact, "{missing:b}: {:?}", machine.vulkan);
    }
}
