//! The solver against exact arithmetic, the certificate against liars, updates against full solves, files against typing errors.

mod certified;
mod files;
mod graphs;
mod methods;
mod oracle;
mod paths;
mod updates;
