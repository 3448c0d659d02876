use super::*;
use crate::Trainer;
use crate::testing::{Pairs, SmallModel, fitted};
use serde_json::json;
use std::fs;

fn written(folder: &tempfile::TempDir) -> (PathBuf, SmallModel<f32>) {
    let path = folder.path().join("small.safetensors");
    let model = SmallModel::new(8, 1);
    let normalisers = fitted(NormaliserKind::Pointwise, &Pairs::new(20, 1));
    Checkpoint::of_model(&model, &normalisers)
        .with_settings(json!({ "epochs": 3 }))
        .with_metrics(json!({ "relative_l2": 0.125 }))
        .write(&path)
        .unwrap();
    (path, model)
}

/// The same file with its header changed.
fn with_header(path: &Path, change: impl Fn(&mut Value)) -> PathBuf {
    let bytes = fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    change(&mut header);
    let text = serde_json::to_vec(&header).unwrap();
    let changed = path.with_extension("changed");
    let data = &bytes[8 + length..];
    fs::write(&changed, [&(text.len() as u64).to_le_bytes()[..], &text, data].concat()).unwrap();
    changed
}

/// The same file with its own header, the entry `sobolev`, changed, and the checksum that belongs to it.
fn with_entry(path: &Path, change: impl Fn(&mut Value)) -> PathBuf {
    let bytes = fs::read(path).unwrap();
    let data = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    with_header(path, |header| {
        let entry = &mut header["__metadata__"]["sobolev"];
        let mut own: Value = serde_json::from_str(entry.as_str().unwrap()).unwrap();
        change(&mut own);
        let Value::Object(fields) = &mut own else { panic!("the header is a table") };
        fields.remove("checksum");
        let rest = own.to_string();
        let text = |checksum: &str| format!("{{\"checksum\":\"{checksum}\",{}", &rest[1..]);
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(text("00000000").as_bytes());
        checksum.update(&bytes[data..]);
        *entry = Value::String(text(&format!("{:08x}", checksum.finalize())));
    })
}

#[test]
fn a_changed_byte_anywhere_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = written(&folder);
    let bytes = fs::read(&path).unwrap();
    let changed = folder.path().join("changed.safetensors");
    let data = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let expected = fitted::<f32>(NormaliserKind::Pointwise, &Pairs::new(20, 1));
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1 << (at % 8);
        fs::write(&changed, other).unwrap();
        let mut own = SmallModel::new(8, 2);
        let read = Checkpoint::<f32>::read(&changed).and_then(|checkpoint| {
            checkpoint.load_into(&mut own)?;
            checkpoint.normalisers()
        });
        // Some bytes of the outer header mean nothing, such as the blanks at its end.
        if let Ok(normalisers) = read {
            assert!(at < data, "byte {at} of the numbers");
            assert_eq!(own.bits(), model.bits(), "byte {at}");
            assert_eq!((&normalisers.input, &normalisers.target), (&expected.input, &expected.target));
        }
    }
}

#[test]
fn a_model_made_of_other_parts_with_weights_of_the_same_shapes_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut model) = written(&folder);
    let other = with_entry(&path, |own| own["architecture"]["widths"] = json!([2, 8, 7]));
    let error = Checkpoint::<f32>::read(other).unwrap().load_into(&mut model).unwrap_err().to_string();
    assert!(error.ends_with("the architecture is widths = [2,8,7], expected widths = [2,8,1]"), "{error}");
}

#[test]
fn a_round_trip_keeps_every_bit_and_leaves_no_part_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = written(&folder);
    let checkpoint = Checkpoint::<f32>::read(&path).unwrap();
    let mut other = SmallModel::new(8, 2);
    assert_ne!(other.bits(), model.bits());
    checkpoint.load_into(&mut other).unwrap();
    assert_eq!(other.bits(), model.bits());
    let normalisers = checkpoint.normalisers().unwrap();
    let expected = fitted::<f32>(NormaliserKind::Pointwise, &Pairs::new(20, 1));
    assert_eq!((normalisers.input, normalisers.target), (expected.input, expected.target));
    let header = checkpoint.header();
    assert_eq!(header, &CheckpointHeader::read(&path).unwrap());
    assert_eq!((header.model(), header.number()), ("small", "f32"));
    assert_eq!(header.architecture(), &json!({ "widths": [2, 8, 1] }));
    assert_eq!(
        (header.settings(), header.metrics()),
        (&json!({ "epochs": 3 }), &json!({ "relative_l2": 0.125 }))
    );
    assert_eq!((header.input_shape(), header.target_shape()), (&[12, 2][..], &[12, 1][..]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_same_weights_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(&folder);
    let first = fs::read(&path).unwrap();
    written(&folder);
    assert_eq!(first, fs::read(&path).unwrap());
    // Numbers begin at a multiple of eight bytes, as readers that map the file expect.
    assert_eq!(u64::from_le_bytes(first[..8].try_into().unwrap()) % 8, 0);
}

#[test]
fn double_precision_is_kept_and_not_read_as_single() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("double.safetensors");
    let model = SmallModel::<f64>::new(8, 1);
    Checkpoint::of_model(&model, &fitted(NormaliserKind::Scalar, &Pairs::new(20, 1))).write(&path).unwrap();
    let mut other = SmallModel::new(8, 2);
    Checkpoint::<f64>::read(&path).unwrap().load_into(&mut other).unwrap();
    assert_eq!(other.bits(), model.bits());
    let error = Checkpoint::<f32>::read(&path).unwrap_err().to_string();
    assert!(error.ends_with("the number type is f64, expected f32"), "{error}");
}

#[test]
fn other_models_and_other_sizes_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = written(&folder);
    let checkpoint = Checkpoint::<f32>::read(&path).unwrap();
    let mut wide = SmallModel::new(9, 1);
    let before = wide.bits();
    let error = checkpoint.load_into(&mut wide).unwrap_err();
    assert!(
        matches!(&error, CheckpointError::Shape { expected, got, .. } if (&expected[..], &got[..]) == (&[2, 9], &[2, 8]))
    );
    assert!(
        error.to_string().ends_with(
            "small.safetensors: network.0.weight is [2, 8], this model needs [2, 9]; \
             build the model from the stored architecture"
        ),
        "{error}"
    );
    assert_eq!(wide.bits(), before);
    let error = checkpoint.load_into(&mut SmallModel::new(8, 1).named("large")).unwrap_err();
    assert!(error.to_string().ends_with("the model is small, expected large"), "{error}");
    let error = Trainer::resume(&path, &model).unwrap_err();
    assert!(error.to_string().ends_with("the content is a model, expected a training state"), "{error}");
}

#[test]
fn missing_and_unexpected_tensors_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(&folder);
    let renamed = with_header(&path, |header| {
        let info = header.as_object_mut().unwrap().remove("network.1.bias").unwrap();
        header["network.2.bias"] = info;
    });
    let checkpoint = Checkpoint::<f32>::read(renamed).unwrap();
    let error = checkpoint.load_into(&mut SmallModel::new(8, 1)).unwrap_err();
    assert!(matches!(error, CheckpointError::Unexpected { tensor, .. } if tensor == "network.2.bias"));
    let renamed = with_header(&path, |header| {
        let info = header.as_object_mut().unwrap().remove("network.1.bias").unwrap();
        header["normaliser.extra"] = info;
    });
    let error = Checkpoint::<f32>::read(renamed).unwrap().load_into(&mut SmallModel::new(8, 1)).unwrap_err();
    assert!(matches!(error, CheckpointError::Missing { tensor, .. } if tensor == "network.1.bias"));
    let renamed = with_header(&path, |header| {
        let info = header.as_object_mut().unwrap().remove("normaliser.input.shift").unwrap();
        header["normaliser.input.other"] = info;
    });
    let error = Checkpoint::<f32>::read(renamed).unwrap().normalisers().unwrap_err();
    assert!(error.to_string().ends_with("normaliser.input.shift is missing"), "{error}");
}

#[test]
fn every_cut_is_an_error_and_most_are_called_truncated() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(&folder);
    let bytes = fs::read(&path).unwrap();
    let cut = folder.path().join("cut.safetensors");
    for length in 0..bytes.len() {
        fs::write(&cut, &bytes[..length]).unwrap();
        let error = Checkpoint::<f32>::read(&cut).unwrap_err();
        assert!(matches!(error, CheckpointError::Truncated { .. }), "cut at {length}: {error}");
        assert!(CheckpointHeader::read(&cut).is_err());
    }
    fs::write(&cut, [&bytes[..], &[0]].concat()).unwrap();
    assert!(matches!(Checkpoint::<f32>::read(&cut), Err(CheckpointError::Damaged { .. })));
}

#[test]
fn foreign_files_say_what_gave_them_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign");
    let message = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = Checkpoint::<f32>::read(&path).unwrap_err();
        assert!(matches!(error, CheckpointError::Foreign { .. }), "{error}");
        error.to_string()
    };
    let text = message(b"\x89PNG\r\n\x1a\n and so on and on");
    assert!(text.contains("does not begin with the length of a safetensors header"), "{text}");
    let text = message(&[&5_u64.to_le_bytes()[..], b"hello"].concat());
    assert!(text.contains("is no JSON text"), "{text}");
    let text = message(&[&2_u64.to_le_bytes()[..], b"{}"].concat());
    assert!(text.contains("no entry \"sobolev\""), "{text}");
    let error = Checkpoint::<f32>::read(folder.path().join("none")).unwrap_err();
    assert!(matches!(error, CheckpointError::Read { .. }), "{error}");
}

#[test]
fn lies_in_the_header_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = written(&folder);
    let damaged = |changed: PathBuf, word: &str| {
        let error = Checkpoint::<f32>::read(changed).unwrap_err();
        assert!(matches!(error, CheckpointError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    damaged(with_header(&path, |h| h["network.0.bias"]["shape"] = json!([9])), "");
    damaged(with_header(&path, |h| h["network.0.bias"]["shape"] = json!([u64::MAX, 2])), "");
    damaged(with_header(&path, |h| h["network.0.bias"]["data_offsets"] = json!([8, 4])), "");
    damaged(with_entry(&path, |own| own["surprise"] = json!(1)), "unknown field `surprise`");
    damaged(with_entry(&path, |own| own["model"] = json!(3)), "invalid type");
    let error = Checkpoint::<f32>::read(with_entry(&path, |own| own["format"] = json!(7))).unwrap_err();
    assert!(
        error.to_string().ends_with("format 7, this version reads formats up to 1; update sobolev"),
        "{error}"
    );
    let scale = with_entry(&path, |own| own["normalisers"]["input"]["sample"] = json!([11, 2]));
    let error = Checkpoint::<f32>::read(scale).unwrap().normalisers().unwrap_err();
    assert!(matches!(error, CheckpointError::Damaged { .. }), "{error}");
}

#[test]
fn a_failed_write_leaves_the_file_that_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = written(&folder);
    let before = fs::read(&path).unwrap();
    // The part cannot be made because a folder has its name.
    fs::create_dir(folder.path().join("small.safetensors.part")).unwrap();
    let normalisers = fitted(NormaliserKind::Scalar, &Pairs::new(20, 1));
    let error = Checkpoint::of_model(&model, &normalisers).write(&path).unwrap_err();
    assert!(matches!(error, CheckpointError::Write { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}
