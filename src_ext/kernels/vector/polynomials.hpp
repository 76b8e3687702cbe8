// Minimax polynomials, written by tools/fit_polynomials.py. Above each: what it fits and
// how its error is measured; the interval, the degree, the error after rounding.
#pragma once

// clang-format off

namespace {

template <class T> struct Polynomials;

template <> struct Polynomials<float> {
  // (expm1(r) - r) / r^2, error relative to expm1(r)
  // [-0.34661, 0.34661], degree 4, 1.7e-8
  static constexpr float kExp[] = {0x1.fffffep-2f, 0x1.5554b0p-3f, 0x1.555674p-5f, 0x1.122776p-7f, 0x1.6bec00p-10f};
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm
  // [0.0, 0.02944], degree 2, 8.3e-10
  static constexpr float kLog[] = {0x1.55557ap-1f, 0x1.995eccp-2f, 0x1.31e138p-2f};
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm
  // [0.0, 0.11112], degree 4, 5.3e-10
  static constexpr float kLogWide[] = {0x1.555558p-1f, 0x1.9996b0p-2f, 0x1.2508bap-2f, 0x1.b6e5e0p-3f,
      0x1.f17710p-3f};
  // erf(x) / x - 1 in x^2, error relative to erf(x)
  // [0.0, 1.0], degree 6, 4.2e-9
  static constexpr float kErf[] = {0x1.06eba8p-3f, -0x1.81273ep-2f, 0x1.ce2cf8p-4f, -0x1.b7f90cp-6f, 0x1.5405b0p-8f,
      -0x1.a3f6fap-11f, 0x1.496a28p-14f};
  // P of exp(-t^2 / 2) / normal_cdf(-t) = 2 + t (kTailSlope - P(t) / Q(t)), relative error
  // [0, 15.0], degree 3, 9.6e-9
  static constexpr float kTailAbove[] = {0x1.d25c0ep-1f, 0x1.0d2c34p-1f, 0x1.23948ep-3f, 0x1.0de92ap-6f};
  // Q, degree 5
  static constexpr float kTailBelow[] = {0x1.000000p+0f, 0x1.c119bcp-1f, 0x1.77a23ap-2f, 0x1.4d4bd4p-4f,
      0x1.0e1c54p-7f, -0x1.ead132p-24f};
  static constexpr float kTailSlope = 0x1.40d932p+1f;
};

template <> struct Polynomials<double> {
  // (expm1(r) - r) / r^2, error relative to expm1(r)
  // [-0.34661, 0.34661], degree 9, 3.4e-17
  static constexpr double kExp[] = {0x1.0000000000005p-1, 0x1.5555555555539p-3, 0x1.55555555522b9p-5,
      0x1.1111111118f95p-7, 0x1.6c16c17edb707p-10, 0x1.a01a01751dd52p-13, 0x1.a019a76fdf2b7p-16,
      0x1.71de87f0079b5p-19, 0x1.28a1df719dc8fp-22, 0x1.ae6bcf0d595e6p-26};
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm
  // [0.0, 0.02944], degree 6, 1.5e-18
  static constexpr double kLog[] = {0x1.5555555555592p-1, 0x1.999999997fea9p-2, 0x1.24924941e48f7p-2,
      0x1.c71c5213029b0p-3, 0x1.74663d0a8f1c7p-3, 0x1.39a1e8258f458p-3, 0x1.2f03b3bad07dcp-3};
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm
  // [0.0, 0.11112], degree 11, 1.7e-18
  static constexpr double kLogWide[] = {0x1.5555555555555p-1, 0x1.99999999999c2p-2, 0x1.249249249034cp-2,
      0x1.c71c71c8d6b3dp-3, 0x1.745d16da567fbp-3, 0x1.3b13c1d34c240p-3, 0x1.110f5d055d887p-3, 0x1.e21eae4aef3fap-4,
      0x1.ac465bfa48f1cp-4, 0x1.9d66a91c1b8fep-4, 0x1.db580fc8bfa9cp-5, 0x1.48acbfffb95ebp-3};
  // erf(x) / x - 1 in x^2, error relative to erf(x)
  // [0.0, 1.0], degree 12, 1.1e-17
  static constexpr double kErf[] = {0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b20p-4,
      -0x1.b82ce3128499cp-6, 0x1.565bcd0db02c9p-8, -0x1.c02db3d8ecd60p-11, 0x1.f9a321a11516bp-14,
      -0x1.f4d1df38a9534p-17, 0x1.b9def1962fc90p-20, -0x1.5f1d3683cf8cbp-23, 0x1.f7a40fb45d85ep-27,
      -0x1.386ab994b74a4p-30, 0x1.057998846d85dp-34};
  // P of exp(-t^2 / 2) / normal_cdf(-t) = 2 + t (kTailSlope - P(t) / Q(t)), relative error
  // [0, 39.5], degree 9, 8.5e-18
  static constexpr double kTailAbove[] = {0x1.d25c218302f72p-1, 0x1.40a327c83cc94p+0, 0x1.b61c27117aa1dp-1,
      0x1.7e4b47a30e92ep-2, 0x1.d103000ad0b4ap-4, 0x1.970c7cbf3a8d1p-6, 0x1.0042f181c3e39p-8, 0x1.c0cefb356163cp-12,
      0x1.f3769f12a6ddfp-16, 0x1.10c449486a4d4p-20};
  // Q, degree 10
  static constexpr double kTailBelow[] = {0x1.0000000000000p+0, 0x1.accfade1c74c4p+0, 0x1.63a6cefec7bddp+0,
      0x1.79d3029d45b19p-1, 0x1.1a2296b619b23p-2, 0x1.3428a761193bbp-4, 0x1.f208472b29f3fp-7, 0x1.26724c0745bd2p-9,
      0x1.e99b31ba3d7b0p-13, 0x1.046a35c33e117p-16, 0x1.10c4494870541p-21};
  static constexpr double kTailSlope = 0x1.40d931ff62706p+1;
};

}  // namespace
