/// @file json.hpp
/// JSON texts, read strictly; json_field.hpp looks into what was read.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/looks_like.hpp"

namespace autoprune::io {

/// JSON whose keys keep the order in which they were written.
using Json = nlohmann::ordered_json;

/// How deep arrays and objects of a text may lie in one another: whoever walks through a document
/// may recurse.
inline constexpr std::size_t kJsonDepth = 64;
/// How long a text may be, in bytes, and how many values it may hold, keys aside: with these a
/// document takes a gigabyte at most.
inline constexpr std::size_t kJsonBytes = std::size_t{1} << 28;
inline constexpr std::size_t kJsonValues = std::size_t{1} << 23;

struct JsonMember;

/// What stands behind a key of json_object().
class JsonValue {
 public:
  JsonValue(Json json) : json_(std::move(json)) {}
  JsonValue(const char* text) : json_(std::string(text)) {}
  JsonValue(std::string_view text) : json_(std::string(text)) {}
  JsonValue(std::string text) : json_(std::move(text)) {}
  JsonValue(double number) : json_(number) {}
  JsonValue(std::signed_integral auto number) : json_(static_cast<std::int64_t>(number)) {}
  JsonValue(std::unsigned_integral auto number) : json_(static_cast<std::uint64_t>(number)) {}
  JsonValue(bool flag) : json_(flag) {}
  JsonValue(std::initializer_list<JsonMember> members);
  /// An array.
  template <class T>
  JsonValue(std::span<const T> values) : json_(Json::array()) {
    for (const T& value : values) json_.push_back(std::move(JsonValue(value).json()));
  }
  template <class T>
  JsonValue(const std::vector<T>& values) : JsonValue(std::span<const T>(values)) {}

  [[nodiscard]] Json& json() const noexcept { return json_; }

 private:
  mutable Json json_;  // handed on by json_object(): lists are constant
};
struct JsonMember {
  const char* key;
  JsonValue value;
};

/// An object of these keys, in order, which must differ: `json_object({{"a", 1}, {"b", "two"}})`.
/// nlohmann's own lists do the same with templates for every type and length of text: most of what
/// a document takes to compile.
[[nodiscard]] inline Json json_object(std::initializer_list<JsonMember> members) {
  Json object = Json::object();
  for (const JsonMember& member : members)
    object.get_ref<Json::object_t&>().emplace_back(member.key, std::move(member.value.json()));
  return object;
}
inline JsonValue::JsonValue(std::initializer_list<JsonMember> members)
    : json_(json_object(members)) {}

/// Adds a key that the object doesn't have yet. `object[key]` looks through all the others first.
inline void append_key(Json& object, std::string key, Json value) {
  object.get_ref<Json::object_t&>().emplace_back(std::move(key), std::move(value));
}

/// A value as messages show it: arrays and objects only by their size, the begin of a long text.
[[nodiscard]] inline std::string json_excerpt(const Json& value) {
  constexpr std::size_t kShown = 60;
  if (value.is_array()) return concat("an array of ", value.size(), " values");
  if (value.is_object()) return concat("an object of ", value.size(), " keys");
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  // A character that the cut goes through is left out.
  return Json(text.substr(0, kShown)).dump(-1, ' ', false, Json::error_handler_t::ignore) +
         (text.size() > kShown ? "..." : "");
}

namespace detail {

/// nlohmann's message without its "[json.exception...] " in front and what is too long to read.
[[nodiscard]] inline std::string json_reason(const nlohmann::json::exception& error) {
  constexpr std::size_t kShown = 300;
  const std::string text = error.what();
  const std::size_t end = text.find("] "), begin = end == std::string::npos ? 0 : end + 2;
  return text.substr(begin, kShown) + (text.size() - begin > kShown ? "..." : "");
}

/// Makes the document of what nlohmann's parser finds, in time and memory that grow with the text
/// alone. Its functions and their names are those that the parser calls.
class JsonBuilder {
 public:
  JsonBuilder(std::string_view text, std::string_view origin) : text_(text), origin_(origin) {}

  [[nodiscard]] Json take() && { return std::move(root_); }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return put(value); }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // in binary formats alone
  bool start_array(std::size_t) { return open(Json::array()); }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool key(std::string& key) {
    key_ = std::move(key);
    return true;
  }
  bool end_array() { return close(); }
  bool end_object() {
    check_keys(open_.back()->get_ref<const Json::object_t&>());
    return close();
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) {
    fail(ErrorId::bad_json, origin_, ": ", json_reason(error), looks_like_text(text_, kJsonLook));
  }

 private:
  bool put(Json value) {
    if (++values_ > kJsonValues)
      fail(ErrorId::bad_json, origin_, ": more than ", kJsonValues, " values; split it up");
    if (open_.empty())
      last_ = &(root_ = std::move(value));
    else if (open_.back()->is_array())
      last_ = &open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
    else
      last_ = &open_.back()
                   ->get_ref<Json::object_t&>()
                   .emplace_back(std::move(key_), std::move(value))
                   .second;
    return true;
  }
  bool open(Json value) {
    if (open_.size() == kJsonDepth)
      fail(ErrorId::bad_json, origin_, ": nested deeper than ", kJsonDepth, " levels; flatten it");
    put(std::move(value));
    open_.push_back(last_);  // stays where it is: nothing joins its parent while it is open
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  void check_keys(const Json::object_t& object) {
    keys_.clear();
    for (const auto& [key, value] : object) keys_.push_back(key);
    std::sort(keys_.begin(), keys_.end());
    const auto twice = std::adjacent_find(keys_.begin(), keys_.end());
    if (twice != keys_.end())
      fail(ErrorId::bad_json, origin_, ": the key ", json_excerpt(std::string(*twice)),
           " occurs twice; keep one of them");
  }

  std::string_view text_, origin_;
  Json root_;
  std::vector<Json*> open_;
  Json* last_ = nullptr;  // that was put
  std::string key_;
  std::vector<std::string_view> keys_;
  std::size_t values_ = 0;
};

}  // namespace detail

/// Parses a text that came from `origin` (a file's name, for messages). Throws bad_json, also for a
/// key that occurs twice in one object and for a text beyond the limits above.
[[nodiscard]] inline Json parse_json(std::string_view text, std::string_view origin) {
  if (text.size() > kJsonBytes)
    fail(ErrorId::bad_json, origin, ": ", text.size(), " bytes are more than the ", kJsonBytes,
         " of the longest JSON; is it the right file?", looks_like_text(text, detail::kJsonLook));
  // The parser would take a zero byte for the end.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
    fail(ErrorId::bad_json, origin, ": byte ", zero, " is zero, which no JSON text holds",
         looks_like_text(text, detail::kJsonLook));
  detail::JsonBuilder builder(text, origin);
  (void)Json::sax_parse(text, &builder);
  return std::move(builder).take();
}

/// The text of a JSON value. Throws bad_json when a string in it isn't UTF-8.
[[nodiscard]] inline std::string json_text(const Json& value, int indent = -1) {
  try {
    return value.dump(indent);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorId::bad_json, "can't be written as JSON: ", detail::json_reason(error));
  }
}

}  // namespace autoprune::io
