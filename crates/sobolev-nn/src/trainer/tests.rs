use super::*;
use crate::loss::{Loss, Reduction};
use crate::testing::{Pairs, SmallModel, fitted, with_threads};
use crate::{NormaliserKind, Schedule, evaluate, predict};
use ndarray::{ArrayD, IxDyn};
use sobolev_testing::relative_error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn settings() -> TrainerSettings {
    TrainerSettings {
        epochs: 6,
        batch: 7,
        learning_rate: 1e-2,
        schedule: Schedule::OneCycle { rise: 0.3, start_divisor: 25.0, end_divisor: 1e4 },
        clip_norm: Some(0.5),
        ..TrainerSettings::default()
    }
}

fn trainer<T: Real>(settings: TrainerSettings, model: &SmallModel<T>) -> Trainer<T> {
    Trainer::new(settings, fitted(NormaliserKind::Pointwise, &Pairs::new(40, 1)), model).unwrap()
}

/// Asks to stop after a number of steps, and remembers the epochs it was told.
struct StopAfter {
    steps: u64,
    done: AtomicU64,
    epochs: Mutex<Vec<usize>>,
}

impl StopAfter {
    fn new(steps: u64) -> Self {
        Self { steps, done: AtomicU64::new(0), epochs: Mutex::new(Vec::new()) }
    }
}

impl Monitor for StopAfter {
    fn progress(&self, _: u64, _: u64) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn cancelled(&self) -> bool {
        self.done.load(Ordering::Relaxed) >= self.steps
    }
}

impl TrainingObserver for StopAfter {
    fn epoch(&self, record: &EpochRecord) {
        self.epochs.lock().unwrap().push(record.epoch);
    }
}

/// What must be equal after two trainings; seconds are not.
fn trajectory(report: &TrainingReport) -> Vec<[u64; 4]> {
    let bits = |record: &EpochRecord| {
        let error = record.validation_error.unwrap_or(f64::NAN);
        [record.train_loss, error, record.learning_rate, record.gradient_norm].map(f64::to_bits)
    };
    report.history.iter().map(bits).collect()
}

#[test]
fn training_learns_and_ends_with_the_best_weights() {
    let (train, validation) = (Pairs::new(40, 1), Pairs::new(20, 100));
    let mut model = SmallModel::<f64>::new(16, 3);
    let mut trainer = trainer(TrainerSettings { epochs: 60, ..settings() }, &model);
    let report = trainer.fit(&mut model, &train, Some(&validation), &()).unwrap();
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(report.history.len(), 60);
    let (first, last) = (&report.history[0], &report.history[59]);
    assert!(last.train_loss < 0.2 * first.train_loss, "{first:?} {last:?}");
    let (epoch, error) = report.best.unwrap();
    let errors: Vec<f64> = report.history.iter().map(|record| record.validation_error.unwrap()).collect();
    assert_eq!(errors.iter().copied().fold(f64::INFINITY, f64::min), error);
    assert_eq!(errors[epoch - 1], error);
    let loss = Loss::RelativeL2 {}.on(&[Pairs::POINTS, 1]).unwrap();
    let again = evaluate(&model, &validation, "test", 7, trainer.normalisers(), &loss, &()).unwrap();
    assert_eq!(again.iter().sum::<f64>() / 20.0, error);
}

#[test]
fn losses_are_those_of_decoded_predictions() {
    // A learning rate that changes nothing: the loss of the epoch is that of the initial weights.
    let still = TrainerSettings { epochs: 1, learning_rate: 1e-300, ..settings() };
    let train = Pairs::new(40, 1);
    let mut model = SmallModel::<f64>::new(16, 3);
    let mut trainer = trainer(still, &model);
    let report = trainer.fit(&mut model, &train, None, &()).unwrap();
    let (mut input, mut target) = (vec![0.0; 40 * 24], vec![0.0; 40 * 12]);
    let indices: Vec<usize> = (0..40).collect();
    train.read(&indices, &mut input, &mut target).unwrap();
    let input = ArrayD::from_shape_vec(IxDyn(&[40, 12, 2]), input).unwrap();
    let prediction = predict(&model, input.view(), 9, trainer.normalisers(), &()).unwrap();
    assert_eq!(prediction.shape(), [40, 12, 1]);
    let prediction = prediction.into_raw_vec_and_offset().0;
    let errors: Vec<f64> =
        prediction.chunks(12).zip(target.chunks(12)).map(|(p, t)| relative_error(p, t)).collect();
    let mean = errors.iter().sum::<f64>() / 40.0;
    assert!((report.history[0].train_loss / mean - 1.0).abs() < 1e-13);
    // Decoded values are near 3, so the relative error is far below the 1 of encoded ones.
    assert!(mean < 0.5);
}

#[test]
fn a_training_that_was_interrupted_anywhere_goes_on_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let (train, validation) = (Pairs::new(40, 1), Pairs::new(20, 100));
    let mut whole = SmallModel::<f32>::new(16, 3);
    let expected = trainer(settings(), &whole).fit(&mut whole, &train, Some(&validation), &()).unwrap();

    // Six steps an epoch: before the first step, within the first epoch, between epochs, within a later one.
    for stop in [0, 2, 12, 17] {
        let mut model = SmallModel::<f32>::new(16, 3);
        let mut first = trainer(settings(), &model);
        let observer = StopAfter::new(stop);
        let report = first.fit(&mut model, &train, Some(&validation), &observer).unwrap();
        assert_eq!(report.outcome, Outcome::Cancelled);
        assert_eq!(observer.done.load(Ordering::Relaxed), stop);
        first.save(&model, &path).unwrap();

        let mut model = SmallModel::<f32>::new(16, 999);
        let mut second = Trainer::resume(&path, &model).unwrap();
        assert_eq!(second.settings(), &settings());
        let report = second.fit(&mut model, &train, Some(&validation), &()).unwrap();
        assert_eq!(trajectory(&report), trajectory(&expected), "stopped after {stop}");
        assert_eq!(report.best, expected.best);
        assert_eq!(model.bits(), whole.bits(), "stopped after {stop}");
    }
}

#[test]
fn training_in_parts_equals_training_at_once() {
    let train = Pairs::new(40, 1);
    let mut whole = SmallModel::<f32>::new(16, 3);
    trainer(settings(), &whole).fit(&mut whole, &train, None, &()).unwrap();
    let mut model = SmallModel::<f32>::new(16, 3);
    let mut parts = trainer(settings(), &model);
    let mut outcomes = Vec::new();
    while parts.epochs_done() < 6 {
        outcomes.push(parts.fit_epochs(4, &mut model, &train, None, &()).unwrap().outcome);
    }
    assert_eq!(outcomes, [Outcome::Paused, Outcome::Completed]);
    assert_eq!(model.bits(), whole.bits());
}

#[test]
fn weights_have_the_same_bits_on_1_2_and_5_threads() {
    let (train, validation) = (Pairs::new(300, 1), Pairs::new(20, 100));
    let [one, two, five] = with_threads(|| {
        let mut model = SmallModel::<f32>::new(64, 3);
        let settings = TrainerSettings { batch: 100, ..settings() };
        let report = trainer(settings, &model).fit(&mut model, &train, Some(&validation), &()).unwrap();
        (trajectory(&report), model.bits())
    });
    assert!(one == two && one == five);
}

#[test]
fn a_training_that_diverges_says_why_and_ends_with_good_weights() {
    let (train, validation) = (Pairs::new(40, 1), Pairs::new(20, 100));
    let mut model = SmallModel::<f32>::new(16, 3);
    let mut trainer = trainer(settings(), &model);
    let good = trainer.fit_epochs(2, &mut model, &train, Some(&validation), &()).unwrap();
    let bits = model.bits();
    trainer.settings.learning_rate = 1e30;
    trainer.settings.schedule = Schedule::Constant {};
    let report = trainer.fit(&mut model, &train, Some(&validation), &()).unwrap();
    let Outcome::Diverged { epoch, step, cause } = report.outcome else {
        panic!("{:?}", report.outcome);
    };
    assert!(epoch == 3 && step > 12, "epoch {epoch}, step {step}");
    assert!(cause.contains("try a smaller learning rate"), "{cause}");
    assert_eq!(model.bits(), bits);
    assert_eq!((report.history, report.best), (good.history, good.best));

    // Before the first epoch is over, the good weights are the initial ones.
    let mut model = SmallModel::<f32>::new(16, 3);
    let bits = model.bits();
    let wild = TrainerSettings { learning_rate: 1e30, schedule: Schedule::Constant {}, ..settings() };
    let report = super::tests::trainer(wild, &model).fit(&mut model, &train, None, &()).unwrap();
    assert!(matches!(report.outcome, Outcome::Diverged { epoch: 1, .. }), "{:?}", report.outcome);
    assert_eq!(model.bits(), bits);

    // The one and only step makes the weights useless, and no later one would notice.
    let wild = TrainerSettings {
        epochs: 1,
        batch: 40,
        learning_rate: 1e30,
        schedule: Schedule::Constant {},
        ..settings()
    };
    let report = super::tests::trainer(wild, &model).fit(&mut model, &train, None, &()).unwrap();
    let Outcome::Diverged { epoch: 1, step: 1, cause } = report.outcome else {
        panic!("{:?}", report.outcome)
    };
    assert!(cause.contains("after the last step"), "{cause}");
    assert_eq!(model.bits(), bits);
}

#[test]
fn training_stops_when_the_validation_error_no_longer_improves() {
    // The validation targets have the opposite sign: learning makes the error grow from the first epoch on.
    let train = Pairs::new(40, 1);
    let validation = Pairs { sign: -1.0, ..Pairs::new(20, 100) };
    let mut model = SmallModel::<f64>::new(16, 3);
    let patient =
        TrainerSettings { epochs: 50, patience: Some(3), schedule: Schedule::Constant {}, ..settings() };
    let normalisers = fitted(NormaliserKind::Identity, &train);
    let mut trainer = Trainer::new(patient, normalisers, &model).unwrap();
    let observer = StopAfter::new(u64::MAX);
    let report = trainer.fit(&mut model, &train, Some(&validation), &observer).unwrap();
    assert_eq!(report.outcome, Outcome::StoppedEarly);
    assert_eq!(report.best.unwrap().0, 1);
    assert_eq!(observer.epochs.into_inner().unwrap(), [1, 2, 3, 4]);
    // Asked again, it stays.
    let again = trainer.fit(&mut model, &train, Some(&validation), &()).unwrap();
    assert_eq!((again.outcome, again.history.len()), (Outcome::StoppedEarly, 4));
}

#[test]
fn evaluations_come_when_they_are_due() {
    let (train, validation) = (Pairs::new(40, 1), Pairs::new(20, 100));
    let mut model = SmallModel::<f64>::new(4, 3);
    let rare = TrainerSettings { epochs: 8, evaluate_every: 3, ..settings() };
    let report = trainer(rare, &model).fit(&mut model, &train, Some(&validation), &()).unwrap();
    let evaluated: Vec<usize> =
        report.history.iter().filter(|r| r.validation_error.is_some()).map(|r| r.epoch).collect();
    assert_eq!(evaluated, [3, 6, 8]);
}

#[test]
fn the_sum_of_losses_equals_their_mean_up_to_the_length_of_gradients() {
    let train = Pairs::new(42, 1);
    let [mean, sum] = [Reduction::Mean, Reduction::Sum].map(|reduction| {
        let mut model = SmallModel::<f64>::new(8, 3);
        let one = TrainerSettings { epochs: 1, reduction, clip_norm: None, ..settings() };
        trainer(one, &model).fit(&mut model, &train, None, &()).unwrap().history[0].clone()
    });
    // The first steps of Adam do not feel the factor but for epsilon and the decay.
    assert!((mean.train_loss / sum.train_loss - 1.0).abs() < 1e-2);
    assert!((sum.gradient_norm / mean.gradient_norm / 7.0 - 1.0).abs() < 0.1, "{mean:?} {sum:?}");
}

#[test]
fn samples_that_are_spoilt_or_unreadable_are_named() {
    let mut model = SmallModel::<f64>::new(4, 3);
    let spoilt = Pairs { spoilt: Some(11), ..Pairs::new(40, 1) };
    let error = trainer(settings(), &model).fit(&mut model, &spoilt, None, &()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "input of training sample 11: expected finite values, got NaN at index [2, 1]"
    );
    let error =
        trainer(settings(), &model).fit(&mut model, &Pairs::new(40, 1), Some(&spoilt), &()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "input of validation sample 11: expected finite values, got NaN at index [2, 1]"
    );
    let unreadable = Pairs { unreadable: Some(5), ..Pairs::new(40, 1) };
    let error = trainer(settings(), &model).fit(&mut model, &unreadable, None, &()).unwrap_err();
    assert_eq!(error.to_string(), "training samples: sample 5 is unreadable");
    let error = trainer(settings(), &model).fit(&mut model, &Pairs::new(40, 1), Some(&unreadable), &());
    assert_eq!(error.unwrap_err().to_string(), "validation samples: sample 5 is unreadable");
    let mut other = Trainer::new(settings(), Normalisers::identity(&[12, 3], &[12, 1]), &model).unwrap();
    let error = other.fit(&mut model, &Pairs::new(40, 1), None, &()).unwrap_err();
    assert_eq!(error.to_string(), "training input: expected [batch, x1, 3] (channels last), got [40, 12, 2]");
    let error = trainer(settings(), &model).fit(&mut model, &Pairs::new(0, 1), None, &()).unwrap_err();
    assert!(error.to_string().contains("the data set is empty"), "{error}");
}

#[test]
fn a_state_of_other_samples_or_another_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let mut model = SmallModel::<f32>::new(16, 3);
    let mut first = trainer(settings(), &model);
    first.fit_epochs(1, &mut model, &Pairs::new(40, 1), None, &()).unwrap();
    first.save(&model, &path).unwrap();
    let mut second = Trainer::resume(&path, &model).unwrap();
    let error = second.fit(&mut model, &Pairs::new(41, 1), None, &()).unwrap_err();
    assert_eq!(error.to_string(), "training samples: expected 40 as in the epochs done, got 41");
    // A training that could not begin has no epochs done, and takes other samples.
    let mut third = trainer(settings(), &model);
    third.fit(&mut model, &Pairs::new(41, 1), None, &StopAfter::new(0)).unwrap();
    third.fit(&mut model, &Pairs::new(40, 1), None, &()).unwrap();
    let error = Trainer::resume(&path, &SmallModel::<f32>::new(17, 3)).unwrap_err().to_string();
    assert!(error.contains("parameters.network.0.weight is [2, 16], this model needs [2, 17]"), "{error}");
    let error =
        Trainer::resume(&path, &SmallModel::<f32>::new(16, 3).named("large")).unwrap_err().to_string();
    assert!(error.ends_with("the model is small, expected large"), "{error}");
    let error = Trainer::resume(&path, &SmallModel::<f64>::new(16, 3)).unwrap_err().to_string();
    assert!(error.ends_with("the number type is f32, expected f64"), "{error}");
    let error = crate::Checkpoint::<f32>::read(&path).unwrap().load_into(&mut model).unwrap_err().to_string();
    assert!(error.ends_with("the content is a training state, expected a model"), "{error}");
}

#[test]
fn a_finished_training_can_be_prolonged() {
    let train = Pairs::new(40, 1);
    let mut model = SmallModel::<f64>::new(4, 3);
    let mut trainer = trainer(TrainerSettings { schedule: Schedule::default(), ..settings() }, &model);
    trainer.fit(&mut model, &train, None, &()).unwrap();
    trainer.set_epochs(8).unwrap();
    let report = trainer.fit(&mut model, &train, None, &()).unwrap();
    assert_eq!(report.history.iter().map(|r| r.epoch).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(trainer.set_epochs(7).unwrap_err().to_string().contains("at least 8"));
}

#[test]
fn a_schedule_over_all_epochs_cannot_be_prolonged_once_begun() {
    let train = Pairs::new(40, 1);
    for schedule in [r#""cosine""#, r#""one-cycle""#] {
        let schedule = serde_json::from_str(schedule).unwrap();
        let mut model = SmallModel::<f64>::new(4, 3);
        let mut trainer = trainer(TrainerSettings { schedule, epochs: 3, ..settings() }, &model);
        trainer.set_epochs(4).unwrap();
        trainer.fit(&mut model, &train, None, &()).unwrap();
        trainer.set_epochs(4).unwrap();
        let error = trainer.set_epochs(8).unwrap_err().to_string();
        assert!(error.contains("epochs: expected 4") && error.contains("train anew"), "{error}");
    }
}

#[test]
fn predictions_do_not_depend_on_the_batch_and_bad_input_is_named() {
    let model = SmallModel::<f64>::new(8, 3);
    let normalisers = fitted(NormaliserKind::Channel, &Pairs::new(40, 1));
    let input = ArrayD::from_shape_fn(IxDyn(&[10, 12, 2]), |i| (i[0] * 24 + i[1] * 2 + i[2]) as f64 / 240.0);
    let all = predict(&model, input.view(), 100, &normalisers, &()).unwrap();
    assert_eq!(all, predict(&model, input.view(), 3, &normalisers, &()).unwrap());
    let mut spoilt = input.clone();
    spoilt[[4, 3, 1]] = f64::INFINITY;
    let error = predict(&model, spoilt.view(), 3, &normalisers, &()).unwrap_err();
    assert_eq!(error.to_string(), "input: expected finite values, got inf at index [4, 3, 1]");
    let first = input.view().permuted_axes(IxDyn(&[0, 2, 1]));
    let error = predict(&model, first, 3, &normalisers, &()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "input: expected [batch, x1, 2] (channels last), got [10, 2, 12]; \
         axis 1 looks like the channel axis: move it last"
    );
    let cancelled = std::sync::atomic::AtomicBool::new(true);
    let error = predict(&model, input.view(), 3, &normalisers, &cancelled).unwrap_err();
    assert_eq!(error.to_string(), "prediction: interrupted after 0 of 10");
    let none = ArrayD::<f64>::zeros(IxDyn(&[0, 12, 2]));
    let error = predict(&model, none.view(), 3, &normalisers, &()).unwrap_err();
    assert!(error.to_string().contains("an axis is empty"), "{error}");
}

#[test]
fn the_learning_rate_is_the_product_of_its_parts() {
    let settings = TrainerSettings {
        learning_rate: 0.5,
        schedule: Schedule::Step { every: 2, factor: 0.1 },
        warm_up_epochs: 1.5,
        ..settings()
    };
    let rates = [0, 7, 14, 19, 20, 40].map(|step| settings.learning_rate_at(step, 10));
    let expected = [0.5 / 15.0, 0.5 * 8.0 / 15.0, 0.5, 0.5, 0.05, 0.005];
    assert!(relative_error(&rates, &expected) < 1e-15, "{rates:?}");
}

#[test]
fn settings_are_read_with_their_defaults_and_checked() {
    let read = |text: &str| serde_json::from_str::<TrainerSettings>(text).map_err(|e| e.to_string());
    assert_eq!(read("{}"), Ok(TrainerSettings::default()));
    let all = TrainerSettings { patience: Some(20), ..settings() };
    assert_eq!(read(&serde_json::to_string(&all).unwrap()), Ok(all));
    assert!(read(r#"{"epoch": 3}"#).unwrap_err().contains("unknown field `epoch`, expected one of `epochs`"));
    let model = SmallModel::<f64>::new(4, 3);
    let refused = |settings: TrainerSettings| {
        let normalisers = fitted(NormaliserKind::Identity, &Pairs::new(4, 1));
        Trainer::new(settings, normalisers, &model).unwrap_err().to_string()
    };
    assert_eq!(refused(TrainerSettings { batch: 0, ..settings() }), "batch: expected at least 1, got 0");
    assert_eq!(
        refused(TrainerSettings { learning_rate: -1.0, ..settings() }),
        "learning_rate: expected a positive number, got -1"
    );
    assert!(refused(TrainerSettings { clip_norm: Some(f64::NAN), ..settings() }).starts_with("clip_norm"));
    assert!(refused(TrainerSettings { warm_up_epochs: -0.5, ..settings() }).starts_with("warm_up_epochs"));
    assert!(refused(TrainerSettings { patience: Some(0), ..settings() }).contains("leave it out"));
}
