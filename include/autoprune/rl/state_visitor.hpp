/// @file state_visitor.hpp
/// How the state of an agent is saved and restored by one and the same walk: visit_state() hands
/// every number that decides the future to a visitor, always in the same order. A saving visitor
/// reads what it gets, a restoring one writes it; both see the sizes of the object they visit.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "autoprune/core/error.hpp"
#include "autoprune/core/number.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/core/text.hpp"

namespace autoprune::rl {

template <class T>
concept StateVisitor = requires(T& visit, std::string_view name, std::span<float> numbers,
                                std::uint64_t& number) {
  visit(name, numbers);
  visit(name, number);
};

/// Visits a part of an object, its names after `name` and a dot.
template <StateVisitor Visitor, class Part>
void visit_part(Visitor& visit, std::string_view name, Part& part) {
  part.visit_state([&](std::string_view inner, auto&& value) {
    visit(concat(name, '.', inner), std::forward<decltype(value)>(value));
  });
}

/// Visits a number that must be the same in both runs: restoring another one throws
/// checkpoint_mismatch.
template <StateVisitor Visitor>
void visit_fixed(Visitor& visit, std::string_view name, std::uint64_t expected) {
  std::uint64_t found = expected;
  visit(name, found);
  if (found != expected)
    fail(ErrorId::checkpoint_mismatch, "the checkpoint's ", name, " is ", found,
         ", this agent's is ", expected, "; resume with the options of the first run");
}

/// Visits a number that counts something. Throws checkpoint_mismatch for one that nobody can have
/// counted to, so that another step can't wrap it around.
template <StateVisitor Visitor>
void visit_count(Visitor& visit, std::string_view name, std::uint64_t& count) {
  visit(name, count);
  if (count > static_cast<std::uint64_t>(kLargestWhole))
    fail(ErrorId::checkpoint_mismatch, "the checkpoint is damaged: '", name, "' is ", count);
}

/// Visits the position of the stream (seed, stream), which is all the state that it has.
template <StateVisitor Visitor>
void visit_random(Visitor& visit, std::string_view name, Random& random, std::uint64_t seed,
                  std::uint64_t stream) {
  std::uint64_t position = random.position();
  visit(name, position);
  random = Random(seed, stream, position);
}

}  // namespace autoprune::rl
