use std::future::Future;
use std::io;
use std::mem;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of one read.
pub(crate) const READ: usize = 32 << 10;

/// Bytes up to which the rest of a packet is moved out of a read buffer instead of keeping the buffer.
const SMALL_REST: usize = 4096;

/// What a connection has read and the broker has not taken.
///
/// The buffer to read into is lent by the hub for the time between [`poll_fill`](Self::poll_fill) and
/// [`settle`](Self::settle), so an idle connection has none. A connection that is in the middle of a large packet has its own.
#[derive(Debug, Default)]
pub(crate) struct Input {
    bytes: BytesMut,
}

impl Input {
    /// Reads once. Gives the number of bytes that came; 0 is the end.
    pub(crate) fn poll_fill<R: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut R,
        spare: &mut BytesMut,
    ) -> Poll<io::Result<usize>> {
        if self.bytes.len() > SMALL_REST {
            return poll_read(cx, socket, &mut self.bytes);
        }
        spare.clear();
        spare.reserve(SMALL_REST + READ);
        spare.extend_from_slice(&self.bytes);
        let read = ready!(poll_read(cx, socket, spare));
        self.bytes = mem::take(spare);
        Poll::Ready(read)
    }

    /// All bytes that were not taken yet.
    pub(crate) const fn bytes(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }

    /// Gives the buffer back, if there is not much in it.
    pub(crate) fn settle(&mut self, spare: &mut BytesMut) {
        if self.bytes.len() <= SMALL_REST {
            let rest = BytesMut::from(&self.bytes[..]);
            let buffer = mem::replace(&mut self.bytes, rest);
            if spare.capacity() == 0 {
                *spare = buffer;
            }
        }
    }
}

/// Reads without making more room than for [`READ`] bytes, however large the buffer is.
pub(crate) fn poll_read<R: AsyncRead + Unpin>(
    cx: &mut Context<'_>,
    socket: &mut R,
    buffer: &mut BytesMut,
) -> Poll<io::Result<usize>> {
    buffer.reserve(READ);
    let mut room = buffer.limit(READ);
    pin!(socket.read_buf(&mut room)).poll(cx)
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use bytes::Buf;

    use super::*;

    fn fill(input: &mut Input, mut socket: &[u8], spare: &mut BytesMut) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        match input.poll_fill(&mut cx, &mut socket, spare) {
            Poll::Ready(read) => read.unwrap(),
            Poll::Pending => panic!("a slice is always ready"),
        }
    }

    #[test]
    fn what_was_not_taken_comes_first_in_the_next_read() {
        let (mut input, mut spare) = (Input::default(), BytesMut::new());
        let mut taken = Vec::new();
        let sent: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
        let mut at = 0;
        // Rests of all sizes around the one from which on the connection keeps the buffer.
        for rest in [0, 1, SMALL_REST - 1, SMALL_REST, SMALL_REST + 1, 3 * READ, 0, 5, 0] {
            let step = 10_000.min(sent.len() - at);
            assert_eq!(fill(&mut input, &sent[at..at + step], &mut spare), step);
            at += step;
            let bytes = input.bytes();
            let take = bytes.len().saturating_sub(rest);
            taken.extend_from_slice(&bytes[..take]);
            bytes.advance(take);
            input.settle(&mut spare);
        }
        taken.extend_from_slice(input.bytes());
        assert_eq!(taken, sent[..at]);
    }

    #[test]
    fn an_idle_connection_has_no_buffer() {
        let (mut input, mut spare) = (Input::default(), BytesMut::new());
        fill(&mut input, &[1; 1000], &mut spare);
        assert_eq!(spare.capacity(), 0, "lent");
        input.bytes().advance(990);
        input.settle(&mut spare);
        assert!(input.bytes().capacity() < 64, "ten bytes are left");
        assert!(spare.capacity() >= READ, "given back");
    }

    #[test]
    fn one_read_is_bounded_however_large_the_buffer() {
        let (mut input, mut spare) = (Input::default(), BytesMut::with_capacity(10 * READ));
        let socket = [0; 5 * READ];
        assert_eq!(fill(&mut input, &socket, &mut spare), READ);
    }
}
