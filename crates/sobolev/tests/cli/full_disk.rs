//! A full disk, by a limit on the size of files in a child process. The program turns the signal of that limit into an error.

use crate::{Folder, Run, SMALL};

/// Runs the program in a shell that lets files grow to `bytes`; the unit of `ulimit -f` is 512 bytes in a POSIX shell.
#[cfg(unix)]
fn limited(folder: &Folder, bytes: u64, arguments: &str) -> Run {
    let script = format!("ulimit -f {}; exec \"$0\" \"$@\"", bytes / 512);
    let mut command = std::process::Command::new("sh");
    command.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_sobolev")).args(arguments.split_whitespace());
    command.current_dir(folder.0.path()).output().unwrap().into()
}

#[test]
#[cfg(unix)]
fn a_data_set_says_so_and_resumes_when_there_is_room() {
    let folder = Folder::new();
    let generate = "generate darcy --size 32 --samples 0..20 -o d.h5";
    let run = limited(&folder, 61_440, generate);
    assert_eq!(run.code, Some(2), "{}{}", run.out, run.err);
    assert!(run.err.contains("cannot") && run.err.contains("d.h5"), "{}", run.err);
    folder.ok(&format!("{generate} --resume"));
    folder.ok("generate darcy --size 32 --samples 0..20 -o whole.h5");
    let read = |name: &str| {
        let data = sobolev::data::Dataset::open(folder.path(name)).unwrap();
        data.read_range::<f32>(0..20).unwrap()
    };
    assert_eq!(read("d.h5"), read("whole.h5"));
}

#[test]
#[cfg(unix)]
fn an_older_checkpoint_and_older_predictions_stay_whole() {
    let folder = Folder::with_model();
    let before = folder.bytes("m.safetensors");
    let train = format!("train d.h5 -o m.safetensors {SMALL} --epochs 4 --replace");
    let run = limited(&folder, 4096, &train);
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("cannot be written"), "{}", run.err);
    assert_eq!(folder.bytes("m.safetensors"), before);
    for output in ["p.npy", "p.npz"] {
        folder.ok(&format!("predict m.safetensors d.h5 -o {output}"));
        let before = folder.bytes(output);
        let run = limited(&folder, 1024, &format!("predict m.safetensors d.h5 -o {output} --replace"));
        assert_eq!(run.code, Some(2), "{}", run.err);
        assert!(run.err.contains(&format!("{output}: cannot write")), "{}", run.err);
        assert_eq!(folder.bytes(output), before);
        assert!(!folder.path(&format!("{output}.part")).exists());
    }
}
