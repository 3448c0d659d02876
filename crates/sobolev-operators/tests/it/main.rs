//! What holds for whole models.

mod threads;
