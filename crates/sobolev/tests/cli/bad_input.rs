use crate::{Folder, SMALL, write_npy};

/// The error of a run holds all of these words.
#[track_caller]
fn says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "\"{word}\" is not in: {error}");
    }
}

#[test]
fn arrays_that_do_not_fit_the_model_are_named_with_what_was_expected() {
    let folder = Folder::with_model();
    let predict = |name: &str, shape: &[usize], value: fn(usize) -> f32| {
        write_npy(&folder.path(name), shape, value);
        let error = folder.fails(&format!("predict m.safetensors {name} -o p.npy"));
        assert!(!folder.path("p.npy").exists());
        error
    };
    let one = |_: usize| 1.0;
    says(
        &predict("first.npy", &[2, 1, 12, 12], one),
        &["[batch, x1, x2, 1]", "[2, 1, 12, 12]", "move it last"],
    );
    says(&predict("two.npy", &[2, 12, 12, 2], one), &["[batch, x1, x2, 1]", "[2, 12, 12, 2]"]);
    says(&predict("rank.npy", &[2, 12], one), &["[2, 12]"]);
    says(&predict("coarse.npy", &[2, 3, 12, 1], one), &["modes"]);
    says(&predict("empty.npy", &[0, 12, 12, 1], one), &["empty"]);
    says(
        &predict("nan.npy", &[1, 12, 12, 1], |i| if i == 14 { f32::NAN } else { 1.0 }),
        &["finite", "NaN", "[0, 1, 2, 0]"],
    );
    says(
        &predict("infinite.npy", &[1, 12, 12, 1], |i| if i == 0 { f32::INFINITY } else { 1.0 }),
        &["finite", "inf"],
    );
    says(&folder.fails("predict m.safetensors d.h5 -o p.txt"), &["output", ".npy, .npz or .h5", "p.txt"]);
}

#[test]
fn a_grid_that_is_smaller_than_the_modes_is_named() {
    let folder = Folder::with_model();
    folder.ok("generate darcy --size 4 --samples 0..2 -o coarse.h5");
    says(&folder.fails("evaluate m.safetensors coarse.h5"), &["modes"]);
    says(&folder.fails("train coarse.h5 --modes 12 --width 4 --epochs 1 -o n.safetensors"), &["modes", "12"]);
}

#[test]
fn settings_out_of_range_are_named() {
    let folder = Folder::new();
    let fails = |arguments: &str, words: &[&str]| {
        says(&folder.fails(arguments), words);
        assert!(!folder.path("x.h5").exists(), "{arguments}");
    };
    fails("generate burgers --viscosity -0.1 -o x.h5", &["viscosity", "-0.1"]);
    fails("generate darcy --set low=-3.0 -o x.h5", &["low: expected a positive", "-3"]);
    fails(
        "generate darcy --set tolerence=1e-8 -o x.h5",
        &["darcy setting: expected one of", "did you mean \"tolerance\"?"],
    );
    fails("generate darcy --set size=many -o x.h5", &["size", "many"]);
    fails("generate darzy -o x.h5", &["equation: expected one of", "did you mean \"darcy\"?"]);
    fails("generate darcy --samples 5..5 -o x.h5", &["samples", "not empty"]);
    fails("generate darcy --samples=-4 -o x.h5", &["samples", "-4"]);
    fails("generate darcy --compression zip -o x.h5", &["compression", "gzip 1", "zip"]);
    fails("generate darcy --precision f16 -o x.h5", &["f16"]);
    fails("generate darcy", &["missing field `output`"]);
    fails("generate darcy --size 900000 -o x.h5", &["size: expected what fits into memory", "TB"]);
    fails("generate burgers --set frames=1000000000000 -o x.h5", &["frames: expected what fits into memory"]);
    fails("bench darcy --grid 300000", &["grid: expected what fits into memory"]);
    fails("bench machine --seconds nan", &["--seconds", "finite"]);
    fails("generate darcy --threads 0 -o x.h5", &["threads: expected at least 1, got 0"]);
}

#[test]
fn specs_with_unknown_keys_and_files_that_are_no_specs_are_named() {
    let folder = Folder::new();
    folder.write("key.toml", "equation = \"darcy\"\noutput = \"x.h5\"\nsampels = 3\n");
    says(&folder.fails("generate key.toml"), &["unknown field `sampels`", "`samples`"]);
    folder.write("deep.toml", "data = \"d.h5\"\noutput = \"m\"\n[trainer]\nepoch = 3\n");
    says(&folder.fails("train deep.toml"), &["unknown field `epoch`", "`epochs`"]);
    folder.write("broken.toml", "equation = darcy\n");
    says(&folder.fails("generate broken.toml"), &["broken.toml"]);
    says(&folder.fails("generate missing.toml"), &["missing.toml", "cannot read"]);
    folder.write("type.toml", "equation = \"darcy\"\noutput = \"x.h5\"\nseed = \"three\"\n");
    says(&folder.fails("generate type.toml"), &["three"]);
}

#[test]
fn trainings_that_make_no_sense_are_named_before_anything_is_written() {
    let folder = Folder::new();
    folder.ok("generate darcy --size 12 --samples 0..4 -o d.h5");
    let fails = |rest: &str, words: &[&str]| {
        says(&folder.fails(&format!("train d.h5 -o m.safetensors {rest}")), words);
        assert!(!folder.path("m.safetensors").exists(), "{rest}");
    };
    fails("--epochs 0", &["epochs: expected at least 1, got 0"]);
    fails("--batch 0", &["batch: expected at least 1, got 0"]);
    fails("--learning-rate=-1", &["learning_rate: expected a positive number, got -1"]);
    fails("--schedule cosin", &["cosin", "cosine"]);
    fails("--model fmo", &["model: expected one of fno", "did you mean \"fno\"?"]);
    fails("--set widht=3", &["fno setting: expected one of", "did you mean \"width\"?"]);
    fails("--set activation=gleu", &["gleu", "did you mean \"gelu\"?"]);
    fails("--width 0", &["width: expected at least 1, got 0"]);
    fails("--validation 4", &["validation: expected 1 to 3 of 4 samples, got 4"]);
    fails("--samples 2..9", &["samples", "4 of d.h5", "2..9"]);
    fails("--stride 7", &["stride"]);
    write_npy(&folder.path("none.npy"), &[0, 12, 12, 1], |_| 1.0);
    let error = folder.fails("train none.npy --target-path none.npy -o m.safetensors");
    says(&error, &["none.npy", "it is empty"]);
    folder.ok(&format!("train d.h5 -o m.safetensors {SMALL} --epochs 1"));
    let before = folder.bytes("m.safetensors");
    says(&folder.fails("train d.h5 -o m.safetensors"), &["m.safetensors", "exists already", "resume"]);
    assert_eq!(folder.bytes("m.safetensors"), before);
}

#[test]
fn a_training_that_diverges_keeps_the_last_good_weights() {
    let folder = Folder::new();
    folder.ok("generate darcy --size 12 --samples 0..4 -o d.h5");
    let options = format!("{SMALL} --epochs 200 --learning-rate 1e30 --schedule constant");
    let run = folder.run(&format!("train d.h5 -o m.safetensors {options}"));
    assert_eq!(run.code, Some(2), "{}{}", run.out, run.err);
    says(&run.out, &["diverged"]);
    says(&run.err, &["training: stopped in epoch", "learning rate"]);
    assert!(folder.ok("info m.safetensors").contains("fno"));
    // A single step ruins the weights, and there is no second one to notice.
    let options = "--modes 3 --width 4 --batch 4 --epochs 1 --learning-rate 1e30 --loss mean-squared";
    let run = folder.run(&format!("train d.h5 -o one.safetensors {options}"));
    assert_eq!(run.code, Some(2), "{}{}", run.out, run.err);
    says(&run.err, &["epoch 1, step 1", "after the last step"]);
    for model in ["m", "one"] {
        let text = folder.ok(&format!("evaluate {model}.safetensors d.h5 --json"));
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(report["relative_l2"]["mean"].as_f64().is_some_and(f64::is_finite), "{text}");
    }
}

#[test]
fn damaged_data_sets_are_told_apart() {
    let folder = Folder::with_model();
    let whole = folder.bytes("d.h5");
    let evaluate = |name: &str| folder.fails(&format!("evaluate m.safetensors {name}"));
    says(&evaluate("missing.h5"), &["missing.h5", "not found"]);
    folder.write("short.h5", &whole[..whole.len() / 2]);
    says(&evaluate("short.h5"), &["short.h5", "truncated"]);
    folder.write("text.h5", "no data\n");
    says(&evaluate("text.h5"), &["text.h5", "not an HDF5 file"]);
    folder.write("empty.h5", "");
    says(&evaluate("empty.h5"), &["empty.h5"]);
    says(&folder.fails("info text.h5"), &["text.h5"]);
    // The file that is there is not replaced without being asked for.
    says(&folder.fails("generate darcy --size 12 --samples 0..6 -o d.h5"), &["d.h5", "exists already"]);
    assert_eq!(folder.bytes("d.h5"), whole);
}

#[test]
fn damaged_and_foreign_checkpoints_are_told_apart() {
    let folder = Folder::with_model();
    let whole = folder.bytes("m.safetensors");
    let evaluate = |name: &str| folder.fails(&format!("evaluate {name} d.h5"));
    says(&evaluate("missing.safetensors"), &["missing.safetensors", "cannot be read"]);
    folder.write("short.safetensors", &whole[..whole.len() - 100]);
    says(&evaluate("short.safetensors"), &["short.safetensors", "truncated"]);
    folder.write("text.safetensors", "nothing of the kind, only a line of text\n");
    says(&evaluate("text.safetensors"), &["text.safetensors", "not a sobolev checkpoint"]);
    says(&evaluate("d.h5"), &["d.h5", "not a sobolev checkpoint"]);
    says(&evaluate("m.safetensors.state"), &["m.safetensors.state", "a training state", "a model"]);
    let mut header = whole.clone();
    header[20] ^= 0xff;
    folder.write("flipped.safetensors", header);
    says(&evaluate("flipped.safetensors"), &["flipped.safetensors"]);
}

/// Puts the checksum of header and numbers where the checkpoint has its own.
fn renew_checksum(checkpoint: &mut [u8]) {
    let numbers = 8 + u64::from_le_bytes(checkpoint[..8].try_into().unwrap()) as usize;
    let outer: serde_json::Value = serde_json::from_slice(&checkpoint[8..numbers]).unwrap();
    let header = outer["__metadata__"]["sobolev"].as_str().unwrap();
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(b"{\"checksum\":\"00000000");
    checksum.update(&header.as_bytes()[21..]);
    checksum.update(&checkpoint[numbers..]);
    let before = br#"{\"checksum\":\""#;
    let place = checkpoint.windows(before.len()).position(|part| part == before).unwrap() + before.len();
    checkpoint[place..place + 8].copy_from_slice(format!("{:08x}", checksum.finalize()).as_bytes());
}

#[test]
fn a_checkpoint_of_another_model_is_refused() {
    let folder = Folder::with_model();
    let whole = folder.bytes("m.safetensors");
    // Another name of the same length in the header: a model that this program does not know, with the checksum of that header.
    let name = br#"\"model\":\"fno\""#;
    let place = whole.windows(name.len()).position(|part| part == name).unwrap();
    let mut other = whole.clone();
    other[place..place + name.len()].copy_from_slice(br#"\"model\":\"uno\""#);
    renew_checksum(&mut other);
    folder.write("other.safetensors", other);
    says(&folder.fails("evaluate other.safetensors d.h5"), &["model: expected one of fno", "uno"]);
    // A state of another width cannot be resumed.
    let options = "--modes 3 --width 5 --set projection=8 --batch 2 --epochs 3 --resume";
    let error = folder.fails(&format!("train d.h5 -o m.safetensors {options}"));
    says(&error, &["m.safetensors.state", "this model needs"]);
    assert_eq!(folder.bytes("m.safetensors"), whole);
    // A model of one dimension is no model for two.
    folder.ok("generate burgers --size 16 --samples 0..2 --set solve_size=64 -o b.h5");
    says(&folder.fails("evaluate m.safetensors b.h5"), &["[batch, x1, x2, 1]", "[2, 16, 1]"]);
}

#[test]
fn results_are_not_written_over_what_they_are_made_from() {
    let folder = Folder::with_model();
    let (data, model) = (folder.bytes("d.h5"), folder.bytes("m.safetensors"));
    for arguments in [
        "predict m.safetensors d.h5 -o d.h5",
        "predict m.safetensors d.h5 -o ./d.h5",
        "predict m.safetensors d.h5 -o p.npy --figure d.h5",
        "predict m.safetensors d.h5 -o p.npy --figure m.safetensors",
        "predict m.safetensors d.h5 -o p.npy --figure p.npy",
        "predict m.safetensors d.h5 -o d.h5 --replace",
        "evaluate m.safetensors d.h5 -o d.h5",
        "evaluate m.safetensors d.h5 -o m.safetensors",
    ] {
        says(&folder.fails(arguments), &["expected another file than the model, the data and other results"]);
        assert!(folder.bytes("d.h5") == data && folder.bytes("m.safetensors") == model, "{arguments}");
    }
    folder.write("other", "of someone");
    for arguments in
        ["predict m.safetensors d.h5 -o p.npy --figure other", "evaluate m.safetensors d.h5 -o other"]
    {
        says(&folder.fails(arguments), &["expected a file that is not there yet", "--replace"]);
        assert_eq!(folder.bytes("other"), b"of someone");
        folder.ok(&format!("{arguments} --replace"));
        assert_ne!(folder.bytes("other"), b"of someone");
        folder.write("other", "of someone");
    }
    std::fs::remove_file(folder.path("p.npy")).unwrap();
    // Checked before the predictions are made.
    says(
        &folder.fails("predict m.safetensors d.h5 -o p.npy --figure p.png --figure-sample 9"),
        &["figure_sample", "below 6"],
    );
    assert!(!folder.path("p.npy").exists());
    says(&folder.fails("evaluate m.safetensors d.h5 --at-most nan"), &["at_most: expected a number"]);
}

#[test]
fn a_training_goes_on_only_from_its_own_state() {
    let folder = Folder::with_model();
    let model = folder.bytes("m.safetensors");
    let resume =
        |more: &str| folder.fails(&format!("train d.h5 -o m.safetensors {SMALL} --epochs 3 --resume {more}"));
    says(
        &resume("--normalise-target pointwise"),
        &["the statistics of its targets are others", "normalised as \"channel\""],
    );
    says(&resume("--samples 0..5"), &["the statistics of its inputs are others"]);
    says(&resume("--set activation=tanh"), &["the architecture is activation = \"gelu\"", "\"tanh\""]);
    assert_eq!(folder.bytes("m.safetensors"), model);
    std::fs::remove_file(folder.path("m.safetensors.state")).unwrap();
    says(&resume(""), &["cannot resume", "m.safetensors.state is not there"]);
    assert_eq!(folder.bytes("m.safetensors"), model);
}
