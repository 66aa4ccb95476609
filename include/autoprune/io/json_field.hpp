/// @file json_field.hpp
/// Walking through a JSON document so that every complaint names the place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/number.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/io/json.hpp"

namespace autoprune::io {

class JsonItems;

/// A JSON value that knows where it stands in its document. It refers to the document, which must
/// outlive it. Throws bad_json for a missing key or another type than the one asked for; numbers
/// are never converted silently.
class JsonField {
 public:
  JsonField(const Json& value, std::string place) : value_(&value), place_(std::move(place)) {}

  [[nodiscard]] const Json& json() const noexcept { return *value_; }
  /// Where the value stands, for messages: "net.json.nodes[3]".
  [[nodiscard]] const std::string& place() const noexcept { return place_; }

  /// Whether the key is there and not null.
  [[nodiscard]] bool has(const std::string& key) const {
    return value_->is_object() && value_->contains(key) && !value_->at(key).is_null();
  }
  [[nodiscard]] JsonField operator[](const std::string& key) const {
    check(value_->is_object(), "an object {...}");
    if (!value_->contains(key)) fail(ErrorId::bad_json, place_, " misses the key '", key, "'");
    return {value_->at(key), place_ + "." + key};
  }
  [[nodiscard]] JsonItems items() const;

  [[nodiscard]] double number() const {
    check(value_->is_number(), "a number");
    return value_->get<double>();
  }
  [[nodiscard]] Index integer() const {
    constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<Index>::max());
    check(value_->is_number_integer() &&
              (!value_->is_number_unsigned() || value_->get<std::uint64_t>() <= kLargest),
          "an integer");
    return value_->get<Index>();
  }
  /// An integer that counts something: sums over all layers stay exact. Throws out_of_range.
  [[nodiscard]] Index count(Index most = Index{1} << 40) const {
    const Index value = integer();
    require_range<Index>(value, place_, 0, most);
    return value;
  }
  [[nodiscard]] bool boolean() const {
    check(value_->is_boolean(), "true or false");
    return value_->get<bool>();
  }
  [[nodiscard]] std::string text() const {
    check(value_->is_string(), "a text");
    return value_->get<std::string>();
  }

  /// Throws unknown_name, with the nearest known key, for one that isn't known.
  void check_keys(const std::vector<std::string>& known) const {
    check(value_->is_object(), "an object {...}");
    for (const auto& item : value_->items())
      if (std::find(known.begin(), known.end(), item.key()) == known.end())
        fail_unknown(concat("key in ", place_, ':'), item.key(), known);
  }

  /// Throws bad_json when the document's key `schema` isn't `expected`.
  void check_schema(const std::string& expected) const {
    const std::string found = (*this)["schema"].text();
    if (found != expected)
      fail(ErrorId::bad_json, place_, ".schema is '", found, "'; this version reads '", expected,
           "'");
  }

 private:
  void check(bool right, const char* expected) const {
    if (!right)
      fail(ErrorId::bad_json, place_, " is ", json_excerpt(*value_), "; it must be ", expected);
  }

  const Json* value_;
  std::string place_;
};

/// The values of an array, each with its place, made as they are asked for: an array may be long.
class JsonItems {
 public:
  class Iterator {
   public:
    Iterator(const JsonItems& items, std::size_t i) : items_(&items), i_(i) {}
    [[nodiscard]] JsonField operator*() const { return (*items_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.i_ == b.i_; }

   private:
    const JsonItems* items_;
    std::size_t i_;
  };

  explicit JsonItems(const JsonField& array) : array_(array) {}

  [[nodiscard]] std::size_t size() const noexcept { return array_.json().size(); }
  [[nodiscard]] JsonField operator[](std::size_t i) const {
    return {array_.json()[i], concat(array_.place(), '[', i, ']')};
  }
  [[nodiscard]] Iterator begin() const { return {*this, 0}; }
  [[nodiscard]] Iterator end() const { return {*this, size()}; }

 private:
  JsonField array_;
};

inline JsonItems JsonField::items() const {
  check(value_->is_array(), "an array [...]");
  return JsonItems(*this);
}

}  // namespace autoprune::io
