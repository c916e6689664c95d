//! Backing.
