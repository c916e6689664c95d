//! The validator's threads: starting them, waiting until they serve, stopping them.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc, Arc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anchor_lang::prelude::{Clock, EpochSchedule, Pubkey};
use anyhow::{anyhow, bail, Context, Result};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use surfpool_core::{
    start_local_surfnet,
    storage::Storage,
    surfnet::{
        svm::{SurfnetSvm, SurfnetSvmConfig},
        GeyserEvent,
    },
    types::SurfnetTransactionStatus,
};
use surfpool_types::{BlockProductionMode, RpcConfig, SimnetCommand, SimnetConfig, SimnetEvent, SurfpoolConfig};

use crate::{
    config::{Config, MINIMUM_SLOT_MS},
    ledger::Ledger,
};

/// How long the servers may take to come up or to go away.
const SERVER_DEADLINE: Duration = Duration::from_secs(20);
/// How often a free pair of ports may be lost to another process between choosing and binding it.
const PORT_ATTEMPTS: usize = 8;
/// Lamports that the faucet starts with.
const FAUCET_LAMPORTS: u64 = 500_000 * 1_000_000_000;
/// File of all state inside the ledger directory.
const STATE_FILE: &str = "state.sqlite";

/// A running validator.
pub(crate) struct Validator {
    pub(crate) rpc: SocketAddr,
    pub(crate) ws: SocketAddr,
    commands: Sender<SimnetCommand>,
    runloop: Option<JoinHandle<()>>,
    events: Option<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
    ledger: Option<Arc<Ledger>>,
}

impl Validator {
    /// Starts the threads and returns when both servers answer. `faucet` is given money.
    pub(crate) fn start(config: &Config, faucet: Pubkey) -> Result<Self> {
        if config.slot_ms < MINIMUM_SLOT_MS {
            bail!("a slot lasts at least {MINIMUM_SLOT_MS} ms");
        }
        let chosen_here = config.rpc_port == 0;
        for attempt in 1.. {
            let (rpc, ws) = choose_ports(config)?;
            match Self::start_on(config, faucet, rpc, ws) {
                Err(error) if chosen_here && attempt < PORT_ATTEMPTS && port_was_lost(&error) => {}
                outcome => return outcome,
            }
        }
        bail!("no attempt was made")
    }

    fn start_on(config: &Config, faucet: Pubkey, rpc: SocketAddr, ws: SocketAddr) -> Result<Self> {
        let Engine {
            svm,
            events: events_rx,
            geyser: geyser_rx,
            ledger,
        } = Engine::build(config)?;
        let surfpool_config = SurfpoolConfig {
            simnets: vec![SimnetConfig {
                // The two lines that keep this process offline: no remote client is ever built.
                offline_mode: true,
                remote_rpc_url: None,
                slot_time: config.slot_ms,
                block_production_mode: BlockProductionMode::Clock,
                airdrop_addresses: vec![faucet],
                airdrop_token_amount: FAUCET_LAMPORTS,
                instruction_profiling_enabled: false,
                log_bytes_limit: None,
                ..SimnetConfig::default()
            }],
            rpc: RpcConfig {
                bind_host: rpc.ip().to_string(),
                bind_port: rpc.port(),
                ws_port: ws.port(),
                ..RpcConfig::default()
            },
            ..SurfpoolConfig::default()
        };

        let (commands, commands_rx) = crossbeam_channel::unbounded();
        let (started_tx, started_rx) = mpsc::channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let events = spawn_events(events_rx, started_tx.clone(), Arc::clone(&stopping), config.verbose)?;
        let runloop = spawn_runloop(
            svm,
            surfpool_config,
            commands.clone(),
            commands_rx,
            geyser_rx,
            started_tx,
        )?;
        let mut validator = Self {
            rpc,
            ws,
            commands,
            runloop: Some(runloop),
            events: Some(events),
            stopping,
            ledger,
        };
        let started = started_rx
            .recv_timeout(SERVER_DEADLINE)
            .map_err(|_| anyhow!("the validator did not start within {SERVER_DEADLINE:?}"))
            .and_then(|outcome| outcome.map_err(|error| anyhow!(error)));
        if let Err(error) = started {
            validator.stop();
            return Err(error.context("the validator did not start"));
        }
        Ok(validator)
    }

    /// Stops the servers and waits until their ports are free. Safe to call twice.
    ///
    /// The engine keeps one sleeping thread per started network (its slot timer) until the process ends.
    pub(crate) fn stop(&mut self) {
        let Some(runloop) = self.runloop.take() else {
            return;
        };
        // Fails only when the run loop is gone already.
        let _ = self.commands.send(SimnetCommand::Terminate(None));
        let _ = runloop.join();
        if let Some(Err(error)) = self.ledger.take().map(|ledger| ledger.close()) {
            eprintln!("warning: {error:#}");
        }
        let deadline = Instant::now() + SERVER_DEADLINE;
        // Not by connecting: the engine's websocket server panics when it is ended while somebody does.
        while Instant::now() < deadline
            && [self.rpc, self.ws]
                .iter()
                .any(|address| TcpListener::bind(address).is_err())
        {
            thread::sleep(Duration::from_millis(10));
        }
        self.stopping.store(true, Ordering::Relaxed);
        if let Some(events) = self.events.take() {
            let _ = events.join();
        }
    }
}

impl Drop for Validator {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The engine with the state to start from.
struct Engine {
    svm: SurfnetSvm,
    events: Receiver<SimnetEvent>,
    geyser: Receiver<GeyserEvent>,
    /// When the state is kept.
    ledger: Option<Arc<Ledger>>,
}

impl Engine {
    /// Fresh, or with what the ledger directory holds; programs installed either way.
    fn build(config: &Config) -> Result<Self> {
        let state = config
            .ledger
            .as_ref()
            .map(|directory| state_file(directory, config.reset))
            .transpose()?;
        let settings = SurfnetSvmConfig {
            slot_time: config.slot_ms,
            instruction_profiling_enabled: false,
            log_bytes_limit: None,
            ..SurfnetSvmConfig::default()
        };
        let network = settings.surfnet_id.clone();
        let (mut svm, events, geyser) = SurfnetSvm::new_with_db(state.as_deref(), settings)
            .map_err(|error| anyhow!("the validator's state cannot be opened: {error}"))?;
        let mut ledger = None;
        if let Some(path) = &state {
            ledger = Some(Ledger::attach(&mut svm, path, &network)?);
            resume_slot(&mut svm)?;
            resume_clock(&mut svm)?;
        }
        for program in &config.programs {
            program.install(&mut svm)?;
        }
        Ok(Self {
            svm,
            events,
            geyser,
            ledger,
        })
    }
}

/// Path of the state in a ledger directory, which is made if it is not there; `reset` forgets what it holds.
fn state_file(directory: &std::path::Path, reset: bool) -> Result<String> {
    std::fs::create_dir_all(directory)
        .with_context(|| format!("the ledger directory {} cannot be made", directory.display()))?;
    let state = directory.join(STATE_FILE);
    if reset {
        remove_state(&state)?;
    }
    let path = state.to_str();
    Ok(path
        .with_context(|| format!("{} is not valid UTF-8", state.display()))?
        .to_owned())
}

/// Removes the state file and its write-ahead files.
fn remove_state(state: &std::path::Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut path = state.as_os_str().to_owned();
        path.push(suffix);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("the old ledger cannot be removed");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Continues a kept ledger in a slot after all that it has something of. The engine goes on at the slot that it wrote down last, up to a minute
/// earlier: after a kill new transactions would have smaller slots than old ones, and histories would come in the wrong order.
fn resume_slot(svm: &mut SurfnetSvm) -> Result<()> {
    let blocks = svm
        .blocks
        .keys()
        .map_err(|error| anyhow!("the ledger's blocks cannot be read: {error}"))?;
    let transactions = Storage::into_iter(svm.transactions.as_ref())
        .map_err(|error| anyhow!("the ledger's transactions cannot be read: {error}"))?
        .filter_map(|(_, status)| match status {
            SurfnetTransactionStatus::Processed(processed) => Some(processed.0.slot),
            SurfnetTransactionStatus::Received => None,
        });
    let Some(latest) = blocks.into_iter().chain(transactions).max() else {
        return Ok(());
    };
    let slot = svm.latest_epoch_info.absolute_slot.max(latest + 1);
    let schedule = svm.inner.get_sysvar::<EpochSchedule>();
    let (epoch, slot_index) = schedule.get_epoch_and_slot_index(slot);
    let info = &mut svm.latest_epoch_info;
    (info.absolute_slot, info.epoch, info.slot_index) = (slot, epoch, slot_index);
    Ok(())
}

/// Continues the clock of a kept ledger: never before its latest block, even when that lies in the future because
/// the network had travelled. A clock set back would make positions that settled later refuse to settle.
fn resume_clock(svm: &mut SurfnetSvm) -> Result<()> {
    let latest_block_ts = Storage::into_iter(svm.blocks.as_ref())
        .map_err(|error| anyhow!("the ledger's blocks cannot be read: {error}"))?
        .map(|(_, block)| block.block_time)
        .max();
    let Some(latest_block_ts) = latest_block_ts else {
        return Ok(());
    };
    let after_latest_ms = u64::try_from(latest_block_ts)
        .ok()
        .and_then(|seconds| seconds.checked_add(1)?.checked_mul(1_000))
        .context("the ledger's latest block time is out of range")?;
    svm.updated_at = svm.updated_at.max(after_latest_ms);
    let slot = svm.latest_epoch_info.absolute_slot;
    let since_genesis_ms = slot.saturating_sub(svm.genesis_slot).saturating_mul(svm.slot_time);
    svm.genesis_updated_at = svm.updated_at.saturating_sub(since_genesis_ms);
    let clock = Clock {
        slot,
        epoch: svm.latest_epoch_info.epoch,
        unix_timestamp: i64::try_from(svm.updated_at / 1_000).context("the ledger's clock is out of range")?,
        epoch_start_timestamp: 0,
        leader_schedule_epoch: 0,
    };
    svm.inner.set_sysvar(&clock);
    Ok(())
}

fn spawn_runloop(
    svm: SurfnetSvm,
    config: SurfpoolConfig,
    commands: Sender<SimnetCommand>,
    commands_rx: Receiver<SimnetCommand>,
    geyser_rx: Receiver<GeyserEvent>,
    started: mpsc::Sender<Result<(), String>>,
) -> Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("localnet")
        .enable_all()
        .build()
        .context("the validator's runtime cannot be built")?;
    thread::Builder::new()
        .name("localnet runloop".to_owned())
        .spawn(move || {
            let outcome = runtime
                .block_on(start_local_surfnet(svm, config, commands, commands_rx, geyser_rx))
                .map_err(|error| error.to_string());
            if let Err(error) = outcome {
                // Nobody listens any more when the network had started.
                let _ = started.send(Err(error));
            }
        })
        .context("the validator's thread cannot be started")
}

/// Drains the engine's events (it blocks when nobody does) and tells `started` how the start went.
fn spawn_events(
    events: Receiver<SimnetEvent>,
    started: mpsc::Sender<Result<(), String>>,
    stopping: Arc<AtomicBool>,
    verbose: bool,
) -> Result<JoinHandle<()>> {
    thread::Builder::new()
        .name("localnet events".to_owned())
        .spawn(move || loop {
            match events.recv_timeout(Duration::from_millis(100)) {
                Ok(SimnetEvent::CoreStarted(_)) => {
                    let _ = started.send(Ok(()));
                }
                Ok(SimnetEvent::Aborted(error)) => {
                    let _ = started.send(Err(error));
                }
                Ok(
                    SimnetEvent::InfoLog(_, line)
                    | SimnetEvent::WarnLog(_, line)
                    | SimnetEvent::ErrorLog(_, line)
                    | SimnetEvent::DebugLog(_, line),
                ) if verbose => eprintln!("{line}"),
                Ok(SimnetEvent::TransactionProcessed(_, meta, error)) if verbose => {
                    let outcome = error.map_or("ok".to_owned(), |error| error.to_string());
                    eprintln!(
                        "{} {outcome}, {} compute units",
                        meta.signature, meta.compute_units_consumed
                    );
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    if stopping.load(Ordering::Relaxed) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        })
        .context("the validator's event thread cannot be started")
}

/// Whether a start failed because its port was taken.
fn port_was_lost(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    text.contains("in use") || text.contains("AddrInUse")
}

/// The addresses to serve on.
fn choose_ports(config: &Config) -> Result<(SocketAddr, SocketAddr)> {
    let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let bind = |port| TcpListener::bind(address(port));
    if config.rpc_port != 0 {
        let ws_port = match config.ws_port {
            0 => config
                .rpc_port
                .checked_add(1)
                .context("the websocket port would be above 65535")?,
            port => port,
        };
        return Ok((address(config.rpc_port), address(ws_port)));
    }
    for _ in 0..PORT_ATTEMPTS {
        let rpc = bind(0).context("127.0.0.1 has no free port")?;
        let rpc_port = rpc.local_addr()?.port();
        let ws_port = match config.ws_port {
            0 => rpc_port.checked_add(1),
            port => Some(port),
        };
        if let Some(ws_port) = ws_port.filter(|port| bind(*port).is_ok()) {
            return Ok((address(rpc_port), address(ws_port)));
        }
    }
    bail!("no free pair of ports was found on 127.0.0.1")
}
