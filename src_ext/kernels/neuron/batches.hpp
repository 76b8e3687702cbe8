// One neuron, a step after every batch of rows. A batch is taken slab by slab: the team sums the gradient of each block
// of a slab, `neuron_add` adds the blocks up in order, and after the last slab takes the step.
#pragma once

#include "kernels/neuron/online.hpp"

namespace {

// z of rows [r0, r1).
template <class T> void neuron_z(const fastnn::NeuronEpoch<T>& g, ptrdiff_t r0, ptrdiff_t r1, T* z) {
  const WideReader<T> reader(g.i);
  for (ptrdiff_t r = r0; r < r1; ++r) z[r - r0] = g.params[g.i];
  for (ptrdiff_t c = 0; c < g.i; c += WideStretch<T>::kSize) {
    const auto w = WideStretch<T>::read(g.params + c);
    for (ptrdiff_t r = r0; r < r1; ++r) z[r - r0] += w.dot(reader.read(g.x + neuron_row(g, r) * g.i, c))[0];
  }
}

// The sum of d_z x over rows [r0, r1), and that of d_z.
template <class T>
void neuron_d_params(const fastnn::NeuronEpoch<T>& g, ptrdiff_t r0, ptrdiff_t r1, const T* d_z, T* out) {
  const WideReader<T> reader(g.i);
  for (ptrdiff_t c = 0; c < g.i; c += WideStretch<T>::kSize) {
    WideStretch<T> sum = {};
    for (ptrdiff_t r = r0; r < r1; ++r)
      sum.add_product(splat<T>(d_z[r - r0]), reader.read(g.x + neuron_row(g, r) * g.i, c));
    sum.write(out + c);
  }
  T d_b = 0;
  for (ptrdiff_t r = r0; r < r1; ++r) d_b += d_z[r - r0];
  out[g.i] = d_b;
}

template <class T> void neuron_block(fastnn::NeuronEpoch<T>& g, ptrdiff_t block, ptrdiff_t r0, ptrdiff_t r1) {
  alignas(64) T z[fastnn::kNeuronBlockRows], y[fastnn::kNeuronBlockRows], weight[fastnn::kNeuronBlockRows];
  double total = 0;
  for (ptrdiff_t r = r0; r < r1; ++r) {
    const ptrdiff_t row = neuron_row(g, r);
    y[r - r0] = g.y[row];
    weight[r - r0] = g.sample_weight ? g.sample_weight[row] : T(1);
    total += double(weight[r - r0]);
  }
  neuron_z(g, r0, r1, z);
  with_neuron_rule<T>(g.activation,
                      [&](const auto& rule) { g.partial_loss[block] = neuron_losses<T>(rule, z, y, weight, r1 - r0); });
  g.partial_weight[block] = total;
  neuron_d_params(g, r0, r1, z, g.partial + block * g.stride);
}

// The blocks of the slab that starts at next_row.
template <class T> void neuron_gradient(void* arguments, int member, int team) {
  auto& g = *static_cast<fastnn::NeuronEpoch<T>*>(arguments);
  const FlushSubnormals flush;
  const ptrdiff_t end = g.next_row + g.slab_rows;
  const auto blocks = fastnn::share_of(ceil_div(g.slab_rows, g.block_rows), 1, member, team);
  for (ptrdiff_t q = blocks.begin; q < blocks.end; ++q) {
    const ptrdiff_t r0 = g.next_row + q * g.block_rows;
    neuron_block(g, q, r0, r0 + g.block_rows < end ? r0 + g.block_rows : end);
  }
}

// A step by the mean gradient of the batch; a batch of zero weights takes none.
template <class T> void neuron_step(fastnn::NeuronEpoch<T>& g, double learning_rate) {
  const double factor = g.batch_weight > 0 ? learning_rate / g.batch_weight : 0;
  for (ptrdiff_t c = 0; c <= g.i; ++c) {
    g.params[c] = T(double(g.params[c]) - factor * g.gradient[c]);
    g.gradient[c] = 0;
  }
  if (g.total)
    for (ptrdiff_t c = 0; c <= g.i; ++c) g.total[c] += double(g.params[c]);
  g.weight_sum += g.batch_weight;
  g.batch_weight = 0;
}

template <class T> void neuron_add(void* arguments) {
  auto& g = *static_cast<fastnn::NeuronEpoch<T>*>(arguments);
  const FlushSubnormals flush;
  for (ptrdiff_t q = 0; q < ceil_div(g.slab_rows, g.block_rows); ++q) {
    const T* partial = g.partial + q * g.stride;
    for (ptrdiff_t c = 0; c <= g.i; ++c) g.gradient[c] += double(partial[c]);
    g.loss_sum += g.partial_loss[q];
    g.batch_weight += g.partial_weight[q];
  }
  const ptrdiff_t step = g.next_row / g.batch_size;
  g.next_row += g.slab_rows;
  if (g.next_row == g.n || g.next_row % g.batch_size == 0) neuron_step(g, g.learning_rates[step]);
}

}  // namespace
