//! A whole broker on blocking sockets and threads: `cargo run -p mqtt-broker-core --example std_net [ADDR]`
//!
//! The main thread owns the broker. Each connection has a thread that reads and one that writes. All that they tell the
//! main thread goes through one channel, so the broker sees one event after the other.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, mem, thread};

use bytes::BytesMut;
use mqtt_broker_core::{
    Actions, AllowAll, Broker, Config, ConnId, Event, ListenerId, Note, Outgoing, Question, StoreOp, Ticket,
    Timestamp,
};

/// What a thread tells the main thread.
enum Report {
    Opened(TcpStream),
    Read(ConnId, Vec<u8>),
    Written(ConnId, usize),
    Closed(ConnId),
}

/// A connection, as the main thread sees it.
struct Link {
    /// What was read and the broker has not taken.
    input: BytesMut,
    /// To the thread that writes, which ends when this is dropped.
    output: Sender<Vec<u8>>,
    /// To the thread that reads. It reads once for each of these, so without one it is paused.
    go_on: Sender<()>,
    is_paused: bool,
    /// It has read, and waits to be told to go on.
    is_waiting: bool,
}

/// All connections, and the channel to the main thread, for what it has to tell itself.
struct Links(HashMap<ConnId, Link>, Sender<Report>);

/// What the broker calls for is done at once, or passed on to a thread. Nothing here waits.
impl Actions for Links {
    fn send(&mut self, conn: ConnId, packet: &Outgoing<'_>) {
        let mut bytes = Vec::with_capacity(packet.encoded_len());
        packet.append_to(&mut bytes);
        if let Some(link) = self.0.get(&conn) {
            let _ = link.output.send(bytes);
        }
    }

    fn close(&mut self, conn: ConnId) {
        self.0.remove(&conn);
    }

    fn pause_reading(&mut self, conn: ConnId) {
        if let Some(link) = self.0.get_mut(&conn) {
            link.is_paused = true;
        }
    }

    fn resume_reading(&mut self, conn: ConnId) {
        if let Some(link) = self.0.get_mut(&conn) {
            link.is_paused = false;
        }
        // Nothing new, but the broker wants to see what waits.
        let _ = self.1.send(Report::Read(conn, Vec::new()));
    }

    fn ask(&mut self, _: Ticket, _: &Question<'_>) {
        unreachable!("AllowAll answers at once")
    }

    fn store(&mut self, _: StoreOp<'_>) {}

    fn note(&mut self, note: &Note<'_>) {
        println!("{note:?}");
    }
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(env::args().nth(1).unwrap_or_else(|| "127.0.0.1:1883".into()))?;
    println!("listening on {}", listener.local_addr()?);
    let (reports, inbox) = channel();
    let (mut broker, mut links) =
        (Broker::new(Config::default(), AllowAll), Links(HashMap::new(), reports.clone()));
    let (clock, mut names) = (unix_time_made_monotone(), (1..).map(ConnId));
    let accepted = reports.clone();
    thread::spawn(move || accept(&listener, &accepted));
    loop {
        let now = clock();
        let report = match broker.deadline() {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) if deadline <= now => Err(RecvTimeoutError::Timeout),
            Some(deadline) => {
                inbox.recv_timeout(Duration::from_millis(deadline.as_millis() - now.as_millis()))
            }
        };
        let now = clock();
        match report {
            Ok(Report::Opened(socket)) => {
                let Some(conn) = names.next() else { break };
                if let Ok(link) = start(conn, socket, &reports) {
                    links.0.insert(conn, link);
                    broker.handle(
                        now,
                        Event::Opened { conn, listener: ListenerId(0), identity: None },
                        &mut links,
                    );
                }
            }
            Ok(Report::Read(conn, bytes)) => receive(now, conn, &bytes, &mut broker, &mut links),
            Ok(Report::Written(conn, bytes)) => {
                broker.handle(now, Event::Written { conn, bytes }, &mut links)
            }
            Ok(Report::Closed(conn)) => {
                broker.handle(now, Event::Closed { conn }, &mut links);
                links.close(conn);
            }
            Err(RecvTimeoutError::Timeout) => broker.handle(now, Event::Tick, &mut links),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

fn receive(now: Timestamp, conn: ConnId, bytes: &[u8], broker: &mut Broker, links: &mut Links) {
    let Some(link) = links.0.get_mut(&conn) else { return };
    link.is_waiting |= !bytes.is_empty();
    let mut input = mem::take(&mut link.input);
    input.extend_from_slice(bytes);
    broker.handle(now, Event::Received { conn, bytes: &mut input }, links);
    // It may be closed by now.
    let Some(link) = links.0.get_mut(&conn) else { return };
    link.input = input;
    if link.is_waiting && !link.is_paused {
        link.is_waiting = false;
        let _ = link.go_on.send(());
    }
}

fn accept(listener: &TcpListener, reports: &Sender<Report>) {
    for socket in listener.incoming() {
        match socket {
            Ok(socket) => drop(reports.send(Report::Opened(socket))),
            // Most likely there are too many, and that will pass.
            Err(_) => thread::park_timeout(Duration::from_millis(100)),
        }
    }
}

/// Starts the threads of a connection.
fn start(conn: ConnId, socket: TcpStream, reports: &Sender<Report>) -> io::Result<Link> {
    let (output, to_write) = channel();
    let (go_on, may_go_on) = channel();
    let (at_end, read_ended) = channel();
    socket.set_nodelay(true)?;
    // Whoever takes nothing for so long is gone.
    socket.set_write_timeout(Some(Duration::from_secs(60)))?;
    let (reads, read_reports) = (socket.try_clone()?, reports.clone());
    thread::spawn(move || {
        read(conn, reads, &read_reports, &may_go_on);
        at_end.send(())
    });
    let reports = reports.clone();
    thread::spawn(move || write(conn, socket, &reports, &to_write, &read_ended));
    Ok(Link { input: BytesMut::new(), output, go_on, is_paused: false, is_waiting: false })
}

fn read(conn: ConnId, mut socket: TcpStream, reports: &Sender<Report>, go_on: &Receiver<()>) {
    let mut buffer = [0; 16 << 10];
    let mut next = || socket.read(&mut buffer).ok().filter(|&len| len > 0).map(|len| buffer[..len].to_vec());
    while let Some(bytes) = next() {
        if reports.send(Report::Read(conn, bytes)).is_err() || go_on.recv().is_err() {
            break;
        }
    }
    let _ = reports.send(Report::Closed(conn));
    // To close a socket with unread bytes in it would make the peer's system throw away what was written last.
    while next().is_some() {}
}

fn write(
    conn: ConnId,
    mut socket: TcpStream,
    reports: &Sender<Report>,
    packets: &Receiver<Vec<u8>>,
    read_ended: &Receiver<()>,
) {
    while let Ok(mut bytes) = packets.recv() {
        bytes.extend(packets.try_iter().flatten());
        if socket.write_all(&bytes).is_err() {
            // The thread that reads comes to the end by this, and tells.
            let _ = socket.shutdown(Shutdown::Both);
        }
        let _ = reports.send(Report::Written(conn, bytes.len()));
    }
    let _ = socket.shutdown(Shutdown::Write);
    let _ = read_ended.recv_timeout(Duration::from_secs(5));
    let _ = socket.shutdown(Shutdown::Both);
}

#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the time")]
fn unix_time_made_monotone() -> impl Fn() -> Timestamp {
    let started = Instant::now();
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    move || Timestamp::from_millis(u64::try_from((epoch + started.elapsed()).as_millis()).unwrap_or(u64::MAX))
}
