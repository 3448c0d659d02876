//! Shards, estimates and bad input of the batch engine on the command line.

use sobolev::data::{Dataset, Side};

use crate::Folder;

const SPEC: &str = "\
equation = \"burgers\"
output = \"b.h5\"
samples = \"10..33\"
seed = 4

[settings]
size = 32
solve_size = 64
viscosity = { log-uniform = [5e-2, 1e-1] }
";

fn says(error: &str, words: &str) {
    assert!(error.contains(words), "expected \"{words}\" in: {error}");
}

#[test]
fn shards_are_merged_to_the_file_of_one_run() {
    let folder = Folder::new();
    folder.write("spec.toml", SPEC);
    folder.ok("generate spec.toml -o whole.h5");
    for shard in ["3/3", "1/3", "2/3"] {
        folder.ok(&format!("generate spec.toml --shard {shard} --threads 1"));
    }
    folder.ok("merge b.h5 b.shard-2-of-3.h5 b.shard-3-of-3.h5 b.shard-1-of-3.h5");
    assert!(folder.bytes("b.h5") == folder.bytes("whole.h5"));
    // The spec beside it makes the whole set; that beside a shard makes the shard.
    folder.ok("generate b.h5.toml -o again.h5");
    assert!(folder.bytes("again.h5") == folder.bytes("whole.h5"));
    let before = folder.bytes("b.shard-2-of-3.h5");
    folder.ok("generate b.shard-2-of-3.h5.toml --replace");
    assert!(folder.bytes("b.shard-2-of-3.h5") == before);
    let info = folder.ok("info b.shard-2-of-3.h5");
    says(&info, "a shard of 10..33");
    says(&info, "parameters viscosity: ");
    // The same by a spec, and as JSON.
    folder.write(
        "merge.toml",
        "output = \"c.h5\"\nshards = [\"b.shard-1-of-3.h5\", \"b.shard-2-of-3.h5\", \"b.shard-3-of-3.h5\"]",
    );
    let report: serde_json::Value = serde_json::from_str(&folder.ok("merge merge.toml --json")).unwrap();
    assert_eq!((report["samples"].as_u64(), report["shards"].as_u64()), (Some(23), Some(3)));
    assert!(folder.bytes("c.h5") == folder.bytes("whole.h5"));
}

#[test]
fn shards_that_make_no_set_are_errors_and_stay() {
    let folder = Folder::new();
    folder.write("spec.toml", SPEC);
    for (shard, words) in [
        ("0/3", "shards are counted from 1"),
        ("4/3", "shard: expected 1/n to n/n"),
        ("1/24", "at most as many shards as samples, 23"),
        ("half", "number/count, such as 2/8"),
    ] {
        says(&folder.fails(&format!("generate spec.toml --shard {shard}")), words);
    }
    folder.ok("generate spec.toml --shard 1/2");
    folder.ok("generate spec.toml --shard 2/2 --seed 5");
    let merge = "merge b.h5 b.shard-1-of-2.h5 b.shard-2-of-2.h5";
    says(&folder.fails(merge), "made with other settings: seed: b.shard-1-of-2.h5 4, b.shard-2-of-2.h5 5");
    says(&folder.fails("merge b.h5 b.shard-1-of-2.h5"), "b.h5: cannot be merged: samples 21..33 are missing");
    says(&folder.fails("merge b.h5"), "shards: expected at least one file");
    folder.ok("generate spec.toml --shard 2/2 --replace");
    let whole = folder.bytes("b.shard-2-of-2.h5");
    // A bit of the target of the third sample.
    let data = Dataset::open(folder.path("b.shard-2-of-2.h5")).unwrap();
    let target = data.read_side::<f32>(Side::Target, &[2]).unwrap();
    let values: Vec<u8> = target.iter().flat_map(|v| v.to_le_bytes()).collect();
    let place = whole.windows(values.len()).position(|window| window == values).unwrap();
    let mut damaged = whole.clone();
    damaged[place] ^= 1;
    folder.write("b.shard-2-of-2.h5", damaged);
    says(
        &folder.fails(merge),
        "b.shard-2-of-2.h5: damaged: sample 23 of target holds other values than were written",
    );
    folder.write("b.shard-2-of-2.h5", whole);
    folder.ok(merge);
    says(&folder.fails(merge), "b.h5: exists already");
}

#[test]
fn a_dry_run_tells_the_spec_shapes_size_and_time_and_writes_nothing() {
    let folder = Folder::new();
    folder.write("spec.toml", SPEC);
    let text = folder.ok("generate spec.toml --dry-run --set frames=3");
    for words in [
        "would write b.h5",
        "samples     23, input [32, 1], target [3, 32, 1]",
        "are free",
        "s a sample",
        "log-uniform",
    ] {
        says(&text, words);
    }
    let json: serde_json::Value =
        serde_json::from_str(&folder.ok("generate spec.toml --dry-run --json")).unwrap();
    assert!(json["seconds"].as_f64().unwrap() > 0.0 && json["bytes"].as_u64().unwrap() > 23 * 2 * 128);
    assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 1);
    // What was printed is a spec.
    folder.write("again.toml", text);
    folder.ok("generate again.toml");
    let run = folder.run("generate spec.toml -o told.h5");
    says(&run.err, "told.h5: ");
    says(&run.err, "before compression");
}

#[test]
fn bad_specs_are_one_clear_error_each_and_write_nothing() {
    let folder = Folder::new();
    for (arguments, words) in [
        ("burger", "equation: expected one of burgers"),
        ("burger", "did you mean \"burgers\"?"),
        ("burgers --set viscocity=0.1", "did you mean \"viscosity\"?"),
        ("burgers --viscosity nan", "viscosity: expected a positive finite number, got NaN"),
        ("burgers --viscosity 0", "viscosity: expected a positive finite number, got 0"),
        ("diffusion --set diffusivity=-1.0", "diffusivity: expected"),
        ("darcy --size 8 --set low=0.0", "low: expected a positive finite number, got 0"),
        ("burgers --size 64 --set solve_size=100", "solve_size: expected a multiple of size = 64"),
        ("burgers --set time=-1.0", "time: expected a positive"),
        ("burgers --set boundary=\"dirichlet\"", "expected one of size, solve_size"),
        (
            "burgers --set viscosity={uniform=[0.2,0.1]}",
            "viscosity.uniform: expected two finite numbers [low, high]",
        ),
        ("burgers --set size={choice=[32,64]}", "size: expected one value for all samples"),
        ("burgers --samples 0..1000000000000000", "bytes are needed"),
        ("burgers --samples 5..5", "samples"),
        ("advection --set initial={sinus=2}", "initial: expected one of field, fourier"),
        // The limit of stability of an explicit scheme: not with NaN in a file, but with time, step and cause.
        (
            "burgers-vector --samples 0..2 --size 32 --set dimension=1 --set time=10.0 --set step=1.0 --set viscosity=1e-5",
            "sample 0 of seed 0: ",
        ),
    ] {
        let error = folder.fails(&format!("generate {arguments} -o b.h5"));
        says(&error, words);
        if !error.contains("sample 0") {
            assert!(!folder.path("b.h5").exists(), "{arguments}");
        }
        assert!(!folder.path("b.h5.part").exists(), "{arguments}");
    }
    // The samples of a run that failed are unfinished.
    assert_eq!(Dataset::open_finished(folder.path("b.h5")).unwrap().len(), 0);
}
