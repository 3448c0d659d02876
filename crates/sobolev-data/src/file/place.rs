//! Where the bytes of a file lie that is not compressed. HDF5 gives each sample its place when the file is made; values are
//! then written there without it, by several threads at once: no copy into its cache of chunks, no flush of its structure.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use hdf5_metno as hdf5;

use super::damaged;
use crate::dataset::Side;
use crate::error::{Error, Result};

/// Entries of a chunk `[1, ..]` that holds one sample of `shape`, or, where a sample has more than `most` values, a part of
/// it: blocks of the outermost axes, so that the values of each chunk stand side by side in the sample.
pub(super) fn chunk_of(shape: &[usize], most: usize) -> Vec<usize> {
    let mut chunk = shape.to_vec();
    for axis in 0..chunk.len() {
        let each: usize = shape[axis + 1..].iter().product();
        chunk[axis] = (most / each.max(1)).clamp(1, shape[axis].max(1));
        if each <= most {
            break;
        }
    }
    [1].into_iter().chain(chunk).collect()
}

/// The places of one side.
#[derive(Debug)]
struct Places {
    /// Addresses of the chunks, in the order of their values.
    addresses: Vec<u64>,
    /// Bytes of a sample, of the part of it that is cut into chunks of equal length but for the last, and of such a chunk.
    sample: usize,
    block: usize,
    chunk: usize,
}

impl Places {
    fn of(path: &Path, dataset: &hdf5::Dataset, value: usize, end: u64) -> Result<Self> {
        let name = dataset.name();
        let wrong = |what: String| Error::damaged(path, format!("{name} {what}"));
        let shape = dataset.shape();
        let chunk = dataset.chunk().filter(|chunk| chunk.len() == shape.len() && chunk[0] == 1);
        let chunk = chunk.ok_or_else(|| wrong("is not chunked by sample".to_string()))?;
        // Behind the axis that is cut all are whole, before it all are single.
        let cut = (1..chunk.len()).find(|&axis| chunk[axis] > 1).unwrap_or(chunk.len() - 1);
        if chunk[cut + 1..] != shape[cut + 1..] || chunk.contains(&0) {
            return Err(wrong(format!(
                "has chunks {chunk:?}, whose values do not stand side by side, as those of older versions: generate it anew"
            )));
        }
        let counts: Vec<usize> = (0..=cut).map(|axis| shape[axis].div_ceil(chunk[axis])).collect();
        let bytes = |axes: &[usize]| axes.iter().product::<usize>() * value;
        let chunk_bytes = bytes(&chunk);
        let mut addresses = vec![0; counts.iter().product()];
        let mut sound = true;
        let visited = dataset.chunks_visit(|info| {
            let along = |axis: usize| info.offset[axis] as usize / chunk[axis];
            let index = (0..=cut).fold(0, |index, axis| index * counts[axis] + along(axis));
            let inside = info.addr.checked_add(info.size).is_some_and(|last| last <= end);
            match addresses.get_mut(index).filter(|_| inside && info.size == chunk_bytes as u64) {
                Some(place) => *place = info.addr,
                None => sound = false,
            }
            0
        });
        visited.map_err(|error| damaged(path, &name, &error))?;
        if !sound || addresses.contains(&0) {
            return Err(wrong("lacks the places of some samples".to_string()));
        }
        Ok(Self { addresses, sample: bytes(&shape[1..]), block: bytes(&shape[cut..]), chunk: chunk_bytes })
    }

    /// The parts of the sample at `row`: their addresses and their bytes in the sample.
    fn parts(&self, row: usize) -> impl Iterator<Item = (u64, Range<usize>)> + '_ {
        let in_block = self.block.div_ceil(self.chunk);
        let count = self.sample / self.block * in_block;
        self.addresses[row * count..(row + 1) * count].iter().enumerate().map(move |(part, &address)| {
            let block = part / in_block * self.block;
            let start = block + part % in_block * self.chunk;
            (address, start..(start + self.chunk).min(block + self.block))
        })
    }
}

/// The places of all that is written of a sample.
#[derive(Debug)]
pub(super) struct Layout {
    sides: [Places; 2],
    residual: u64,
    checksum: u64,
    finished: u64,
}

impl Layout {
    /// The layout of a file of `end` bytes that is open, with values of `value` bytes.
    ///
    /// # Errors
    /// [`Error::Damaged`] when something has no place, or one outside of the file.
    pub(super) fn of(path: &Path, file: &hdf5::File, value: usize, end: u64) -> Result<Self> {
        let dataset = |name: &str| file.dataset(name).map_err(|error| damaged(path, name, &error));
        let side = |name: &str| Places::of(path, &dataset(name)?, value, end);
        let rows = dataset("finished")?.size();
        let note = |name: &str, bytes: usize| -> Result<u64> {
            let last = |start: &u64| start.checked_add((rows * bytes) as u64).is_some_and(|last| last <= end);
            let place = dataset(name)?.offset().filter(last);
            place.ok_or_else(|| Error::damaged(path, format!("{name} has no place in the file")))
        };
        Ok(Self {
            sides: [side("input")?, side("target")?],
            residual: note("residual", 8)?,
            checksum: note("checksum", 8)?,
            finished: note("finished", 1)?,
        })
    }

    /// Writes the bytes of one side of the sample at `row`, or the first of them.
    ///
    /// # Errors
    /// When the system refuses, as on a full disk.
    pub(super) fn write_values(&self, file: &File, row: usize, side: Side, bytes: &[u8]) -> io::Result<()> {
        for (address, part) in self.sides[side as usize].parts(row) {
            let part = part.start.min(bytes.len())..part.end.min(bytes.len());
            write_at(file, &bytes[part], address)?;
        }
        Ok(())
    }

    /// Notes what is known of the sample at `row`, and that it is finished. The system keeps the order of these calls for
    /// whoever reads the file, this program being alive or not.
    ///
    /// # Errors
    /// As above.
    pub(super) fn write_marks(
        &self,
        file: &File,
        row: usize,
        residual: f64,
        checksums: [u32; 2],
    ) -> io::Result<()> {
        let at = |start: u64, bytes: usize| start + (row * bytes) as u64;
        let [input, target] = checksums.map(u32::to_ne_bytes);
        write_at(file, &residual.to_ne_bytes(), at(self.residual, 8))?;
        write_at(file, &[input, target].concat(), at(self.checksum, 8))?;
        write_at(file, &[1], at(self.finished, 1))
    }

    /// Bytes of one side of a sample.
    pub(super) fn bytes(&self, side: Side) -> usize {
        self.sides[side as usize].sample
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], address: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, address)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut address: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, address)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        (bytes, address) = (&bytes[written..], address + written as u64);
    }
    Ok(())
}

/// Has the file system set all space of a file aside. Returns whether it can.
///
/// # Errors
/// When there is no room.
#[cfg(target_os = "linux")]
pub(super) fn reserve(file: &File) -> io::Result<bool> {
    use rustix::io::Errno;
    let len = file.metadata()?.len();
    match rustix::io::retry_on_intr(|| {
        rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, len)
    }) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_: &File) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_values_that_stand_side_by_side() {
        assert_eq!(chunk_of(&[5, 7, 2], 70), [1, 5, 7, 2]);
        assert_eq!(chunk_of(&[5, 7, 2], 69), [1, 4, 7, 2]);
        assert_eq!(chunk_of(&[5, 7, 2], 14), [1, 1, 7, 2]);
        assert_eq!(chunk_of(&[5, 7, 2], 13), [1, 1, 6, 2]);
        assert_eq!(chunk_of(&[5, 7, 2], 1), [1, 1, 1, 1]);
    }
}
