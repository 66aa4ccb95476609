/// @file functions.hpp
/// exp, tanh and erf as a few multiplications, so that loops over them are vectorised: within a few
/// units of float32's last place.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace autoprune::nn::detail {

/// e^x; what is beyond float32 is its largest number, and what is below about 1e-38 stays there.
[[nodiscard]] inline float exponential(float x) {
  // Cephes: e^x = 2^n e^r, |r| <= ln(2) / 2.
  x = std::min(std::max(x, -87.3F), 88.3F);
  const auto n = static_cast<std::int32_t>(x * 1.44269504F + (x < 0.0F ? -0.5F : 0.5F));
  const auto whole = static_cast<float>(n);
  const float r = (x - whole * 0.693359375F) + whole * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  return (p * r * r + r + 1.0F) * std::bit_cast<float>((n + 127) << 23);
}

/// 1 / (1 + e^-x)
[[nodiscard]] inline float logistic(float x) { return 1.0F / (1.0F + exponential(-x)); }

/// Eigen's rational approximation.
[[nodiscard]] inline float hyperbolic_tangent(float x) {
  x = std::min(std::max(x, -7.90531F), 7.90531F);
  const float s = x * x;
  float p = -2.76076847742355e-16F;
  p = p * s + 2.00018790482477e-13F;
  p = p * s - 8.60467152213735e-11F;
  p = p * s + 5.12229709037114e-08F;
  p = p * s + 1.48572235717979e-05F;
  p = p * s + 6.37261928875436e-04F;
  p = p * s + 4.89352455891786e-03F;
  float q = 1.19825839466702e-06F;
  q = q * s + 1.18534705686654e-04F;
  q = q * s + 2.26843463243900e-03F;
  q = q * s + 4.89352518554385e-03F;
  return x * p / q;
}

/// Eigen's rational approximation of the error function.
[[nodiscard]] inline float error_function(float x) {
  x = std::min(std::max(x, -4.0F), 4.0F);
  const float s = x * x;
  float p = -2.72614225801306e-10F;
  p = p * s + 2.77068142495902e-08F;
  p = p * s - 2.10102402082508e-06F;
  p = p * s - 5.69250639462346e-05F;
  p = p * s - 7.34990630326855e-04F;
  p = p * s - 2.95459980854025e-03F;
  p = p * s - 1.60960333262415e-02F;
  float q = -1.45660718464996e-05F;
  q = q * s - 2.13374055278905e-04F;
  q = q * s - 1.68282697438203e-03F;
  q = q * s - 7.37332916720468e-03F;
  q = q * s - 1.42647390514189e-02F;
  return x * p / q;
}

}  // namespace autoprune::nn::detail
