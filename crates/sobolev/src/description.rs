//! What a surrogate remembers of the data it was trained on: enough to judge whether new data are of the same kind.

use serde::{Deserialize, Serialize};
use sobolev_data::{Dataset, Side};
use sobolev_nn::GridAlignment;
use sobolev_solvers::{Axis, Field};

/// The data behind a surrogate; plain data for the header of its checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataDescription {
    /// Name of the equation; empty for data of other programs.
    pub equation: String,
    /// Settings of the equation and its solver.
    pub settings: serde_json::Value,
    /// Number of training samples.
    pub samples: usize,
    /// The input field.
    pub input: FieldDescription,
    /// The target field.
    pub target: FieldDescription,
}

/// A field on the training grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDescription {
    /// Name, such as `coefficient`.
    pub name: String,
    /// Units of the values.
    pub units: String,
    /// Names of the channels.
    pub channels: Vec<String>,
    /// Axes in order.
    pub axes: Vec<AxisDescription>,
}

/// A grid axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxisDescription {
    /// Name, such as `x1`.
    pub name: String,
    /// Number of points in training.
    pub points: usize,
    /// Where the points lie on the axis.
    pub alignment: GridAlignment,
    /// Both ends of the axis, not of its points, in `units`.
    pub extent: [f64; 2],
    /// Boundary condition in words.
    pub boundary: String,
    /// Units of the coordinates.
    pub units: String,
}

impl DataDescription {
    /// Describes a data set.
    pub fn of(data: &Dataset) -> Self {
        let provenance = data.provenance();
        let settings = provenance.and_then(|p| serde_json::to_value(&p.settings).ok());
        Self {
            equation: provenance.map_or_else(String::new, |p| p.equation.clone()),
            settings: settings.unwrap_or_default(),
            samples: data.len(),
            input: FieldDescription::of(data.field(Side::Input)),
            target: FieldDescription::of(data.field(Side::Target)),
        }
    }
}

impl FieldDescription {
    /// Describes a field.
    pub fn of(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            units: field.units.clone(),
            channels: field.channels.clone(),
            axes: field.axes.iter().map(AxisDescription::of).collect(),
        }
    }

    /// Where the points of each axis lie.
    pub fn alignment(&self) -> Vec<GridAlignment> {
        self.axes.iter().map(|axis| axis.alignment).collect()
    }

    /// Whether all axes are periodic.
    pub fn is_periodic(&self) -> bool {
        self.axes.iter().all(|axis| axis.alignment == GridAlignment::Periodic)
    }

    /// Lengths of all axes, when each has one.
    pub(crate) fn lengths(&self) -> Option<Vec<f64>> {
        let lengths: Vec<f64> = self.axes.iter().map(|axis| axis.extent[1] - axis.extent[0]).collect();
        lengths.iter().all(|length| length.is_finite() && *length > 0.0).then_some(lengths)
    }
}

impl AxisDescription {
    /// Describes an axis. Points that begin half a spacing above zero are cell centres; those of a periodic axis leave the right
    /// end out; others include both ends.
    fn of(axis: &Axis) -> Self {
        let ends = [axis.points.first(), axis.points.last()].map(|end| end.copied().unwrap_or(0.0));
        let count = axis.points.len();
        let spacing = (ends[1] - ends[0]) / (count.max(2) - 1) as f64;
        let alignment = if axis.boundary == "periodic" {
            GridAlignment::Periodic
        } else if spacing > 0.0 && (ends[0] - spacing / 2.0).abs() < 1e-6 * spacing {
            GridAlignment::CellCentred
        } else {
            GridAlignment::Inclusive
        };
        let extent = match alignment {
            GridAlignment::Periodic => [ends[0], ends[1] + spacing],
            GridAlignment::CellCentred => [ends[0] - spacing / 2.0, ends[1] + spacing / 2.0],
            GridAlignment::Inclusive => ends,
        };
        Self {
            name: axis.name.clone(),
            points: count,
            alignment,
            extent,
            boundary: axis.boundary.clone(),
            units: axis.units.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(first: f64, spacing: f64, boundary: &str) -> AxisDescription {
        let points = (0..8).map(|i| first + spacing * f64::from(i)).collect();
        let (name, units) = ("x1".to_string(), "1".to_string());
        AxisDescription::of(&Axis { name, points, boundary: boundary.to_string(), units })
    }

    #[test]
    fn alignment_and_extent_follow_from_the_points() {
        let cells = described(1.0 / 16.0, 1.0 / 8.0, "u = 0");
        assert_eq!((cells.alignment, cells.extent), (GridAlignment::CellCentred, [0.0, 1.0]));
        let both = described(0.0, 1.0 / 7.0, "unknown");
        assert_eq!(both.alignment, GridAlignment::Inclusive);
        assert!((both.extent[1] - 1.0).abs() < 1e-12);
        let ring = described(0.0, 1.0 / 8.0, "periodic");
        assert_eq!((ring.alignment, ring.extent), (GridAlignment::Periodic, [0.0, 1.0]));
    }
}
