//! Tensors: how `torch` describes them in a pickle, and their values in a storage.

use std::ops::Range;

use sobolev_tensor::Real;

use super::pickle::Object;
use crate::values::bytes_of;

/// Axes of a tensor at most.
const MOST_AXES: usize = 32;

/// Type of the numbers of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Truth values, 0 or 1.
    Bool,
    /// 8 bits without sign.
    U8,
    /// 8 bits.
    I8,
    /// 16 bits.
    I16,
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
    /// Half precision: 5 bits of exponent, 10 of fraction.
    F16,
    /// Brain float: 8 bits of exponent, 7 of fraction.
    Bf16,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
    /// Two single-precision numbers.
    Complex64,
    /// Two double-precision numbers.
    Complex128,
}

impl Kind {
    fn of_storage(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("torch.")? {
            "BoolStorage" => Self::Bool,
            "ByteStorage" => Self::U8,
            "CharStorage" => Self::I8,
            "ShortStorage" => Self::I16,
            "IntStorage" => Self::I32,
            "LongStorage" => Self::I64,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "ComplexFloatStorage" => Self::Complex64,
            "ComplexDoubleStorage" => Self::Complex128,
            _ => return None,
        })
    }

    /// Name as in `torch`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::Complex64 => "complex64",
            Self::Complex128 => "complex128",
        }
    }

    /// Bytes of a number.
    pub fn bytes(self) -> usize {
        match self {
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::I16 | Self::F16 | Self::Bf16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 | Self::Complex64 => 8,
            Self::Complex128 => 16,
        }
    }

    /// Whether a number has a real and an imaginary part.
    pub fn is_complex(self) -> bool {
        matches!(self, Self::Complex64 | Self::Complex128)
    }

    /// The type of the parts of a complex number.
    fn part(self) -> Self {
        match self {
            Self::Complex64 => Self::F32,
            Self::Complex128 => Self::F64,
            other => other,
        }
    }

    /// A real number of little-endian bytes.
    fn value(self, bytes: &[u8]) -> f64 {
        let bits = bytes.iter().rev().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        match self {
            Self::Bool => f64::from(u8::from(bits != 0)),
            Self::U8 => bits as f64,
            Self::I8 => f64::from(bits as u8 as i8),
            Self::I16 => f64::from(bits as u16 as i16),
            Self::I32 => f64::from(bits as u32 as i32),
            Self::I64 => bits as i64 as f64,
            Self::F16 => half(bits as u16),
            Self::Bf16 => f64::from(f32::from_bits((bits as u32) << 16)),
            Self::F32 => f64::from(f32::from_bits(bits as u32)),
            _ => f64::from_bits(bits),
        }
    }
}

/// IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 bits of fraction.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023) / 1024.0);
    sign * match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    }
}

/// A tensor as the file describes it: a view into one of its storages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Type of the numbers.
    pub kind: Kind,
    /// Shape.
    pub shape: Vec<usize>,
    /// Steps in the storage from one number to the next along each axis.
    pub strides: Vec<usize>,
    /// Place of the first number in the storage.
    pub offset: usize,
    /// Name of the storage in the file.
    pub(super) key: String,
}

impl Tensor {
    /// Shape with an axis more for the parts of complex numbers.
    pub(super) fn real_shape(&self) -> Vec<usize> {
        self.shape.iter().copied().chain(self.kind.is_complex().then_some(2)).collect()
    }

    /// The rows `rows` along the first axis.
    pub(super) fn rows(&self, rows: Range<usize>) -> Self {
        let mut part = self.clone();
        if let (Some(first), Some(stride)) = (part.shape.first_mut(), self.strides.first()) {
            let rows = rows.start.min(*first)..rows.end.min(*first);
            part.offset = part.offset.saturating_add(rows.start.saturating_mul(*stride));
            *first = rows.len();
        }
        part
    }

    /// The part of the storage that it needs; nothing when no memory could hold it or its values.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        bytes_of(&self.shape, 16)?;
        if self.shape.contains(&0) {
            return Some(0..0);
        }
        let reach = self.shape.iter().zip(&self.strides).try_fold(0_usize, |reach, (n, stride)| {
            (n - 1).checked_mul(*stride).and_then(|steps| reach.checked_add(steps))
        })?;
        let end = self.offset.checked_add(reach)?.checked_add(1)?;
        // A broadcast axis may stand for more numbers than the storage has, yet not for arbitrarily many.
        let count: usize = self.shape.iter().product();
        let bounded = count / 4096 <= reach + 1;
        (bounded && bytes_of(&[end], self.kind.bytes()).is_some()).then_some(self.offset..end)
    }

    /// Its numbers in row-major order, out of the storage from the number `start` on; nothing when they do not fit into
    /// memory.
    pub(super) fn gather<T: Real>(&self, storage: &[u8], start: usize) -> Option<Vec<T>> {
        let bytes = self.kind.bytes();
        let part = self.kind.part();
        let mut values = Vec::new();
        values.try_reserve_exact(self.real_shape().iter().product()).ok()?;
        let mut index = vec![0; self.shape.len()];
        if self.shape.contains(&0) {
            return Some(values);
        }
        loop {
            let steps: usize = index.iter().zip(&self.strides).map(|(i, stride)| i * stride).sum();
            let at = (self.offset + steps - start) * bytes;
            let numbers = storage[at..at + bytes].chunks_exact(part.bytes());
            values.extend(numbers.map(|number| T::cast(part.value(number))));
            let Some(axis) = (0..index.len()).rev().find(|&axis| index[axis] + 1 < self.shape[axis]) else {
                return Some(values);
            };
            index[axis] += 1;
            index[axis + 1..].fill(0);
        }
    }
}

/// The tensor that a call would make; nothing when it is a call of another kind.
///
/// # Errors
/// A text for a tensor whose description makes no sense or whose kind is not known.
pub(super) fn of_call(call: &(Object, Object)) -> Result<Option<Tensor>, String> {
    let mut call = call;
    loop {
        let (Object::Global(name), Some(arguments)) = (&call.0, call.1.tuple()) else { return Ok(None) };
        match (&**name, arguments) {
            // A parameter is a tensor that is trained.
            (
                "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state",
                [Object::Call(inner), ..],
            ) => call = inner,
            (
                "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor",
                [storage, offset, shape, strides, ..],
            ) => return view(storage, offset, shape, strides).map(Some),
            _ => return Ok(None),
        }
    }
}

fn view(storage: &Object, offset: &Object, shape: &Object, strides: &Object) -> Result<Tensor, String> {
    let nonsense = || "a tensor whose description makes no sense".to_string();
    let Object::Persistent(id) = storage else { return Err(nonsense()) };
    let (kind, key) = match id.tuple().ok_or_else(nonsense)? {
        [Object::Text(what), Object::Global(kind), Object::Text(key), ..] if &**what == "storage" => {
            (kind, key)
        }
        _ => return Err(nonsense()),
    };
    let kind = Kind::of_storage(kind).ok_or_else(|| format!("a tensor in a {kind}, which is not read"))?;
    let list = |object: &Object| -> Option<Vec<usize>> {
        let axes = object.tuple().filter(|axes| axes.len() <= MOST_AXES)?;
        axes.iter().map(Object::count).collect()
    };
    let (shape, strides) = (list(shape).ok_or_else(nonsense)?, list(strides).ok_or_else(nonsense)?);
    if shape.len() != strides.len() {
        return Err(nonsense());
    }
    let offset = offset.count().ok_or_else(nonsense)?;
    Ok(Tensor { kind, shape, strides, offset, key: key.to_string() })
}
