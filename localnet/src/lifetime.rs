//! How long the network runs.

use std::{os::unix::process::parent_id, path::Path, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    io::AsyncReadExt,
    signal::unix::{signal, SignalKind},
};

/// How often the watched process is looked at.
const PARENT_POLL: Duration = Duration::from_millis(200);

/// Returns, with the reason, on SIGINT, SIGTERM or SIGHUP, when `parent_pid` has gone, or when standard input is
/// closed and `exit_with_stdin` asks for it.
///
/// # Errors
/// When signals cannot be waited for.
pub fn wait(parent_pid: Option<u32>, exit_with_stdin: bool) -> Result<&'static str> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("signals cannot be waited for")?;
    let reason = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        anyhow::Ok(tokio::select! {
            _ = interrupt.recv() => "interrupted",
            _ = terminate.recv() => "terminated",
            _ = hang_up.recv() => "the terminal has gone",
            () = parent_gone(parent_pid) => "the parent process has gone",
            () = stdin_closed(exit_with_stdin) => "standard input was closed",
        })
    })?;
    // The read of standard input may never return; it must not hold up the end.
    runtime.shutdown_background();
    Ok(reason)
}

/// Ends when process `pid` does not exist any more; never without a pid.
async fn parent_gone(pid: Option<u32>) {
    let Some(pid) = pid else {
        return std::future::pending().await;
    };
    // An own parent that dies is replaced by another at once. Any other process is looked up by its number.
    let own_parent = parent_id() == pid;
    let proc_entry = format!("/proc/{pid}");
    loop {
        let alive = if own_parent {
            parent_id() == pid
        } else {
            Path::new(&proc_entry).exists()
        };
        if !alive {
            return;
        }
        tokio::time::sleep(PARENT_POLL).await;
    }
}

/// Ends when standard input is at its end or cannot be read; never unless asked for.
async fn stdin_closed(asked_for: bool) {
    if !asked_for {
        return std::future::pending().await;
    }
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 1024];
    while stdin.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
}
