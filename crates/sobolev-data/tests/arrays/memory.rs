//! Data sets in memory: parts, resolutions, batches and normalisers.

use ndarray::{Array, ArrayD, IxDyn};
use sobolev_data::{Dataset, Error, Precision, Side, export_npz, formats};
use sobolev_nn::{BatchOrder, Normaliser, NormaliserKind, SampleSource};
use sobolev_solvers::{Axis, Field};

/// Samples whose values say where they belong: 1000 s + 10 i + c.
fn arrays(samples: usize, points: usize) -> (ArrayD<f64>, ArrayD<f64>) {
    let value = |i: IxDyn| (1000 * i[0] + 10 * i[1] + i[2]) as f64;
    (
        Array::from_shape_fn(IxDyn(&[samples, points, 1]), value),
        Array::from_shape_fn(IxDyn(&[samples, points, 2]), |i| -value(i)),
    )
}

pub(crate) fn data(samples: usize, points: usize) -> Dataset {
    let (input, target) = arrays(samples, points);
    Dataset::from_arrays(input, target).unwrap()
}

/// First value of each input, which names the sample.
fn samples_of(data: &Dataset) -> Vec<usize> {
    let (input, _) = data.read_range::<f64>(0..data.len()).unwrap();
    input.outer_iter().map(|sample| (sample[[0, 0]] / 1000.0) as usize).collect()
}

#[test]
fn arrays_are_read_back_in_either_precision() {
    let (input, target) = arrays(5, 4);
    let data = Dataset::from_arrays(input.clone(), target.clone()).unwrap();
    assert_eq!(data.precision(), Precision::F64);
    let (x, y) = data.read::<f64>(&[3, 0, 3]).unwrap();
    for (row, sample) in [3, 0, 3].into_iter().enumerate() {
        assert_eq!(x.index_axis(ndarray::Axis(0), row), input.index_axis(ndarray::Axis(0), sample));
        assert_eq!(y.index_axis(ndarray::Axis(0), row), target.index_axis(ndarray::Axis(0), sample));
    }
    assert_eq!(
        data.read_range::<f32>(1..2).unwrap().0,
        input.slice_axis(ndarray::Axis(0), (1..2).into()).mapv(|v| v as f32)
    );
    assert!(data.provenance().is_none() && data.residuals().is_none() && data.sample_numbers().is_none());
    assert!(data.info().to_string().starts_with("data set in memory (480 B)\n  samples    5\n"));
}

#[test]
fn splits_hold_every_sample_once_and_depend_on_the_seed_alone() {
    let data = data(20, 3);
    let (train, test) = data.split_at(15).unwrap();
    assert_eq!((samples_of(&train), samples_of(&test)), ((0..15).collect(), (15..20).collect::<Vec<_>>()));
    let (train, test) = data.shuffled(3).split_fraction(0.7).unwrap();
    assert_eq!((train.len(), test.len()), (14, 6));
    let mut all = [samples_of(&train), samples_of(&test)].concat();
    assert_ne!(all, (0..20).collect::<Vec<_>>());
    assert_eq!(samples_of(&data.shuffled(3).split_at(14).unwrap().1), samples_of(&test));
    assert_ne!(samples_of(&data.shuffled(4)), samples_of(&data.shuffled(3)));
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>());
}

#[test]
fn sub_sampling_keeps_values_with_their_coordinates() {
    let field = |channels: &[&str]| Field {
        name: "u".to_string(),
        axes: vec![Axis {
            name: "x1".to_string(),
            points: (0..12).map(|i| f64::from(i) / 12.0).collect(),
            boundary: "periodic".to_string(),
            units: "1".to_string(),
        }],
        channels: channels.iter().map(ToString::to_string).collect(),
        units: "1".to_string(),
    };
    let data = data(4, 12).with_fields(field(&["a"]), field(&["b", "c"])).unwrap();
    let coarse = data.subsample(4).unwrap();
    assert_eq!(coarse.field(Side::Input).axes[0].points.to_vec(), [0.0, 4.0 / 12.0, 8.0 / 12.0]);
    let (_, y) = coarse.read::<f64>(&[2]).unwrap();
    assert_eq!(y.into_raw_vec_and_offset().0, [-2000.0, -2001.0, -2040.0, -2041.0, -2080.0, -2081.0]);
    let text = data.subsample(5).unwrap_err().to_string();
    assert!(text.ends_with("12 points of x1, got 5; possible are 1, 2, 3, 4, 6"), "{text}");
    let text = data.subsample_axis("x2", 2).unwrap_err().to_string();
    assert_eq!(text, "axis: expected one of x1, got \"x2\"; did you mean \"x1\"?");
}

#[test]
fn batches_of_an_epoch_show_every_sample_once_and_resume_exactly() {
    let data = data(11, 3);
    let order = BatchOrder::shuffled(SampleSource::<f32>::samples(&data), 4, 5).unwrap();
    let read = |first: usize| -> Vec<f32> {
        let epoch = order.epoch(2);
        let batches = epoch.batches_from(first);
        batches
            .flat_map(|batch| {
                let (mut x, mut y) = (vec![0.0_f32; batch.len() * 3], vec![0.0; batch.len() * 6]);
                SampleSource::read(&data, batch, &mut x, &mut y).unwrap();
                assert!(x.iter().zip(y.chunks(2)).all(|(x, y)| *x == -y[0]));
                x
            })
            .collect()
    };
    let all = read(0);
    assert_eq!(read(1), all[12..]);
    let mut names: Vec<usize> = all.chunks(3).map(|sample| sample[0] as usize / 1000).collect();
    names.sort_unstable();
    assert_eq!(names, (0..11).collect::<Vec<_>>());
    let mut wrong = [0.0_f32; 5];
    let error = SampleSource::read(&data, &[0], &mut wrong, &mut []).unwrap_err();
    assert_eq!(
        Error::from_source(error).map_err(|e| e.to_string()).unwrap_err(),
        "input: expected 3 values, got [5]"
    );
    assert!(SampleSource::read(&data, &[11], &mut wrong, &mut []).is_err());
}

#[test]
fn normalisers_are_fitted_to_a_part_of_the_data() {
    let (train, _) = data(10, 4).split_at(3).unwrap();
    let kinds = [NormaliserKind::Pointwise, NormaliserKind::UNIT_RANGE];
    let [input, target] = Normaliser::<f64>::fit(kinds[0], kinds[1], &train).unwrap();
    // Samples 0, 1000, 2000 plus the point's own value.
    assert_eq!(input.shift(), [1000.0, 1010.0, 1020.0, 1030.0]);
    assert_eq!(target.shift(), [-2030.0, -2031.0]);
}

#[test]
fn wrong_arrays_and_requests_are_named() {
    let ok = || ArrayD::<f64>::zeros(IxDyn(&[4, 8, 1]));
    let text = |input: ArrayD<f64>, target: ArrayD<f64>| {
        Dataset::from_arrays(input, target).unwrap_err().to_string()
    };
    assert!(
        text(ArrayD::zeros(IxDyn(&[4, 8])), ok()).starts_with("input: expected [samples, x1, .., channels]")
    );
    assert_eq!(
        text(ok(), ArrayD::zeros(IxDyn(&[3, 8, 1]))),
        "target: expected 4 samples as in the input, got [3, 8, 1]"
    );
    let mut nan = ok();
    nan[[2, 5, 0]] = f64::NAN;
    assert_eq!(text(nan, ok()), "input: expected finite values, got NaN at index [2, 5, 0]");
    let data = data(4, 8);
    let text = |error: Error| error.to_string();
    assert_eq!(text(data.read::<f64>(&[4]).unwrap_err()), "sample index: expected below 4, got 4");
    assert_eq!(text(data.split_at(4).unwrap_err()), "split: expected 1 to 3 of 4 samples, got 4");
    assert!(data.split_fraction(f64::NAN).is_err() && data.select(&[9]).is_err());
    let field = data.field(Side::Target).clone();
    let text = text(data.clone().with_fields(field.clone(), field).unwrap_err());
    assert_eq!(text, "input field: expected [8, 1], got [8, 2]");
}

#[test]
fn numpy_archives_of_memory_come_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.npz");
    let data = data(3, 5);
    export_npz(&data, &path).unwrap();
    let options = formats::ReadOptions::default().with_channels_last().with_precision(Precision::F64);
    let back = formats::read(&path, &options).unwrap();
    assert_eq!(back.read_range::<f64>(0..3).unwrap(), data.read_range::<f64>(0..3).unwrap());
    assert!(matches!(export_npz(&data, folder.path().join("no/where.npz")), Err(Error::Io { .. })));
}

#[cfg(not(feature = "hdf5"))]
#[test]
fn without_hdf5_its_files_are_refused_by_the_name_of_the_feature() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/plain.h5");
    for error in [Dataset::open(path).unwrap_err(), formats::variables(path).unwrap_err()] {
        assert!(error.to_string().ends_with("the feature hdf5 of sobolev-data is off"), "{error}");
    }
}
