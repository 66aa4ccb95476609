/// @file attributes.hpp
/// The attributes of operations, shown to whoever reads, writes or compares them.
#pragma once

#include <string>
#include <variant>

#include "autoprune/core/types.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::nn {

using AttributeValue = std::variant<Index, double, bool, Size2, Padding>;
using AttributeRef = std::variant<Index*, double*, bool*, Size2*, Padding*>;

struct Attribute {
  std::string key;
  AttributeValue value;
  bool omitted = false;  ///< graphs leave it out: it has its default
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// Whether a graph gives an attribute: it has to, it does, it may leave it out.
enum class Given { required, usual, omitted };

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
    visit(key, &value, Given::usual);
  }
  /// One that graphs name where it isn't its default only.
  template <class T>
  void rare(const char* key, T& value, const T& usual) {
    visit(key, &value, value == usual ? Given::omitted : Given::usual);
  }
  /// One that has to be given.
  template <class T>
  void required(const char* key, T& value) {
    visit(key, &value, Given::required);
  }

 private:
  virtual void visit(const char* key, AttributeRef value, Given given) = 0;
};

}  // namespace autoprune::nn
