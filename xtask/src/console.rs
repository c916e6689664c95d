//! What a person or a log sees: one line per task, a live bar with the child's last line on a terminal.

use std::{
    cell::RefCell,
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Where tasks are shown.
pub struct Console {
    /// Child output is shown as it comes.
    pub verbose: bool,
    terminal: bool,
}

/// One piece of work on the console, from its start to [`Task::finish`].
pub struct Task {
    label: String,
    bar: Option<ProgressBar>,
    /// Plain output has "label ..." on an unfinished line.
    line_open: bool,
    notes: RefCell<Vec<String>>,
    start: Instant,
}

impl Console {
    /// A console on standard error (live) or standard output (plain).
    pub fn new(verbose: bool) -> Self {
        Self {
            verbose,
            terminal: std::io::stderr().is_terminal() && std::io::stdout().is_terminal(),
        }
    }

    /// Starts a task. On a terminal a spinner shows it; otherwise its line is begun and ends with [`Task::finish`].
    pub fn task(&self, label: impl Into<String>) -> Task {
        let label = label.into();
        let bar = (self.terminal && !self.verbose).then(|| {
            let bar = ProgressBar::new_spinner().with_message(label.clone());
            bar.set_style(style("{spinner} {msg}  {elapsed}  {wide_msg_detail}"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let line_open = bar.is_none() && !self.verbose;
        if line_open {
            print!("{label} ... ");
            let _ = std::io::stdout().flush();
        } else if self.verbose {
            println!("{label} ...");
        }
        Task {
            label,
            bar,
            line_open,
            notes: RefCell::default(),
            start: Instant::now(),
        }
    }
}

/// The templates are constants of this file, checked by a unit test.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(&template.replace("{wide_msg_detail}", "{prefix:.dim}"))
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .progress_chars("=> ")
}

impl Task {
    /// Shows the child's last line beside the task, shortened to fit.
    pub fn detail(&self, line: &str) {
        if let Some(bar) = &self.bar {
            let line: String = line.trim().chars().filter(|c| !c.is_control()).take(60).collect();
            bar.set_prefix(line);
        }
    }

    /// Shows that step `position` of `length` runs.
    pub fn progress(&self, position: u64, length: u64, text: &str) {
        if let Some(bar) = &self.bar {
            if bar.length() != Some(length) {
                bar.set_length(length);
                bar.set_style(style(
                    "{spinner} {msg}  [{bar:20}] {pos}/{len}  {elapsed}  {wide_msg_detail}",
                ));
            }
            bar.set_position(position);
            bar.set_prefix(text.to_owned());
        }
    }

    /// Keeps a remark that is printed below the task's line.
    pub fn note(&self, text: &str) {
        self.notes.borrow_mut().push(text.to_owned());
    }

    /// Ends the task and returns how long it took. `result` is what its line says, for example "ok".
    pub fn finish(self, result: &str) -> Duration {
        let elapsed = self.start.elapsed();
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.line_open {
            println!("{result}  {}", seconds(elapsed));
        } else {
            println!("{} ... {result}  {}", self.label, seconds(elapsed));
        }
        for note in self.notes.borrow().iter() {
            println!("    {note}");
        }
        elapsed
    }
}

/// "0.3 s", "12.3 s", "4 min 05 s".
pub fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis().div_ceil(100);
    if tenths < 1_000 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let whole = duration.as_secs();
    format!("{} min {:02} s", whole / 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_tenths_and_then_in_minutes() {
        assert_eq!(seconds(Duration::from_millis(250)), "0.3 s");
        assert_eq!(seconds(Duration::from_millis(99_900)), "99.9 s");
        assert_eq!(seconds(Duration::from_millis(245_900)), "4 min 05 s");
    }

    #[test]
    fn bar_templates_are_valid() {
        for template in [
            "{spinner} {msg}  {elapsed}  {prefix:.dim}",
            "{spinner} {msg}  [{bar:20}] {pos}/{len}  {elapsed}  {prefix:.dim}",
        ] {
            ProgressStyle::with_template(template).expect("template");
        }
    }
}
