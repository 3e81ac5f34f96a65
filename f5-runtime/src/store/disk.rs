//! How much room must be left on the disk, decided before the first byte is written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How much room must stay free once everything has been fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiskPolicy {
    /// Bytes that must stay free. 500 MiB by default.
    pub min_free_after: u64,
    /// Added to what is predicted, in thousandths of it, for what file systems need around the
    /// content. 20 by default.
    pub headroom_per_mille: u64,
}

impl Default for DiskPolicy {
    fn default() -> Self {
        Self {
            min_free_after: 500 << 20,
            headroom_per_mille: 20,
        }
    }
}

impl DiskPolicy {
    /// Free bytes that writing `missing` bytes asks for; nothing missing asks for nothing.
    #[must_use]
    pub fn needed(&self, missing: u64) -> u64 {
        if missing == 0 {
            return 0;
        }
        let headroom = u128::from(missing) * u128::from(self.headroom_per_mille) / 1000;
        let headroom = u64::try_from(headroom).unwrap_or(u64::MAX);
        missing
            .saturating_add(headroom)
            .saturating_add(self.min_free_after)
    }
}

/// The disk has too little room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{available} bytes free at {path:?}, {needed} needed to fetch {missing}; {reclaimable} can be \
     freed by pruning the store"
)]
#[non_exhaustive]
pub struct Shortfall {
    /// Where the store is.
    pub path: PathBuf,
    /// Bytes that are still to be fetched.
    pub missing: u64,
    /// Free bytes that the policy asks for.
    pub needed: u64,
    /// Free bytes.
    pub available: u64,
    /// Bytes of the store that nothing of the manifest needs.
    pub reclaimable: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn defaults_add_headroom_and_a_reserve() {
        let policy = DiskPolicy::default();
        assert_eq!(policy.needed(0), 0);
        assert_eq!(policy.needed(1000), 1020 + 500 * 1024 * 1024);
        assert_eq!(policy.needed(u64::MAX), u64::MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        /// Against the same sum in numbers that cannot overflow.
        #[test]
        fn decisions_match_the_oracle(
            missing: u64, available: u64, min_free_after: u64, headroom_per_mille in 0u64..5000,
        ) {
            let policy = DiskPolicy { min_free_after, headroom_per_mille };
            let exact = u128::from(missing) + u128::from(missing) * u128::from(headroom_per_mille)
                / 1000 + u128::from(min_free_after);
            let fits = missing == 0 || exact <= u128::from(available);
            // What saturates does not fit on any disk but one of exactly the largest size.
            prop_assume!(available < u64::MAX);
            prop_assert_eq!(policy.needed(missing) <= available, fits);
        }
    }
}
