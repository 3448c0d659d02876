//! Any data set as a file of this library.

use hdf5_metno as hdf5;
use ndarray::ArrayView1;

use super::header::Header;
use super::writer::{make, write_numbers};
use crate::dataset::{Dataset, Side};
use crate::description::{Compression, Provenance};
use crate::error::Result;
use crate::formats::write::Job;
use crate::values::{Numbers, Precision};

/// Writes the draft of a job. Samples that were generated keep where they come from, so that they can be made again; of
/// others, and of parts that no range of numbers describes, the settings say what is known.
///
/// # Errors
/// When the samples cannot be read or the draft cannot be written.
pub(crate) fn write_copy(job: &Job<'_>) -> Result<()> {
    let data = job.data;
    let header = Header {
        provenance: provenance(data),
        precision: data.precision(),
        compression: data.about().compression,
        input: data.field(Side::Input).clone(),
        target: data.field(Side::Target).clone(),
        parameters: data.parameters(),
    };
    let level = match header.compression {
        Compression::Gzip { level } => Some(level),
        Compression::None => None,
    };
    make(job.draft, &header, level, |file| fill(job, &header, file))
        .map_err(|error| super::writer::renamed(error, job.path))
}

fn provenance(data: &Dataset) -> Provenance {
    let count = data.len() as u64;
    let numbers = data.sample_numbers().unwrap_or_default();
    let in_order = numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]) && data.shows_all_points();
    match (data.provenance(), numbers.first()) {
        (Some(provenance), Some(&first)) if in_order && !provenance.generator.is_empty() => {
            Provenance { samples: first..first + count, part_of: None, ..provenance.clone() }
        }
        (Some(provenance), _) => Provenance {
            seed: 0,
            samples: 0..count,
            part_of: None,
            generator: String::new(),
            ..provenance.clone()
        },
        (None, _) => Provenance {
            equation: String::new(),
            formula: String::new(),
            method: String::new(),
            settings: data
                .about()
                .attributes
                .iter()
                .map(|(name, text)| {
                    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                    (name.clone(), number.map_or_else(|| text.clone().into(), Into::into))
                })
                .collect(),
            seed: 0,
            samples: 0..count,
            part_of: None,
            generator: String::new(),
            code_version: env!("CARGO_PKG_VERSION").to_string(),
        },
    }
}

fn fill(job: &Job<'_>, header: &Header, file: &hdf5::File) -> Result<()> {
    let failed = |error: hdf5::Error| super::writer::write_error(job.path, header, &error);
    let dataset = |name: &str| file.dataset(name).map_err(failed);
    let sides = [(Side::Input, dataset("input")?), (Side::Target, dataset("target")?)];
    let count = job.data.len();
    let mut checksums = vec![0; 2 * count];
    job.blocks(|rows| {
        for (side, dataset) in &sides {
            let numbers = match header.precision {
                Precision::F32 => Numbers::from_vec(flat(job.read::<f32>(*side, rows.clone())?)),
                Precision::F64 => Numbers::from_vec(flat(job.read::<f64>(*side, rows.clone())?)),
            };
            write_numbers(dataset, rows.clone(), &numbers).map_err(failed)?;
            let each = numbers.len() / rows.len();
            for row in rows.clone() {
                let start = (row - rows.start) * each;
                checksums[2 * row + *side as usize] = numbers.checksum(start..start + each);
            }
        }
        Ok(())
    })?;
    let residuals = job.data.residuals().unwrap_or_else(|| vec![f64::NAN; count]);
    dataset("residual")?.write(ArrayView1::from(&residuals)).map_err(failed)?;
    dataset("checksum")?.write_raw(&checksums).map_err(failed)?;
    dataset("finished")?.write(ArrayView1::from(&vec![1_u8; count])).map_err(failed)
}

fn flat<T: Clone>(array: ndarray::ArrayD<T>) -> Vec<T> {
    // What `read` returns is in row-major order.
    array.into_raw_vec_and_offset().0
}
