//! The client against the compiled program that `UPSIDE_PROGRAM_SO` names, in process, and against the local validator that
//! `UPSIDE_LOCALNET_BIN` names, over JSON-RPC. The same story is told to both through one `Sender`.

mod addresses;
mod amounts;
mod decoding;
mod in_process;
mod over_rpc;
mod risk;
mod scripted_server;
mod sequences;
mod story;
