//! Archives that are written whole or not at all.

use std::path::{Path, PathBuf};

use sobolev_data::{Error, export_npz, formats};

use crate::memory::data;

#[cfg(unix)]
const PATH: &str = "SOBOLEV_TEST_EXPORT_PATH";

#[cfg(unix)]
#[test]
fn child_exports() {
    let Some(path) = std::env::var_os(PATH).map(PathBuf::from) else { return };
    match export_npz(&data(40, 200), &path) {
        Ok(()) => println!("ok"),
        Err(error) => println!("error {error}"),
    }
}

/// Exports 200 kB under a limit of 64 KiB on the size of files, with its signal ignored, so that writing fails as on a
/// full disk (EFBIG). The unit of `ulimit -f` is 512 bytes.
#[cfg(unix)]
fn on_a_full_disk(path: &Path) -> String {
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "export::child_exports", "--nocapture"])
        .env(PATH, path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().find_map(|line| line.split_once("error ").map(|(_, rest)| rest.to_string())).unwrap_or(text)
}

#[cfg(unix)]
#[test]
fn an_older_archive_stays_when_the_new_one_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.npz");
    export_npz(&data(3, 5), &path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let text = on_a_full_disk(&path);
    let expected = format!("data set {}: cannot write the archive: ", path.display());
    assert!(text.starts_with(&expected) && text.contains("File too large"), "{text}");
    assert!(std::fs::read(&path).unwrap() == before, "the older archive is another");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
    export_npz(&data(40, 200), &path).unwrap();
    assert_eq!(
        formats::read(&path, &formats::ReadOptions::default().with_channels_last()).unwrap().len(),
        40
    );
}

#[test]
fn an_archive_does_not_replace_the_file_its_samples_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.npz");
    export_npz(&data(3, 5), &path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let own = formats::read(&path, &formats::ReadOptions::default().with_channels_last()).unwrap();
    let mut names = vec![path.clone(), folder.path().join(".").join("data.npz")];
    if cfg!(unix) {
        let [hard, soft] = ["hard.npz", "soft.npz"].map(|name| folder.path().join(name));
        std::fs::hard_link(&path, &hard).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&path, &soft).unwrap();
        names.extend([hard, soft]);
    }
    for name in names {
        let error = export_npz(&own, &name).unwrap_err();
        assert!(matches!(error, Error::Numeric(_)), "{error}");
        let expected = format!(
            "archive: expected another file than the one the samples come from, got {}",
            name.display()
        );
        assert_eq!(error.to_string(), expected);
        assert!(std::fs::read(&path).unwrap() == before);
    }
    export_npz(&own, folder.path().join("copy.npz")).unwrap();
}
