//! The real program as a child process.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use crate::client::PATIENCE;

pub(crate) struct Process {
    child: KilledOnDrop,
    stderr: BufReader<ChildStderr>,
    addresses: Vec<SocketAddr>,
}

/// So that a test that fails leaves no process behind.
struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Clients of the tests connect as fast as they can.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mqtt-broker"));
    command.args(["--damping", "0"]);
    command
}

impl Process {
    /// Listens on one free port.
    pub(crate) fn start() -> Self {
        Self::start_with(program().args(["--listen", "127.0.0.1:0"]), 1)
    }

    /// Waits until it listens on so many ports.
    pub(crate) fn start_with(command: &mut Command, listeners: usize) -> Self {
        let mut child = KilledOnDrop(command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
        let mut stderr = BufReader::new(child.0.stderr.take().unwrap());
        let mut addresses = Vec::new();
        while addresses.len() < listeners {
            let mut line = String::new();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before it listened");
            let address = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
            addresses.push(address.parse().unwrap());
        }
        Self { child, stderr, addresses }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Asks it to end.
    pub(crate) fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args(["-s", name, &self.child.0.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.0.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended; gives its exit status and what it had to say.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut stderr = self.stderr;
        let (said, says) = channel();
        thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            let _ = said.send(text);
        });
        // The other end of the pipe closes when the process ends.
        let text = says.recv_timeout(PATIENCE).expect("it ends in time");
        (self.child.0.wait().unwrap(), text)
    }

    /// Resident memory in bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }
}
