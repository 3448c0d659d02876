use crate::{Folder, SMALL, write_npy};
use serde_json::Value;
use sobolev::Surrogate;
use sobolev::data::{Dataset, Side};

#[test]
fn generate_info_train_evaluate_predict() {
    let folder = Folder::new();
    let report: Value =
        serde_json::from_str(&folder.ok("generate darcy --size 12 --samples 0..8 --seed 3 -o d.h5 --json"))
            .unwrap();
    assert_eq!((&report["samples"], &report["generated"]), (&Value::from(8), &Value::from(8)));
    let info: Value = serde_json::from_str(&folder.ok("info d.h5 --json")).unwrap();
    assert_eq!((&info["equation"], &info["seed"]), (&Value::from("darcy"), &Value::from(3)));

    let train = format!("train d.h5 --validation 2 --epochs 3 {SMALL} -o m.safetensors --json");
    let report: Value = serde_json::from_str(&folder.ok(&train)).unwrap();
    assert_eq!((&report["outcome"], &report["epochs"]), (&Value::from("completed"), &Value::from(3)));
    assert_eq!(String::from_utf8(folder.bytes("m.safetensors.csv")).unwrap().lines().count(), 4);
    assert!(folder.ok("info m.safetensors").contains("trained on 6 samples, darcy"));
    assert!(folder.ok("info m.safetensors.state").contains("training state"));

    // The command and the library answer the same.
    let text = folder.ok("evaluate m.safetensors d.h5 --samples 2..8 --per-sample --json -o e.json");
    let evaluation: sobolev::metrics::Evaluation = serde_json::from_str(&text).unwrap();
    let surrogate = Surrogate::load(folder.path("m.safetensors")).unwrap();
    let data = Dataset::open(folder.path("d.h5")).unwrap();
    let wanted = surrogate.evaluate(&data.select(&[2, 3, 4, 5, 6, 7]).unwrap(), &()).unwrap();
    assert_eq!(evaluation, wanted);
    assert_eq!(folder.bytes("e.json"), serde_json::to_vec(&wanted).unwrap());
    assert!(!folder.ok("evaluate m.safetensors d.h5 --json").contains("per_sample"));
    assert!(folder.ok("evaluate m.safetensors d.h5").contains("relative H1"));

    // Predictions come as a data set, an array and an archive, all the same.
    let (input, _) = data.read_range::<f32>(0..8).unwrap();
    let wanted = surrogate.predict(input.view()).unwrap();
    folder.ok("predict m.safetensors d.h5 -o p.h5 --figure p.png --figure-sample 1");
    let predicted = Dataset::open(folder.path("p.h5")).unwrap();
    assert_eq!(predicted.read_side::<f32>(Side::Target, &[0, 1, 2, 3, 4, 5, 6, 7]).unwrap(), wanted);
    assert!(folder.bytes("p.png").starts_with(b"\x89PNG"));
    folder.ok("predict m.safetensors d.h5 -o p.npy");
    assert_eq!(ndarray_npy::read_npy::<_, ndarray::ArrayD<f32>>(folder.path("p.npy")).unwrap(), wanted);
    folder.ok("predict m.safetensors d.h5 -o p.npz");
    assert!(folder.ok("info p.npz").contains("prediction [8, 12, 12, 1]"));
    // The archive holds inputs by name, which can be predicted from again.
    folder.ok("predict m.safetensors p.npz --input input -o q.npy");
    assert_eq!(folder.bytes("q.npy"), folder.bytes("p.npy"));
}

#[test]
fn evaluation_answers_yes_or_no_with_the_exit_code() {
    let folder = Folder::with_model();
    assert_eq!(folder.run("evaluate m.safetensors d.h5 --at-most 10").code, Some(0));
    let no = folder.run("evaluate m.safetensors d.h5 --at-most 1e-9");
    assert_eq!((no.code, no.err.as_str()), (Some(1), ""));
    assert!(no.out.contains("relative L2"));
}

#[test]
fn the_model_answers_on_a_finer_grid_and_for_arrays_without_channel_axis() {
    let folder = Folder::with_model();
    folder.ok("generate darcy --size 24 --samples 0..2 -o fine.h5");
    assert!(folder.ok("evaluate m.safetensors fine.h5").contains("2 samples on 24 x 24"));
    write_npy(&folder.path("a.npy"), &[2, 10, 14], |i| 3.0 + (i % 7) as f32);
    folder.ok("predict m.safetensors a.npy -o p.npy --figure p.png");
    let predicted: ndarray::ArrayD<f32> = ndarray_npy::read_npy(folder.path("p.npy")).unwrap();
    assert_eq!(predicted.shape(), [2, 10, 14, 1]);
}

#[test]
fn options_override_the_file_and_the_stored_settings_repeat_the_result() {
    let folder = Folder::new();
    folder.write("g.toml", "equation = \"burgers\"\noutput = \"b.h5\"\nsamples = 5\n[settings]\nsize = 32\n");
    folder.ok("generate g.toml --samples 0..4 --viscosity 0.02 --set solve_size=256 --compression gzip");
    let stored = String::from_utf8(folder.bytes("b.h5.toml")).unwrap();
    assert!(stored.contains("samples = \"0..4\"") && stored.contains("viscosity = 0.02"), "{stored}");
    assert!(stored.contains("compression = \"gzip 4\"") && stored.contains("length = 1.0"), "{stored}");
    folder.ok("generate b.h5.toml -o again.h5");
    assert_eq!(folder.bytes("again.h5"), folder.bytes("b.h5"));

    folder.write("t.toml", "data = \"b.h5\"\noutput = \"m.safetensors\"\n[trainer]\nepochs = 9\nbatch = 2\n");
    folder.ok("train t.toml --epochs 2 --modes 4 --width 6 --normalise-target pointwise --schedule cosine");
    let stored = String::from_utf8(folder.bytes("m.safetensors.toml")).unwrap();
    assert!(stored.contains("epochs = 2") && stored.contains("coordinates = \"periodic\""), "{stored}");
    assert!(stored.contains("target = \"pointwise\""), "{stored}");
    folder.ok("train m.safetensors.toml -o again.safetensors");
    assert_eq!(folder.bytes("again.safetensors"), folder.bytes("m.safetensors"));
}

#[test]
fn files_of_other_programs_train_and_say_what_they_hold() {
    let folder = Folder::new();
    write_npy(&folder.path("a.npy"), &[6, 16], |i| (i as f32 * 0.3).sin());
    write_npy(&folder.path("u.npy"), &[6, 16], |i| (i as f32 * 0.3).cos());
    assert!(folder.ok("info a.npy").contains("a [6, 16]"));
    let options = format!("--input a --target u --target-path u.npy {SMALL}");
    folder.ok(&format!("train a.npy {options} --epochs 1 -o m.safetensors"));
    assert!(folder.ok("info m.safetensors").contains("[16, 1] to [16, 1]"));
}

#[test]
fn quickstart_makes_everything_and_a_second_run_uses_it() {
    let folder = Folder::new();
    let options =
        "quickstart -o q --size 16 --train-samples 8 --test-samples 3 --epochs 1 --modes 4 --width 4 --json";
    let first: Value = serde_json::from_str(&folder.ok(options)).unwrap();
    assert_eq!(first["resolutions"][1]["size"], 32);
    for name in ["train.h5", "test_16.h5", "test_32.h5", "darcy.safetensors", "darcy.png", "train.h5.toml"] {
        assert!(folder.path("q").join(name).exists(), "{name}");
    }
    // Both test sets show the same coefficients: where the coarse cell is uniform in the fine grid, the values agree.
    let coefficient = |name: &str| {
        let data = Dataset::open(folder.path("q").join(name)).unwrap();
        data.read_side::<f32>(Side::Input, &[0]).unwrap()
    };
    let (coarse, fine) = (coefficient("test_16.h5"), coefficient("test_32.h5"));
    let same = |i: usize, j: usize| {
        let cell = coarse[[0, i, j, 0]];
        (0..4).any(|k| fine[[0, 2 * i + k / 2, 2 * j + k % 2, 0]] == cell)
    };
    assert!((0..256).all(|k| same(k / 16, k % 16)));
    let before = folder.bytes("q/darcy.safetensors");
    let second: Value = serde_json::from_str(&folder.ok(options)).unwrap();
    assert_eq!(second["resolutions"], first["resolutions"]);
    assert_eq!(folder.bytes("q/darcy.safetensors"), before);
}

#[test]
fn the_h1_loss_takes_the_derivative_that_fits_the_fields() {
    let folder = Folder::new();
    folder.ok("generate darcy --size 12 --samples 0..4 -o d.h5");
    folder.ok("generate burgers --size 32 --samples 0..4 --set solve_size=64 -o b.h5");
    for (data, derivative) in [("d", "finite-difference"), ("b", "fourier")] {
        folder.ok(&format!(
            "train {data}.h5 -o {data}.safetensors --modes 3 --width 4 --epochs 1 --loss relative-h1"
        ));
        let stored = String::from_utf8(folder.bytes(&format!("{data}.safetensors.toml"))).unwrap();
        assert!(stored.contains(&format!("derivative = \"{derivative}\"")), "{stored}");
    }
}
