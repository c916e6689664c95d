//! See the suite's modules.
