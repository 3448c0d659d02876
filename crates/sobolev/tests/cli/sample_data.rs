//! The folder `data`: specs that are read, and samples that the specs make again.

use std::path::{Path, PathBuf};

use sobolev::data::{Dataset, Side};
use sobolev::spec::{GenerateSpec, Spec, TrainSpec};
use sobolev_testing::relative_error;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

/// The specs whose names end in `ending`.
fn specs(ending: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data()).unwrap().map(|entry| entry.unwrap().path());
    let mut specs: Vec<PathBuf> = files.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    specs.sort();
    specs
}

fn values(data: &Dataset, side: Side) -> Vec<f64> {
    let all: Vec<usize> = (0..data.len()).collect();
    data.read_side::<f64>(side, &all).unwrap().into_raw_vec_and_offset().0
}

#[test]
fn stored_samples_are_those_that_their_specs_make() {
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for path in specs(".h5") {
        let spec = GenerateSpec::from_file(path.with_extension("toml")).unwrap();
        assert!(path.ends_with(spec.output.file_name().unwrap()));
        let again = GenerateSpec { output: folder.path().join("again.h5"), ..spec };
        again.run(&()).unwrap();
        let [stored, made] =
            [path.as_path(), again.output.as_path()].map(|path| Dataset::open(path).unwrap());
        for side in [Side::Input, Side::Target] {
            // Processors differ in rounding, and the Darcy solver stops at a residual of 1e-8.
            let gap = relative_error(&values(&made, side), &values(&stored, side));
            assert!(gap < 1e-6, "{}: {gap:e}", path.display());
        }
        std::fs::remove_file(&again.output).unwrap();
        compared += 1;
    }
    assert_eq!(compared, 2);
}

#[test]
fn every_spec_is_read() {
    for path in specs(".toml") {
        let trains = path.to_string_lossy().ends_with("_train.toml");
        let read = if trains {
            TrainSpec::from_file(&path).map(drop)
        } else {
            GenerateSpec::from_file(&path).map(drop)
        };
        read.unwrap();
    }
}
