//! Attention of all heads of all sequences, each head a task.

use f5_kernels::{AttentionScratch, Head, Kernel, attend};
use rayon::prelude::*;

use super::field::{CpuField, State};

/// Memory of one head.
#[derive(Debug, Default)]
pub(super) struct HeadScratch<E> {
    /// Queries, keys and values, each `[positions, dim_head]`.
    head: [Vec<E>; 3],
    attention: AttentionScratch<E>,
}

impl<K: Kernel> CpuField<'_, K> {
    /// From `state.qkv` to `state.attended`.
    pub(super) fn attend(&self, state: &mut State<K::Element>) {
        let shape = self.network.shape;
        let (heads, dim_head) = (shape.heads, shape.dim_head);
        let State { qkv, attended, .. } = state;
        let qkv: &[K::Element] = qkv;
        self.network.pool.each(
            attended
                .par_chunks_mut(self.positions * dim_head)
                .enumerate(),
            |(index, out)| {
                let (sequence, head) = (index / heads, index % heads);
                self.attention_scratch.with(|s| {
                    for (part, gathered) in s.head.iter_mut().enumerate() {
                        gathered.clear();
                        self.gather(qkv, part * heads + head, sequence, gathered);
                    }
                    let [queries, keys, values] = &s.head;
                    let visible = self.keys[sequence];
                    let head = Head {
                        queries,
                        keys,
                        values,
                        dim_head,
                        visible,
                    };
                    attend(self.network.kernel, head, &mut s.attention, out);
                });
            },
        );
    }

    /// Appends one head of the queries, keys and values of a sequence to `out`, which lie in as many pieces
    /// as there were tasks that computed them.
    fn gather(&self, qkv: &[K::Element], head: usize, sequence: usize, out: &mut Vec<K::Element>) {
        let shape = self.network.shape;
        let (width, dim_head) = (3 * shape.heads * shape.dim_head, shape.dim_head);
        let share = self.share();
        let (mut row, end) = (sequence * self.positions, (sequence + 1) * self.positions);
        while row < end {
            let task = row / share;
            let task_rows = (qkv.len() / width - task * share).min(share);
            let count = (task * share + task_rows).min(end) - row;
            let from = task * share * width + (head * task_rows + row - task * share) * dim_head;
            out.extend_from_slice(&qkv[from..][..count * dim_head]);
            row += count;
        }
    }
}
