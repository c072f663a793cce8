use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections that the system keeps for us until they are accepted.
const BACKLOG: i32 = 1024;

/// An address on which [`Server::bind`](crate::Server::bind) cannot listen.
#[derive(Debug)]
pub struct ListenError {
    address: String,
    error: io::Error,
}

impl std::fmt::Display for ListenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot listen on {}: {}", self.address, plain(&self.error))
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// An error of the system as part of a sentence: without its number, and in lower case.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}

/// Listens on `IP:PORT`, or on all addresses of `HOST:PORT` that this system has.
pub(crate) fn listen(address: &str) -> Result<Vec<(TcpListener, SocketAddr)>, ListenError> {
    let fail = |error| ListenError { address: address.to_owned(), error };
    let mut listeners = Vec::new();
    let mut missing = None;
    for resolved in address.to_socket_addrs().map_err(fail)? {
        match listen_on(resolved) {
            Ok(listener) => listeners.push(listener),
            // `localhost` has an address of IPv6 even where there is none.
            Err(error) if is_not_here(&error) => missing = Some(error),
            Err(error) => return Err(fail(error)),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(fail(error)),
        None if listeners.is_empty() => Err(fail(io::Error::other("the name has no address"))),
        _ => Ok(listeners),
    }
}

fn listen_on(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart shall not have to wait for the old connections to be forgotten. Elsewhere this option would let two
    // programs have the same port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let local_addr = listener.local_addr()?;
    Ok((listener, local_addr))
}

fn is_not_here(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_plain_sentence() {
        let fail = |address| listen(address).map(drop).unwrap_err().to_string();
        assert_eq!(fail("nonsense"), "cannot listen on nonsense: invalid socket address");
        assert_eq!(fail("127.0.0.1:no"), "cannot listen on 127.0.0.1:no: invalid port value");
        assert_eq!(fail("127.0.0.1:65536"), "cannot listen on 127.0.0.1:65536: invalid port value");
        let error = io::Error::from_raw_os_error(98);
        assert!(!plain(&error).contains("os error"));
    }
}
