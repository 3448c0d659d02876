//! Files that are missing, cut, damaged or of others: each is told apart, and nothing panics.

use std::path::{Path, PathBuf};

use hdf5_metno as hdf5;
use ndarray::{Array1, Array3};
use sobolev_data::{Dataset, Error, GenerateOptions};
use sobolev_tensor::Random;

use crate::waves::{Waves, make};

fn whole(folder: &Path) -> PathBuf {
    let path = folder.join("whole.h5");
    make(&Waves::new(16, 2), 0..6, &path, &GenerateOptions::default()).unwrap();
    path
}

fn text_of(path: &Path) -> String {
    Dataset::open(path).unwrap_err().to_string()
}

#[test]
fn missing_files_folders_and_files_that_are_no_hdf5_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    assert!(matches!(Dataset::open(&path), Err(Error::NotFound { .. })));
    assert!(text_of(folder.path()).ends_with("a directory, not a file"));
    for (bytes, words) in [
        (&b""[..], "not an HDF5 file, it is empty"),
        (b"x,y\n1,2\n", "it looks like text"),
        (b"\x93NUMPY\x01\x00v\x00{", "it looks like a NumPy .npy file"),
        (b"PK\x03\x04\x14\x00", "it looks like a zip archive (NumPy .npz?)"),
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "it looks like a MATLAB 5 file"),
        (b"\x89HDF\r\n", "it looks like a damaged or cut HDF5 file"),
        (&[0xFF; 700], "it has no known signature"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let text = text_of(&path);
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_file_cut_anywhere_is_truncated_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(whole(folder.path())).unwrap();
    let path = folder.path().join("cut.h5");
    for length in [64, 100, 512, 2000, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = Dataset::open(&path).unwrap_err();
        let Error::Truncated { expected, actual, .. } = error else { panic!("{length}: {error}") };
        assert_eq!((expected, actual), (bytes.len() as u64, length as u64));
    }
    // Without its whole superblock, a file does not say how long it was.
    for length in 1..64 {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = Dataset::open(&path).unwrap_err();
        let named = matches!(error, Error::NotHdf5 { .. } | Error::Damaged { .. } | Error::Truncated { .. });
        assert!(named, "{length}: {error}");
    }
}

#[test]
fn changed_bytes_give_an_error_or_a_sound_data_set() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(whole(folder.path())).unwrap();
    let path = folder.path().join("changed.h5");
    let mut random = Random::new(5, "damage").stream(0);
    let mut named = 0;
    for round in 0..1500 {
        let mut changed = bytes.clone();
        // Structure stands at the front: every byte of the superblock in turn, then random ones.
        let at = if round < 96 { round } else { random.below(bytes.len()) };
        changed[at] ^= 1 << random.below(8);
        if round % 3 == 0 {
            changed[at] = random.below(256) as u8;
        }
        std::fs::write(&path, &changed).unwrap();
        match Dataset::open(&path) {
            Ok(data) => match data.read_range::<f64>(0..data.len()) {
                // Values carry no checksum; what is read has the shape that was announced.
                Ok((input, target)) => assert_eq!((input.shape()[0], target.shape()[0]), (6, 6)),
                Err(error) => assert!(matches!(error, Error::Damaged { .. }), "byte {at}: {error}"),
            },
            Err(
                error @ (Error::Damaged { .. }
                | Error::Truncated { .. }
                | Error::NotHdf5 { .. }
                | Error::Foreign { .. }
                | Error::NewerFormat { .. }
                | Error::Unfinished { .. }),
            ) => {
                assert!(error.to_string().contains("changed.h5"));
                named += 1;
            }
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
    assert!(named > 100, "only {named} changes were noticed");
}

#[test]
fn files_of_other_programs_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.h5");
    let file = |fill: &dyn Fn(&hdf5::File)| {
        let file = hdf5::File::create(&path).unwrap();
        fill(&file);
        file.close().unwrap();
        text_of(&path)
    };
    let array = |file: &hdf5::File, name: &str| {
        file.new_dataset_builder().with_data(&Array3::<f32>::zeros((2, 3, 4))).create(name).unwrap()
    };
    let text = file(&|file| {
        array(file, "tensor");
        array(file, "x-coordinate");
    });
    assert!(text.ends_with("it looks like PDEBench; it holds tensor, x-coordinate"), "{text}");
    let text = file(&|file| {
        file.create_group("0000").unwrap();
    });
    assert!(text.contains("it looks like PDEBench"), "{text}");
    let text = file(&|file| {
        let values = array(file, "a");
        values.new_attr::<hdf5::types::FixedAscii<6>>().create("MATLAB_class").unwrap();
    });
    assert!(text.contains("it looks like MATLAB 7.3"), "{text}");
    let text = file(&|file| {
        array(file, "u");
    });
    assert!(
        text.ends_with("HDF5, but not a sobolev data set; it has no attribute format; it holds u"),
        "{text}"
    );
    assert!(file(&|_| {}).ends_with("it holds nothing"));
}

#[test]
fn what_is_missing_or_wrong_inside_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = whole(folder.path());
    let changed = folder.path().join("changed.h5");
    let with = |change: &dyn Fn(&hdf5::File)| {
        std::fs::copy(&path, &changed).unwrap();
        let file = hdf5::File::open_rw(&changed).unwrap();
        change(&file);
        file.close().unwrap();
        text_of(&changed)
    };
    let replace = |file: &hdf5::File, name: &str, values: &[u8]| {
        file.unlink(name).unwrap();
        file.new_dataset_builder().with_data(&Array1::from(values.to_vec())).create(name).unwrap();
    };
    for name in ["input", "finished", "sample", "residual", "settings", "coordinates/input/x1"] {
        let text = with(&|file| file.unlink(name).unwrap());
        assert!(text.contains("damaged: ") && text.contains(name), "{name}: {text}");
    }
    for name in ["equation", "seed", "precision", "samples", "compression"] {
        let text = with(&|file| file.delete_attr(name).unwrap());
        assert!(text.contains(&format!("damaged: attribute {name}")), "{name}: {text}");
    }
    let text = with(&|file| replace(file, "finished", &[1; 5]));
    assert!(text.ends_with("damaged: finished has shape [5], expected [6]"), "{text}");
    let text = with(&|file| replace(file, "finished", &[1, 1, 1, 7, 1, 1]));
    assert!(text.ends_with("damaged: finished holds 7, expected 0 or 1"), "{text}");
    let text = with(&|file| replace(file, "sample", &[0, 1, 2, 3, 5, 4]));
    assert!(text.ends_with("damaged: sample 4 has number 5, expected 4"), "{text}");
    let text = with(&|file| replace(file, "input", &[0; 6]));
    assert!(text.contains("damaged: attribute axes"), "{text}");
    let text = with(&|file| file.attr("samples").unwrap().write_scalar(&u64::MAX).unwrap());
    assert!(text.contains("damaged: 18446744073709551615 samples from number 0"), "{text}");
    let text = with(&|file| file.attr("format_version").unwrap().write_scalar(&2_u64).unwrap());
    assert!(text.ends_with("format version 2, this program reads up to 1; update it"), "{text}");
}
