use crate::{Folder, SMALL};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// The tensors of a checkpoint; its header holds the history, in which the seconds differ from run to run.
fn tensors(folder: &Folder, name: &str) -> Vec<u8> {
    let bytes = folder.bytes(name);
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[8 + length..].to_vec()
}

#[test]
fn a_training_in_two_parts_gives_the_bits_of_one() {
    let folder = Folder::new();
    folder.ok("generate darcy --size 12 --samples 0..6 -o d.h5");
    let train =
        |rest: &str| folder.ok(&format!("train d.h5 --validation 2 --schedule constant {SMALL} {rest}"));
    train("--epochs 5 -o whole.safetensors");
    train("--epochs 2 -o parts.safetensors");
    train("--epochs 5 -o parts.safetensors --resume --threads 1");
    assert_eq!(tensors(&folder, "parts.safetensors"), tensors(&folder, "whole.safetensors"));
    assert_eq!(tensors(&folder, "parts.safetensors.state"), tensors(&folder, "whole.safetensors.state"));
    // A finished training has nothing left to do, and one with other settings is another training.
    train("--epochs 5 -o parts.safetensors --resume");
    let error =
        folder.fails(&format!("train d.h5 --validation 2 {SMALL} --epochs 5 -o parts.safetensors --resume"));
    assert!(error.contains("trained with other settings") && error.contains("schedule"), "{error}");
}

#[test]
fn a_data_set_in_parts_gives_the_bits_of_one() {
    let folder = Folder::new();
    folder.ok("generate darcy --size 12 --samples 0..6 -o whole.h5");
    folder.ok("generate darcy --size 12 --samples 0..6 -o again.h5 --threads 1 --resume");
    let before = folder.bytes("again.h5");
    folder.ok("generate darcy --size 12 --samples 0..6 -o again.h5 --resume");
    assert!(folder.bytes("again.h5") == before, "a finished file is left as it is");
    assert!(before == folder.bytes("whole.h5"), "equal settings make equal files");
    let error = folder.fails("generate darcy --size 12 --samples 0..6 --seed 1 -o again.h5 --resume");
    assert!(error.contains("seed: file 0, asked 1"), "{error}");
    assert!(folder.bytes("again.h5") == before, "a finished file is left as it is");
}

/// Sends Ctrl-C when `file` is there, and waits for the end.
#[cfg(unix)]
fn interrupted(folder: &Folder, arguments: &str, file: &str) -> (Option<i32>, String) {
    let mut command = folder.command();
    let mut child = command
        .args(arguments.split_whitespace())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !folder.path(file).exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let error = lines.collect::<Vec<_>>().join("\n");
    (child.wait().unwrap().code(), error)
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_samples_that_are_finished_and_the_run_goes_on() {
    let folder = Folder::new();
    let generate = "generate burgers --size 64 --samples 0..2000 -o b.h5";
    let (code, error) = interrupted(&folder, generate, "b.h5");
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("interrupted after"), "{error}");
    let error = folder.fails("train b.h5 -o m.safetensors");
    assert!(error.contains("unfinished") && error.contains("generate --resume"), "{error}");
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_best_weights_and_the_training_goes_on() {
    let folder = Folder::new();
    folder.ok("generate darcy --size 16 --samples 0..40 -o d.h5");
    let train =
        "train d.h5 --validation 10 --modes 4 --width 8 --batch 2 --save-every 1 -o m.safetensors --epochs";
    let (code, error) = interrupted(&folder, &format!("{train} 100000"), "m.safetensors");
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("interrupted after"), "{error}");
    assert!(folder.ok("evaluate m.safetensors d.h5").contains("40 samples"));
    let done = String::from_utf8(folder.bytes("m.safetensors.csv")).unwrap().lines().count() - 1;
    folder.ok(&format!("{train} {} --resume", done + 1));
    assert_eq!(String::from_utf8(folder.bytes("m.safetensors.csv")).unwrap().lines().count() - 1, done + 1);
}
