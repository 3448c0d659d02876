//! Files of other programs on the command line: `convert`, `info` and `plot`.

use ndarray::ArrayD;
use ndarray_npy::NpzReader;
use serde_json::Value;

use crate::Folder;

/// Trajectories of Burgers' equation on 32 points: `b.h5`.
fn with_trajectories() -> Folder {
    let folder = Folder::new();
    folder.ok("generate burgers --size 32 --samples 0..4 --set frames=4 -o b.h5");
    folder
}

/// Inputs and targets of an archive.
fn arrays(folder: &Folder, name: &str) -> [ArrayD<f32>; 2] {
    let mut archive = NpzReader::new(std::fs::File::open(folder.path(name)).unwrap()).unwrap();
    ["input", "target"].map(|name| archive.by_name(name).unwrap())
}

#[test]
fn a_data_set_goes_to_another_program_and_comes_back() {
    let folder = with_trajectories();
    let told = folder.ok("convert b.h5 b.hdf5 --to pdebench");
    assert_eq!(told, "b.hdf5: 4 samples, pdebench\n");
    assert!(folder.fails("convert b.h5 b.hdf5 --to pdebench").contains("--replace"));
    assert!(folder.fails("convert b.h5 c.h5 --to pdebnch").contains("did you mean \"pdebench\"?"));
    let info: Value = serde_json::from_str(&folder.ok("info b.hdf5 --json")).unwrap();
    assert_eq!(
        (&info["format"], &info["arrays"][0]["name"]),
        (&Value::from("pdebench"), &Value::from("tensor"))
    );
    assert_eq!(info["arrays"][0]["shape"], serde_json::json!([4, 5, 32]), "the input is the first frame");
    folder.ok("convert b.hdf5 c.npz --samples 1..3");
    folder.ok("convert b.h5 d.npz --samples 1..3");
    assert_eq!(arrays(&folder, "c.npz"), arrays(&folder, "d.npz"));
    folder.ok("convert b.hdf5 e.h5 --to sobolev");
    assert!(folder.ok("info e.h5 --quick").contains("Nu = 0.31415926535897"), "parameters stay: 0.1 pi");
    assert!(folder.fails("convert b.hdf5 f.npz --samples 1..9").contains("within the 4"));
    assert!(folder.fails("convert b.hdf5 f.npz --input-frames 5").contains("fewer than the 5"));
}

#[test]
fn info_tells_statistics_and_draws_the_first_sample() {
    let folder = with_trajectories();
    let info: Value = serde_json::from_str(&folder.ok("info b.h5 --json")).unwrap();
    let statistics = &info["arrays"][0]["statistics"][0];
    let number = |name: &str| statistics[name].as_f64().unwrap();
    assert_eq!(number("count"), 128.0);
    assert!(number("min") < number("mean") && number("mean") < number("max") && number("std") > 0.0);
    let mut command = folder.command();
    command.args(["info", "b.h5"]).env("SOBOLEV_PICTURE_COLUMNS", "60");
    let drawn = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let dotted = |line: &str| line.chars().any(|letter| ('\u{2801}'..='\u{28ff}').contains(&letter));
    assert!(
        drawn.contains("target, last frame") && drawn.lines().filter(|line| dotted(line)).count() == 6,
        "{drawn}"
    );
    assert!(drawn.lines().filter(|line| dotted(line)).all(|line| line.chars().count() <= 60), "{drawn}");
    assert!(!folder.ok("info b.h5").contains("last frame"), "no terminal, no picture");
}

#[test]
fn verification_finds_what_was_changed() {
    let folder = with_trajectories();
    let told = folder.ok("info b.h5 --verify");
    assert!(told.contains("3 made again, to the same bits; mean kept within "), "{told}");
    assert!(told.ends_with("allowed): all is well\n"), "{told}");
    folder.ok("convert b.h5 b.npz");
    let [_, target] = arrays(&folder, "b.npz");
    let last: Vec<u8> = target.iter().skip(target.len() - 8).flat_map(|value| value.to_le_bytes()).collect();
    let mut bytes = folder.bytes("b.h5");
    let place = bytes.windows(last.len()).position(|part| part == last).expect("values stand as they are");
    bytes[place] ^= 0x10;
    folder.write("damaged.h5", &bytes);
    let run = folder.run("info damaged.h5 --verify");
    assert_eq!(run.code, Some(1), "{}{}", run.out, run.err);
    assert!(run.out.contains("problems") && run.out.contains("sample 3"), "{}", run.out);
}

#[test]
fn plots_are_pictures_or_animations() {
    let folder = with_trajectories();
    folder.ok("generate navier-stokes --set size=16 --set solve_size=16 --samples 0..1 --set time=0.1 --set frames=3 -o n.h5");
    assert_eq!(folder.ok("plot b.h5 --sample 3"), "b_3.png\n");
    assert!(folder.bytes("b_3.png").starts_with(b"\x89PNG"));
    assert!(folder.fails("plot b.h5 --sample 3").contains("--replace"));
    assert!(folder.fails("plot b.h5 --sample 4").contains("4"));
    assert!(folder.fails("plot b.h5 --channel w -o w.png").contains("channel"));
    folder.ok("plot b.h5 -o b.gif");
    assert!(folder.bytes("b.gif").starts_with(b"GIF89a"));
    assert_eq!(folder.ok("plot n.h5"), "n_0.gif\n");
    folder.ok("plot n.h5 --spectrum");
    assert!(folder.bytes("n_0_spectrum.png").starts_with(b"\x89PNG"));
}
