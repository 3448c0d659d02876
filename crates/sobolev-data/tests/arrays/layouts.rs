//! Files of published layouts, made by h5py, torch and zarr-python (`fixtures/make_layouts.py`). Values say where they belong:
//! 1000 s + 100 t + 10 i + j + k / 10 + c / 2.

use ndarray::ArrayD;
#[cfg(feature = "hdf5")]
use sobolev_data::Side;
use sobolev_data::formats::pt::{PtFile, Value};
use sobolev_data::formats::{ReadOptions, contents, read, recognise};
use sobolev_data::{Dataset, Precision};

use crate::formats::fixture;

const EXACT: f64 = 1e-12;

/// Checks an array `[sample, time or not, x, y or not, channel]`, the first frame being `first`, the channels' offsets `offsets`.
fn check(name: &str, values: &ArrayD<f64>, shape: &[usize], time: Option<usize>, offsets: &[f64]) {
    assert_eq!(values.shape(), shape, "{name}");
    let space = shape.len() - 2 - usize::from(time.is_some());
    for (index, value) in values.indexed_iter() {
        let at = |axis: usize| index[axis] as f64;
        let frame = time.map_or(0.0, |first| at(1) + first as f64);
        let start = shape.len() - 1 - space;
        let y = if space > 1 { at(start + 1) } else { 0.0 };
        let expected =
            1000.0 * at(0) + 100.0 * frame + 10.0 * at(start) + y + offsets[index[shape.len() - 1]];
        assert!((value - expected).abs() < EXACT * 1e4, "{name} {index:?}: {value}, expected {expected}");
    }
}

fn both(data: &Dataset) -> (ArrayD<f64>, ArrayD<f64>) {
    data.read_range(0..data.len()).unwrap()
}

fn double() -> ReadOptions {
    ReadOptions::default().with_precision(Precision::F64)
}

#[cfg(feature = "hdf5")]
fn names(data: &Dataset, side: Side) -> String {
    data.field(side).channels.join(" ")
}

#[cfg(feature = "hdf5")]
#[test]
fn trajectories_of_pdebench_are_cut_into_input_and_target() {
    let data = read(fixture("pdebench_burgers.hdf5"), &double()).unwrap();
    let (input, target) = both(&data);
    check("scalar input", &input, &[3, 5, 1], None, &[0.0]);
    check("scalar target", &target, &[3, 3, 5, 1], Some(1), &[0.0]);
    let axes = &data.field(Side::Target).axes;
    assert_eq!(
        (axes[0].name.as_str(), axes[0].points.to_vec()),
        ("time", vec![0.5, 1.0, 1.5]),
        "T + 1 times are cut"
    );
    assert!((axes[1].points[0] - 0.1).abs() < 1e-7, "cell centres");

    let data = read(fixture("pdebench_cfd.hdf5"), &double()).unwrap();
    let (input, target) = both(&data);
    check("fluid input", &input, &[3, 5, 6, 4], None, &[0.0, 0.5, 1.0, 1.5]);
    check("fluid target", &target, &[3, 3, 5, 6, 4], Some(1), &[0.0, 0.5, 1.0, 1.5]);
    assert_eq!(names(&data, Side::Input), "density pressure Vx Vy");

    let data =
        read(fixture("pdebench_cfd.hdf5"), &double().with_evolution("Vx, density").with_input_frames(2))
            .unwrap();
    let (input, target) = both(&data);
    check("chosen input", &input, &[3, 2, 5, 6, 2], Some(0), &[1.0, 0.0]);
    check("chosen target", &target, &[3, 2, 5, 6, 2], Some(2), &[1.0, 0.0]);
}

#[cfg(feature = "hdf5")]
#[test]
fn frames_become_channels_when_that_is_asked_for() {
    let options = double().with_input_frames(2).with_frames_as_channels();
    let (input, target) =
        both(&read(fixture("pdebench_cfd.hdf5"), &options.with_evolution("density,Vy")).unwrap());
    check("input", &input, &[3, 5, 6, 4], None, &[0.0, 1.5, 100.0, 101.5]);
    check("target", &target, &[3, 5, 6, 4], None, &[200.0, 201.5, 300.0, 301.5]);
}

#[cfg(feature = "hdf5")]
#[test]
fn other_layouts_of_pdebench_are_read() {
    let data = read(fixture("pdebench_darcy.hdf5"), &double()).unwrap();
    let (input, target) = both(&data);
    check("darcy nu", &input, &[3, 5, 6, 1], None, &[0.25]);
    check("darcy tensor", &target, &[3, 5, 6, 1], None, &[0.0]);
    // One group a sample, compressed by h5py's LZF.
    let data = read(fixture("pdebench_groups.h5"), &double().with_samples(1..3)).unwrap();
    let (input, _) = both(&data);
    assert_eq!(input[[0, 2, 3, 1]], 1000.0 + 20.0 + 3.0 + 0.5);
    let data = read(fixture("pdebench_groups.h5"), &double()).unwrap();
    check("groups", &both(&data).1, &[3, 3, 5, 6, 2], Some(1), &[0.0, 0.5]);
    // LZF after shuffled bytes.
    let data = read(fixture("pdebench_incompressible.h5"), &double()).unwrap();
    check("incompressible", &both(&data).1, &[3, 3, 16, 16, 3], Some(1), &[0.0, 0.5, 0.25]);
    assert_eq!(names(&data, Side::Input), "velocity_x velocity_y particles");
    let force =
        read(fixture("pdebench_incompressible.h5"), &double().with_variables("force", "particles")).unwrap();
    let (input, target) = both(&force);
    check("force", &input, &[3, 16, 16, 2], None, &[0.0, 0.5]);
    check("particles", &target, &[3, 4, 16, 16, 1], Some(0), &[0.25]);
}

#[cfg(feature = "hdf5")]
#[test]
fn attributes_are_told() {
    let has = |file: &str, name: &str, text: &str| {
        let attributes = contents(fixture(file)).unwrap().attributes;
        let found = attributes.iter().find(|(other, _)| other == name).map(|(_, text)| text.clone());
        assert_eq!(found.as_deref(), Some(text), "{file}: {attributes:?}");
    };
    has("pdebench_burgers.hdf5", "Nu", "0.01");
    has("pdebench_groups.h5", "config", "seed: 0\nsim:\n  Du: 0.001\n");
    has("the_well.hdf5", "dataset_name", "made_up");
    has("the_well.hdf5", "rate", "0.25");
    has("pdearena.h5", "buo_y", "0.5");
    has("pdearena.h5", "mode", "train");
}

#[cfg(feature = "hdf5")]
#[test]
fn fields_of_every_order_of_the_well_are_read() {
    let data = read(fixture("the_well.hdf5"), &double()).unwrap();
    let (input, target) = both(&data);
    let offsets = [0.0, 0.0, 0.5, 0.0, 0.5, 1.0, 1.5];
    check("well input", &input, &[3, 5, 6, 7], None, &offsets);
    check("well target", &target, &[3, 3, 5, 6, 7], Some(1), &offsets);
    assert_eq!(
        names(&data, Side::Input),
        "pressure velocity_x velocity_y stress_xx stress_xy stress_yx stress_yy"
    );
    let axes = &data.field(Side::Input).axes;
    assert_eq!([&*axes[0].boundary, &*axes[1].boundary], ["periodic", "wall"]);
    // A field that varies along y alone, the same in every sample.
    let data =
        read(fixture("the_well.hdf5"), &double().with_variables("pressure,depth", "velocity")).unwrap();
    let (input, _) = both(&data);
    for (index, value) in input.indexed_iter().filter(|(index, _)| index[3] == 1) {
        assert_eq!(*value, index[2] as f64, "{index:?}");
    }
}

#[cfg(feature = "hdf5")]
#[test]
fn groups_of_pdearena_are_read() {
    let data = read(fixture("pdearena.h5"), &double()).unwrap();
    check("pdearena", &both(&data).1, &[3, 3, 5, 6, 3], Some(1), &[0.0, 0.5, 1.0]);
    assert_eq!(data.field(Side::Target).axes[1].points.to_vec(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    let text = read(fixture("pdearena.h5"), &double().with_input_frames(4)).unwrap_err().to_string();
    assert_eq!(text, "input frames: expected 1 to 3: fewer than the 4 of the trajectories, got 4");
    let text = read(fixture("pdearena.h5"), &double().with_variables("u", "w")).unwrap_err().to_string();
    assert!(text.contains("no variable w; it holds u [3, 4, 5, 6], vx"), "{text}");
}

#[test]
fn tensors_are_views_into_their_storage() {
    assert_eq!(recognise(fixture("columns.pt")).unwrap().name, "pt");
    let data = read(fixture("columns.pt"), &double()).unwrap();
    let (input, target) = both(&data);
    for (index, value) in target.indexed_iter() {
        let expected = (1000 * (index[0] + 5) + 10 * index[1] + index[2]) as f64;
        assert_eq!(*value, expected, "{index:?}");
        assert_eq!(input[&index], f64::from(u8::from(expected % 2.0 < 1.0)));
    }
    assert_eq!(target.shape(), [3, 5, 6, 1]);
    let part = read(fixture("columns.pt"), &double().with_samples(2..3)).unwrap();
    assert_eq!(both(&part).1[[0, 4, 5, 0]], 7045.0);
}

#[test]
fn small_floats_are_rounded_as_torch_rounds_them() {
    let (input, target) = both(&read(fixture("half.pt"), &double()).unwrap());
    for (index, value) in input.indexed_iter() {
        let exact = (1000 * index[0] + 10 * index[1] + index[2]) as f64;
        // 11 and 8 bits of significand: half a unit in the last place of 2055.
        assert!((value - exact).abs() <= 1.0 && (exact > 2048.0 || *value == exact), "{index:?}: {value}");
        assert!((target[&index] - exact).abs() <= 8.0 && (exact > 256.0 || target[&index] == exact));
    }
}

#[test]
fn nested_dictionaries_hold_weights() {
    let file = PtFile::open(fixture("state.pt")).unwrap();
    let names: Vec<String> = file.tensors().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "model.layers.0.weight",
            "model.layers.0.bias",
            "model.spectral",
            "model.steps",
            "module.weight",
            "module.bias"
        ]
    );
    let tensor = |name: &str| {
        let found = file.tensors().into_iter().find(|(other, _)| other == name).unwrap().1;
        (found.kind.name(), file.read::<f64>(&found).unwrap())
    };
    let (kind, weight) = tensor("model.layers.0.weight");
    assert_eq!((kind, weight.shape(), weight[[1, 2]]), ("float32", &[3, 4][..], 7.0), "a transposed view");
    let (kind, spectral) = tensor("model.spectral");
    assert_eq!((kind, spectral.shape()), ("complex64", &[2, 3, 2][..]));
    assert_eq!((spectral[[1, 2, 0]], spectral[[1, 2, 1]]), (5.0, -5.0));
    assert_eq!(tensor("model.steps").1.sum(), 7.0);
    assert_eq!(tensor("module.weight").1[[1, 0]], 3.0);
    let Some(Value::List(epochs)) = file.root().get("epochs") else { panic!("{:?}", file.root()) };
    assert_eq!(epochs[..4], [Value::Int(1), Value::Float(2.5), Value::Bool(true), Value::None]);
    assert_eq!(epochs[4], Value::List(vec![Value::Int(3), Value::Text("four".to_string())]));
    assert_eq!(epochs[5], Value::Int(-(1 << 40)));
    // A function is a name that nobody calls.
    assert!(matches!(file.root().get("call"), Some(Value::Other(name)) if name.ends_with("sin")));
}

#[test]
fn stores_of_zarr_are_read_chunk_by_chunk() {
    let store = fixture("store.zarr");
    assert_eq!(recognise(&store).unwrap().name, "zarr");
    let all = contents(&store).unwrap();
    assert_eq!(all.attributes, [("equation".to_string(), "made up".to_string())]);
    let listed: Vec<String> = all.variables.iter().map(ToString::to_string).collect();
    assert_eq!(listed, ["checked [3, 4, 5]", "missing [3, 2]", "plain [3, 4, 5]", "zstd [3, 4, 5]"]);
    let data = read(&store, &double().with_evolution("plain,checked")).unwrap();
    check("zarr", &both(&data).1, &[3, 3, 5, 2], Some(1), &[0.0, 0.0]);
    let data = read(&store, &double().with_evolution("plain").with_samples(1..3)).unwrap();
    assert_eq!(both(&data).1[[1, 2, 4, 0]], 2340.0);
}
