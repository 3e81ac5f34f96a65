//! Matrix products on AMX tiles: the only module that talks to the tile registers.
//!
//! Tiles have no intrinsics on stable Rust, so they are named in inline assembly. One call of
//! [`product`] configures the tiles of its thread, multiplies, and releases them.
#![expect(
    unsafe_code,
    reason = "tile registers are only reachable through inline assembly"
)]
#![cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux")),
    expect(unused, reason = "never constructed elsewhere")
)]

use super::{PANEL, Product};

/// Proof that this process may use AMX tiles with bf16.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amx(());

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod imp {
    use super::{Amx, Product};

    impl Amx {
        pub(crate) fn try_new() -> Option<Self> {
            None
        }
    }

    pub(crate) fn product(_: Amx, _: Product<'_, u16>) {}
}

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod imp {
    use std::arch::{
        asm,
        x86_64::{__cpuid_count, _MM_HINT_T1, _mm_prefetch},
    };

    use super::{Amx, PANEL, Product};
    use crate::gemm::bf16::{K_STEP, TILE, TILE_ROWS};

    /// Bytes of a row of a tile.
    const ROW_BYTES: usize = 64;
    /// Steps of a panel, and pairs of groups of rows, that are multiplied before the next ones: panel and
    /// result fill the first-level cache, and the operand comes from the second.
    const STEPS: usize = 8;
    const PAIRS: usize = 8;

    impl Amx {
        /// Asks the processor, then the kernel: tiles are so large that a process has to request them.
        pub(crate) fn try_new() -> Option<Self> {
            const AMX_BF16: u32 = 1 << 22;
            const AMX_TILE: u32 = 1 << 24;
            const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
            const XFEATURE_XTILEDATA: libc::c_long = 18;

            let has = __cpuid_count(0, 0).eax >= 7
                && __cpuid_count(7, 0).edx & (AMX_BF16 | AMX_TILE) == AMX_BF16 | AMX_TILE;
            if !has {
                return None;
            }
            // SAFETY: arch_prctl takes two integers and changes nothing but the permission; kernels
            // that do not know the request, or do not save tiles, refuse it.
            let refused = unsafe {
                libc::syscall(
                    libc::SYS_arch_prctl,
                    ARCH_REQ_XCOMP_PERM,
                    XFEATURE_XTILEDATA,
                )
            };
            (refused == 0).then_some(Self(()))
        }
    }

    /// All eight tiles as 16 rows of 64 bytes.
    #[repr(C, align(64))]
    struct TileConfig {
        palette: u8,
        start_row: u8,
        reserved: [u8; 14],
        row_bytes: [u16; 16],
        rows: [u8; 16],
    }

    const CONFIG: TileConfig = {
        let mut config = TileConfig {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            row_bytes: [0; 16],
            rows: [0; 16],
        };
        let mut tile = 0;
        while tile < 8 {
            config.row_bytes[tile] = ROW_BYTES as u16;
            config.rows[tile] = TILE_ROWS as u8;
            tile += 1;
        }
        config
    };

    pub(crate) fn product(_: Amx, p: Product<'_, u16>) {
        let (steps, pairs) = p.checked_tiles();
        if pairs == 0 || steps == 0 {
            return;
        }
        let Product {
            a,
            panels,
            c,
            ldc,
            accumulate,
        } = p;
        // SAFETY: `Amx` proves that tiles exist and are permitted; the configuration is valid and lives
        // through the instruction.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &CONFIG, options(readonly, nostack, preserves_flags));
        }
        let cuts = steps.div_ceil(STEPS);
        for (index, panel) in panels.iter().enumerate() {
            for block in (0..pairs).step_by(PAIRS) {
                for from in (0..steps).step_by(STEPS) {
                    for pair in block..pairs.min(block + PAIRS) {
                        if pairs > 1 {
                            prefetch_next(panel, pair * cuts + from / STEPS, pairs * cuts);
                        }
                        let first = pair * 2 * a.row_tile + from * a.k_step;
                        // SAFETY: `checked_tiles` covers the last row, step and column that are reached
                        // from these pointers; `tile` reads and writes nothing else. Tiles are
                        // configured.
                        unsafe {
                            tile(
                                [
                                    a.data.as_ptr().add(first),
                                    a.data.as_ptr().add(first + a.row_tile),
                                ],
                                [a.row * 2, a.k_step * 2],
                                panel.as_ptr().add(from * 2 * TILE),
                                STEPS.min(steps - from),
                                c.as_mut_ptr()
                                    .add(pair * 2 * TILE_ROWS * ldc + index * PANEL),
                                ldc * 4,
                                accumulate || from > 0,
                            );
                        }
                    }
                }
            }
        }
        // SAFETY: no operands; the tiles are not used after this.
        unsafe { asm!("tilerelease", options(nomem, nostack, preserves_flags)) }
    }

    /// Asks for share `index` of `count` of the panel after this one: weights come from memory, and the
    /// processor does not guess from tile loads which ones are next.
    #[inline(always)]
    fn prefetch_next(panel: &[u16], index: usize, count: usize) {
        const LINE: usize = 64;
        let bytes = size_of_val(panel);
        let share = bytes.div_ceil(count).next_multiple_of(LINE);
        let first = panel
            .as_ptr()
            .cast::<i8>()
            .wrapping_add(bytes + index * share);
        for at in (0..share).step_by(LINE) {
            // SAFETY: a hint, which reads nothing and does not fault, wherever it points.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(first.wrapping_add(at)) };
        }
    }

    /// 32 rows by one panel.
    ///
    /// # Safety
    ///
    /// Tiles are configured as [`CONFIG`]. `a` points to two groups of 16 rows, `a_bytes[0]` bytes from
    /// row to row and `a_bytes[1]` from step to step; `b` to `steps` pairs of tiles; `c` to 32 rows of
    /// 32 floats, `c_bytes` from row to row.
    #[inline(always)]
    unsafe fn tile(
        a: [*const u16; 2],
        a_bytes: [usize; 2],
        b: *const u16,
        steps: usize,
        c: *mut f32,
        c_bytes: usize,
        accumulate: bool,
    ) {
        // SAFETY: the caller's promise; the assembly touches no stack and declares what it changes.
        unsafe {
            let low = c.byte_add(TILE_ROWS * c_bytes);
            if accumulate {
                asm!(
                    "tileloadd tmm0, [{c} + {ldc}*1]",
                    "tileloadd tmm1, [{c} + {ldc}*1 + 64]",
                    "tileloadd tmm2, [{low} + {ldc}*1]",
                    "tileloadd tmm3, [{low} + {ldc}*1 + 64]",
                    c = in(reg) c, low = in(reg) low, ldc = in(reg) c_bytes,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    options(nostack, preserves_flags, readonly),
                );
            } else {
                asm!(
                    "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    options(nomem, nostack, preserves_flags),
                );
            }
            asm!(
                "2:",
                "tileloadd tmm4, [{a0} + {row}*1]",
                "tileloadd tmm6, [{b} + {b_row}*1]",
                "tileloadd tmm7, [{b} + {b_row}*1 + 1024]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm5, [{a1} + {row}*1]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "add {a0}, {step}",
                "add {a1}, {step}",
                "add {b}, 2048",
                "dec {steps}",
                "jnz 2b",
                "tilestored [{c} + {ldc}*1], tmm0",
                "tilestored [{c} + {ldc}*1 + 64], tmm1",
                "tilestored [{low} + {ldc}*1], tmm2",
                "tilestored [{low} + {ldc}*1 + 64], tmm3",
                a0 = inout(reg) a[0] => _,
                a1 = inout(reg) a[1] => _,
                row = in(reg) a_bytes[0],
                step = in(reg) a_bytes[1],
                b = inout(reg) b => _,
                b_row = in(reg) ROW_BYTES,
                steps = inout(reg) steps => _,
                c = in(reg) c, low = in(reg) low, ldc = in(reg) c_bytes,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }

    const _: () = assert!(ROW_BYTES == 2 * K_STEP && size_of::<TileConfig>() == 64);
}

pub(crate) use imp::product;
