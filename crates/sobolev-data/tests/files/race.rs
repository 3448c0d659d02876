//! Several runs that make one file: one of them does, and the others are told.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sobolev_data::{Compression, Dataset, Error, Existing, GenerateOptions, generate};
use sobolev_tensor::Monitor;

use crate::waves::{Waves, bits, make};

const FOLDER: &str = "SOBOLEV_TEST_RACE_FOLDER";
const MODE: &str = "SOBOLEV_TEST_RACE_MODE";
const START: &str = "SOBOLEV_TEST_RACE_START";
const ROUNDS: u32 = 25;
const RUNS: usize = 3;
/// Long enough for a run of [`SAMPLES`] small samples; one that takes longer only starts its next round late.
const ROUND: Duration = Duration::from_millis(15);
const SAMPLES: u64 = 6;

fn waves() -> Waves {
    Waves::new(16, 2)
}

fn options(mode: &str) -> GenerateOptions {
    let options = GenerateOptions::default();
    match mode {
        "resume" => options.with_existing(Existing::Resume),
        "replace" => options.with_existing(Existing::Replace),
        "gzip" => options.with_existing(Existing::Resume).with_compression(Compression::Gzip { level: 1 }),
        _ => options,
    }
}

#[test]
fn child_races() {
    let (Some(folder), Ok(mode), Ok(start)) =
        (std::env::var_os(FOLDER).map(PathBuf::from), std::env::var(MODE), std::env::var(START))
    else {
        return;
    };
    let start = UNIX_EPOCH + Duration::from_micros(start.parse().unwrap());
    for round in 0..ROUNDS {
        // All runs begin a round at one time of the clock.
        if let Ok(wait) = (start + round * ROUND).duration_since(SystemTime::now()) {
            std::thread::sleep(wait);
        }
        let path = folder.join(format!("{round}.h5"));
        match make(&waves(), 0..SAMPLES, &path, &options(&mode)) {
            Ok(_) => println!("round {round} ok"),
            Err(Error::Locked { .. }) => println!("round {round} locked"),
            Err(Error::Exists { .. }) => println!("round {round} exists"),
            Err(error) => println!("round {round} failed: {error}"),
        }
    }
}

/// What each run said of each round.
fn race(folder: &Path, mode: &str) -> Vec<Vec<String>> {
    let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_millis(100);
    let children: Vec<_> = (0..RUNS)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "race::child_races", "--nocapture"])
                .env(FOLDER, folder)
                .env(MODE, mode)
                .env(START, start.as_micros().to_string())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut told = vec![Vec::new(); ROUNDS as usize];
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}");
        for line in text.lines() {
            if let Some((round, word)) = line.split_once("round ").and_then(|(_, rest)| rest.split_once(' '))
            {
                told[round.parse::<usize>().unwrap()].push(word.to_string());
            }
        }
    }
    told
}

#[test]
fn runs_that_race_for_one_path_leave_one_whole_file_and_the_losers_are_told() {
    let whole = tempfile::tempdir().unwrap();
    let whole = whole.path().join("whole.h5");
    make(&waves(), 0..SAMPLES, &whole, &GenerateOptions::default()).unwrap();
    let expected = bits(&whole);
    for mode in ["refuse", "resume", "replace", "gzip"] {
        let folder = tempfile::tempdir().unwrap();
        for (round, words) in race(folder.path(), mode).iter().enumerate() {
            assert_eq!(words.len(), RUNS, "{mode} {round}: {words:?}");
            let winners = words.iter().filter(|word| *word == "ok").count();
            // A run that comes after the others have ended resumes or replaces, which is no race.
            let right = if mode == "refuse" { winners == 1 } else { winners >= 1 };
            assert!(right, "{mode} {round}: {words:?}");
            let loser = if mode == "refuse" { "exists" } else { "locked" };
            let known = words.iter().all(|word| ["ok", "locked", loser].contains(&word.as_str()));
            assert!(known, "{mode} {round}: {words:?}");
            let path = folder.path().join(format!("{round}.h5"));
            let data = Dataset::open(&path).unwrap();
            data.read_range::<f32>(0..SAMPLES as usize).unwrap();
            drop(data);
            assert!(bits(&path) == expected, "{mode} {round}: other bits");
        }
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, ROUNDS as usize, "{mode}: no draft is left behind");
    }
}

fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

#[cfg(unix)]
#[test]
fn a_draft_that_another_run_fills_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let draft = draft_of(&path);
    std::fs::write(&draft, "half a data set").unwrap();
    let other = std::fs::File::open(&draft).unwrap();
    other.try_lock().unwrap();
    for mode in ["refuse", "resume", "replace"] {
        let error = make(&waves(), 0..SAMPLES, &path, &options(mode)).unwrap_err();
        assert!(matches!(&error, Error::Locked { path: locked } if *locked == path), "{mode}: {error}");
        assert_eq!(std::fs::read(&draft).unwrap(), b"half a data set");
    }
    // The other run was killed: its draft is of no use to anyone.
    drop(other);
    make(&waves(), 0..SAMPLES, &path, &options("refuse")).unwrap();
    assert!(!draft.exists());
}

#[cfg(unix)]
#[test]
fn a_file_that_another_run_fills_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    make(&waves(), 0..SAMPLES, &path, &options("refuse")).unwrap();
    let before = std::fs::read(&path).unwrap();
    let other = std::fs::File::open(&path).unwrap();
    other.try_lock().unwrap();
    let error = make(&waves(), 0..SAMPLES, &path, &options("replace")).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // A reader keeps what it has open.
    drop(other);
    let data = Dataset::open(&path).unwrap();
    make(&Waves::new(8, 2), 0..2, &path, &options("replace")).unwrap();
    assert_eq!(data.read_range::<f32>(0..SAMPLES as usize).unwrap().0.shape(), [6, 16, 1]);
    assert_eq!(Dataset::open(&path).unwrap().len(), 2);
}

/// Puts a file of another program at the path while the data set is laid out.
struct Appear(PathBuf);

impl Monitor for Appear {
    fn cancelled(&self) -> bool {
        std::fs::write(&self.0, "another's").unwrap();
        false
    }
}

#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let refuse = GenerateOptions::default();
    let error = generate(&waves(), 7, 0..SAMPLES, &path, &refuse, &Appear(path.clone())).unwrap_err();
    assert!(matches!(error, Error::Exists { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"another's");
    assert!(!draft_of(&path).exists());
}

#[cfg(unix)]
#[test]
fn a_run_killed_while_its_file_gets_its_name_does_no_harm_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    make(&waves(), 0..SAMPLES, &path, &options("refuse")).unwrap();
    let expected = bits(&path);
    // The file has its name, and that of the draft still.
    std::fs::hard_link(&path, draft_of(&path)).unwrap();
    struct Cancel;
    impl Monitor for Cancel {
        fn cancelled(&self) -> bool {
            true
        }
    }
    generate(&waves(), 7, 0..SAMPLES, &path, &options("replace"), &Cancel).unwrap_err();
    assert!(bits(&path) == expected);
    assert!(!draft_of(&path).exists());
}

#[cfg(unix)]
#[test]
fn a_path_that_is_a_link_is_written_where_it_leads() {
    let folder = tempfile::tempdir().unwrap();
    let [path, link] = ["waves.h5", "link.h5"].map(|name| folder.path().join(name));
    make(&waves(), 0..SAMPLES, &path, &options("refuse")).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    make(&waves(), 0..2, &link, &options("replace")).unwrap();
    assert!(link.is_symlink());
    assert_eq!(Dataset::open(&path).unwrap().len(), 2);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let error = make(&waves(), 0..SAMPLES, &path, &options("replace")).unwrap_err();
    assert!(error.to_string().ends_with("cannot create: not a regular file"), "{error}");
    assert!(path.exists());
}
