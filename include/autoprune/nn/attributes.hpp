/// @file attributes.hpp
/// The attributes of operations, shown to whoever reads, writes or compares them.
#pragma once

#include <variant>

#include "autoprune/core/types.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::nn {

using AttributeValue = std::variant<Index, double, bool, Size2>;
using AttributeRef = std::variant<Index*, double*, bool*, Size2*>;

/// Is shown the attributes of an op, and may set them.
class AttributeVisitor {
 public:
  AttributeVisitor() = default;
  AttributeVisitor(const AttributeVisitor&) = delete;
  AttributeVisitor& operator=(const AttributeVisitor&) = delete;
  virtual ~AttributeVisitor() = default;

  /// An attribute that has its default when nobody gives it.
  template <class T>
  void operator()(const char* key, T& value) {
    visit(key, &value, false);
  }
  /// One that has to be given.
  template <class T>
  void required(const char* key, T& value) {
    visit(key, &value, true);
  }

 private:
  virtual void visit(const char* key, AttributeRef value, bool required) = 0;
};

}  // namespace autoprune::nn
