//! The core on the compiled program, one module per subject.

mod flows;
