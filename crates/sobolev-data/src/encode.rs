//! Solved values as the bytes of a file: rounded, looked at and summed in one pass.

use ndarray::ArrayD;
use sobolev_solvers::Field;
use sobolev_tensor::{Error, Real, Result, check_finite};

use crate::values::Precision;

/// Values that are worked on together: they stay in the nearest cache between rounding and summing.
const BLOCK: usize = 2048;

/// Fills `bytes` with the values of `array` in the precision of a file and returns their checksum: CRC-32 of the
/// little-endian bytes, as in [`checksum`](crate::values::checksum).
///
/// # Errors
/// When the array does not have the shape of its field, or a rounded value is not finite.
pub(crate) fn encode(
    array: &ArrayD<f64>,
    field: &Field,
    precision: Precision,
    bytes: &mut Vec<u8>,
) -> Result<u32> {
    let shape = field.shape();
    if array.shape() != shape {
        return Err(Error::shape(&field.name, format!("{shape:?}"), array.shape()));
    }
    let array = array.as_standard_layout();
    let values = array.as_slice().unwrap_or_default();
    match precision {
        Precision::F32 => encode_as(values, field, bytes, f32::to_ne_bytes, f32::to_le_bytes),
        Precision::F64 => encode_as(values, field, bytes, f64::to_ne_bytes, f64::to_le_bytes),
    }
}

fn encode_as<T: Real, const N: usize>(
    values: &[f64],
    field: &Field,
    bytes: &mut Vec<u8>,
    native: impl Fn(T) -> [u8; N],
    little_endian: impl Fn(T) -> [u8; N],
) -> Result<u32> {
    bytes.resize(values.len() * N, 0);
    let mut sum = crc32fast::Hasher::new();
    let mut finite = true;
    let mut swapped = [0; BLOCK * 8];
    for (block, out) in values.chunks(BLOCK).zip(bytes.chunks_mut(BLOCK * N)) {
        for (place, value) in out.chunks_exact_mut(N).zip(block) {
            let value = T::cast(*value);
            finite &= value.is_finite();
            place.copy_from_slice(&native(value));
        }
        if cfg!(target_endian = "little") {
            sum.update(out);
        } else {
            for (place, value) in swapped.chunks_exact_mut(N).zip(block) {
                place.copy_from_slice(&little_endian(T::cast(*value)));
            }
            sum.update(&swapped[..out.len()]);
        }
    }
    if !finite {
        let rounded: Vec<T> = values.iter().map(|value| T::cast(*value)).collect();
        check_finite(&field.name, &field.shape(), &rounded)?;
    }
    Ok(sum.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::plain_field;
    use crate::values::checksum;
    use ndarray::{Array, IxDyn};

    #[test]
    fn bytes_and_checksum_are_those_of_the_rounded_values() {
        // More than two blocks, and not in row-major order.
        let array =
            Array::from_shape_fn(IxDyn(&[1, 1500, 3]), |i| (i[1] as f64 + 0.1).sqrt() * (i[2] as f64 - 1.0));
        let array = array.reversed_axes();
        let field = plain_field("u", &[3, 1500, 1]);
        let mut bytes = vec![7; 5];
        let sum = encode(&array, &field, Precision::F32, &mut bytes).unwrap();
        let rounded: Vec<f32> = array.iter().map(|value| *value as f32).collect();
        assert_eq!(bytes, rounded.iter().flat_map(|value| value.to_ne_bytes()).collect::<Vec<u8>>());
        assert_eq!(sum, checksum(&rounded, f32::to_le_bytes));
        let sum = encode(&array, &field, Precision::F64, &mut bytes).unwrap();
        let values: Vec<f64> = array.iter().copied().collect();
        assert_eq!(bytes, values.iter().flat_map(|value| value.to_ne_bytes()).collect::<Vec<u8>>());
        assert_eq!(sum, checksum(&values, f64::to_le_bytes));
    }

    #[test]
    fn values_that_the_file_cannot_hold_are_named() {
        let mut array = Array::zeros(IxDyn(&[40, 100, 1]));
        array[[31, 7, 0]] = 1e39;
        let field = plain_field("u", &[40, 100, 1]);
        let mut bytes = Vec::new();
        assert!(encode(&array, &field, Precision::F64, &mut bytes).is_ok());
        let error = encode(&array, &field, Precision::F32, &mut bytes).unwrap_err().to_string();
        assert_eq!(error, "u: expected finite values, got inf at index [31, 7, 0]");
        let error = encode(&array, &plain_field("u", &[40, 99, 1]), Precision::F32, &mut bytes).unwrap_err();
        assert!(matches!(error, Error::Shape { .. }), "{error}");
    }
}
