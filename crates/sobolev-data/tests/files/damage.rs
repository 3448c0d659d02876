//! Files that are missing, cut, damaged or of others: each is told apart, and nothing panics.

use std::path::{Path, PathBuf};

use hdf5_metno as hdf5;
use ndarray::{Array1, Array3};
use sobolev_data::{Dataset, Error, GenerateOptions, Side};
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
fn changed_bytes_are_noticed_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let original = whole(folder.path());
    let bytes = std::fs::read(&original).unwrap();
    let data = Dataset::open(&original).unwrap();
    let (fields, values) =
        ([Side::Input, Side::Target].map(|s| data.field(s).clone()), data.read_range::<f64>(0..6).unwrap());
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
        let read = Dataset::open(&path).and_then(|changed| {
            let read = changed.read_range::<f64>(0..changed.len())?;
            assert_eq!([Side::Input, Side::Target].map(|s| changed.field(s).clone()), fields, "byte {at}");
            assert_eq!(changed.provenance(), data.provenance(), "byte {at}");
            Ok(read)
        });
        match read {
            Ok(read) => assert_eq!(read, values, "byte {at}"),
            Err(
                error @ (Error::Damaged { .. }
                | Error::Truncated { .. }
                | Error::NotHdf5 { .. }
                | Error::Foreign { .. }
                | Error::Unfinished { .. }),
            ) => {
                assert!(error.to_string().contains("changed.h5"));
                named += 1;
            }
            Err(error) => panic!("byte {at}: {error}"),
        }
    }
    assert!(named > 500, "only {named} changes were noticed");
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
        text.ends_with("HDF5, but not a sobolev data set; it has no header that is ours; it holds u"),
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
    for name in ["input", "finished", "sample", "residual", "checksum", "coordinates/input/x1"] {
        let text = with(&|file| file.unlink(name).unwrap());
        assert!(text.contains("damaged: ") && text.contains(name), "{name}: {text}");
    }
    let text = with(&|file| file.delete_attr("header").unwrap());
    assert!(text.ends_with("damaged: header is missing"), "{text}");
    let header = |file: &hdf5::File, from: &str, to: &str| {
        let bytes = file.attr("header").unwrap().read_raw::<u8>().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        file.delete_attr("header").unwrap();
        let changed = Array1::from(text.replace(from, to).into_bytes());
        file.new_attr_builder().with_data(&changed).create("header").unwrap();
    };
    for (from, to, words) in [
        ("{", "[", "damaged: header makes no sense (expected"),
        ("\"seed\":7,", "", "damaged: header makes no sense (missing field `seed`"),
        (
            "\"samples\":6",
            "\"samples\":18446744073709551615",
            "damaged: 18446744073709551615 samples from number 0",
        ),
        ("\"precision\":\"f32\"", "\"precision\":\"f16\"", "unknown variant `f16`"),
        ("speed = 1.0", "speed = 1.0.0", "damaged: settings are no TOML"),
        ("\"points\":16", "\"points\":17", "damaged: coordinates/input/x1 has shape [16], expected [17]"),
        ("\"channels\":[\"u\"]", "\"channels\":[]", "damaged: input: expected [space.., channels]"),
        (
            "\"format_version\":1",
            "\"format_version\":2",
            "format version 2, this program reads up to 1; update it",
        ),
    ] {
        let text = with(&|file| header(file, from, to));
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = with(&|file| replace(file, "finished", &[1; 5]));
    assert!(text.ends_with("damaged: finished has shape [5], expected [6]"), "{text}");
    let text = with(&|file| replace(file, "finished", &[1, 1, 1, 7, 1, 1]));
    assert!(text.ends_with("damaged: finished holds 7, expected 0 or 1"), "{text}");
    let text = with(&|file| replace(file, "sample", &[0, 1, 2, 3, 5, 4]));
    assert!(text.ends_with("damaged: sample 4 has number 5, expected 4"), "{text}");
    let text = with(&|file| replace(file, "input", &[0; 6]));
    assert!(text.ends_with("damaged: input has shape [6], its fields say [6, 16, 1]"), "{text}");
    let text = with(&|file| {
        file.dataset("coordinates/target/time").unwrap().write(&Array1::<f64>::zeros(3)).unwrap()
    });
    assert!(
        text.ends_with("damaged: coordinates/target/time holds other values than were written"),
        "{text}"
    );
}

#[test]
fn a_changed_value_is_noticed_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = whole(folder.path());
    let file = hdf5::File::open_rw(&path).unwrap();
    file.dataset("target").unwrap().write_slice(&Array1::from(vec![0.5_f32]), (4, 1, 3, 0..1)).unwrap();
    file.close().unwrap();
    let data = Dataset::open(&path).unwrap();
    assert!(data.read::<f32>(&[3, 5]).is_ok());
    let text = data.read::<f32>(&[3, 4, 5]).unwrap_err().to_string();
    assert!(text.ends_with("damaged: sample 4 of target holds other values than were written"), "{text}");
}
