//! Forward and backward of the pointwise layers at the size of a two-dimensional operator, against the bare products:
//! `cargo bench -p sobolev-nn --bench layer`.

use sobolev_nn::activation::GELU;
use sobolev_nn::{Linear, PointwiseMlp};
use sobolev_tensor::{Gradients, NodeId, Operation, Parameters, Pool, Result, Tape, Tensor, Var};
use std::time::Instant;

const SHAPE: [usize; 4] = [20, 85, 85, 32];

/// A scalar whose gradient is a field of ones: the cost of a real loss does not count here.
struct Ones {
    shape: Vec<usize>,
    source: NodeId,
}

impl Operation<f32> for Ones {
    fn backward(self: Box<Self>, _: Tensor<f32>, gradients: &mut Gradients<f32>) {
        let mut ones = Tensor::uninitialised(gradients.pool(), &self.shape);
        ones.data_mut().fill(1.0);
        gradients.add(self.source, ones);
    }
}

type Layer<'a> = &'a dyn Fn(&Parameters<f32>, &mut Tape<f32>, &Var<f32>) -> Result<Var<f32>>;

fn row(name: &str, parameters: &Parameters<f32>, multiply_adds: usize, layer: Layer<'_>) -> Result<()> {
    let pool = Pool::new();
    let mut x = Tensor::zeros(&pool, &SHAPE);
    x.data_mut().iter_mut().enumerate().for_each(|(i, x)| *x = (i % 1009) as f32 / 500.0 - 1.0);
    let (mut forward, mut backward) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..15 {
        let mut tape = Tape::recording(&pool);
        let x = tape.input(x.clone());
        let start = Instant::now();
        let y = layer(parameters, &mut tape, &x)?;
        forward = forward.min(start.elapsed().as_secs_f64());
        let (shape, node) = (y.shape().to_vec(), y.node());
        drop((x, y));
        let ones = node.map(|source| Ones { shape, source });
        let loss = tape.record(Tensor::zeros(&pool, &[]), ones);
        let start = Instant::now();
        tape.backward(loss)?;
        backward = backward.min(start.elapsed().as_secs_f64());
    }
    let points: usize = SHAPE[..3].iter().product();
    let rate = |factor: usize, seconds: f64| 2.0 * (factor * points * multiply_adds) as f64 / seconds * 1e-9;
    println!(
        "{name:24} forward {:6.2} ms ({:5.1} GFLOP/s)  backward {:6.2} ms",
        forward * 1e3,
        rate(1, forward),
        backward * 1e3
    );
    Ok(())
}

fn main() -> Result<()> {
    println!("{:?} f32, {} threads", SHAPE, rayon::current_num_threads());
    let mut parameters = Parameters::new();
    let linear = Linear::new(&mut parameters, "linear", 32, 32, 1)?;
    row("linear 32 -> 32", &parameters, 32 * 32, &|p, tape, x| linear.forward(p, tape, x))?;
    for outputs in [1, 2, 32] {
        let mut parameters = Parameters::new();
        let mlp = PointwiseMlp::new(&mut parameters, "mlp", [32, 128, outputs], GELU, 1)?;
        let name = format!("network 32 -> 128 -> {outputs}");
        row(&name, &parameters, 128 * (32 + outputs), &|p, tape, x| mlp.forward(p, tape, x))?;
    }
    Ok(())
}
