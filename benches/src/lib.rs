//! Benchmarks of the two libraries; see `benches/`.
