//! A program that is killed (SIGKILL) at random moments: what is finished stays, and the end is that of an uninterrupted run.

use std::process::Stdio;
use std::time::{Duration, Instant};

use sobolev::data::{Dataset, merge};
use sobolev::tensor::Random;

use crate::Folder;

const KILLS: usize = 50;
const SAMPLES: usize = 60;

/// All values of the finished samples, their numbers and residuals.
fn samples(folder: &Folder, name: &str) -> Vec<(u64, u64, Vec<u32>)> {
    let data = Dataset::open_finished(folder.path(name)).unwrap();
    let (numbers, residuals) = (data.sample_numbers().unwrap(), data.residuals().unwrap());
    let of = |row: usize| {
        let (input, target) = data.read_range::<f32>(row..row + 1).unwrap();
        let values = input.iter().chain(&target).map(|v| v.to_bits()).collect();
        (numbers[row], residuals[row].to_bits(), values)
    };
    (0..data.len()).map(of).collect()
}

/// Starts the program and kills it after `time`. Whether it was still at work.
fn killed(folder: &Folder, arguments: &str, time: Duration) -> bool {
    let mut command = folder.command();
    command.args(arguments.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(time);
    let at_work = child.try_wait().unwrap().is_none();
    if at_work {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    assert!(at_work || status.success(), "{arguments}: {status}");
    at_work
}

#[test]
fn fifty_kills_leave_the_samples_of_an_uninterrupted_run() {
    let folder = Folder::new();
    let settings =
        "--size 64 --set solve_size=2048 --set viscosity={log-uniform=[1e-2,1e-1]} --seed 3 --threads 2";
    let generate = |output: &str, compression: &str| {
        format!(
            "generate burgers {settings} --samples 0..{SAMPLES} --compression {compression} -o {output} --quiet"
        )
    };
    let start = Instant::now();
    folder.ok(&generate("whole.h5", "none"));
    // Several kills on the way of each file, wherever the machine is slow.
    let longest = start.elapsed().as_micros() as usize / 2;
    let whole = samples(&folder, "whole.h5");
    assert_eq!(whole.len(), SAMPLES);
    let mut moments = Random::new(2, "kills").stream(0);
    let (mut kills, mut on_the_way, mut files) = (0, 0, 0);
    while kills < KILLS || files < 2 {
        let name = format!("killed-{files}.h5");
        let run = format!("{} --resume", generate(&name, if files % 2 == 0 { "none" } else { "gzip" }));
        let at_work = killed(&folder, &run, Duration::from_micros(moments.below(longest) as u64));
        kills += usize::from(at_work);
        if !folder.path(&name).exists() {
            assert!(at_work);
            continue;
        }
        let found = samples(&folder, &name);
        assert!(found.iter().all(|sample| sample == &whole[sample.0 as usize]), "{name} after {kills} kills");
        on_the_way += usize::from(at_work && (1..SAMPLES).contains(&found.len()));
        if !at_work || kills >= KILLS {
            folder.ok(&run);
            assert!(samples(&folder, &name) == whole, "{name}");
            files += 1;
        }
    }
    assert!(on_the_way >= KILLS / 5, "{on_the_way} of {kills} kills came in the middle of a run");
    for file in std::fs::read_dir(folder.path("")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".part"), "{name} was left behind");
    }
}

/// Bytes of a file that were written. Its length is that of the whole from the beginning.
#[cfg(unix)]
fn written(path: &std::path::Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map_or(0, |file| 512 * file.blocks())
}

/// Starts the program, waits until it has written so many bytes of `draft`, and kills it after `time` more. Whether the draft
/// is there and `missing` bytes of it are not yet written.
#[cfg(unix)]
fn killed_in(
    folder: &Folder,
    arguments: &str,
    draft: &str,
    bytes: u64,
    missing: u64,
    time: Duration,
) -> bool {
    let draft = folder.path(draft);
    let mut command = folder.command();
    command.args(arguments.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while written(&draft) < bytes {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    std::thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::metadata(&draft).is_ok_and(|whole| written(&draft) + missing < whole.len())
}

#[cfg(unix)]
#[test]
fn a_killed_merge_leaves_the_shards_and_nothing_else() {
    let folder = Folder::new();
    // Shards that take some time to copy: 60 MB.
    let generate = "generate advection --size 65536 --samples 0..120 -o b.h5 --quiet";
    folder.ok(generate);
    std::fs::rename(folder.path("b.h5"), folder.path("whole.h5")).unwrap();
    for shard in 1..=4 {
        folder.ok(&format!("{generate} --shard {shard}/4"));
    }
    let shards = "b.shard-1-of-4.h5 b.shard-2-of-4.h5 b.shard-3-of-4.h5 b.shard-4-of-4.h5";
    let mut moments = Random::new(3, "kills").stream(0);
    let merge_them = format!("merge b.h5 {shards} --quiet --replace");
    for _ in 0..5 {
        let time = Duration::from_micros(moments.below(30_000) as u64);
        if !killed(&folder, &merge_them, time) {
            assert!(samples(&folder, "b.h5") == samples(&folder, "whole.h5"));
        }
    }
    let mut copying = 0;
    for part in 0..10 {
        let time = Duration::from_micros(moments.below(2_000) as u64);
        let bytes = (2 + 4 * part) << 20;
        copying += usize::from(killed_in(&folder, &merge_them, "b.h5.part", bytes, 1 << 20, time));
    }
    assert!(copying >= 5, "{copying} of 10 kills came while samples were copied");
    let paths: Vec<_> = shards.split(' ').map(|name| folder.path(name)).collect();
    merge(folder.path("b.h5"), &paths, true, &()).unwrap();
    assert!(folder.bytes("b.h5") == folder.bytes("whole.h5"));
    assert!(!folder.path("b.h5.part").exists());
}
