//! Files of SciPy, h5py and NumPy (made by `fixtures/make_fixtures.py`), and damaged copies of them.

use std::path::{Path, PathBuf};

use sobolev_data::formats::{FORMATS, ReadOptions, read, recognise, variables};
use sobolev_data::{Dataset, Error, Precision, Side};

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Every file of samples [3, 4, 5] and [3, 4, 5, 2] that this build reads.
fn fixtures() -> Vec<&'static str> {
    let mut names = vec!["level5.mat", "plain.npz", "compressed.npz"];
    if cfg!(feature = "hdf5") {
        names.extend(["level73.mat", "plain.h5"]);
    }
    names
}

/// Checks inputs 100 s + 10 i + j and targets 100 s + 10 i + j + c / 10.
fn check(data: &Dataset, name: &str) {
    let (input, target) = data.read_range::<f64>(0..3).unwrap();
    assert_eq!((input.shape(), target.shape()), (&[3, 4, 5, 1][..], &[3, 4, 5, 2][..]), "{name}");
    for (index, value) in input.indexed_iter() {
        assert_eq!(*value, (100 * index[0] + 10 * index[1] + index[2]) as f64, "{name} {index:?}");
    }
    for (index, value) in target.indexed_iter() {
        let expected = (100 * index[0] + 10 * index[1] + index[2]) as f64 + index[3] as f64 / 10.0;
        // Some fixtures hold single precision: half a unit in the last place of numbers below 256.
        assert!((value - expected).abs() < 1e-5, "{name} {index:?}: {value}");
    }
}

#[test]
fn every_axis_of_every_format_lands_where_it_belongs() {
    for name in fixtures() {
        for precision in [Precision::F32, Precision::F64] {
            let data = read(fixture(name), &ReadOptions::default().with_precision(precision)).unwrap();
            assert_eq!(data.precision(), precision);
            check(&data, name);
        }
    }
}

#[test]
fn formats_are_recognised_by_content_and_list_their_numeric_variables() {
    let listed = |name: &str| -> Vec<String> {
        let mut names: Vec<String> =
            variables(fixture(name)).unwrap().iter().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(listed("level5.mat"), ["a [3, 4, 5]", "t [1, 2]", "u [3, 4, 5, 2]"]);
    assert_eq!(listed("level5_compressed.mat"), ["coeff [3, 4, 5]", "sol [3, 4, 5]", "tiny [1, 1]"]);
    assert_eq!(listed("plain.npz"), ["a [3, 4, 5]", "flag [3, 4, 5]", "u [3, 4, 5, 2]"]);
    assert_eq!(listed("inputs.npy"), ["inputs [3, 4, 5]"]);
    assert_eq!(recognise(fixture("level5.mat")).unwrap().name, "matlab-5");
    assert_eq!(recognise(fixture("plain.npz")).unwrap().name, "npz");
    if cfg!(feature = "hdf5") {
        assert_eq!(listed("level73.mat"), ["a [3, 4, 5]", "u [3, 4, 5, 2]"]);
        assert_eq!(listed("plain.h5"), ["x [3, 4, 5]", "y [3, 4, 5, 2]"]);
        assert_eq!(recognise(fixture("level73.mat")).unwrap().name, "matlab-7.3");
    }
    assert!(FORMATS.iter().all(|entry| !entry.summary.is_empty() && !entry.extensions.is_empty()));
}

#[test]
fn compressed_variables_of_small_classes_are_read() {
    let data = read(fixture("level5_compressed.mat"), &ReadOptions::default()).unwrap();
    let (coefficient, solution) = data.read_range::<f64>(0..3).unwrap();
    for (index, value) in solution.indexed_iter() {
        let a = 100 * index[0] + 10 * index[1] + index[2];
        assert_eq!(*value, -(a as f64));
        assert_eq!(coefficient[index], if a % 2 == 0 { 12.0 } else { 3.0 });
    }
}

#[test]
fn targets_come_from_a_second_file() {
    let options = ReadOptions::default().with_target_file(fixture("targets.npy"));
    check(&read(fixture("inputs.npy"), &options).unwrap(), "two files");
}

#[test]
fn variables_are_chosen_by_name_and_their_axes_by_number() {
    let options = ReadOptions::default().with_variables("flag", "u");
    let data = read(fixture("plain.npz"), &options).unwrap();
    assert_eq!(data.read::<f64>(&[0]).unwrap().0.sum(), 14.0);
    // The last axis of u as a third grid axis, of a only with one axis too few.
    let three = ReadOptions::default().with_variables("u", "u").with_dimensions(3);
    assert_eq!(read(fixture("plain.npz"), &three).unwrap().field(Side::Target).shape(), [4, 5, 2, 1]);
    let text =
        read(fixture("plain.npz"), &ReadOptions::default().with_dimensions(3)).unwrap_err().to_string();
    assert!(
        text.ends_with(
            "variable a: expected [samples, 3 grid axes] or one axis more for channels, got [3, 4, 5]"
        ),
        "{text}"
    );
}

#[test]
fn a_missing_variable_lists_those_that_are_there() {
    let text = |name: &str, options: &ReadOptions| read(fixture(name), options).unwrap_err().to_string();
    let named = ReadOptions::default().with_variables("coeff", "sol");
    assert!(
        text("level5.mat", &named)
            .ends_with("no variable coeff; it holds a [3, 4, 5], u [3, 4, 5, 2], t [1, 2]")
    );
    let named = ReadOptions::default().with_variables("a", "z");
    assert!(text("level5.mat", &named).contains("no variable z"), "complex arrays are not listed");
    assert!(
        text("inputs.npy", &ReadOptions::default())
            .contains("no known pair is there; it holds inputs [3, 4, 5]")
    );
    let ranks = ReadOptions::default().with_variables("a", "t").with_dimensions(2);
    assert!(text("level5.mat", &ranks).contains("variable t: expected [samples, 2 grid axes]"));
}

#[test]
fn files_of_no_known_format_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.mat");
    assert!(matches!(read(&path, &ReadOptions::default()), Err(Error::NotFound { .. })));
    for bytes in [&b""[..], b"x,y\n", &[7; 200]] {
        std::fs::write(&path, bytes).unwrap();
        let text = read(&path, &ReadOptions::default()).unwrap_err().to_string();
        assert!(text.contains("of no known format"), "{text}");
    }
    let mut level4 = vec![0; 200];
    level4[126..128].copy_from_slice(b"IM");
    std::fs::write(&path, level4).unwrap();
    assert!(
        read(&path, &ReadOptions::default()).unwrap_err().to_string().contains("MATLAB file of version 0")
    );
}

#[test]
fn cut_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in fixtures().into_iter().chain(["level5_compressed.mat", "inputs.npy"]) {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let path = folder.path().join(name);
        let options = match name {
            "inputs.npy" => ReadOptions::default().with_target_file(fixture("targets.npy")),
            _ => ReadOptions::default(),
        };
        for cut in [1, 7, 40, 127, 128, 135, 200, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut.min(bytes.len() - 1)]).unwrap();
            let error = read(&path, &options).unwrap_err();
            assert!(error.to_string().contains(name), "{name} cut at {cut}: {error}");
        }
    }
}
