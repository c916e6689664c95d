//! What a person or a log sees: one line per task, a live bar with the child's last line on a terminal.

use std::{
    cell::RefCell,
    io::{IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Where tasks are shown.
pub struct Console {
    /// Child output is shown as it comes.
    pub verbose: bool,
    terminal: bool,
    /// Where lines go instead of the screen; see [`Console::aside`].
    kept: Option<Arc<Mutex<String>>>,
}

/// One piece of work on the console, from its start to [`Task::finish`].
pub struct Task {
    label: String,
    bar: Option<ProgressBar>,
    /// Plain output has "label ..." on an unfinished line.
    line_open: bool,
    notes: RefCell<Vec<String>>,
    kept: Option<Arc<Mutex<String>>>,
    start: Instant,
}

impl Console {
    /// A console on standard error (live) or standard output (plain).
    pub fn new(verbose: bool) -> Self {
        Self {
            verbose,
            terminal: std::io::stderr().is_terminal() && std::io::stdout().is_terminal(),
            kept: None,
        }
    }

    /// A console that keeps its lines for [`Console::kept`]: for work beside other work, whose lines would come between.
    pub fn aside() -> Self {
        Self {
            verbose: false,
            terminal: false,
            kept: Some(Arc::default()),
        }
    }

    /// The lines kept.
    pub fn kept(&self) -> String {
        self.kept
            .as_ref()
            .map(|kept| kept.lock().unwrap_or_else(PoisonError::into_inner).clone())
            .unwrap_or_default()
    }

    /// Shows a line, or keeps it.
    pub fn line(&self, line: &str) {
        show(self.kept.as_deref(), line);
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
        let line_open = bar.is_none() && !self.verbose && self.kept.is_none();
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
            kept: self.kept.clone(),
            start: Instant::now(),
        }
    }
}

fn show(kept: Option<&Mutex<String>>, line: &str) {
    match kept {
        Some(kept) => {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_str(line);
            kept.push('\n');
        }
        None => println!("{line}"),
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
            show(
                self.kept.as_deref(),
                &format!("{} ... {result}  {}", self.label, seconds(elapsed)),
            );
        }
        for note in self.notes.borrow().iter() {
            show(self.kept.as_deref(), &format!("    {note}"));
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
    fn lines_aside_are_kept() {
        let console = Console::aside();
        let task = console.task("label");
        task.note("a note");
        task.finish("ok");
        console.line("a line");
        let kept = console.kept();
        assert!(kept.starts_with("label ... ok  "), "{kept}");
        assert!(kept.ends_with("\n    a note\na line\n"), "{kept}");
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
