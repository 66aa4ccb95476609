/// @file op.hpp
/// What an operation is: any type with the members below. A file of nn/ops/ holds one, nn/ops.hpp
/// lists them all, and nobody else has to know them. docs/extending.md adds one.
///
///   kName                                   what graphs call it
///   its attributes                          data members with their defaults
///   forward(const ForwardPass&)             fills pass.y; whether all that was looked at is finite
///   backward(const BackwardPass&, k, dx)    sets the gradient of input k, an Activation
///   matrix(const Shape3&)                   in their place, for an op that is a matrix product
///
/// and, where the op is other than most are:
///
///   describe(AttributeVisitor&)             shows the attributes under their keys      none
///   kInputs                                 how many nodes it reads                    one
///   shape(const OpInputs&)                  its output, or an error                    its input's
///   parameters(const OpInputs&)             what it learns, or measures                none
///   gradients(const BackwardPass&, Gradient&)  of what it learns; may change pass.dy, which
///                                           backward() reads
///   check(const Node&)                      throws for parameters that make no sense
///   fold(const Node&)                       in inference it is scale x + shift a channel: done by
///   a
///                                           matrix product in front; a ReLU behind is its own
///   window()                                what it moves over its input
///   kWork                                   what an accelerator does for it            nothing
#pragma once

#include <concepts>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/activation.hpp"
#include "autoprune/nn/attributes.hpp"
#include "autoprune/nn/pass.hpp"
#include "autoprune/nn/shape.hpp"

namespace autoprune::nn {

struct Node;

/// What an accelerator does for an op.
enum class Work { none, conv, linear, pool, sum };

/// Nodes that an op reads.
struct Arity {
  Index least = 1, most = 1;
};
inline constexpr Index kAnyNumber = std::numeric_limits<Index>::max();

/// The maps that a node is going to read, and what errors call it.
struct OpInputs {
  std::string_view op, name;
  std::vector<Shape3> shapes = {};

  [[nodiscard]] const Shape3& front() const { return shapes.front(); }
  template <class... Parts>
  [[noreturn]] void fail(ErrorId id, const Parts&... parts) const {
    autoprune::fail(id, op, " '", name, "': ", parts...);
  }
};

/// A tensor of a node under its PyTorch name. Weight and bias are trained, the others measured.
struct Parameter {
  const char* name;
  Tensor Node::*tensor;
  std::vector<Index> shape;
  float value = 0.0F;  ///< of each number at first
};

/// How an op is a product of its weight matrix, Node::weight, [filters][...], with windows of its
/// input.
struct MatrixForm {
  Window window;
  Index fan = 1;     ///< weights start with a variance of 2 / fan
  Index groups = 1;  ///< of channels and filters: filters read the channels of their own group
};

/// y = scale x + shift, a channel.
struct Affine {
  std::vector<float> scale, shift;
};

/// What every op has. (`&O::member` asks for the name: a member with the wrong signature doesn't
/// compile, instead of being overlooked.)
template <class O>
concept Operation = std::default_initializable<O> && std::copy_constructible<O> && requires {
  { O::kName } -> std::convertible_to<std::string_view>;
} &&(
    requires { &O::matrix; } ||
    requires {
      &O::forward;
      &O::backward;
    });

/// An operation of any type, with its attributes, which never change.
class Op {
 public:
  template <class O>
  requires(!std::same_as<O, Op> && Operation<O>) Op(O op)
      : self_(static_cast<const Interface*>(new Model<O>(std::move(op)))) {
  }  // NOLINT: any op is one

  /// The operation when it is of that type, or null.
  template <class O>
  [[nodiscard]] const O* as() const {
    const auto* model = dynamic_cast<const Model<O>*>(self_.get());
    return model == nullptr ? nullptr : &model->op;
  }
  template <class O>
  [[nodiscard]] bool is() const {
    return as<O>() != nullptr;
  }

  [[nodiscard]] std::string_view name() const { return self_->name(); }
  [[nodiscard]] Work work() const { return self_->work(); }
  [[nodiscard]] Arity arity() const { return self_->arity(); }
  /// A copy whose attributes are what the visitor makes of these.
  [[nodiscard]] Op visited(AttributeVisitor& visitor) const { return self_->visited(visitor); }
  [[nodiscard]] std::vector<Attribute> attributes() const {
    struct Collector : AttributeVisitor {
      std::vector<Attribute> all;
      void visit(const char* key, AttributeRef value, Given given) override {
        std::visit(
            [&](const auto* v) {
              all.push_back({key, *v, given == Given::omitted});
            },
            value);
      }
    } collector;
    (void)visited(collector);
    return std::move(collector.all);
  }
  friend bool operator==(const Op& a, const Op& b) {
    return a.name() == b.name() && a.attributes() == b.attributes();
  }

  /// Throws, naming the node, for inputs that the op can't work on.
  [[nodiscard]] Shape3 shape(const OpInputs& in) const { return self_->shape(in); }
  [[nodiscard]] std::vector<Parameter> parameters(const OpInputs& in) const {
    return self_->parameters(in);
  }
  /// Whether it has a weight matrix, which is pruned and mapped.
  [[nodiscard]] bool has_matrix() const { return self_->has_matrix(); }
  [[nodiscard]] MatrixForm matrix(const Shape3& in) const { return self_->matrix(in); }
  [[nodiscard]] Window window() const { return self_->window(); }
  void check(const Node& node) const { self_->check(node); }
  [[nodiscard]] bool folds() const { return self_->folds(); }
  [[nodiscard]] Affine fold(const Node& node) const { return self_->fold(node); }

  [[nodiscard]] bool forward(const ForwardPass& pass) const { return self_->forward(pass); }
  void gradients(const BackwardPass& pass, Gradient& g) const { self_->gradients(pass, g); }
  void backward(const BackwardPass& pass, Index input, Activation& dx) const {
    self_->backward(pass, input, dx);
  }

 private:
  struct Interface {
    virtual ~Interface() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    [[nodiscard]] virtual Work work() const = 0;
    [[nodiscard]] virtual Arity arity() const = 0;
    [[nodiscard]] virtual Op visited(AttributeVisitor&) const = 0;
    [[nodiscard]] virtual Shape3 shape(const OpInputs&) const = 0;
    [[nodiscard]] virtual std::vector<Parameter> parameters(const OpInputs&) const = 0;
    [[nodiscard]] virtual bool has_matrix() const = 0;
    [[nodiscard]] virtual MatrixForm matrix(const Shape3&) const = 0;
    [[nodiscard]] virtual Window window() const = 0;
    virtual void check(const Node&) const = 0;
    [[nodiscard]] virtual bool folds() const = 0;
    [[nodiscard]] virtual Affine fold(const Node&) const = 0;
    [[nodiscard]] virtual bool forward(const ForwardPass&) const = 0;
    virtual void gradients(const BackwardPass&, Gradient&) const = 0;
    virtual void backward(const BackwardPass&, Index, Activation&) const = 0;
  };

  template <class O>
  struct Model;

  std::shared_ptr<const Interface> self_;
};

template <class O>
struct Op::Model final : Op::Interface {
  O op;
  explicit Model(O o) : op(std::move(o)) {}

  static constexpr bool kDescribed = requires { &O::describe; };
  static constexpr bool kMatrix = requires { &O::matrix; };
  static constexpr bool kFolds = requires { &O::fold; };

  std::string_view name() const override { return O::kName; }
  Work work() const override {
    if constexpr (requires { O::kWork; }) return O::kWork;
    return Work::none;
  }
  Arity arity() const override {
    if constexpr (requires { O::kInputs; }) return O::kInputs;
    return {};
  }
  Op visited(AttributeVisitor& visitor) const override {
    O copy = op;
    if constexpr (kDescribed) copy.describe(visitor);
    return copy;
  }
  Shape3 shape(const OpInputs& in) const override {
    if constexpr (requires { &O::shape; }) return op.shape(in);
    return in.front();
  }
  std::vector<Parameter> parameters(const OpInputs& in) const override {
    if constexpr (requires { &O::parameters; }) return op.parameters(in);
    return {};
  }
  bool has_matrix() const override { return kMatrix; }
  MatrixForm matrix(const Shape3& in) const override {
    if constexpr (kMatrix) return op.matrix(in);
    return {};
  }
  Window window() const override {
    if constexpr (requires { &O::window; }) return op.window();
    return {};
  }
  void check(const Node& node) const override {
    if constexpr (requires { &O::check; }) op.check(node);
  }
  bool folds() const override { return kFolds; }
  Affine fold(const Node& node) const override {
    if constexpr (kFolds) return op.fold(node);
    return {};
  }
  bool forward(const ForwardPass& pass) const override {
    if constexpr (!kMatrix) return op.forward(pass);
    return true;
  }
  void gradients(const BackwardPass& pass, Gradient& gradient) const override {
    if constexpr (requires { &O::gradients; }) op.gradients(pass, gradient);
  }
  void backward(const BackwardPass& pass, Index input, Activation& dx) const override {
    if constexpr (!kMatrix) op.backward(pass, input, dx);
  }
};

}  // namespace autoprune::nn
