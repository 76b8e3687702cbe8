// Activations over memory: which function a code stands for, tiles of single numbers and rows, and the two kernels.
#pragma once

#include "kernels/elementwise/activation.hpp"
#include "kernels/elementwise/softmax.hpp"
#include "kernels/network/pieces.hpp"
#include "contract/kernels.hpp"

namespace {

// --- from the code to the struct: both switches are made from the list, so none of it can be forgotten ---------------

template <class F> FASTNN_INLINE F with_parameters(const double* parameters) {
  if constexpr (__is_constructible(F, const double*)) return F(parameters);
  else return F{};
}

// Calls use(f) with the struct of one of the library's functions of single numbers.
template <class Use> FASTNN_INLINE void with_activation(const fastnn::Activation& activation, Use use) {
  switch (activation.code) {
#define FASTNN_CASE(Struct, facts) \
  case k##Struct: return use(with_parameters<Struct>(activation.parameters));
#define FASTNN_NO_CASE(Struct, facts)
    FASTNN_ACTIVATIONS(FASTNN_CASE, FASTNN_NO_CASE)
#undef FASTNN_CASE
    default: __builtin_unreachable();  // the binding has checked the code
  }
}

// Calls use(f) with the struct of a function of rows.
template <class Use> FASTNN_INLINE void with_row_function(int code, Use use) {
  switch (code) {
#define FASTNN_CASE(Struct, facts) \
  case k##Struct: return use(Struct{});
    FASTNN_ACTIVATIONS(FASTNN_NO_CASE, FASTNN_CASE)
#undef FASTNN_CASE
#undef FASTNN_NO_CASE
    default: __builtin_unreachable();
  }
}

constexpr bool is_fused(const fastnn::Activation& activation) {
  return activation.code == kIdentity || activation.code == kRelu;
}

constexpr bool is_users(const fastnn::Activation& activation) { return activation.code == fastnn::kUsersOwn; }

// --- tiles -----------------------------------------------------------------------------------------------------------

// The tail runs the same vector body as the rest, so no result depends on its position. z and a may be the same.
template <class T, bool kWithSlope, class F>
FASTNN_INLINE void activation_pass(const F f, const T* z, T* a, T* slope, ptrdiff_t count) {
  Vec<T> value, rate;
  ptrdiff_t c = 0;
  for (; c + kLanes<T> <= count; c += kLanes<T>) {
    f.template eval<T>(load<T>(z + c), value, rate);
    store<T>(a + c, value);
    if constexpr (kWithSlope) store<T>(slope + c, rate);
  }
  if (c == count) return;
  const int tail = int(count - c);
  f.template eval<T>(load_first<T>(z + c, tail), value, rate);
  store_first<T>(a + c, value, tail);
  if constexpr (kWithSlope) store_first<T>(slope + c, rate, tail);
}

// An ActivationTile.
template <class T, class F>
void activation_tile(const void* parameters, const void* z, void* a, void* slope, ptrdiff_t count) {
  const F f = with_parameters<F>(static_cast<const double*>(parameters));
  const T* const from = static_cast<const T*>(z);
  if (slope) activation_pass<T, true>(f, from, static_cast<T*>(a), static_cast<T*>(slope), count);
  else activation_pass<T, false>(f, from, static_cast<T*>(a), static_cast<T*>(nullptr), count);
}

// out = d_a * slope.
template <class T, class F>
void slope_tile(const F f, const T* z, const T* a, const T* d_a, T* out, ptrdiff_t count) {
  ptrdiff_t c = 0;
  for (; c + kLanes<T> <= count; c += kLanes<T>)
    store<T>(out + c, load<T>(d_a + c) * f.template slope<T>(load<T>(z + c), load<T>(a + c)));
  if (c == count) return;
  const int tail = int(count - c);
  const Vec<T> slope = f.template slope<T>(load_first<T>(z + c, tail), load_first<T>(a + c, tail));
  store_first<T>(out + c, load_first<T>(d_a + c, tail) * slope, tail);
}

// a = activation(z), and where it is wanted the slope; of single numbers. z and a may be the same.
template <class T>
void run_activation(const fastnn::Activation& activation, const T* z, T* a, T* slope, ptrdiff_t count) {
  if (is_users(activation)) {
    activation.users->tile(activation.users->parameters, z, a, slope, count);
    return;
  }
  fastnn::ActivationTile tile;
  with_activation(activation, [&](auto f) { tile = activation_tile<T, decltype(f)>; });
  tile(activation.parameters, z, a, slope, count);
}

// The same with the defaults of its parameters.
template <class T>
void run_activation(fastnn::ActivationCode code, const T* z, T* a, T* slope, ptrdiff_t count) {
  run_activation<T>(fastnn::listed_activation(code), z, a, slope, count);
}

// d_a times a user's slope, which his function gives together with a.
template <class T>
void users_backward(const fastnn::UserActivation& f, const T* z, const T* d_a, T* out, ptrdiff_t count) {
  constexpr ptrdiff_t kPiece = 256;
  T a[kPiece], slope[kPiece];
  for (ptrdiff_t begin = 0; begin < count; begin += kPiece) {
    const ptrdiff_t piece = count - begin < kPiece ? count - begin : kPiece;
    f.tile(f.parameters, z + begin, a, slope, piece);
    for (ptrdiff_t k = 0; k < piece; ++k) out[begin + k] = d_a[begin + k] * slope[k];
  }
}

// out = d_a * slope for a function of single numbers; out may be any of the inputs.
template <class T>
void activation_backward_tile(const fastnn::Activation& activation, const T* z, const T* a, const T* d_a, T* out,
                              ptrdiff_t count) {
  if (is_users(activation)) users_backward(*activation.users, z, d_a, out, count);
  else with_activation(activation, [&](auto f) { slope_tile<T>(f, z, a, d_a, out, count); });
}

// a of n rows for a function of rows.
template <class T>
FASTNN_INLINE void run_row_function(int code, const T* z, T* a, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t o) {
  with_row_function(code, [&](auto f) { softmax_rows<T, decltype(f)::kLog>(z, a, stride, n, o); });
}

// --- the kernels -----------------------------------------------------------------------------------------------------

template <class T> void activation_forward(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::ActivationForward<T>*>(arguments);
  const auto rows = fastnn::share_of(g.n, 16, member, team);
  const ptrdiff_t begin = rows.begin * g.o, count = (rows.end - rows.begin) * g.o;
  if (!is_row_function(g.activation.code)) {
    in_pieces({begin, begin + count}, fastnn::kFlatGrain, kFunctionWork, [&](ptrdiff_t at, ptrdiff_t end) {
      run_activation<T>(g.activation, g.z + at, g.out + at, nullptr, end - at);
    });
    return;
  }
  in_pieces(rows, 16, kFunctionWork * g.o, [&](ptrdiff_t r0, ptrdiff_t r1) {
    run_row_function<T>(g.activation.code, g.z + r0 * g.o, g.out + r0 * g.o, g.o, r1 - r0, g.o);
  });
}

// A few numbers by themselves, with their slopes where these are asked for; of a function of rows one row, which has
// none. Without the block, shares and pieces of a kernel a call takes a few nanoseconds.
template <class T>
void activate(const fastnn::Activation* activation, const void* z, void* a, void* slope, ptrdiff_t count) {
  const T* const from = static_cast<const T*>(z);
  T* const to = static_cast<T*>(a);
  if (is_row_function(activation->code)) run_row_function<T>(activation->code, from, to, count, 1, count);
  else run_activation<T>(*activation, from, to, static_cast<T*>(slope), count);
}

template <class T> void activation_backward(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::ActivationBackward<T>*>(arguments);
  const auto rows = fastnn::share_of(g.n, 16, member, team);
  const ptrdiff_t begin = rows.begin * g.o, count = (rows.end - rows.begin) * g.o;
  if (!is_row_function(g.activation.code)) {
    in_pieces({begin, begin + count}, fastnn::kFlatGrain, kFunctionWork, [&](ptrdiff_t at, ptrdiff_t end) {
      activation_backward_tile<T>(g.activation, g.z + at, g.a + at, g.d_a + at, g.out + at, end - at);
    });
    return;
  }
  with_row_function(g.activation.code, [&](auto f) {
    Meter meter;
    for (ptrdiff_t at = begin; at < begin + count; at += g.o) {
      f.template backward_row<T>(g.a + at, g.d_a + at, g.out + at, g.o);
      if (meter.stops(kFunctionWork * g.o)) return;
    }
  });
}

}  // namespace
