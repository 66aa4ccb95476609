/// @file product_guard.hpp
/// Products of a session computed by somebody else: a simulated accelerator, a calibration.
#pragma once

#include <utility>

#include "autoprune/nn/session.hpp"

namespace autoprune::nn {

/// Lets somebody else compute a session's products for as long as it lives.
class ProductGuard {
 public:
  ProductGuard(Session& session, Product product) : session_(session) {
    session_.set_product(std::move(product));
  }
  ~ProductGuard() { session_.set_product({}); }
  ProductGuard(const ProductGuard&) = delete;
  ProductGuard& operator=(const ProductGuard&) = delete;

 private:
  Session& session_;
};

}  // namespace autoprune::nn
