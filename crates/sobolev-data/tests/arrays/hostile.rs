//! Headers that lie, and files changed at random: an error or sound arrays, never a panic.

use std::io::Write;
use std::path::Path;

use sobolev_data::formats::pt::PtFile;
use sobolev_data::formats::{ReadOptions, read};
use sobolev_tensor::{Random, RandomStream};

use crate::formats::fixture;

/// An element of a MATLAB file of level 5.
fn element(kind: u32, content: &[u8]) -> Vec<u8> {
    let mut bytes = [kind.to_le_bytes(), (content.len() as u32).to_le_bytes()].concat();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// A file with the arrays `a` and `u` of doubles, of which none has values.
fn matlab(dimensions: &[u32]) -> Vec<u8> {
    let mut file = vec![b' '; 124];
    file.extend([0, 1, b'I', b'M']);
    for name in ["a", "u"] {
        let flags = [6_u32.to_le_bytes(), [0; 4]].concat();
        let dimensions: Vec<u8> = dimensions.iter().flat_map(|n| n.to_le_bytes()).collect();
        let parts =
            [element(6, &flags), element(5, &dimensions), element(1, name.as_bytes()), element(9, &[])];
        file.extend(element(14, &parts.concat()));
    }
    file
}

fn npy(descriptor: &str, shape: &str) -> Vec<u8> {
    let text = format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((text.len() as u16).to_le_bytes());
    file.extend(text.bytes());
    file.extend([0; 64]);
    file
}

fn text_of(path: &Path, bytes: &[u8]) -> String {
    std::fs::write(path, bytes).unwrap();
    let options = ReadOptions::default().with_target_file(path);
    let options = if bytes.starts_with(b"\x93NUMPY") { options } else { ReadOptions::default() };
    read(path, &options).unwrap_err().to_string()
}

#[test]
fn arrays_that_no_memory_holds_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    // 2^61 doubles are 2^64 bytes, which wrap to the none that are there.
    for dimensions in [
        &[1 << 31, 1 << 30, 1][..],
        &[1 << 30, 1 << 31],
        &[0, u32::MAX, u32::MAX, u32::MAX],
        &[1 << 31, 1 << 28],
    ] {
        let text = text_of(&path, &matlab(dimensions));
        assert!(text.contains("damaged: variable at byte 128: a ["), "{dimensions:?}: {text}");
    }
    assert!(text_of(&path, &matlab(&[0, 3, 3])).ends_with("an axis is empty"));
    for descriptor in ["<f8", "<i1"] {
        for shape in [
            "2305843009213693952, 1, 1",
            "4611686018427387904, 2, 1",
            "1152921504606846976, 1, 1",
            "9223372036854775807, 1, 1",
            "18446744073709551615, 1, 1",
            "99999999999999999999999, 1, 1",
            "-1, 1, 1",
            "0, 1099511627776, 1099511627776",
            "1099511627776, 0, 1099511627776",
        ] {
            let text = text_of(&path, &npy(descriptor, shape));
            assert!(text.contains("damaged: the array "), "{descriptor} {shape}: {text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
    let text = text_of(&path, &npy("<f8", &"(".repeat(9000)));
    assert!(text.contains("damaged: the array cannot be read"), "{text}");
}

#[cfg(feature = "hdf5")]
#[test]
fn tables_larger_than_any_compression_allows_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    for (shape, chunk) in [
        // 8 bytes for each of 1040 times the bytes of the file.
        ([2_000_000, 1, 1], [1024, 1, 1]),
        ([1 << 60, 1, 1], [1024, 1, 1]),
        ([0, 1 << 40, 1 << 40], [1, 1024, 1]),
    ] {
        let file = hdf5_metno::File::create(&path).unwrap();
        for name in ["a", "u"] {
            let table = file.new_dataset_builder().empty::<f64>();
            let resizable = shape.map(hdf5_metno::Extent::resizable);
            table.shape(resizable).chunk(chunk).create(name).unwrap();
        }
        file.close().unwrap();
        let text = read(&path, &ReadOptions::default()).unwrap_err().to_string();
        assert!(text.contains("damaged: variable a has shape"), "{shape:?}: {text}");
    }
}

/// What opening an archive of `torch.save` with this pickle says.
fn pickle_error(pickle: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.pt");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    archive.start_file("archive/data.pkl", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(pickle).unwrap();
    archive.finish().unwrap();
    PtFile::open(&path).err().map(|error| error.to_string())
}

#[test]
fn pickles_that_nest_or_repeat_without_end_are_refused() {
    const LEVELS: usize = 1_000_000;
    let deep = "nested deeper than 64";
    // Tuples in tuples, and the same of a pickle that is cut off.
    let tuples = [b"\x80\x02)".to_vec(), vec![0x85; LEVELS]].concat();
    assert!(pickle_error(&[&tuples[..], b"."].concat()).unwrap().contains(deep));
    assert!(pickle_error(&tuples).unwrap().contains("cut off"));
    // Lists, each appended to the one before, from the outermost on: ] in memo 0, then (] in 1, append, get 1).
    let mut lists = b"\x80\x02]q\x00".to_vec();
    for level in 0..LEVELS / 4 {
        let (own, next) = ((level % 2) as u8, (1 - level % 2) as u8);
        lists.extend([b'0', b'h', own, b']', b'q', next, b'a']);
    }
    assert!(pickle_error(&lists).unwrap().contains("cut off"));
    // A list that holds itself.
    assert!(pickle_error(b"\x80\x02]q\x00h\x00a.").unwrap().contains(deep));
    // Parameters of parameters: the call of a name with one argument, over and over.
    let mut calls = b"\x80\x02".to_vec();
    let name = b"ctorch._utils\n_rebuild_parameter\nq\x000";
    calls.extend(name);
    calls.extend([b'N']);
    for _ in 0..LEVELS / 2 {
        // The argument is below the name when the name is pushed, so it passes through memo 1.
        calls.extend([b'q', 1, b'0', b'h', 0, b'h', 1, 0x85, b'R']);
    }
    calls.push(b'.');
    assert_eq!(pickle_error(&calls), None, "a parameter of nothing is something else, however deep");
    // One text of a megabyte, a thousand times.
    let mut texts = b"\x80\x02](X\x00\x00\x10\x00".to_vec();
    texts.extend(vec![b'a'; 1 << 20]);
    texts.extend(b"q\x00");
    texts.extend(b"h\x00".repeat(1000));
    texts.extend(b"e.");
    assert!(pickle_error(&texts).unwrap().contains("texts of more than 268435456 bytes"));
}

/// The metadata of a Zarr array of zeros.
fn zarr_array(shape: &[usize], names: &[&str]) -> String {
    let chunk: Vec<usize> = shape.iter().map(|n| *n.max(&1)).collect();
    format!(
        r#"{{"zarr_format": 3, "node_type": "array", "shape": {shape:?}, "data_type": "float64", "fill_value": 0,
            "chunk_grid": {{"name": "regular", "configuration": {{"chunk_shape": {chunk:?}}}}},
            "chunk_key_encoding": {{"name": "default"}}, "dimension_names": {names:?}}}"#
    )
}

fn zarr_error(arrays: &[(&str, &[usize], &[&str])]) -> String {
    let store = tempfile::tempdir().unwrap();
    std::fs::write(store.path().join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    for (name, shape, names) in arrays {
        std::fs::create_dir(store.path().join(name)).unwrap();
        std::fs::write(store.path().join(name).join("zarr.json"), zarr_array(shape, names)).unwrap();
    }
    let target = arrays[arrays.len() - 1].0;
    let options = ReadOptions::default().with_variables(arrays[0].0, target).with_input_frames(4);
    read(store.path(), &options).unwrap_err().to_string()
}

#[test]
fn axes_that_are_there_twice_and_times_that_differ_are_refused() {
    for (shape, names, expected) in [
        (&[3, 4, 4][..], &["sample", "x", "x"][..], "variable v [3, 4, 4] has two axes x"),
        (&[3, 4, 4], &["sample", "trajectory", "x"], "has more than one axis of samples"),
        (&[3, 4, 4, 5], &["sample", "time", "t", "x"], "has two axes time"),
        (&[4, 3], &["x", "sample"], "has samples on another axis than the first"),
        (&[3, 0, 4], &["sample", "time", "x"], "has an empty axis"),
    ] {
        let text = zarr_error(&[("v", shape, names)]);
        assert!(text.contains(expected), "{names:?}: {text}");
    }
    for (given, asked) in [(6, 3), (3, 6), (5, 6)] {
        let names = &["sample", "time", "x"][..];
        let text = zarr_error(&[("a", &[2, given, 4], names), ("b", &[2, asked, 4], names)]);
        assert!(text.contains("variables a [2, ") && text.contains("different numbers of times"), "{text}");
    }
}

/// Changes a few bytes to such that lie at the ends of what numbers can be, or cuts or doubles a part.
fn change(bytes: &mut Vec<u8>, random: &mut RandomStream) {
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len());
        let end = (at + [1, 2, 4, 8][random.below(4)]).min(bytes.len());
        match random.below(8) {
            0 => bytes[at..end].fill(0xFF),
            1 => bytes[at..end].fill(0),
            2 => bytes[end - 1] = 0x7F,
            3 => bytes[at] = 0x80,
            4 => bytes[at] ^= 1 << random.below(8),
            5 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            6 if bytes.len() > 8 => drop(bytes.drain(at..end)),
            _ => bytes[at] = random.below(256) as u8,
        }
    }
}

#[test]
fn files_changed_at_random_give_an_error_or_sound_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let random = Random::new(11, "hostile");
    // Small headers first: the structure of the fixtures is most of what there is to change.
    let mut files = vec![
        ("level5.mat", 2000),
        ("level5_compressed.mat", 2000),
        ("plain.npz", 1200),
        ("compressed.npz", 1200),
        ("inputs.npy", 1500),
        ("columns.pt", 1000),
        ("half.pt", 1000),
    ];
    if cfg!(feature = "hdf5") {
        // HDF5 takes 1 to 2 ms to open a file a few times.
        files.extend([
            ("level73.mat", 150),
            ("plain.h5", 250),
            ("pdebench_burgers.hdf5", 250),
            ("pdebench_darcy.hdf5", 150),
            ("pdebench_groups.h5", 200),
            ("pdebench_incompressible.h5", 200),
            ("the_well.hdf5", 250),
            ("pdearena.h5", 150),
        ]);
    }
    for (file, (name, rounds)) in files.into_iter().enumerate() {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let path = folder.path().join(name);
        let options = match name {
            "inputs.npy" => ReadOptions::default().with_target_file(fixture("targets.npy")),
            _ => ReadOptions::default(),
        };
        let start = std::time::Instant::now();
        let mut random = random.stream(file as u64);
        let mut noticed = 0;
        for round in 0..rounds {
            let mut changed = bytes.clone();
            change(&mut changed, &mut random);
            std::fs::write(&path, &changed).unwrap();
            match read(&path, &options) {
                Ok(data) => assert!(data.read_range::<f32>(0..data.len()).is_ok(), "{name} {round}"),
                Err(error) => {
                    assert!(error.to_string().lines().count() == 1, "{name} {round}: {error}");
                    noticed += 1;
                }
            }
        }
        println!("{name}: {rounds} in {:?}, {noticed} noticed", start.elapsed());
        assert!(noticed > rounds / 10, "{name}: only {noticed} changes of {rounds} were noticed");
    }
}

#[test]
fn changed_weights_and_stores_give_an_error_or_sound_arrays() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(12, "hostile").stream(0);
    let bytes = std::fs::read(fixture("state.pt")).unwrap();
    let path = folder.path().join("state.pt");
    let mut sound = 0;
    for _ in 0..1000 {
        let mut changed = bytes.clone();
        change(&mut changed, &mut random);
        std::fs::write(&path, &changed).unwrap();
        let Ok(file) = PtFile::open(&path) else { continue };
        for (name, tensor) in file.tensors() {
            if let Ok(values) = file.read::<f32>(&tensor) {
                assert!(values.len() <= 4096 * bytes.len(), "{name}: {:?}", values.shape());
                sound += 1;
            }
        }
    }
    assert!(sound > 500, "{sound}");
    let store = folder.path().join("store.zarr");
    for part in ["", "plain", "plain/c/0/0", "checked", "checked/c/0/0", "zstd", "zstd/c/0/0"] {
        std::fs::create_dir_all(store.join(part)).unwrap();
        for entry in std::fs::read_dir(fixture("store.zarr").join(part)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), store.join(part).join(entry.file_name())).unwrap();
            }
        }
    }
    let mut noticed = 0;
    for part in
        ["zarr.json", "plain/zarr.json", "zstd/zarr.json", "plain/c/0/0/0", "checked/c/0/0/0", "zstd/c/0/0/0"]
    {
        let bytes = std::fs::read(store.join(part)).unwrap();
        for _ in 0..200 {
            let mut changed = bytes.clone();
            change(&mut changed, &mut random);
            std::fs::write(store.join(part), &changed).unwrap();
            for name in ["plain", "checked", "zstd"] {
                let options = ReadOptions::default().with_variables(name, name).with_input_frames(1);
                match read(&store, &options) {
                    Ok(data) => assert!(data.read_range::<f32>(0..data.len()).is_ok(), "{part}"),
                    Err(error) => {
                        assert!(error.to_string().lines().count() == 1, "{part}: {error}");
                        noticed += 1;
                    }
                }
            }
        }
        std::fs::write(store.join(part), &bytes).unwrap();
    }
    assert!(noticed > 500, "{noticed}");
}
