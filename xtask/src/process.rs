//! Child programs: their output goes to a log file, line by line, and is shown only when they fail.

use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
};

use anyhow::{anyhow, bail, Context, Result};

use crate::console::{Console, Task};

/// How many of a failed child's last lines are shown.
const SHOWN_LINES: usize = 60;

/// Which of a child's two streams a line came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Runs the command to its end with no standard input.
///
/// Every line goes to `on_line`; what that returns (often the line itself) is logged to `log`, shown beside the task, and printed when the
/// console is verbose. `None` drops the line. Fails when the command cannot start or exits with anything but 0; the error
/// carries the last lines of the log and its path.
pub fn run(
    command: &mut Command,
    console: &Console,
    task: &Task,
    log: &Path,
    on_line: impl FnMut(Stream, &str) -> Option<String>,
) -> Result<()> {
    let status = run_until(command, console, task, log, on_line, |_| false)?;
    let name = display(command);
    let status = status.with_context(|| format!("lost `{name}`"))?;
    if status.success() {
        return Ok(());
    }
    if console.verbose {
        bail!("`{name}` failed ({status}); its output is in {}", log.display());
    }
    bail!(
        "`{name}` failed ({status})\n{}\nthe whole output is in {}",
        tail(log)?,
        log.display()
    );
}

/// Whether the command exits with 0. It is ended, and has failed, at the first line of which `has_failed` says so: nothing that it would print
/// after that matters. Lines are logged and shown as by [`run_plain`]; fails when the command cannot start.
pub fn passes(
    command: &mut Command,
    console: &Console,
    task: &Task,
    log: &Path,
    has_failed: impl Fn(&str) -> bool,
) -> Result<bool> {
    let status = run_until(command, console, task, log, |_, line| Some(line.to_owned()), has_failed)?;
    Ok(status.is_some_and(|status| status.success()))
}

/// Runs the command to its end, or kills it at the first line that is `enough`; `None` if it was killed.
fn run_until(
    command: &mut Command,
    console: &Console,
    task: &Task,
    log: &Path,
    mut on_line: impl FnMut(Stream, &str) -> Option<String>,
    is_enough: impl Fn(&str) -> bool,
) -> Result<Option<ExitStatus>> {
    let name = display(command);
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut file = BufWriter::new(file);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| anyhow!("cannot run `{name}`: {error}; is it installed and on PATH?"))?;

    let (send, receive) = mpsc::channel();
    let mut readers = Vec::new();
    for (stream, pipe) in [
        (
            Stream::Out,
            child.stdout.take().map(|p| Box::new(p) as Box<dyn Read + Send>),
        ),
        (
            Stream::Err,
            child.stderr.take().map(|p| Box::new(p) as Box<dyn Read + Send>),
        ),
    ] {
        let Some(pipe) = pipe else { continue };
        let send = send.clone();
        readers.push(thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut bytes = Vec::new();
            while matches!(reader.read_until(b'\n', &mut bytes), Ok(n) if n > 0) {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                bytes.clear();
                if send.send((stream, line)).is_err() {
                    break;
                }
            }
        }));
    }
    drop(send);
    for (stream, line) in receive {
        let enough = is_enough(&line);
        let Some(line) = on_line(stream, &line) else { continue };
        writeln!(file, "{line}")?;
        task.detail(&line);
        if console.verbose {
            println!("{line}");
        }
        if enough {
            file.flush()?;
            child.kill().with_context(|| format!("cannot end `{name}`"))?;
            child.wait().with_context(|| format!("lost `{name}`"))?;
            return Ok(None);
        }
    }
    file.flush()?;
    for reader in readers {
        let _ = reader.join();
    }
    let status = child.wait().with_context(|| format!("lost `{name}`"))?;
    Ok(Some(status))
}

/// Runs the command like [`run`] and keeps every line.
pub fn run_plain(command: &mut Command, console: &Console, task: &Task, log: &Path) -> Result<()> {
    run(command, console, task, log, |_, line| Some(line.to_owned()))
}

/// The last lines of a log, with a headline.
fn tail(log: &Path) -> Result<String> {
    let text = std::fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))?;
    Ok(last_lines(&text, SHOWN_LINES))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    let head = if from > 0 {
        format!("--- last {count} of {} lines ---\n", lines.len())
    } else {
        String::new()
    };
    head + &lines[from..].join("\n")
}

/// Program and arguments as one would type them.
pub fn display(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let mut text = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// What a run of tests counted: the sum of its `test result:` lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were ignored.
    pub skipped: u64,
}

impl Counts {
    /// Adds the counts of a line like `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; ...`; other lines add nothing.
    pub fn add_line(&mut self, line: &str) {
        let Some(rest) = line.trim().strip_prefix("test result: ") else {
            return;
        };
        for part in rest.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_the_sum_of_the_result_lines_of_the_runner() {
        let mut counts = Counts::default();
        for line in [
            "running 4 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 61.20s",
        ] {
            counts.add_line(line);
        }
        assert_eq!(
            counts,
            Counts {
                passed: 13,
                failed: 2,
                skipped: 1
            }
        );
    }

    #[test]
    fn only_the_last_lines_are_shown_and_the_head_says_so() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "--- last 2 of 3 lines ---\nb\nc");
        assert_eq!(last_lines("a\nb\n", 2), "a\nb");
    }

    #[test]
    fn a_failed_command_reports_its_output_and_its_log() {
        let folder = tempfile::tempdir().expect("folder");
        let log = folder.path().join("logs/step.log");
        let console = Console::new(false);
        let error = run_plain(
            Command::new("sh").args(["-c", "echo one; echo two >&2; exit 3"]),
            &console,
            &console.task("step"),
            &log,
        )
        .expect_err("exit 3");
        let text = error.to_string();
        assert!(
            text.contains("one") && text.contains("two") && text.contains("exit status: 3"),
            "{text}"
        );
        assert!(text.ends_with(&log.display().to_string()), "{text}");
    }

    #[test]
    fn a_command_is_ended_at_the_first_line_that_says_it_failed() {
        let folder = tempfile::tempdir().expect("folder");
        let console = Console::new(false);
        let passes = |script: &str| {
            passes(
                Command::new("sh").args(["-c", script]),
                &console,
                &console.task("step"),
                &folder.path().join("log"),
                |line| line.ends_with("... FAILED"),
            )
        };
        // `exec`, so that what is killed is what would wait for ever.
        assert!(!passes("echo 'test a ... FAILED'; exec tail -f /dev/null").expect("ran"));
        assert!(!passes("echo 'test a ... ok'; exit 3").expect("ran"));
        assert!(passes("echo 'test a ... ok'").expect("ran"));
    }

    #[test]
    fn a_missing_command_is_named() {
        let folder = tempfile::tempdir().expect("folder");
        let console = Console::new(false);
        let error = run_plain(
            &mut Command::new("no-such-command"),
            &console,
            &console.task("step"),
            &folder.path().join("log"),
        )
        .expect_err("missing");
        assert!(error.to_string().contains("`no-such-command`"), "{error}");
    }
}
