//! The only place of this crate that calls foreign code: libraries of drivers, opened by name.
#![expect(
    unsafe_code,
    reason = "drivers are C libraries that must be opened at run time"
)]

use std::error::Error as _;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::mem::ManuallyDrop;

use libloading::Library;

/// A CUDA result code other than success.
pub(super) type Code = c_int;

/// Opens the first of `names`; the error is what the system said of the first, the usual one.
fn open(names: &[&str]) -> Result<(ManuallyDrop<Library>, String), String> {
    let mut message = None;
    for name in names {
        // SAFETY: opening runs the library's initialisers. The names are those under which the
        // driver vendors install theirs, found by the system's own search order, and every program
        // that uses the device runs the same initialisers.
        match unsafe { Library::new(*name) } {
            // Drivers start threads and exit handlers: they are never closed again.
            Ok(library) => return Ok((ManuallyDrop::new(library), (*name).to_owned())),
            // The cause says which file was wrong and how; the error itself only that one was.
            Err(error) => {
                let cause = error
                    .source()
                    .map_or_else(|| error.to_string(), ToString::to_string);
                message.get_or_insert(cause);
            }
        }
    }
    Err(message.unwrap_or_default())
}

/// Whether one of `names` can be opened, and which.
pub(super) fn find(names: &[&str]) -> Option<String> {
    open(names).ok().map(|(_, name)| name)
}

/// Declares a table of functions and fills it from a library; the error names a missing one.
macro_rules! functions {
    ($(#[$doc:meta])* $table:ident { $($field:ident: $symbol:literal => fn($($arg:ty),*) -> $ret:ty;)* }) => {
        $(#[$doc])*
        struct $table {
            $($field: unsafe extern "system" fn($($arg),*) -> $ret,)*
        }

        impl $table {
            fn load(library: &Library) -> Result<Self, &'static str> {
                Ok(Self {
                    $(
                        // SAFETY: the signature is the one that the vendor's header gives for this
                        // symbol, and the library is never closed.
                        $field: *unsafe {
                            library.get::<unsafe extern "system" fn($($arg),*) -> $ret>($symbol)
                        }
                        .map_err(|_| $symbol)?,
                    )*
                })
            }
        }
    };
}

functions! {
    /// The part of `cuda.h` that tells about devices without making a context.
    CudaTable {
        driver_get_version: "cuDriverGetVersion" => fn(*mut c_int) -> Code;
        init: "cuInit" => fn(c_uint) -> Code;
        device_get_count: "cuDeviceGetCount" => fn(*mut c_int) -> Code;
        device_get: "cuDeviceGet" => fn(*mut c_int, c_int) -> Code;
        device_get_name: "cuDeviceGetName" => fn(*mut c_char, c_int, c_int) -> Code;
        device_total_mem: "cuDeviceTotalMem_v2" => fn(*mut usize, c_int) -> Code;
        device_get_attribute: "cuDeviceGetAttribute" => fn(*mut c_int, c_int, c_int) -> Code;
        device_get_pci_bus_id: "cuDeviceGetPCIBusId" => fn(*mut c_char, c_int, c_int) -> Code;
    }
}

/// An open CUDA driver library.
pub(super) struct CudaDriver(CudaTable);

/// Why there is no [`CudaDriver`].
#[derive(Debug)]
pub(super) enum OpenError {
    /// No library under any of the names; what the system said.
    NotFound(String),
    /// A library without this function.
    MissingSymbol(&'static str),
}

impl CudaDriver {
    pub(super) fn open(names: &[&str]) -> Result<Self, OpenError> {
        let (library, _) = open(names).map_err(OpenError::NotFound)?;
        CudaTable::load(&library)
            .map(Self)
            .map_err(OpenError::MissingSymbol)
    }

    /// Version as `1000 * major + 10 * minor`.
    pub(super) fn version(&self) -> Result<i32, Code> {
        // SAFETY: `out` is valid for the call.
        get(0, |out| unsafe { (self.0.driver_get_version)(out) })
    }

    pub(super) fn init(&self) -> Result<(), Code> {
        // SAFETY: zero is the one allowed flag, and the call may be repeated.
        check(unsafe { (self.0.init)(0) })
    }

    pub(super) fn device_count(&self) -> Result<i32, Code> {
        // SAFETY: `out` is valid for the call.
        get(0, |out| unsafe { (self.0.device_get_count)(out) })
    }

    pub(super) fn device(&self, ordinal: i32) -> Result<i32, Code> {
        // SAFETY: `out` is valid for the call.
        get(0, |out| unsafe { (self.0.device_get)(out, ordinal) })
    }

    pub(super) fn name(&self, device: i32) -> Result<String, Code> {
        // SAFETY: the buffer holds as many bytes as are promised.
        text(|out, len| unsafe { (self.0.device_get_name)(out, len, device) })
    }

    pub(super) fn pci_bus_id(&self, device: i32) -> Result<String, Code> {
        // SAFETY: the buffer holds as many bytes as are promised.
        text(|out, len| unsafe { (self.0.device_get_pci_bus_id)(out, len, device) })
    }

    pub(super) fn total_memory(&self, device: i32) -> Result<u64, Code> {
        // SAFETY: `out` is valid for the call.
        get(0usize, |out| unsafe {
            (self.0.device_total_mem)(out, device)
        })
        .map(|n| n as u64)
    }

    pub(super) fn attribute(&self, attribute: i32, device: i32) -> Result<i32, Code> {
        // SAFETY: `out` is valid for the call; unknown attributes are answered with a code.
        get(0, |out| unsafe {
            (self.0.device_get_attribute)(out, attribute, device)
        })
    }
}

functions! {
    /// The part of `nvml.h` that tells free memory, which CUDA tells only inside a context.
    NvmlTable {
        init: "nvmlInit_v2" => fn() -> Code;
        shutdown: "nvmlShutdown" => fn() -> Code;
        driver_version: "nvmlSystemGetDriverVersion" => fn(*mut c_char, c_uint) -> Code;
        handle: "nvmlDeviceGetHandleByPciBusId_v2" => fn(*const c_char, *mut *mut c_void) -> Code;
        memory: "nvmlDeviceGetMemoryInfo" => fn(*mut c_void, *mut NvmlMemory) -> Code;
    }
}

/// `nvmlMemory_t`.
#[repr(C)]
#[derive(Clone, Copy)]
struct NvmlMemory {
    total: u64,
    free: u64,
    used: u64,
}

/// NVIDIA's management library, initialised until dropped.
pub(super) struct Nvml(NvmlTable);

impl Nvml {
    pub(super) fn open(names: &[&str]) -> Option<Self> {
        let (library, _) = open(names).ok()?;
        let table = NvmlTable::load(&library).ok()?;
        // SAFETY: calls are counted by the library and matched in `drop`.
        check(unsafe { (table.init)() }).ok()?;
        Some(Self(table))
    }

    pub(super) fn driver_version(&self) -> Option<String> {
        // SAFETY: the buffer holds as many bytes as are promised.
        text(|out, len| unsafe { (self.0.driver_version)(out, len as c_uint) }).ok()
    }

    /// Free bytes of the device at a PCI address.
    pub(super) fn free_memory(&self, pci_bus_id: &str) -> Option<u64> {
        let id = std::ffi::CString::new(pci_bus_id).ok()?;
        let none = std::ptr::null_mut();
        // SAFETY: `id` ends in zero and `out` is valid for the call.
        let device = get(none, |out| unsafe { (self.0.handle)(id.as_ptr(), out) }).ok()?;
        let zero = NvmlMemory {
            total: 0,
            free: 0,
            used: 0,
        };
        // SAFETY: the handle came from the library and `out` is valid for the call.
        get(zero, |out| unsafe { (self.0.memory)(device, out) })
            .ok()
            .map(|m| m.free)
    }
}

impl Drop for Nvml {
    fn drop(&mut self) {
        // SAFETY: matches the successful `nvmlInit_v2` of `open`.
        let _ = unsafe { (self.0.shutdown)() };
    }
}

functions! {
    /// The one function that Vulkan's loader answers without an instance.
    VulkanTable {
        enumerate_instance_version: "vkEnumerateInstanceVersion" => fn(*mut u32) -> c_int;
    }
}

/// Opens Vulkan's loader: its name and the version of the interface.
pub(super) fn vulkan_version(names: &[&str]) -> Result<(String, u32), OpenError> {
    let (library, name) = open(names).map_err(OpenError::NotFound)?;
    let table = VulkanTable::load(&library).map_err(OpenError::MissingSymbol)?;
    // SAFETY: `out` is valid for the call.
    let version = get(0, |out| unsafe { (table.enumerate_instance_version)(out) });
    // The specification lets the call fail for want of memory alone; 1.0 is what that leaves known.
    Ok((name, version.unwrap_or(1 << 22)))
}

fn check(code: Code) -> Result<(), Code> {
    if code == 0 { Ok(()) } else { Err(code) }
}

/// Calls `f` with a place for the answer.
fn get<T>(initial: T, f: impl FnOnce(*mut T) -> Code) -> Result<T, Code> {
    let mut value = initial;
    check(f(&raw mut value)).map(|()| value)
}

/// Calls `f` with a buffer for text, which is cut where it ends.
fn text(f: impl FnOnce(*mut c_char, c_int) -> Code) -> Result<String, Code> {
    let mut buffer = [0u8; 256];
    let len = buffer.len() - 1;
    check(f(buffer.as_mut_ptr().cast(), len as c_int))?;
    // The last byte was not offered, so there is always an end.
    let text = CStr::from_bytes_until_nul(&buffer).unwrap_or_default();
    Ok(text.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_libraries_are_told_from_missing_functions() {
        let names = ["libf5-no-such-library.so"];
        assert!(find(&names).is_none());
        assert!(matches!(
            CudaDriver::open(&names),
            Err(OpenError::NotFound(_))
        ));
        assert!(Nvml::open(&names).is_none());
        if cfg!(target_os = "linux") {
            // A library that every Linux program has and that is no driver.
            let error = CudaDriver::open(&["libc.so.6"]).err();
            assert!(matches!(
                error,
                Some(OpenError::MissingSymbol("cuDriverGetVersion"))
            ));
        }
    }

    #[test]
    fn text_ends_even_when_the_callee_fills_the_buffer() {
        let full = text(|out, len| {
            // SAFETY: writes as many bytes as the buffer was promised to hold.
            unsafe { out.write_bytes(b'x', len as usize) };
            0
        });
        assert_eq!(full.map(|t| t.len()), Ok(255));
        assert_eq!(text(|_, _| 7), Err(7));
    }
}
