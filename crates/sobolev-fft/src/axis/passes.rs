//! The element-wise passes around the products of a folded axis, compiled for AVX2 where the processor has it.

use sobolev_tensor::{Accumulate, Real};

/// Makes `name` call `body` inlined into a function that enables AVX2 and FMA, or as it stands on other processors.
macro_rules! wide {
    ($(#[$doc:meta])* $name:ident / $wide:ident / $body:ident ($($argument:ident: $type:ty),* $(,)?)) => {
        $(#[$doc])*
        #[inline]
        pub(super) fn $name<T: Real>($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the instruction sets were detected.
                return unsafe { $wide($($argument),*) };
            }
            $body($($argument),*)
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        fn $wide<T: Real>($($argument: $type),*) {
            $body($($argument),*)
        }
    };
}

/// Where the rows of a matrix lie in a slice: row j is made of `segments` pieces of `width` values, piece s at
/// `offset + j * row_stride + s * segment_stride`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub(super) offset: usize,
    pub(super) row_stride: usize,
    pub(super) segments: usize,
    pub(super) segment_stride: usize,
    pub(super) width: usize,
}

impl Rows {
    /// Values in a row.
    pub(super) fn columns(&self) -> usize {
        self.segments * self.width
    }

    #[inline(always)]
    fn at(&self, row: usize, segment: usize) -> usize {
        self.offset + row * self.row_stride + segment * self.segment_stride
    }
}

wide! {
    /// Even and odd parts of the points `first..first + count` of the half axis: `even_j = x_j + x_(n-j)` and
    /// `odd_j = x_j - x_(n-j)`; points without a partner go to `even` alone. `odd` has no row for point 0. The even parts
    /// are added up in `sum`, unless that is empty.
    fold / fold_wide / fold_body(
        n: usize, first: usize, count: usize, x: &[T], rows: Rows, even: &mut [T], odd: &mut [T], sum: &mut [T],
    )
}

#[inline(always)]
fn fold_body<T: Real>(
    n: usize,
    first: usize,
    count: usize,
    x: &[T],
    rows: Rows,
    even: &mut [T],
    odd: &mut [T],
    sum: &mut [T],
) {
    let columns = rows.columns();
    let mut odd_rows = odd.chunks_exact_mut(columns);
    for (j, even) in (first..first + count).zip(even.chunks_exact_mut(columns)) {
        if has_partner(n, j) {
            let Some(odd) = odd_rows.next() else { return };
            for s in 0..rows.segments {
                let a = &x[rows.at(j, s)..][..rows.width];
                let b = &x[rows.at(n - j, s)..][..rows.width];
                let even = &mut even[s * rows.width..][..rows.width];
                let odd = &mut odd[s * rows.width..][..rows.width];
                for i in 0..rows.width {
                    even[i] = a[i] + b[i];
                    odd[i] = a[i] - b[i];
                }
            }
        } else {
            for s in 0..rows.segments {
                even[s * rows.width..][..rows.width].copy_from_slice(&x[rows.at(j, s)..][..rows.width]);
            }
        }
        if !sum.is_empty() {
            let sum = &mut sum[..columns];
            for i in 0..columns {
                sum[i] += even[i];
            }
        }
    }
}

/// Whether point j of the half axis has a mirror image n - j other than itself.
#[inline(always)]
pub(super) fn has_partner(n: usize, j: usize) -> bool {
    j > 0 && 2 * j < n
}

wide! {
    /// The transpose of [`fold`]: `y_j = even_j + odd_j + constant`, `y_(n-j) = even_j - odd_j + constant`, written or
    /// added to `y`; an empty `constant` is zero.
    unfold / unfold_wide / unfold_body(
        n: usize, first: usize, count: usize, even: &[T], odd: &[T], constant: &[T], y: &mut [T], rows: Rows,
        accumulate: Accumulate,
    )
}

#[inline(always)]
fn unfold_body<T: Real>(
    n: usize,
    first: usize,
    count: usize,
    even: &[T],
    odd: &[T],
    constant: &[T],
    y: &mut [T],
    rows: Rows,
    accumulate: Accumulate,
) {
    let columns = rows.columns();
    let mut odd_rows = odd.chunks_exact(columns);
    for (j, even) in (first..first + count).zip(even.chunks_exact(columns)) {
        let odd = if has_partner(n, j) { odd_rows.next() } else { None };
        for s in 0..rows.segments {
            let part = s * rows.width..(s + 1) * rows.width;
            let constant = if constant.is_empty() { constant } else { &constant[part.clone()] };
            let even = &even[part.clone()];
            let Some(odd) = odd else {
                write(&mut y[rows.at(j, s)..][..rows.width], constant, accumulate, |i| even[i]);
                continue;
            };
            let odd = &odd[part];
            write(&mut y[rows.at(j, s)..][..rows.width], constant, accumulate, |i| even[i] + odd[i]);
            write(&mut y[rows.at(n - j, s)..][..rows.width], constant, accumulate, |i| even[i] - odd[i]);
        }
    }
}

#[inline(always)]
fn write<T: Real>(to: &mut [T], constant: &[T], accumulate: Accumulate, value: impl Fn(usize) -> T) {
    match (accumulate, constant.is_empty()) {
        (Accumulate::Replace, true) => to.iter_mut().enumerate().for_each(|(i, to)| *to = value(i)),
        (Accumulate::Add, true) => to.iter_mut().enumerate().for_each(|(i, to)| *to += value(i)),
        (Accumulate::Replace, false) => {
            to.iter_mut().zip(constant).enumerate().for_each(|(i, (to, c))| *to = value(i) + *c);
        }
        (Accumulate::Add, false) => {
            to.iter_mut().zip(constant).enumerate().for_each(|(i, (to, c))| *to += value(i) + *c);
        }
    }
}

wide! {
    /// Modes k and -k of a complex axis from the sums with cosines `a` (`m + 1` rows) and sines `b` (`m` rows, from
    /// k = 1): `y_k = scale (a_k - i b_k)`, `y_(-k) = scale (a_k + i b_k)`. Rows are blocks of `channels` real and as many
    /// imaginary parts. `y` has the rows 0 .. m-1, -m .. -1.
    combine / combine_wide / combine_body(
        m: usize, channels: usize, scale: T, a: &[T], b: &[T], y: &mut [T], offset: usize, stride: usize,
    )
}

#[inline(always)]
fn combine_body<T: Real>(
    m: usize,
    channels: usize,
    scale: T,
    a: &[T],
    b: &[T],
    y: &mut [T],
    offset: usize,
    stride: usize,
) {
    let columns = a.len() / (m + 1);
    let row = |k: usize| offset + k * stride;
    for (y, &a) in y[row(0)..][..columns].iter_mut().zip(a) {
        *y = scale * a;
    }
    for k in 1..=m {
        let (a, b) = (&a[k * columns..][..columns], &b[(k - 1) * columns..][..columns]);
        let blocks = a.chunks_exact(2 * channels).zip(b.chunks_exact(2 * channels));
        let (head, tail) = y.split_at_mut(row(m));
        let plus = if k < m { &mut head[row(k)..][..columns] } else { &mut [] };
        let minus = &mut tail[row(2 * m - k) - row(m)..][..columns];
        for (block, (a, b)) in blocks.enumerate() {
            let at = 2 * channels * block;
            let ((a_re, a_im), (b_re, b_im)) = (a.split_at(channels), b.split_at(channels));
            let (m_re, m_im) = minus[at..at + 2 * channels].split_at_mut(channels);
            for i in 0..channels {
                m_re[i] = scale * (a_re[i] - b_im[i]);
                m_im[i] = scale * (a_im[i] + b_re[i]);
            }
            if k < m {
                let (p_re, p_im) = plus[at..at + 2 * channels].split_at_mut(channels);
                for i in 0..channels {
                    p_re[i] = scale * (a_re[i] + b_im[i]);
                    p_im[i] = scale * (a_im[i] - b_re[i]);
                }
            }
        }
    }
}

wide! {
    /// The transpose of [`combine`]: `a_k = scale (y_k + y_(-k))`, `b_k = scale i (y_k - y_(-k))`.
    separate / separate_wide / separate_body(
        m: usize, channels: usize, scale: T, y: &[T], offset: usize, stride: usize, a: &mut [T], b: &mut [T],
    )
}

#[inline(always)]
fn separate_body<T: Real>(
    m: usize,
    channels: usize,
    scale: T,
    y: &[T],
    offset: usize,
    stride: usize,
    a: &mut [T],
    b: &mut [T],
) {
    let columns = a.len() / (m + 1);
    let row = |k: usize| &y[offset + k * stride..][..columns];
    for (a, &y) in a.iter_mut().zip(row(0)) {
        *a = scale * y;
    }
    for k in 1..=m {
        let (a, b) = (&mut a[k * columns..][..columns], &mut b[(k - 1) * columns..][..columns]);
        let minus = row(2 * m - k);
        let plus = if k < m { row(k) } else { &[] };
        let blocks = a.chunks_exact_mut(2 * channels).zip(b.chunks_exact_mut(2 * channels));
        for (block, (a, b)) in blocks.enumerate() {
            let at = 2 * channels * block;
            let (a_re, a_im) = a.split_at_mut(channels);
            let (b_re, b_im) = b.split_at_mut(channels);
            let (m_re, m_im) = minus[at..at + 2 * channels].split_at(channels);
            if k < m {
                let (p_re, p_im) = plus[at..at + 2 * channels].split_at(channels);
                for i in 0..channels {
                    a_re[i] = scale * (p_re[i] + m_re[i]);
                    a_im[i] = scale * (p_im[i] + m_im[i]);
                    b_re[i] = scale * (m_im[i] - p_im[i]);
                    b_im[i] = scale * (p_re[i] - m_re[i]);
                }
            } else {
                for i in 0..channels {
                    a_re[i] = scale * m_re[i];
                    a_im[i] = scale * m_im[i];
                    b_re[i] = scale * m_im[i];
                    b_im[i] = -scale * m_re[i];
                }
            }
        }
    }
}
