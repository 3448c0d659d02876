//! The data sets of this library, as one format among the others: to be described like them, and written.

use std::path::Path;

use sobolev_solvers::Field;

use super::hdf5_file::root_names;
use super::{AxisKind, Contents, FormatEntry, Variable};
use crate::dataset::{Dataset, Side};
use crate::description::{flattened, setting_text};
use crate::error::Result;
use crate::file::write_copy;
use crate::values::{Precision, Values};

pub(super) const ENTRY: FormatEntry = FormatEntry {
    name: "sobolev",
    summary: "the data sets of this library: HDF5 that says what it holds",
    extensions: &["h5"],
    recognises: |path, head| {
        let names = root_names(path, head);
        ["input", "target", "finished", "checksum"].iter().all(|name| names.iter().any(|other| other == name))
    },
    contents,
    load: |path, variable, precision, rows| {
        let data = Dataset::open_finished(path)?;
        let side = if variable.name == Side::Input.name() { Side::Input } else { Side::Target };
        let rows: Vec<usize> = rows.collect();
        Ok(match precision {
            Precision::F32 => Values::from_array(data.read_side::<f32>(side, &rows)?),
            Precision::F64 => Values::from_array(data.read_side::<f64>(side, &rows)?),
        })
    },
    by_rows: |_| true,
    write: Some(write_copy),
};

fn contents(path: &Path) -> Result<Contents> {
    let data = Dataset::open_finished(path)?;
    let kind = match data.precision() {
        Precision::F32 => "float32",
        Precision::F64 => "float64",
    };
    let variable = |side: Side| {
        let field: &Field = data.field(side);
        let shape = [data.len()].into_iter().chain(field.shape()).collect();
        let mut variable = Variable::plain(side.name(), shape, kind);
        let axes = field.axes.iter().cloned().map(AxisKind::Grid);
        variable.axes = [AxisKind::Sample].into_iter().chain(axes).collect();
        variable.axes.push(AxisKind::Components(field.channels.clone()));
        variable
    };
    let mut attributes = Vec::new();
    if let Some(provenance) = data.provenance() {
        attributes.push(("equation".to_string(), provenance.equation.clone()));
        let settings = flattened(&provenance.settings).into_iter();
        attributes.extend(settings.map(|(name, value)| (name, setting_text(&value))));
    }
    Ok(Contents { variables: vec![variable(Side::Input), variable(Side::Target)], attributes })
}
