//! One small kernel, run and checked before a device is trusted: drivers can be found, answer every
//! question, and still compute nothing.

use burn::tensor::{Device, Tensor, TensorData};

use super::refusal::DeviceRefusal;

/// Extents of the trial's matrices: no multiples of the tiles that kernels work in.
const ROWS: usize = 33;
const INNER: usize = 47;
const COLUMNS: usize = 29;

/// Multiplies two matrices on the device, reads the product back and compares every number.
///
/// All numbers are integers below 1000, so the product is exact in any precision that a device may
/// choose.
pub(super) fn run(device: &Device) -> Result<(), DeviceRefusal> {
    let (left, right) = (left(), right());
    let product = Tensor::<2>::from_data(TensorData::new(left.clone(), [ROWS, INNER]), device)
        .matmul(Tensor::from_data(
            TensorData::new(right.clone(), [INNER, COLUMNS]),
            device,
        ))
        .try_into_data()
        .map_err(|error| DeviceRefusal::from_error(&error))?
        .try_into_vec::<f32>()
        .map_err(|error| DeviceRefusal::from_message(&format!("{error:?}")))?;
    check(&left, &right, &product)
}

fn left() -> Vec<f32> {
    (0..ROWS * INNER).map(|i| (i * 7 % 5) as f32).collect()
}

fn right() -> Vec<f32> {
    (0..INNER * COLUMNS)
        .map(|i| (i * 5 % 7) as f32 - 2.0)
        .collect()
}

fn check(left: &[f32], right: &[f32], product: &[f32]) -> Result<(), DeviceRefusal> {
    for index in 0..ROWS * COLUMNS {
        let (row, column) = (index / COLUMNS, index % COLUMNS);
        let expected = (0..INNER)
            .map(|k| left[row * INNER + k] * right[k * COLUMNS + column])
            .sum();
        let got = product.get(index).copied().unwrap_or(f32::NAN);
        if got != expected {
            return Err(DeviceRefusal::WrongResult {
                index,
                expected,
                got,
            });
        }
    }
    Ok(())
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::*;

    #[test]
    fn the_processor_passes() {
        assert_eq!(run(&Device::flex()), Ok(()));
    }

    #[test]
    fn one_wrong_number_is_found() {
        let (left, right) = (left(), right());
        let good = Tensor::<2>::from_data(
            TensorData::new(left.clone(), [ROWS, INNER]),
            &Device::flex(),
        )
        .matmul(Tensor::from_data(
            TensorData::new(right.clone(), [INNER, COLUMNS]),
            &Device::flex(),
        ))
        .into_data()
        .try_into_vec::<f32>()
        .unwrap();
        assert_eq!(check(&left, &right, &good), Ok(()));
        assert!(good.iter().any(|&x| x > 50.0), "not all near zero");
        for index in [0, COLUMNS, ROWS * COLUMNS - 1] {
            for wrong in [good[index] + 1.0, f32::NAN, f32::INFINITY] {
                let mut bad = good.clone();
                bad[index] = wrong;
                let refusal = check(&left, &right, &bad).unwrap_err();
                assert!(
                    matches!(refusal, DeviceRefusal::WrongResult { index: i, .. } if i == index),
                    "{refusal}"
                );
            }
        }
        assert!(check(&left, &right, &good[1..]).is_err());
        assert!(check(&left, &right, &[]).is_err());
    }
}
