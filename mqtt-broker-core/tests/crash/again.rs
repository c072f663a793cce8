//! A broker that dies again, before it has recovered.

use std::mem;

use crate::event::Happened;
use crate::message::LAST;
use crate::model::Model;
use crate::store::Op;
use crate::world::{Checked, World};

/// Milliseconds until the broker is there again.
pub(crate) const DOWN: [u64; 6] = [0, 0, 1, 1000, 2500, 7000];

impl World {
    /// Some come back and get some of what waits for them; then the broker dies anywhere in what happens next.
    pub(crate) fn die_again(&mut self) -> Checked {
        for client in 0..LAST {
            if self.clients[client].held.is_none() && self.random.one_in(2) {
                self.connect_somehow(client)?;
            }
        }
        for _ in 0..self.random.below(8) {
            let batch = self.batch()?;
            self.carry_out(&batch)?;
            self.act()?;
        }
        let before = self.models.clone();
        let batch = self.batch()?;
        self.cut_somewhere(before, &batch)?;
        let down = self.random.pick(&DOWN);
        self.die(down)
    }

    /// All of a batch is durable, and what it called for is on its way.
    pub(crate) fn carry_out(&mut self, batch: &[Happened]) -> Checked {
        for happened in batch {
            happened.ops().for_each(|op| self.store.apply(op));
            self.release(happened)?;
        }
        Ok(())
    }

    /// Only the beginning of a batch is durable; or all of it, and some of what it called for is on its way.
    fn cut_somewhere(&mut self, before: Vec<Model>, batch: &[Happened]) -> Checked {
        let after = mem::replace(&mut self.models, before);
        let mut left =
            self.random.below(batch.iter().map(|happened| happened.ops().count()).sum::<usize>() + 3);
        for happened in batch {
            let ops: Vec<&Op> = happened.ops().collect();
            let durable = left.min(ops.len());
            ops[..durable].iter().for_each(|op| self.store.apply(op));
            if durable < ops.len() {
                if durable > 0 {
                    self.models = happened.models_within(&self.models);
                }
                return Ok(());
            }
            self.models = happened.models_after(&self.models);
            left -= durable;
        }
        self.models = after;
        for happened in batch {
            if self.random.one_in(4) {
                break;
            }
            self.release(happened)?;
        }
        Ok(())
    }
}
