// Dropout (Srivastava et al. 2014): an element is kept with probability 1 - rate and divided by it. The mask is a
// function of (seed, step, layer, row, column): nothing is stored, and every backend and thread sees the same.
#pragma once

#include "kernels/vector/loops.hpp"
#include "kernels/network/pieces.hpp"
#include "contract/kernels.hpp"
#include "runtime/random.hpp"

namespace {

// 32-bit words, one for each element of a vector of T.
template <class T> struct WordsOf {
  typedef uint32_t Vec __attribute__((vector_size(kLanes<T> * 4)));
};
template <class T> using Words = typename WordsOf<T>::Vec;

template <class T> FASTNN_INLINE Words<T> word_index() {
  Words<T> v;
  for (int k = 0; k < kLanes<T>; ++k) v[k] = uint32_t(k);
  return v;
}

struct DropoutRule {
  uint64_t seed, step;
  uint32_t threshold;  // words below it drop their element
  double scale;
};

inline DropoutRule dropout_rule(uint64_t seed, int64_t step, int64_t layer, double rate) {
  return {fastnn::dropout_seed(seed, uint64_t(layer)), uint64_t(step), fastnn::dropout_threshold(rate), 1 / (1 - rate)};
}

// Random words for columns of the row that the key is of, one or a vector: two rounds of multiplication and shift.
template <class Word> FASTNN_INLINE Word random_words(Word column, uint64_t key) {
  Word word = column * fastnn::kColumnStep + uint32_t(key);
  word = (word ^ (word >> 16)) * fastnn::kMix1;
  word = ((word ^ (word >> 15)) + uint32_t(key >> 32)) * fastnn::kMix2;
  return word ^ (word >> 15);
}

// The factors of a row from column c on: 0 or scale.
template <class T> FASTNN_INLINE Vec<T> dropout_factors(const DropoutRule& rule, uint64_t key, ptrdiff_t c) {
  const Words<T> word = random_words<Words<T>>(word_index<T>() + uint32_t(c), key);
  const auto keep = __builtin_convertvector(word >= rule.threshold, IVec<T>);  // 0 or -1
  return (Vec<T>)(keep & (IVec<T>)splat<T>(T(rule.scale)));
}

// Whether one element of a row is kept.
inline bool keeps(const DropoutRule& rule, uint64_t key, ptrdiff_t c) {
  return random_words<uint32_t>(uint32_t(c), key) >= rule.threshold;
}

template <class T> FASTNN_INLINE uint64_t dropout_key(const DropoutRule& rule, ptrdiff_t row) {
  return fastnn::random_bits(rule.seed, rule.step, uint64_t(row));
}

// What is dropped is 0 also where it was infinite or NaN.
template <class T> FASTNN_INLINE Vec<T> drop(Vec<T> value, Vec<T> factor) {
  return factor != Vec<T>{} ? value * factor : Vec<T>{};
}

template <class T> void drop_row(const DropoutRule& rule, ptrdiff_t row, const T* x, T* out, ptrdiff_t count) {
  const uint64_t key = dropout_key<T>(rule, row);
  for_vectors<T>(count, FASTNN_BODY {
    const Vec<T> value = load_lanes<T>(x + c, lanes);
    store_lanes<T>(out + c, drop<T>(value, dropout_factors<T>(rule, key, c)), lanes);
  });
}

template <class T> void dropout(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::Dropout<T>*>(arguments);
  const DropoutRule rule = dropout_rule(g.seed, g.step, g.layer, g.rate);
  const auto rows = fastnn::share_of(g.n, 1, member, team);
  Meter meter;
  for (ptrdiff_t r = rows.begin; r < rows.end; ++r) {
    drop_row<T>(rule, ptrdiff_t(g.first_row) + r, g.x + r * g.o, g.out + r * g.o, g.o);
    if (meter.stops(kFunctionWork * (g.o + 1))) return;
  }
}

}  // namespace
