// Minimax polynomials, written by tools/fit_polynomials.py: intervals, degrees and errors as stated there and here.
#pragma once

namespace {

template <class T> struct Polynomials;

template <> struct Polynomials<float> {
  // (expm1(r) - r) / r^2, error relative to expm1(r), [-0.34661, 0.34661], degree 4, relative error 1.7e-8
  static constexpr float kExp[] = {0x1.fffffep-2f, 0x1.5554b0p-3f, 0x1.555674p-5f, 0x1.122776p-7f, 0x1.6bec00p-10f};
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm, [0.0, 0.02944], degree 2, relative error 8.3e-10
  static constexpr float kLog[] = {0x1.55557ap-1f, 0x1.995eccp-2f, 0x1.31e138p-2f};
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm, [0.0, 0.11112], degree 4, relative error 5.3e-10
  static constexpr float kLogWide[] = {0x1.555558p-1f, 0x1.9996b0p-2f, 0x1.2508bap-2f, 0x1.b6e5e0p-3f,
      0x1.f17710p-3f};
  // erf(x) / x - 1 in x^2, error relative to erf(x), [0.0, 1.0], degree 6, relative error 4.2e-9
  static constexpr float kErf[] = {0x1.06eba8p-3f, -0x1.81273ep-2f, 0x1.ce2cf8p-4f, -0x1.b7f90cp-6f, 0x1.5405b0p-8f,
      -0x1.a3f6fap-11f, 0x1.496a28p-14f};
  // P of degree 4: P / Q = exp(t^2 / 2) normal_cdf(-t), [0, 15.0], relative error 1.7e-8
  static constexpr float kTailAbove[] = {0x1.000000p-1f, 0x1.c1d3a2p-2f, 0x1.78c4fap-3f, 0x1.4ee62ap-5f,
      0x1.102fe4p-8f};
  // Q of degree 5: P / Q = exp(t^2 / 2) normal_cdf(-t), [0, 15.0]
  static constexpr float kTailBelow[] = {0x1.000000p+0f, 0x1.ad2c02p+0f, 0x1.349ee6p+0f, 0x1.e2b92ep-2f,
      0x1.a3c240p-4f, 0x1.5521dcp-7f};
};

template <> struct Polynomials<double> {
  // (expm1(r) - r) / r^2, error relative to expm1(r), [-0.34661, 0.34661], degree 9, relative error 3.4e-17
  static constexpr double kExp[] = {0x1.0000000000005p-1, 0x1.5555555555539p-3, 0x1.55555555522b9p-5,
      0x1.1111111118f95p-7, 0x1.6c16c17edb707p-10, 0x1.a01a01751dd52p-13, 0x1.a019a76fdf2b7p-16,
      0x1.71de87f0079b5p-19, 0x1.28a1df719dc8fp-22, 0x1.ae6bcf0d595e6p-26};
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm, [0.0, 0.02944], degree 6, relative error 1.5e-18
  static constexpr double kLog[] = {0x1.5555555555592p-1, 0x1.999999997fea9p-2, 0x1.24924941e48f7p-2,
      0x1.c71c5213029b0p-3, 0x1.74663d0a8f1c7p-3, 0x1.39a1e8258f458p-3, 0x1.2f03b3bad07dcp-3};
  // (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm, [0.0, 0.11112], degree 11, relative error 1.7e-18
  static constexpr double kLogWide[] = {0x1.5555555555555p-1, 0x1.99999999999c2p-2, 0x1.249249249034cp-2,
      0x1.c71c71c8d6b3dp-3, 0x1.745d16da567fbp-3, 0x1.3b13c1d34c240p-3, 0x1.110f5d055d887p-3, 0x1.e21eae4aef3fap-4,
      0x1.ac465bfa48f1cp-4, 0x1.9d66a91c1b8fep-4, 0x1.db580fc8bfa9cp-5, 0x1.48acbfffb95ebp-3};
  // erf(x) / x - 1 in x^2, error relative to erf(x), [0.0, 1.0], degree 12, relative error 1.1e-17
  static constexpr double kErf[] = {0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b20p-4,
      -0x1.b82ce3128499cp-6, 0x1.565bcd0db02c9p-8, -0x1.c02db3d8ecd60p-11, 0x1.f9a321a11516bp-14,
      -0x1.f4d1df38a9534p-17, 0x1.b9def1962fc90p-20, -0x1.5f1d3683cf8cbp-23, 0x1.f7a40fb45d85ep-27,
      -0x1.386ab994b74a4p-30, 0x1.057998846d85dp-34};
  // P of degree 10: P / Q = exp(t^2 / 2) normal_cdf(-t), [0, 39.5], relative error 2.3e-17
  static constexpr double kTailAbove[] = {0x1.0000000000000p-1, 0x1.a8154bc31f3a7p-1, 0x1.5c40061d776bcp-1,
      0x1.6e5eab9dea5a2p-2, 0x1.0edf0577075a7p-3, 0x1.24ca730979fafp-5, 0x1.d3f9e052e77f1p-8, 0x1.115fbca0b9a2ap-10,
      0x1.c09617493fec9p-14, 0x1.d61aae17068fbp-18, 0x1.e3cbd4349e95fp-23};
  // Q of degree 11: P / Q = exp(t^2 / 2) normal_cdf(-t), [0, 39.5]
  static constexpr double kTailBelow[] = {0x1.0000000000000p+0, 0x1.3a2bbab0e0768p+1, 0x1.68cc0e2d7e813p+1,
      0x1.006caf0ef8ad2p+1, 0x1.f675a4b4522acp-1, 0x1.6545ae4d5e7abp-2, 0x1.7985a2814a87dp-4, 0x1.29a2650135271p-6,
      0x1.58eccb8650809p-9, 0x1.19b3b04898571p-12, 0x1.26981905393f9p-16, 0x1.2f2c9fc2a5fa5p-21};
};

}  // namespace
