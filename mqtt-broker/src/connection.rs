use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use mqtt_broker_core::{ConnId, Event};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::hub::{Hub, SharedHub};
use crate::input::{Input, poll_read};
use crate::output::{Output, SLICES};

/// Bytes that a connection may read, and write, before the others have their turn.
const TURN: usize = 64 << 10;

/// How long a connection may take to write what is left to write and to see the other side close.
const LINGER: Duration = Duration::from_secs(5);

/// Bytes that are read and thrown away while it lingers.
const LINGER_READ: usize = 16 << 20;

/// The task of a connection, from after [`Event::Opened`] to the end of the socket.
pub(crate) async fn run(socket: TcpStream, conn: ConnId, hub: SharedHub) {
    let entry = Entry { conn, hub };
    let hub = &entry.hub;
    let mut connection = Connection { socket, conn, input: Input::default(), is_broken: false };
    poll_fn(|cx| connection.poll_serve(cx, &mut hub.borrow_mut())).await;

    connection.input = Input::default();
    let mut linger = Linger::default();
    let lingering = poll_fn(|cx| connection.poll_linger(cx, &mut hub.borrow_mut(), &mut linger));
    // Whoever does not take the end in time goes without it.
    let _ = timeout(LINGER, lingering).await;
}

/// The entry of a connection in the table, which goes with its task however that ends.
struct Entry {
    conn: ConnId,
    hub: SharedHub,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.hub.borrow_mut().links.remove(self.conn);
    }
}

struct Connection {
    socket: TcpStream,
    conn: ConnId,
    input: Input,
    /// Nothing can be written any more. What came in before can still be read, and counts.
    is_broken: bool,
}

#[derive(Default)]
struct Linger {
    is_shut_down: bool,
    read: usize,
}

impl Connection {
    /// Reads and writes until one side closes.
    fn poll_serve(&mut self, cx: &mut Context<'_>, hub: &mut Hub) -> Poll<()> {
        if let Some(link) = hub.links.get_mut(self.conn) {
            link.sleep(cx.waker());
        }
        // Writing first: what reading makes for this very connection is written in the next poll, which comes after
        // those of all that are ready now, along with what they make for it.
        self.write(cx, hub);
        self.read(cx, hub);
        match hub.links.get_mut(self.conn) {
            Some(link) if !link.is_closing => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Writes what has gathered until there is no more, the socket is full, or it is the others' turn.
    fn write(&mut self, cx: &mut Context<'_>, hub: &mut Hub) {
        let mut turn = 0;
        while let Some(link) = hub.links.get_mut(self.conn) {
            if link.output.is_empty() {
                return;
            }
            if turn >= TURN {
                cx.waker().wake_by_ref();
                return;
            }
            let bytes = if self.is_broken {
                link.output.len()
            } else {
                match poll_write(cx, &mut self.socket, &link.output) {
                    Poll::Pending => return,
                    Poll::Ready(Ok(bytes)) if bytes > 0 => bytes,
                    Poll::Ready(_) => {
                        self.is_broken = true;
                        continue;
                    }
                }
            };
            link.output.advance(bytes);
            turn += bytes;
            hub.handle(Event::Written { conn: self.conn, bytes });
        }
    }

    /// Reads until there is no more, the broker wants no more, or it is the others' turn.
    fn read(&mut self, cx: &mut Context<'_>, hub: &mut Hub) {
        let mut turn = 0;
        while let Some(link) = hub.links.get_mut(self.conn) {
            if link.is_closing {
                return;
            }
            if mem::take(&mut link.is_resumed) {
                self.receive(hub);
                continue;
            }
            if link.is_paused {
                return;
            }
            if turn >= TURN {
                cx.waker().wake_by_ref();
                return;
            }
            match self.input.poll_fill(cx, &mut self.socket, &mut hub.spare) {
                Poll::Pending => return,
                Poll::Ready(Ok(bytes)) if bytes > 0 => {
                    turn += bytes;
                    self.receive(hub);
                }
                Poll::Ready(end) => {
                    self.is_broken |= end.is_err();
                    link.is_closing = true;
                    hub.handle(Event::Closed { conn: self.conn });
                }
            }
        }
    }

    fn receive(&mut self, hub: &mut Hub) {
        hub.handle(Event::Received { conn: self.conn, bytes: self.input.bytes() });
        self.input.settle(&mut hub.spare);
    }

    /// Writes what is left, says that there is no more, and waits for the other side to say so too. To close a socket
    /// with unread bytes in it would make the peer's system throw away what was written last.
    fn poll_linger(&mut self, cx: &mut Context<'_>, hub: &mut Hub, linger: &mut Linger) -> Poll<()> {
        self.write(cx, hub);
        if hub.links.get_mut(self.conn).is_some_and(|link| !link.output.is_empty()) {
            return Poll::Pending;
        }
        if !linger.is_shut_down {
            linger.is_shut_down = true;
            // An error means that there is nobody to tell.
            let _ = ready!(Pin::new(&mut self.socket).poll_shutdown(cx));
        }
        while linger.read < LINGER_READ {
            hub.spare.clear();
            match ready!(poll_read(cx, &mut self.socket, &mut hub.spare)) {
                Ok(bytes) if bytes > 0 => linger.read += bytes,
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

fn poll_write(cx: &mut Context<'_>, socket: &mut TcpStream, output: &Output) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    Pin::new(socket).poll_write_vectored(cx, output.slices(&mut slices))
}
