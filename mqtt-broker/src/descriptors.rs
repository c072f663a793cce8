//! File descriptors: each connection needs one.

use std::io;

use socket2::{Domain, Socket, Type};

/// What the runtime, a listener and a few clients need.
const NEEDED: usize = 16;

/// Takes as many as the system lets us have. Many systems start programs with a low limit that they may raise themselves.
pub(crate) fn raise_limit() {
    #[cfg(unix)]
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "cannot raise the limit of file descriptors");
    }
}

/// Fails if there are too few to begin with.
pub(crate) fn check() -> Result<(), String> {
    let probe = || Socket::new(Domain::IPV4, Type::STREAM, None);
    let sockets: io::Result<Vec<_>> = (0..NEEDED).map(|_| probe()).collect();
    match sockets {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("too few file descriptors: cannot open {NEEDED} sockets: {error}")),
    }
}
