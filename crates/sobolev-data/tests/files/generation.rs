//! What a generated file holds and says.

use std::sync::Mutex;

use hdf5_metno as hdf5;
use sobolev_data::{
    Compression, Dataset, Error, Existing, GenerateOptions, Precision, Side, export_npz, formats, generate,
};
use sobolev_solvers::Problem;
use sobolev_tensor::Monitor;

use crate::waves::{CancelAt, TIMES, Waves, bits, make};

#[test]
fn a_generated_set_reads_back_as_the_problem_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let waves = Waves::new(16, 3);
    for precision in [Precision::F32, Precision::F64] {
        let path = folder.path().join(format!("waves-{precision}.h5"));
        let report =
            make(&waves, 5..17, &path, &GenerateOptions::default().with_precision(precision)).unwrap();
        assert_eq!((report.samples, report.generated), (12, 12));
        assert_eq!(report.residual.map(|r| (r * 1e12).round()), [6.0, 12.0, 17.0]);
        let data = Dataset::open(&path).unwrap();
        assert_eq!(data.precision(), precision);
        assert_eq!(data.field(Side::Input), &waves.input());
        assert_eq!(data.field(Side::Target), &waves.target());
        assert_eq!(data.sample_numbers().unwrap(), (5..17).collect::<Vec<_>>());
        let provenance = data.provenance().unwrap();
        assert_eq!((provenance.seed, &provenance.settings), (7, &waves.settings()));
        let (input, target) = data.read::<f64>(&[11, 0]).unwrap();
        assert_eq!((input.shape(), target.shape()), (&[2, 16, 1][..], &[2, 3, 16, 2][..]));
        for (row, number) in [(0, 16), (1, 5)] {
            let sample = waves.sample(7, number, &()).unwrap();
            for (read, made) in [(&input, &sample.input), (&target, &sample.target)] {
                let read = read.index_axis(ndarray::Axis(0), row);
                let rounded =
                    made.mapv(|v| if precision == Precision::F32 { f64::from(v as f32) } else { v });
                assert_eq!(read, rounded);
            }
        }
    }
}

#[test]
fn other_programs_find_the_description_in_plain_attributes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let waves = Waves::new(8, 2);
    make(&waves, 0..3, &path, &GenerateOptions::default()).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    let text = |location: &hdf5::Location, name: &str| {
        location.attr(name).unwrap().read_scalar::<hdf5::types::VarLenUnicode>().unwrap().to_string()
    };
    assert_eq!(text(&file, "format"), "sobolev");
    assert_eq!(text(&file, "equation"), "waves");
    assert_eq!(text(&file, "precision"), "f32");
    assert_eq!(file.attr("seed").unwrap().read_scalar::<u64>().unwrap(), 7);
    let settings = file.group("settings").unwrap();
    assert_eq!(toml::from_str::<toml::Table>(&text(&settings, "toml")).unwrap(), waves.settings());
    assert_eq!(settings.attr("speed").unwrap().read_scalar::<f64>().unwrap(), 1.0);
    assert_eq!(settings.attr("modes").unwrap().read_scalar::<i64>().unwrap(), 2);
    assert_eq!(settings.attr("solver.tolerance").unwrap().read_scalar::<f64>().unwrap(), 1e-8);
    assert_eq!(settings.attr("times").unwrap().read_1d::<f64>().unwrap().to_vec(), TIMES);
    assert_eq!(text(&settings, "scheme"), "exact");
    let input = file.dataset("input").unwrap();
    assert_eq!(text(&input, "name"), "initial state");
    assert_eq!(input.chunk().unwrap(), [1, 8, 1]);
    assert!(input.filters().is_empty());
    let points = file.dataset("coordinates/target/time").unwrap();
    assert_eq!(points.read_1d::<f64>().unwrap().to_vec(), TIMES);
    assert_eq!(text(&points, "units"), "s");
    assert_eq!(text(&points, "boundary_condition"), "none");
}

#[test]
fn threads_do_not_change_a_bit() {
    let folder = tempfile::tempdir().unwrap();
    let waves = Waves::new(12, 4);
    let made: Vec<_> = [1, 2, 5]
        .into_iter()
        .map(|threads| {
            let path = folder.path().join(format!("{threads}.h5"));
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| make(&waves, 0..23, &path, &GenerateOptions::default())).unwrap();
            bits(&path)
        })
        .collect();
    assert!(made.iter().all(|other| *other == made[0]));
}

#[test]
fn shards_have_the_bits_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let waves = Waves::new(10, 2);
    let options = GenerateOptions::default();
    make(&waves, 0..12, &path("whole"), &options).unwrap();
    make(&waves, 0..7, &path("first"), &options).unwrap();
    make(&waves, 7..12, &path("second"), &options).unwrap();
    let whole = bits(&path("whole"));
    for ((name, all), (first, second)) in
        whole.iter().zip(bits(&path("first")).iter().zip(&bits(&path("second"))))
    {
        assert_eq!(*all, [&first.1[..], &second.1[..]].concat(), "{name}");
    }
}

#[test]
fn compression_keeps_every_bit_in_fewer_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let waves = Waves::new(512, 1);
    let plain = make(&waves, 0..6, &path("plain"), &GenerateOptions::default()).unwrap();
    let options = GenerateOptions::default().with_compression(Compression::Gzip { level: 4 });
    let packed = make(&waves, 0..6, &path("packed"), &options).unwrap();
    assert!(packed.bytes < plain.bytes, "{} against {}", packed.bytes, plain.bytes);
    assert_eq!(packed.bytes, std::fs::metadata(path("packed")).unwrap().len());
    assert_eq!(bits(&path("packed")), bits(&path("plain")));
    let data = Dataset::open(path("packed")).unwrap();
    assert!(data.info().to_string().contains("compression gzip 4"));
    // A finished file is left as it is, and no draft stays behind.
    let again = make(&waves, 0..6, &path("packed"), &options.with_existing(Existing::Resume)).unwrap();
    assert_eq!((again.generated, again.bytes), (0, packed.bytes));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn an_existing_file_is_refused_resumed_or_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let (waves, options) = (Waves::new(8, 2), GenerateOptions::default());
    make(&waves, 0..3, &path, &options.with_existing(Existing::Resume)).unwrap();
    let before = bits(&path);
    assert!(matches!(make(&waves, 0..3, &path, &options), Err(Error::Exists { .. })));
    let report = make(&waves, 0..3, &path, &options.with_existing(Existing::Resume)).unwrap();
    assert_eq!((report.generated, bits(&path)), (0, before));
    make(&waves, 0..4, &path, &options.with_existing(Existing::Replace)).unwrap();
    assert_eq!(Dataset::open(&path).unwrap().len(), 4);
}

#[test]
fn resuming_with_other_settings_names_the_differences_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let options = GenerateOptions::default();
    make(&Waves::new(8, 2), 0..3, &path, &options).unwrap();
    let before = std::fs::read(&path).unwrap();
    let resume = options.with_existing(Existing::Resume);
    let error = generate(&Waves::new(8, 3), 8, 0..3, &path, &resume, &()).unwrap_err();
    let Error::Differs { differences, .. } = &error else { panic!("{error}") };
    assert_eq!(differences, &["seed: file 7, asked 8", "setting modes: file 2, asked 3"]);
    let text = error.to_string();
    assert!(
        text.ends_with("other settings: seed: file 7, asked 8; setting modes: file 2, asked 3"),
        "{text}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_sample_that_cannot_be_solved_is_named_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let mut waves = Waves { fails_at: Some(9), ..Waves::new(8, 2) };
    let error = make(&waves, 0..12, &path, &GenerateOptions::default()).unwrap_err();
    assert!(error.to_string().starts_with("sample 9 of seed 7: waves: 50 iterations left"), "{error}");
    let data = Dataset::open_finished(&path).unwrap();
    assert!(!data.sample_numbers().is_some_and(|numbers| numbers.contains(&9)));
    waves = Waves { explodes_at: Some(3), ..Waves::new(8, 2) };
    let options = GenerateOptions::default().with_existing(Existing::Replace);
    let error = make(&waves, 0..5, &path, &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "sample 3 of seed 7: state: expected finite values, got inf at index [1, 2, 0]"
    );
}

#[test]
fn wrong_arguments_are_named_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let text = |waves: &Waves, samples, options: &GenerateOptions| {
        let error = make(waves, samples, &path, options).unwrap_err();
        assert!(!path.exists());
        error.to_string()
    };
    let (waves, options) = (Waves::new(8, 2), GenerateOptions::default());
    assert_eq!(text(&waves, 4..4, &options), "samples: expected a range that is not empty, got 4..4");
    assert!(text(&Waves::new(0, 2), 0..4, &options).starts_with("input: expected [space.., channels]"));
    let wrong = options.with_compression(Compression::Gzip { level: 12 });
    assert_eq!(text(&waves, 0..4, &wrong), "compression level: expected 1 to 9, got 12");
    let nowhere = folder.path().join("missing/waves.h5");
    assert!(matches!(make(&waves, 0..4, &nowhere, &options), Err(Error::Io { action: "create", .. })));
}

#[test]
fn progress_counts_every_sample_and_includes_earlier_runs() {
    struct Log(Mutex<Vec<(u64, u64)>>);
    impl Monitor for Log {
        fn progress(&self, done: u64, total: u64) {
            self.0.lock().unwrap().push((done, total));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    let (waves, options) = (Waves::new(8, 2), GenerateOptions::default());
    let cancelled = generate(&waves, 7, 0..40, &path, &options, &CancelAt::new(10)).unwrap_err();
    let Error::Numeric(sobolev_tensor::Error::Cancelled { done, total: 40, .. }) = cancelled else {
        panic!("{cancelled}")
    };
    assert!((10..40).contains(&done));
    let log = Log(Mutex::new(Vec::new()));
    generate(&waves, 7, 0..40, &path, &options.with_existing(Existing::Resume), &log).unwrap();
    let log = log.0.into_inner().unwrap();
    assert_eq!((log.first(), log.last()), (Some(&(done, 40)), Some(&(40, 40))));
    assert!(log.windows(2).all(|pair| pair[0].0 < pair[1].0));
}

#[test]
fn the_summary_says_what_the_file_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    make(&Waves::new(8, 2), 3..7, &path, &GenerateOptions::default()).unwrap();
    let info = Dataset::open(&path).unwrap().info();
    let text = info.to_string();
    for line in [
        "  equation   waves\n",
        "  samples    4, seed 7, the first is number 3\n",
        "  input      initial state [m/s] on x1: 8 points 0.0000 to 0.8750 [m], periodic\n",
        "  target     state [m/s] on time: 3 points 0.0000 to 0.5000 [s], none, x1: 8 points",
        "; channels u, u_x\n",
        "  stored as  f32, compression none\n",
        "solver.tolerance = 1e-8\n",
        "  residual   4.0e-12 least, 6.0e-12 median, 7.0e-12 largest\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    assert_eq!(serde_json::to_value(&info).unwrap()["fields"][1]["axes"][0]["points"], 3);
}

#[test]
fn parts_of_a_file_read_what_the_whole_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waves.h5");
    make(&Waves::new(24, 3), 0..9, &path, &GenerateOptions::default()).unwrap();
    let data = Dataset::open(&path).unwrap();
    let part = data.select(&[8, 2, 3, 4]).unwrap().subsample(3).unwrap();
    assert_eq!(part.field(Side::Target).shape(), [3, 8, 2]);
    let (_, all) = data.read_range::<f32>(0..9).unwrap();
    let (_, few) = part.read_range::<f32>(0..4).unwrap();
    let memory = part.to_memory().unwrap();
    assert_eq!(memory.read_range::<f32>(0..4).unwrap().1, few);
    assert_eq!(memory.sample_numbers().unwrap(), [8, 2, 3, 4]);
    assert_eq!(memory.field(Side::Target), part.field(Side::Target));
    for (row, sample) in [8, 2, 3, 4].into_iter().enumerate() {
        for (i, j, c) in [(0, 0, 0), (2, 7, 1), (1, 3, 0)] {
            assert_eq!(few[[row, i, j, c]], all[[sample, i, 3 * j, c]]);
        }
    }
}

#[test]
fn numpy_archives_hold_samples_coordinates_and_settings() {
    let folder = tempfile::tempdir().unwrap();
    let (path, archive) = (folder.path().join("waves.h5"), folder.path().join("waves.npz"));
    make(&Waves::new(8, 2), 0..4, &path, &GenerateOptions::default()).unwrap();
    let data = formats::read(&path, &formats::ReadOptions::default()).unwrap();
    assert_eq!(data.provenance(), Dataset::open(&path).unwrap().provenance());
    export_npz(&data, &archive).unwrap();
    let names: Vec<String> = formats::variables(&archive).unwrap().iter().map(ToString::to_string).collect();
    for name in [
        "input [4, 8, 1]",
        "target [4, 3, 8, 2]",
        "input_x1 [8]",
        "target_time [3]",
        "residual [4]",
        "sample [4]",
    ] {
        assert!(names.iter().any(|n| n == name), "{name} is not in {names:?}");
    }
    // The smaller rank is 3, which would be two grid axes; both arrays have their channel axis already.
    let options = formats::ReadOptions::default().with_channels_last();
    let back = formats::read(&archive, &options).unwrap();
    assert_eq!(back.read_range::<f32>(0..4).unwrap(), data.read_range::<f32>(0..4).unwrap());
}

#[test]
fn equal_samples_make_equal_files_whenever_they_are_made() {
    let folder = tempfile::tempdir().unwrap();
    for compression in [Compression::None, Compression::Gzip { level: 4 }] {
        let options = GenerateOptions::default().with_compression(compression);
        let [one, two] = ["one.h5", "two.h5"].map(|name| folder.path().join(name));
        let options = options.with_existing(Existing::Replace);
        make(&Waves::new(16, 3), 0..4, &one, &options).unwrap();
        // HDF5 would note the second in which it makes an object.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        make(&Waves::new(16, 3), 0..4, &two, &options).unwrap();
        assert!(std::fs::read(one).unwrap() == std::fs::read(two).unwrap(), "{compression}");
    }
}
