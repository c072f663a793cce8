use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};
use mqtt_broker_core::Outgoing;

/// Payloads of so many bytes are written from where they lie instead of being copied.
const SHARED_PAYLOAD: usize = 4096;

/// Bytes of an empty buffer that a connection may keep; one that is idle should cost little.
const KEPT_BUFFER: usize = 1024;

/// Slices of one write.
pub(crate) const SLICES: usize = 64;

/// What is on its way out on one connection.
///
/// All packets are encoded into one buffer, except for large payloads, which are remembered with the place in the
/// buffer where they belong.
#[derive(Debug, Default)]
pub(crate) struct Output {
    buffer: BytesMut,
    payloads: VecDeque<Splice>,
    /// Bytes that have left the front of the buffer since the beginning.
    gone: u64,
    len: usize,
}

#[derive(Debug)]
struct Splice {
    /// Bytes of the buffer in front of it, since the beginning.
    at: u64,
    payload: Bytes,
}

impl Output {
    /// Appends a packet.
    pub(crate) fn push(&mut self, packet: &Outgoing<'_>) {
        self.append(packet.head());
        match packet.payload() {
            Some(payload) if payload.len() >= SHARED_PAYLOAD => self.splice(payload.clone()),
            payload => self.append(payload.map_or(&[], |payload| payload)),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.len += bytes.len();
    }

    fn splice(&mut self, payload: Bytes) {
        self.len += payload.len();
        self.payloads.push_back(Splice { at: self.gone + self.buffer.len() as u64, payload });
    }

    /// Bytes that are still to be written.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fills `slices` with the bytes to write next, and gives those that it filled.
    pub(crate) fn slices<'a, 's>(&'a self, slices: &'s mut [IoSlice<'a>; SLICES]) -> &'s [IoSlice<'a>] {
        let mut filled = 0;
        let mut free = slices.iter_mut();
        let mut add = |bytes: &'a [u8]| {
            if !bytes.is_empty()
                && let Some(slot) = free.next()
            {
                *slot = IoSlice::new(bytes);
                filled += 1;
            }
        };
        let mut rest = &self.buffer[..];
        let mut at = self.gone;
        for splice in self.payloads.iter().take(SLICES) {
            let (before, behind) = rest.split_at_checked(distance(at, splice.at)).unwrap_or((rest, &[]));
            add(before);
            add(&splice.payload);
            (rest, at) = (behind, splice.at);
        }
        if self.payloads.len() <= SLICES {
            add(rest);
        }
        slices.get(..filled).unwrap_or_default()
    }

    /// Drops so many bytes off the front: they are written.
    pub(crate) fn advance(&mut self, written: usize) {
        self.len = self.len.saturating_sub(written);
        let mut left = written;
        while left > 0 {
            let before =
                self.payloads.front().map_or(self.buffer.len(), |splice| distance(self.gone, splice.at));
            if before > 0 {
                let step = before.min(left);
                self.buffer.advance(step);
                self.gone += step as u64;
                left -= step;
                continue;
            }
            let Some(splice) = self.payloads.front_mut() else { break };
            let step = splice.payload.len().min(left);
            splice.payload.advance(step);
            left -= step;
            if splice.payload.is_empty() {
                self.payloads.pop_front();
            }
        }
        if self.is_empty() {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        if self.buffer.capacity() > KEPT_BUFFER {
            self.buffer = BytesMut::new();
        }
        if self.payloads.capacity() > SLICES {
            self.payloads = VecDeque::new();
        }
    }
}

fn distance(from: u64, to: u64) -> usize {
    usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heads and payloads in every order in which they can meet, and all their bytes in a row.
    fn mixed() -> (Output, Vec<u8>) {
        let mut output = Output::default();
        let mut all = Vec::new();
        for (n, piece) in ["h", "head", "", "P", "PAYLOAD", "h", "P", "", "tail"].into_iter().enumerate() {
            let bytes = if piece.is_empty() { Vec::new() } else { format!("{piece}{n}").into_bytes() };
            all.extend_from_slice(&bytes);
            if piece.starts_with('P') {
                output.splice(bytes.into());
            } else {
                output.append(&bytes);
            }
        }
        (output, all)
    }

    /// Writes at most `step` bytes at a time, as a socket with little room does.
    fn write_out(output: &mut Output, step: usize) -> Vec<u8> {
        let mut written = Vec::new();
        while !output.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let next: Vec<u8> =
                output.slices(&mut slices).iter().flat_map(|slice| slice.iter().copied()).collect();
            assert!(!next.is_empty(), "there is always something to write while it is not empty");
            let step = step.min(next.len());
            written.extend_from_slice(&next[..step]);
            output.advance(step);
        }
        written
    }

    #[test]
    fn partial_writes_keep_the_order_of_bytes() {
        for step in 1..40 {
            let (mut output, all) = mixed();
            assert_eq!(output.len(), all.len());
            assert_eq!(write_out(&mut output, step), all, "{step} bytes at a time");
            assert_eq!(output.len(), 0);
        }
    }

    #[test]
    fn packets_that_come_between_writes_go_behind() {
        let (mut output, mut all) = mixed();
        let mut written = Vec::new();
        for round in 0..10 {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let byte = output.slices(&mut slices)[0][0];
            written.push(byte);
            output.advance(1);
            let more = [round; 5];
            all.extend_from_slice(&more);
            if round % 2 == 0 {
                output.append(&more);
            } else {
                output.splice(more.to_vec().into());
            }
        }
        written.extend(write_out(&mut output, 3));
        assert_eq!(written, all);
    }

    #[test]
    fn more_slices_than_one_write_takes() {
        let mut output = Output::default();
        let mut all = Vec::new();
        for n in 0..=u8::MAX {
            output.append(&[n]);
            output.splice(vec![n; 3].into());
            all.extend_from_slice(&[n; 4]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        assert_eq!(output.slices(&mut slices).len(), SLICES);
        assert_eq!(write_out(&mut output, 100), all);
    }

    #[test]
    fn payloads_without_heads_fill_the_slices_in_order() {
        let mut output = Output::default();
        for n in 0..100 {
            output.splice(vec![n].into());
        }
        output.append(b"tail");
        let mut all: Vec<u8> = (0..100).collect();
        all.extend_from_slice(b"tail");
        assert_eq!(write_out(&mut output, usize::MAX), all);
    }

    #[test]
    fn an_idle_output_gives_its_memory_back() {
        let mut output = Output::default();
        output.append(&[1; 100_000]);
        for _ in 0..1000 {
            output.splice(vec![2; 1].into());
        }
        let len = output.len();
        output.advance(len);
        assert!(output.buffer.capacity() <= KEPT_BUFFER);
        assert!(output.payloads.capacity() <= SLICES);
    }
}
