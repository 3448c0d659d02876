//! Tests that need a process of their own: one binary with a counting allocator.

mod memory;
