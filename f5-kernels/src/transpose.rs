//! Weights of convolutions as the kernels want them.

/// `[rows, columns]` to `[columns, rows]`: from the taps of each channel to the channels of each tap, which
/// is how neighbouring positions lie in memory.
#[must_use]
pub fn transpose(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns;
    (0..columns)
        .flat_map(|column| (0..rows).map(move |row| values[row * columns + column]))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_become_columns() {
        let turned = super::transpose(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3);
        assert_eq!(turned, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
