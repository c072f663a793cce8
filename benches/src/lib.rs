//! Datasets that the benches share.
