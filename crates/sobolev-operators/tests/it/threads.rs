//! Results do not depend on the number of threads.

use sobolev_nn::loss::Reduction;
use sobolev_nn::{Loss, Model, OptimiserSettings};
use sobolev_operators::{Fno, FnoSettings};
use sobolev_tensor::{Pool, Tape, Tensor, Var};

/// Loss of three training steps and all weights after them.
fn train(threads: usize, grid: &[usize], settings: &FnoSettings) -> (Vec<f32>, Vec<Vec<f32>>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut model = Fno::<f32>::new(settings.clone(), 5).unwrap();
        let shape = [&[5], grid, &[1]].concat();
        let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i as f32 * 0.3).sin()).collect();
        let field = Tensor::from_slice(&shape, &values).unwrap();
        let loss = Loss::RelativeL2 {}.on::<f32>(&shape[1..]).unwrap();
        let mut optimiser = OptimiserSettings::default().build(model.parameters()).unwrap();
        let memory = Pool::new();
        let mut losses = Vec::new();
        for _ in 0..3 {
            let mut tape = Tape::recording(&memory);
            let prediction = model.forward(&mut tape, Var::constant(field.clone())).unwrap();
            let value = loss.forward(&mut tape, prediction, &field, Reduction::Mean).unwrap();
            losses.push(value.value.value().data()[0]);
            let gradients = tape.backward(value.value).unwrap();
            optimiser.step(model.parameters_mut(), &gradients, 1e-3, 1.0);
        }
        (losses, model.parameters().iter().map(|(_, value)| value.data().to_vec()).collect())
    })
}

#[test]
fn training_has_the_same_bits_on_1_2_and_5_threads() {
    let plane = FnoSettings {
        modes: vec![5, 4],
        width: 12,
        padding: vec![0.1; 2],
        projection: 24,
        ..FnoSettings::default()
    };
    let line = FnoSettings { modes: vec![9], width: 16, projection: 24, ..FnoSettings::default() };
    let space = FnoSettings { modes: vec![3, 2, 3], width: 6, projection: 8, ..FnoSettings::default() };
    for (grid, settings) in [(vec![37, 30], plane), (vec![256], line), (vec![12, 9, 10], space)] {
        let reference = train(1, &grid, &settings);
        assert!(reference.0[2] < reference.0[0], "three steps lower the loss: {:?}", reference.0);
        for threads in [2, 5] {
            assert_eq!(train(threads, &grid, &settings), reference, "{threads} threads, grid {grid:?}");
        }
    }
}
