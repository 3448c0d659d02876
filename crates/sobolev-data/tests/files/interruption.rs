//! Killed, cancelled and full-disk runs: what is finished stays, and resuming gives the same bits.
//!
//! The run that dies is a child: this test program itself, started with the name of one test and a variable that makes it
//! the generator.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sobolev_data::{Compression, Dataset, Error, Existing, GenerateOptions, generate};
use sobolev_tensor::{Monitor, Random};

use crate::waves::{CancelAt, Waves, bits, make};

const PATH: &str = "SOBOLEV_TEST_CHILD_PATH";
const SAMPLES: u64 = 40;

/// Slow enough that a kill lands inside: some 2 ms a sample.
fn slow() -> Waves {
    Waves::new(512, 12)
}

fn options() -> GenerateOptions {
    GenerateOptions::default().with_existing(Existing::Resume)
}

/// Tells the parent the finished samples.
struct Tell;

impl Monitor for Tell {
    fn progress(&self, done: u64, _: u64) {
        println!("finished {done}");
    }
}

#[test]
fn child_generates() {
    let Some(path) = std::env::var_os(PATH).map(PathBuf::from) else { return };
    match generate(&slow(), 7, 0..SAMPLES, &path, &options(), &Tell) {
        Ok(report) => println!("ok {}", report.samples),
        // The same process must be able to read on.
        Err(error) => match Dataset::open_finished(&path) {
            Ok(data) => println!("error {error} / {} readable", data.len()),
            Err(other) => println!("error {error} / {other}"),
        },
    }
}

fn child_arguments() -> [&'static str; 3] {
    ["--exact", "interruption::child_generates", "--nocapture"]
}

fn child(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(child_arguments())
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts the generator and kills it (SIGKILL) some microseconds after it has told `count` samples. Returns the last
/// number told.
fn killed_after(path: &Path, count: u64, microseconds: u64) -> u64 {
    let mut child = child(path);
    let mut told = 0;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    if count > 0 {
        for line in lines.by_ref() {
            if let Some((_, done)) = line.split_once("finished ") {
                told = done.parse().unwrap();
                if told >= count {
                    break;
                }
            }
        }
    }
    let start = std::time::Instant::now();
    while start.elapsed().as_micros() < u128::from(microseconds) {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines {
        if let Some((_, done)) = line.split_once("finished ") {
            told = done.parse().unwrap_or(told);
        }
    }
    told
}

/// The rows of each array of samples, as bits.
fn rows(path: &Path) -> Vec<Vec<Vec<u64>>> {
    let chunked = |(_, values): (&str, Vec<u64>)| {
        let row = values.len() / SAMPLES as usize;
        values.chunks(row).map(<[u64]>::to_vec).collect()
    };
    bits(path).into_iter().map(chunked).collect()
}

#[test]
fn a_run_killed_at_any_moment_keeps_its_finished_samples_and_resumes_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.h5");
    make(&slow(), 0..SAMPLES, &whole, &GenerateOptions::default()).unwrap();
    let expected = rows(&whole);
    let random = Random::new(1, "kills");
    let mut resumed = 0;
    for round in 0..5 {
        let path = folder.path().join(format!("killed-{round}.h5"));
        let mut numbers = random.stream(round);
        let mut finished = 0;
        for kill in 0..4 {
            // The first kill of a round comes while the file is being made, or just before or after.
            let (count, microseconds) = if kill == 0 {
                (0, numbers.below(30_000))
            } else {
                (finished + 1 + numbers.below(8) as u64, numbers.below(4_000))
            };
            let told = killed_after(&path, count.min(SAMPLES), microseconds as u64);
            if !path.exists() {
                // Killed before the file got its name: nothing had been solved.
                assert_eq!(told, 0);
                continue;
            }
            let data = Dataset::open_finished(&path).unwrap();
            assert!(data.len() as u64 >= told, "{} samples in the file, {told} were told", data.len());
            finished = data.len() as u64;
            let found = rows(&path);
            let numbers = data.sample_numbers().unwrap();
            for sample in numbers {
                for (found, expected) in found.iter().zip(&expected) {
                    assert!(
                        found[sample as usize] == expected[sample as usize],
                        "sample {sample} has other bits"
                    );
                }
            }
            resumed += u64::from(finished > 0 && finished < SAMPLES);
        }
        make(&slow(), 0..SAMPLES, &path, &options()).unwrap();
        assert!(rows(&path) == expected, "round {round}: the resumed file has other bits");
        assert_eq!(Dataset::open(&path).unwrap().len() as u64, SAMPLES);
    }
    assert!(resumed > 0, "no kill came in the middle of a run");
}

#[test]
fn a_cancelled_run_is_unfinished_by_name_and_resumes_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let (path, whole) = (folder.path().join("cancelled.h5"), folder.path().join("whole.h5"));
    let waves = Waves::new(32, 3);
    let gzip = options().with_compression(Compression::Gzip { level: 1 });
    make(&waves, 0..SAMPLES, &whole, &gzip).unwrap();
    let error = generate(&waves, 7, 0..SAMPLES, &path, &gzip, &CancelAt::new(11)).unwrap_err();
    assert!(error.to_string().starts_with("data set "), "{error}");
    let error = Dataset::open(&path).unwrap_err();
    let Error::Unfinished { first, finished, total: 40, .. } = error else { panic!("{error}") };
    assert!((11..40).contains(&finished) && first <= finished);
    assert_eq!(
        error.to_string(),
        format!(
            "data set {}: sample {first} of 40 is unfinished (writer stopped); \"sobolev generate --resume\" completes \
             it, \"--finished\" reads the {finished} finished ones",
            path.display()
        )
    );
    // Unfinished samples are NaN for programs that do not look at the flags.
    let found = bits(&path);
    let flags = &found[4].1;
    let unfinished = flags.iter().position(|flag| f64::from_bits(*flag) == 0.0).unwrap();
    assert!(f64::from_bits(found[0].1[unfinished * 32]).is_nan());
    make(&waves, 0..SAMPLES, &path, &gzip).unwrap();
    assert_eq!(bits(&path), bits(&whole));
}

#[test]
fn samples_are_written_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let waves = Waves::new(64, 2);
    let error = generate(&waves, 7, 0..200, &path, &options(), &CancelAt::new(1)).unwrap_err();
    assert!(matches!(error, Error::Numeric(_)), "{error}");
    let early = std::fs::metadata(&path).unwrap().len();
    make(&waves, 0..200, &path, &options()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), early);
}

/// Runs the generator under a limit on the size of files, with the signal of that limit ignored, so that writing fails as
/// on a full disk (EFBIG). The unit of `ulimit -f` is 512 bytes.
#[cfg(unix)]
fn on_a_full_disk(path: &Path, bytes: u64) -> String {
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", bytes / 512);
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(child_arguments())
        .env(PATH, path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().find_map(|line| line.split_once("error ").map(|(_, rest)| rest.to_string())).unwrap_or(text)
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_noticed_before_anything_is_solved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    // 40 samples of 7 * 512 single numbers are 0.6 MB.
    let text = on_a_full_disk(&path, 1 << 18);
    let expected = format!(
        "data set {}: cannot write: File too large; 0 of 40 samples are finished and readable, resume when there is room",
        path.display()
    );
    assert!(text.starts_with(&expected), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_later_leaves_the_finished_samples() {
    let folder = tempfile::tempdir().unwrap();
    let (path, whole) = (folder.path().join("waves.h5"), folder.path().join("whole.h5"));
    generate(&slow(), 7, 0..SAMPLES, &path, &options(), &CancelAt::new(3)).unwrap_err();
    // The file has its full length already; the limit makes writing to its end fail.
    let text = on_a_full_disk(&path, std::fs::metadata(&path).unwrap().len() / 2);
    assert!(text.contains("cannot write: File too large; "), "{text}");
    let data = Dataset::open_finished(&path).unwrap();
    assert!((3..40).contains(&data.len()));
    let told = text.split("; ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert_eq!(told, data.len().to_string(), "{text}");
    assert!(text.ends_with(&format!("/ {told} readable")), "{text}");
    // HDF5 does not open one file twice in a program, once to read and once to write.
    let error = make(&slow(), 0..SAMPLES, &path, &options()).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    drop(data);
    make(&slow(), 0..SAMPLES, &path, &options()).unwrap();
    make(&slow(), 0..SAMPLES, &whole, &options()).unwrap();
    assert!(bits(&path) == bits(&whole));
}
