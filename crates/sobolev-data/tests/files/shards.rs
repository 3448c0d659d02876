//! Shards: parts of a data set that are made one by one and joined.

use std::path::{Path, PathBuf};

use sobolev_data::{
    Compression, Dataset, Error, Existing, GenerateOptions, Shard, Side, expected_bytes, merge, verify,
};
use sobolev_solvers::{EQUATIONS, Problem};

use crate::waves::{CancelAt, Waves, bits, make};

const SAMPLES: u64 = 23;

/// Makes all shards of a set of waves, each with another number of threads; returns their files.
fn shards(folder: &Path, count: u64, options: &GenerateOptions) -> Vec<PathBuf> {
    let waves = Waves::new(12, 4);
    let make_one = |shard: Shard| {
        let path = shard.path(folder.join("waves.h5"));
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(1 + shard.number() as usize % 3).build().unwrap();
        pool.install(|| make(&waves, 0..SAMPLES, &path, &options.with_shard(Some(shard)))).unwrap();
        path
    };
    Shard::all(count).map(make_one).collect()
}

#[test]
fn merged_shards_are_the_file_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    for compression in [Compression::None, Compression::Gzip { level: 3 }] {
        let options = GenerateOptions::default().with_compression(compression);
        let whole = folder.path().join("whole.h5");
        make(&Waves::new(12, 4), 0..SAMPLES, &whole, &options.with_existing(Existing::Replace)).unwrap();
        for count in [1, 2, 5, SAMPLES] {
            let mut parts = shards(folder.path(), count, &options.with_existing(Existing::Replace));
            // The order of the files does not matter.
            parts.reverse();
            let merged = folder.path().join("merged.h5");
            let report = merge(&merged, &parts, true, &()).unwrap();
            assert_eq!((report.shards, report.samples), (count as usize, SAMPLES as usize));
            assert_eq!(bits(&merged), bits(&whole), "{count} shards");
            let (one, other) = (Dataset::open(&merged).unwrap(), Dataset::open(&whole).unwrap());
            assert_eq!(one.provenance(), other.provenance());
            assert_eq!(one.residuals(), other.residuals());
            let text = |data: &Dataset| {
                let info = data.info().to_string();
                info.lines().skip(1).collect::<Vec<_>>().join("\n")
            };
            assert_eq!(text(&one), text(&other));
            assert!(
                std::fs::read(&merged).unwrap() == std::fs::read(&whole).unwrap(),
                "{count} shards: other bytes"
            );
        }
    }
}

#[test]
fn a_shard_says_whose_part_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let parts = shards(folder.path(), 4, &GenerateOptions::default());
    assert!(parts[1].ends_with("waves.shard-2-of-4.h5"));
    let data = Dataset::open(&parts[1]).unwrap();
    let provenance = data.provenance().unwrap();
    assert_eq!((&provenance.samples, &provenance.part_of), (&(5..11), &Some(0..SAMPLES)));
    assert!(data.info().to_string().contains("6, seed 7, the first is number 5, a shard of 0..23"));
    // A range of its own is no shard, and a shard is resumed as one only.
    let options = GenerateOptions::default().with_existing(Existing::Resume);
    let error = make(&Waves::new(12, 4), 5..11, &parts[1], &options).unwrap_err();
    assert!(error.to_string().contains("shard of samples: file 0..23, asked itself"), "{error}");
}

#[test]
fn ranges_that_are_neighbours_are_merged_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (waves, options) = (Waves::new(10, 2), GenerateOptions::default());
    make(&waves, 3..12, &path("whole"), &options).unwrap();
    make(&waves, 3..7, &path("first"), &options).unwrap();
    make(&waves, 7..12, &path("second"), &options).unwrap();
    merge(path("both"), &[path("second"), path("first")], false, &()).unwrap();
    assert_eq!(bits(&path("both")), bits(&path("whole")));
}

#[test]
fn shards_that_do_not_make_one_set_are_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let parts = shards(folder.path(), 4, &GenerateOptions::default());
    let merged = path("merged.h5");
    let fails = |files: &[&Path]| {
        let error = merge(&merged, files, false, &()).unwrap_err();
        assert!(!merged.exists() && !path("merged.h5.part").exists());
        assert!(parts.iter().all(|part| Dataset::open(part).is_ok()));
        error
    };
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| parts[i].as_path());
    let says = |error: Error, words: &str| assert!(error.to_string().contains(words), "{error}");
    says(fails(&[]), "shards: expected at least one file");
    says(fails(&[a, b, d]), "merged.h5: cannot be merged: samples 11..17 are missing");
    says(fails(&[b, c, d]), "samples 0..5 are missing");
    says(fails(&[a, b, c]), "samples 17..23 are missing");
    says(fails(&[a, b, c, b, d]), "cannot be merged: samples 5..11 are in ");
    says(fails(&[a, Path::new("nowhere.h5")]), "nowhere.h5: not found");
    // Other settings, another seed, another cut.
    let other = path("other.h5");
    let options = GenerateOptions::default().with_existing(Existing::Replace);
    let shard = Some(Shard::new(2, 4).unwrap());
    make(&Waves::new(12, 3), 0..SAMPLES, &other, &options.with_shard(shard)).unwrap();
    let error = fails(&[a, &other, c, d]).to_string();
    let words = format!(
        "other.h5: cannot be merged: made with other settings: setting modes: {} 4, {} 3",
        a.display(),
        other.display()
    );
    assert!(error.contains(&words), "{error}");
    make(&Waves::new(12, 4), 0..SAMPLES + 1, &other, &options.with_shard(shard)).unwrap();
    says(fails(&[a, &other, c, d]), "shard of samples: ");
    // A file that is there is kept unless it is to be replaced; a cancelled merge leaves it, too.
    std::fs::write(&merged, "of someone").unwrap();
    assert!(matches!(merge(&merged, &parts, false, &()), Err(Error::Exists { .. })));
    assert!(merge(&merged, &parts, true, &CancelAt::new(4)).is_err());
    assert_eq!(std::fs::read(&merged).unwrap(), b"of someone");
    merge(&merged, &parts, true, &()).unwrap();
    assert_eq!(Dataset::open(&merged).unwrap().len() as u64, SAMPLES);
}

#[test]
fn damaged_and_unfinished_shards_are_named_with_the_sample() {
    let folder = tempfile::tempdir().unwrap();
    let parts = shards(folder.path(), 3, &GenerateOptions::default());
    let merged = folder.path().join("merged.h5");
    let whole = std::fs::read(&parts[1]).unwrap();
    // One bit of the target of sample 9, found by its bytes.
    let data = Dataset::open(&parts[1]).unwrap();
    let target = data.read_side::<f32>(Side::Target, &[2]).unwrap();
    let bytes: Vec<u8> = target.iter().flat_map(|v| v.to_le_bytes()).collect();
    drop(data);
    let place = whole.windows(bytes.len()).position(|window| window == bytes).unwrap();
    let mut damaged = whole.clone();
    damaged[place + 5] ^= 4;
    std::fs::write(&parts[1], &damaged).unwrap();
    let error = merge(&merged, &parts, false, &()).unwrap_err().to_string();
    let words = "waves.shard-2-of-3.h5: damaged: sample 9 of target holds other values than were written";
    assert!(error.contains(words), "{error}");
    std::fs::write(&parts[1], &whole[..whole.len() / 2]).unwrap();
    let error = merge(&merged, &parts, false, &()).unwrap_err().to_string();
    assert!(error.contains("waves.shard-2-of-3.h5: truncated"), "{error}");
    std::fs::remove_file(&parts[1]).unwrap();
    let options = GenerateOptions::default().with_shard(Some(Shard::new(2, 3).unwrap()));
    // One thread is at most two samples ahead of the writer.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let stopped = pool.install(|| {
        sobolev_data::generate(&Waves::new(12, 4), 7, 0..SAMPLES, &parts[1], &options, &CancelAt::new(2))
    });
    assert!(stopped.is_err());
    let error = merge(&merged, &parts, false, &()).unwrap_err();
    assert!(matches!(error, Error::Unfinished { .. }), "{error}");
    assert!(!merged.exists());
    // Resumed, all is well.
    make(&Waves::new(12, 4), 0..SAMPLES, &parts[1], &options.with_existing(Existing::Resume)).unwrap();
    merge(&merged, &parts, false, &()).unwrap();
}

/// Advection with a random velocity.
fn varied() -> Box<dyn Problem> {
    let entry = EQUATIONS.iter().find(|entry| entry.name == "advection").unwrap();
    entry.problem("size = 16\nvelocity = { uniform = [0.5, 2.0] }".parse().unwrap()).unwrap()
}

#[test]
fn drawn_settings_are_stored_with_the_samples_and_merged() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let problem = varied();
    let run = |name: &str, shard| {
        let options = GenerateOptions::default().with_shard(shard);
        sobolev_data::generate(problem.as_ref(), 3, 10..20, path(name), &options, &()).unwrap();
    };
    run("whole", None);
    run("a", Some(Shard::new(1, 2).unwrap()));
    run("b", Some(Shard::new(2, 2).unwrap()));
    merge(path("merged"), &[path("a"), path("b")], false, &()).unwrap();
    for name in ["whole", "merged"] {
        let data = Dataset::open(path(name)).unwrap();
        let [(parameter, values)] = &data.parameters()[..] else { panic!() };
        assert_eq!(parameter, "velocity");
        for (number, value) in (10..20).zip(values) {
            assert_eq!(*value, problem.parameters(3, number)[0].1);
        }
        // The state after time 1 is the first one, moved by the velocity: the mean square stays.
        let part = data.shuffled(1).select(&[4, 2]).unwrap();
        let number = part.sample_numbers().unwrap()[0];
        assert_eq!(part.parameters()[0].1[0], problem.parameters(3, number)[0].1);
        assert_eq!(part.to_memory().unwrap().parameters(), part.parameters());
        let info = data.info();
        assert_eq!(info.parameters[0].name, "velocity");
        assert!(info.to_string().contains("parameters velocity: "), "{info}");
    }
    assert_eq!(std::fs::read(path("whole")).unwrap(), std::fs::read(path("merged")).unwrap());
    // Other programs find the values under the name of the setting.
    let file = hdf5_metno::File::open(path("whole")).unwrap();
    assert_eq!(file.dataset("parameters/velocity").unwrap().shape(), [10]);
}

#[test]
fn samples_of_drawn_settings_are_made_again_and_missing_ones_are_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    let entry = EQUATIONS.iter().find(|entry| entry.name == "advection").unwrap();
    let settings = "size = 16\nvelocity = { log-uniform = [0.5, 2.0] }";
    let problem = entry.problem(settings.parse().unwrap()).unwrap();
    let options = GenerateOptions::default();
    sobolev_data::generate(problem.as_ref(), 3, 10..20, &path, &options, &()).unwrap();
    let found = verify(&path, 4, &()).unwrap();
    assert!(found.is_sound(), "{found}");
    assert_eq!(found.remade, [(0, 0.0), (3, 0.0), (6, 0.0), (9, 0.0)]);
    assert!(found.to_string().contains("4 made again, to the same bits"), "{found}");
    assert!(verify(&path, 0, &()).unwrap().to_string().contains("not made again: not asked for"));
    let part = folder.path().join("part.h5");
    let stopped =
        sobolev_data::generate(&Waves::new(12, 4), 7, 0..SAMPLES, &part, &options, &CancelAt::new(2));
    assert!(stopped.is_err());
    let found = verify(&part, 0, &()).unwrap();
    assert_eq!(found.problems.len(), 1, "{found}");
    assert!(found.problems[0].ends_with(&format!("of {SAMPLES} samples are finished")), "{found}");
}

#[test]
fn the_size_is_told_beforehand_and_what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    for (points, samples) in [(8, 500), (600, 300)] {
        let waves = Waves::new(points, 1);
        let options = GenerateOptions::default().with_existing(Existing::Replace);
        let report = make(&waves, 0..samples, &path, &options).unwrap();
        let expected = expected_bytes(&waves, samples, options.precision()) as f64;
        let ratio = expected / report.bytes as f64;
        assert!((0.9..1.1).contains(&ratio), "{expected} of {}", report.bytes);
    }
    let before = std::fs::read(&path).unwrap();
    let problem = varied();
    let options = GenerateOptions::default().with_existing(Existing::Replace);
    // A thousand million million samples; their parameters alone would not fit into memory.
    let error = sobolev_data::generate(problem.as_ref(), 0, 0..1 << 50, &path, &options, &()).unwrap_err();
    let Error::NoRoom { needed, free, .. } = &error else { panic!("{error}") };
    assert!(needed > free && *free > 0);
    let text = error.to_string();
    assert!(
        text.contains(&format!("{needed} bytes are needed")) && text.contains(&format!("{free} are free")),
        "{text}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
