//! Data sets written in every format: read back, and checked by the library of the other side where that is installed.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use ndarray::{Array, ArrayD, IxDyn};
use sobolev_data::formats::{FORMATS, ReadOptions, open, read};
use sobolev_data::{Dataset, Error, Precision, Side, convert};
use sobolev_solvers::{Axis, Field};

use crate::formats::fixture;

/// 1000 s + 100 t + 10 i + j + c / 2 for `[s, i, j, c]` at time `time`, or `[s, t, i, j, c]` from time `time` on.
fn values(shape: &[usize], time: usize) -> ArrayD<f64> {
    Array::from_shape_fn(IxDyn(shape), |index| {
        let at = |axis: usize| index[axis] as f64;
        let timed = usize::from(shape.len() == 5);
        let frame = if timed == 1 { at(1) + time as f64 } else { time as f64 };
        1000.0 * at(0) + 100.0 * frame + 10.0 * at(1 + timed) + at(2 + timed) + at(3 + timed) / 2.0
    })
}

fn axis(name: &str, points: usize, step: f64, boundary: &str) -> Axis {
    let start = if name == "time" { step } else { 0.0 };
    Axis {
        name: name.to_string(),
        points: (0..points).map(|i| start + step * i as f64).collect(),
        boundary: boundary.to_string(),
        units: "1".to_string(),
    }
}

/// Trajectories of two channels on 5 x 6 points, four frames of which the first one is the input; with a parameter, which a
/// file of this library is asked for.
fn trajectories(channels: &[&str]) -> Dataset {
    let space = || vec![axis("x1", 5, 0.2, "periodic"), axis("x2", 6, 0.2, "u = 0")];
    let field = |axes: Vec<Axis>| Field {
        name: "v".to_string(),
        axes,
        channels: channels.iter().map(ToString::to_string).collect(),
        units: "1".to_string(),
    };
    let timed = [vec![axis("time", 3, 0.5, "none")], space()].concat();
    let count = channels.len();
    let data = Dataset::from_arrays(values(&[3, 5, 6, count], 0), values(&[3, 3, 5, 6, count], 1)).unwrap();
    data.with_fields(field(space()), field(timed)).unwrap()
}

/// The same data set with the parameter `rate`.
fn with_parameter(data: &Dataset, folder: &Path) -> Dataset {
    // Attributes come from files: one of this library, written and read as a foreign one.
    let path = folder.join("parameter.zarr");
    convert(data, &path, Some("zarr"), true, &()).unwrap();
    let text = std::fs::read_to_string(path.join("zarr.json")).unwrap();
    std::fs::write(path.join("zarr.json"), text.replace("\"title\"", "\"rate\": 0.25, \"title\"")).unwrap();
    let read = read(&path, &ReadOptions::default().with_precision(Precision::F64)).unwrap();
    read.with_fields(data.field(Side::Input).clone(), data.field(Side::Target).clone()).unwrap()
}

/// Asks the other side's library; says when it is not there.
fn ask(format: &str, path: &Path) {
    let environment = std::env::var_os("VIRTUAL_ENV").map(|folder| Path::new(&folder).join("bin/python"));
    let python = std::env::var_os("SOBOLEV_TEST_PYTHON").map(Into::into).or(environment);
    let python = python.filter(|path| path.exists()).unwrap_or_else(|| "python3".into());
    let script = fixture("check_written.py");
    let Ok(output) = Command::new(&python).arg(script).arg(format).arg(path).output() else {
        let _ = writeln!(std::io::stderr(), "NOT CHECKED by another library, {format}: no Python");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    assert!(output.status.success(), "{format}: {text}{}", String::from_utf8_lossy(&output.stderr));
    if text == "checked" {
        return;
    }
    // Not captured as the output of a test is: a check that was left out is to be seen.
    let _ = writeln!(std::io::stderr(), "NOT CHECKED by another library, {format}: {text}");
}

fn both(data: &Dataset) -> (ArrayD<f64>, ArrayD<f64>) {
    data.read_range(0..data.len()).unwrap()
}

#[test]
fn every_written_format_is_read_back_and_by_its_own_library() {
    let folder = tempfile::tempdir().unwrap();
    let data = with_parameter(&trajectories(&["v_x", "v_y"]), folder.path());
    let options = ReadOptions::default().with_precision(Precision::F64);
    for entry in FORMATS.iter().filter(|entry| entry.is_written()) {
        // PDEBench's trajectories of other systems than flows are groups, for which the ending is h5.
        let ending = if entry.name == "pdebench" { "h5" } else { entry.extensions[0] };
        let path = folder.path().join(format!("{}.{ending}", entry.name));
        convert(&data, &path, Some(entry.name), false, &()).unwrap();
        ask(if entry.name == "pdebench" { "pdebench-groups" } else { entry.name }, &path);
        // Formats that say nothing of their axes are told.
        let options = match entry.name {
            "npz" => options.clone().with_channels_last(),
            "matlab-5" | "matlab-7.3" => options.clone().with_dimensions(2).with_variables("a", "a"),
            "pt" => options.clone().with_dimensions(3).with_variables("x", "x"),
            _ => options.clone(),
        };
        let (input, target) = both(&read(&path, &options).unwrap());
        let expected = both(&data);
        match entry.name {
            "matlab-5" | "matlab-7.3" => assert_eq!(input, expected.0, "{}", entry.name),
            "pt" => {
                assert_eq!(input.index_axis(ndarray::Axis(4), 0), expected.0.permuted_axes(vec![0, 3, 1, 2]))
            }
            // In groups y comes first.
            "pdebench" => {
                assert_eq!(input, expected.0.permuted_axes(vec![0, 2, 1, 3]));
                assert_eq!(target, expected.1.permuted_axes(vec![0, 1, 3, 2, 4]));
            }
            _ => assert_eq!((input, target), expected, "{}", entry.name),
        }
        let text = convert(&data, &path, Some(entry.name), false, &()).unwrap_err().to_string();
        assert!(text.contains("exists already"), "{text}");
        convert(&data, &path, Some(entry.name), true, &()).unwrap();
        ask(if entry.name == "pdebench" { "pdebench-groups" } else { entry.name }, &path);
    }
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|f| f.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().all(|name| !name.ends_with(".part") && !name.ends_with(".old")), "{names:?}");
}

#[cfg(feature = "hdf5")]
#[test]
fn layouts_of_pdebench_follow_the_kind_of_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let fluid = trajectories(&["density", "pressure", "Vx", "Vy"]);
    convert(&fluid, path("fluid.hdf5"), Some("pdebench"), false, &()).unwrap();
    ask("pdebench-fluid", &path("fluid.hdf5"));
    // A flow without density is none that its readers know.
    convert(&trajectories(&["Vx", "Vy"]), path("velocity.h5"), Some("pdebench"), false, &()).unwrap();
    let velocity = read(path("velocity.h5"), &ReadOptions::default()).unwrap();
    let names = velocity.field(Side::Input).axes.iter().map(|axis| &*axis.name).collect::<Vec<_>>();
    assert_eq!(names, ["y", "x"]);
    // Axes that stand as its files have them stay so.
    convert(&velocity, path("again.h5"), Some("pdebench"), false, &()).unwrap();
    let again = read(path("again.h5"), &ReadOptions::default()).unwrap();
    assert_eq!((both(&again), again.field(Side::Target)), (both(&velocity), velocity.field(Side::Target)));
    // A velocity that carries particles has a layout of its own; the force that drives it goes along where it was read.
    let flow = trajectories(&["particles", "velocity_x", "velocity_y", "force_x", "force_y"]);
    convert(&flow, path("flow.h5"), Some("pdebench"), false, &()).unwrap();
    ask("pdebench-incompressible", &path("flow.h5"));
    let fixture_of = |name: &str| read(fixture(name), &ReadOptions::default()).unwrap();
    let carried = fixture_of("pdebench_incompressible.h5");
    convert(&carried, path("carried.h5"), Some("pdebench"), false, &()).unwrap();
    let again = read(path("carried.h5"), &ReadOptions::default()).unwrap();
    assert_eq!((both(&again), again.field(Side::Target)), (both(&carried), carried.field(Side::Target)));
    let text = convert(&carried, path("a.hdf5"), Some("pdebench"), false, &()).unwrap_err().to_string();
    assert!(text.starts_with("output: expected a name that ends in .h5"), "{text}");
    let line = read(fixture("pdebench_burgers.hdf5"), &ReadOptions::default()).unwrap();
    let text = convert(&line, path("line.h5"), Some("pdebench"), false, &()).unwrap_err().to_string();
    assert!(text.starts_with("output: expected a name that ends in .hdf5"), "{text}");
    convert(&line, path("line.hdf5"), Some("pdebench"), false, &()).unwrap();
    let again = read(path("line.hdf5"), &ReadOptions::default()).unwrap();
    assert_eq!((both(&again), again.field(Side::Target)), (both(&line), line.field(Side::Target)));
    let coefficient = values(&[3, 5, 6, 1], 0);
    let steady = Dataset::from_arrays(coefficient.clone(), -coefficient).unwrap();
    convert(&steady, path("steady.hdf5"), Some("pdebench"), false, &()).unwrap();
    ask("pdebench-steady", &path("steady.hdf5"));
    let odd = Dataset::from_arrays(values(&[3, 5, 6, 1], 0), values(&[3, 4, 6, 1], 0)).unwrap();
    let text = convert(&odd, path("odd.hdf5"), Some("pdebench"), false, &()).unwrap_err().to_string();
    assert!(text.contains("this is neither"), "{text}");
    assert!(!path("odd.hdf5").exists() && !path("odd.hdf5.part").exists());
}

#[cfg(feature = "hdf5")]
#[test]
fn vectors_and_tensors_of_the_well_stay_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.hdf5");
    let data = read(fixture("the_well.hdf5"), &ReadOptions::default()).unwrap();
    convert(&data, &path, Some("the-well"), false, &()).unwrap();
    let again = read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(both(&again), both(&data));
    assert_eq!(again.field(Side::Target).channels, data.field(Side::Target).channels);
    let boundaries =
        |data: &Dataset| data.field(Side::Input).axes.iter().map(|a| a.boundary.clone()).collect::<Vec<_>>();
    assert_eq!(boundaries(&again), ["periodic", "wall"]);
}

#[test]
fn formats_that_are_not_written_and_files_in_the_way_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = trajectories(&["a", "b"]);
    let text = |path: &str, format: Option<&str>| {
        convert(&data, folder.path().join(path), format, false, &()).unwrap_err().to_string()
    };
    assert!(text("a.npz", Some("npzz")).contains("npz"), "near names are listed");
    assert!(text("a.npy", Some("npy")).contains("format"), "only read");
    assert!(text("a.xyz", None).contains("expected a known ending"), "{}", text("a.xyz", None));
    let store = folder.path().join("a.zarr");
    std::fs::create_dir(&store).unwrap();
    std::fs::write(store.join("precious.txt"), "kept").unwrap();
    let error = convert(&data, &store, None, true, &()).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    assert!(store.join("precious.txt").exists(), "only a store is replaced by a store");
}

#[test]
fn a_store_that_is_replaced_leaves_the_folders_beside_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = trajectories(&["a", "b"]);
    let store = folder.path().join("a.zarr");
    convert(&data, &store, None, false, &()).unwrap();
    std::fs::write(store.join("input/c/extra"), "of the old store").unwrap();
    for name in ["a.zarr.old", "a.zarr.part"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("precious.txt"), "kept").unwrap();
    }
    convert(&data, &store, None, true, &()).unwrap();
    assert!(!store.join("input/c/extra").exists() && store.join("zarr.json").exists());
    for name in ["a.zarr.old", "a.zarr.part"] {
        assert!(folder.path().join(name).join("precious.txt").exists(), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing else stays");
}

/// Every file whose rows can be read alone gives the samples that reading it whole gives, and is written as that is.
#[test]
fn samples_that_stay_in_their_file_are_those_that_were_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let data = trajectories(&["a", "b"]);
    convert(&data, path("plain.npz"), Some("npz"), false, &()).unwrap();
    let mut files =
        vec![path("plain.npz"), fixture("plain.npz"), fixture("compressed.npz"), fixture("level5.mat")];
    convert(&data, path("store.zarr"), Some("zarr"), false, &()).unwrap();
    files.push(path("store.zarr"));
    if cfg!(feature = "hdf5") {
        let layouts =
            ["pdebench_burgers.hdf5", "pdebench_darcy.hdf5", "pdebench_groups.h5", "pdebench_cfd.hdf5"];
        let others =
            ["pdebench_incompressible.h5", "the_well.hdf5", "pdearena.h5", "plain.h5", "level73.mat"];
        files.extend(layouts.into_iter().chain(others).map(fixture));
    }
    for file in files {
        let mut options = ReadOptions::default().with_precision(Precision::F64);
        if file == path("plain.npz") {
            options = options.with_channels_last();
        }
        let name = file.display();
        let whole = read(&file, &options).unwrap();
        let stays = open(&file, &options).unwrap();
        assert_eq!((stays.len(), both(&stays)), (whole.len(), both(&whole)), "{name}");
        for side in [Side::Input, Side::Target] {
            assert_eq!(stays.field(side), whole.field(side), "{name}");
        }
        let order: Vec<usize> = (0..whole.len()).rev().collect();
        assert_eq!(stays.read::<f32>(&order).unwrap(), whole.read::<f32>(&order).unwrap(), "{name}");
        let part = options.clone().with_samples(1..2);
        assert_eq!(both(&open(&file, &part).unwrap()), both(&read(&file, &part).unwrap()), "{name}");
        let outputs = [path("whole.npz"), path("stays.npz")];
        convert(&whole, &outputs[0], None, true, &()).unwrap();
        convert(&stays, &outputs[1], None, true, &()).unwrap();
        let again =
            outputs.map(|output| both(&read(output, &ReadOptions::default().with_channels_last()).unwrap()));
        assert_eq!(again[0], again[1], "{name}");
    }
    let inputs = fixture("inputs.npy");
    let options = ReadOptions::default().with_target_file(fixture("targets.npy"));
    assert_eq!(both(&open(&inputs, &options).unwrap()), both(&read(&inputs, &options).unwrap()));
}

#[cfg(feature = "hdf5")]
#[test]
fn a_compressed_data_set_stays_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let entry = sobolev_solvers::EQUATIONS.iter().find(|entry| entry.name == "advection").unwrap();
    let problem = entry.problem("size = 512".parse().unwrap()).unwrap();
    let gzip = sobolev_data::Compression::Gzip { level: 3 };
    let options = sobolev_data::GenerateOptions::default().with_compression(gzip);
    sobolev_data::generate(problem.as_ref(), 3, 0..4, path("a.h5"), &options, &()).unwrap();
    let data = Dataset::open(path("a.h5")).unwrap();
    convert(&data, path("b.h5"), Some("sobolev"), false, &()).unwrap();
    let again = Dataset::open(path("b.h5")).unwrap();
    assert_eq!((again.info().compression, both(&again)), (gzip, both(&data)));
    // A program opens a file in one way at a time.
    drop(again);
    let file = hdf5_metno::File::open(path("b.h5")).unwrap();
    assert_eq!(file.dataset("input").unwrap().filters().len(), 2, "shuffled and compressed");
}

#[cfg(feature = "hdf5")]
#[test]
fn drawn_settings_go_with_the_samples() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let entry = sobolev_solvers::EQUATIONS.iter().find(|entry| entry.name == "burgers").unwrap();
    let settings = "size = 16\nsolve_size = 1024\nviscosity = { uniform = [0.1, 0.2] }\nframes = 3";
    let problem = entry.problem(settings.parse().unwrap()).unwrap();
    let options = sobolev_data::GenerateOptions::default();
    sobolev_data::generate(problem.as_ref(), 3, 0..4, path("own.h5"), &options, &()).unwrap();
    let data = Dataset::open(path("own.h5")).unwrap();
    let drawn = data.parameters()[0].1.clone();
    let single: Vec<f32> = drawn.iter().map(|value| *value as f32).collect();
    for (name, format) in [
        ("a.npz", "npz"),
        ("a.zarr", "zarr"),
        ("a.mat", "matlab-5"),
        ("b.mat", "matlab-7.3"),
        ("a.pt", "pt"),
        ("a.hdf5", "pdebench"),
        ("w.hdf5", "the-well"),
    ] {
        convert(&data, path(name), Some(format), false, &()).unwrap();
    }
    let bytes: Vec<u8> = drawn.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(std::fs::read(path("a.zarr/parameters/viscosity/c/0")).unwrap(), bytes);
    for (name, variable) in [("a.npz", "parameter_viscosity"), ("a.mat", "parameter_viscosity")] {
        let contents = sobolev_data::formats::contents(path(name)).unwrap();
        assert!(contents.variables.iter().any(|v| v.name == variable && v.shape[0] == 4), "{contents:?}");
    }
    let file = sobolev_data::formats::pt::PtFile::open(path("a.pt")).unwrap();
    let tensors = file.tensors();
    let (_, tensor) = tensors.iter().find(|(name, _)| name == "parameter_viscosity").unwrap();
    assert_eq!(file.read::<f64>(tensor).unwrap().into_raw_vec_and_offset().0, drawn);
    let numbers = |file: &str, name: &str| {
        hdf5_metno::File::open(path(file)).unwrap().dataset(name).unwrap().read_raw::<f64>().unwrap()
    };
    assert_eq!(numbers("b.mat", "parameter_viscosity"), drawn);
    assert_eq!(numbers("a.hdf5", "parameters/viscosity"), drawn);
    let scaled: Vec<f64> = drawn.iter().map(|value| value * std::f64::consts::PI).collect();
    assert_eq!(numbers("a.hdf5", "parameters/Nu"), scaled);
    let file = hdf5_metno::File::open(path("w.hdf5")).unwrap();
    assert_eq!(file.dataset("scalars/viscosity").unwrap().read_raw::<f32>().unwrap(), single);
}
