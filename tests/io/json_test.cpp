#include "autoprune/io/json.hpp"

#include "autoprune/io/hardware_json.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/policy_json.hpp"
#include "autoprune/io/report_data.hpp"
#include "autoprune/nn/zoo.hpp"
#include "helpers.hpp"

using namespace autoprune;
using io::test::check_error;
using io::test::error_of;

namespace {

std::string repeated(Index times, const std::string& part) {
  std::string text;
  for (Index i = 0; i < times; ++i) text += part;
  return text;
}

/// A value inside `depth` arrays or objects, one in the other.
std::string nested(Index depth, const std::string& open, const std::string& close) {
  return repeated(depth, open) + "1" + repeated(depth, close);
}

/// Any value that fits into `depth` levels.
io::Json random_json(Random& random, Index depth) {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return random.below(2) == 0;
    case 2:
      return -random.below(1000);
    case 3:
      return static_cast<std::uint64_t>(random()) << 32;
    case 4:
      return random.normal();
    case 5:
      return std::string("\"\\\nü").substr(0, random.below(2) == 0 ? 2 : 5);
    case 6: {
      io::Json array = io::Json::array();
      for (Index i = random.below(4); i > 0; --i) array.push_back(random_json(random, depth - 1));
      return array;
    }
    default: {
      io::Json object = io::Json::object();
      for (Index i = random.below(4); i > 0; --i)
        object[concat("key ", i * i)] = random_json(random, depth - 1);
      return object;
    }
  }
}

}  // namespace

TEST_CASE("any JSON is read as it was written, keys in order", "[json]") {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    const io::Json json = random_json(random, 5);
    const std::string text = io::json_text(json, random.below(2) == 0 ? -1 : 1);
    INFO(text);
    CHECK(io::parse_json(text, "x") == json);
    CHECK(io::json_text(io::parse_json(text, "x")) == io::json_text(json));
  }
}

TEST_CASE("JSON is as deep as documents need and no stack overflows", "[json]") {
  const auto depth = static_cast<Index>(io::kJsonDepth);
  for (const auto& [open, close] : {std::pair{"[", "]"}, {"{\"k\":", "}"}, {"[{\"k\":", "}]"}}) {
    const Index brackets = std::string(open).size() > 5 ? 2 : 1;
    CHECK_NOTHROW((void)io::parse_json(nested(depth / brackets, open, close), "x"));
    for (const Index levels : {depth + 1, Index{100'000}})
      check_error(error_of([&] { (void)io::parse_json(nested(levels, open, close), "deep.json"); }),
                  ErrorId::bad_json, {"deep.json", "deeper than 64"});
  }
}

TEST_CASE("every document refuses what is nested too deeply", "[json]") {
  const std::string deep = nested(100'000, "[", "]");
  const auto refused = [](const std::string& text, auto&& read) {
    check_error(error_of([&] { read(io::parse_json(text, "x")); }), ErrorId::bad_json, {"deeper"});
  };
  refused("{\"input\":[3,32," + deep + "],\"nodes\":[]}",
          [](const io::Json& json) { (void)io::network_from_json(json, "x"); });
  refused("{\"schema\":" + deep + "}",
          [](const io::Json& json) { (void)io::policy_from_json(json, nn::lenet5(), "x"); });
  refused("{\"schema\":" + deep + "}",
          [](const io::Json& json) { (void)io::accelerator_from_json(json, "x"); });
  refused("{\"schema\":" + deep + "}", [](const io::Json& json) { (void)io::read_report(json); });
  const std::string header = "{\"a\":{\"shape\":" + deep + "}}";
  const std::uint64_t length = header.size();
  check_error(error_of([&] {
                io::Safetensors(std::string(reinterpret_cast<const char*>(&length), 8) + header,
                                "x");
              }),
              ErrorId::bad_json, {"deeper"});
}

TEST_CASE("a wrong value of any size is shown by a few characters", "[json]") {
  const auto message = [](const std::string& value) {
    const io::Json json = io::parse_json("{\"key\":" + value + "}", "x");
    return std::string(error_of([&] { (void)io::JsonField(json, "x")["key"].integer(); }).what());
  };
  CHECK_THAT(message("[1,2]"), Catch::Contains("x.key is an array of 2 values"));
  CHECK_THAT(message("{\"a\":1}"), Catch::Contains("an object of 1 keys"));
  CHECK_THAT(message("\"twelve\""), Catch::Contains("x.key is \"twelve\"; it must be an integer"));
  CHECK_THAT(message('"' + repeated(59, "a") + "ü\""),
             Catch::Contains(repeated(59, "a") + "\"..."));
  const std::string large = repeated(200'000, "[1,2],");
  CHECK(message("[" + large + "3]").size() < 200);
  CHECK(message("\"" + large + "\"").size() < 200);
  const Error twice =
      error_of([&] { (void)io::parse_json("{\"" + large + "\":1,\"" + large + "\":2}", "x"); });
  check_error(twice, ErrorId::bad_json, {"\"[1,2],", "twice"});
  CHECK(std::string(twice.what()).size() < 200);
  CHECK(std::string(error_of([&] { (void)io::parse_json("\"" + large, "x"); }).what()).size() <
        500);
}

TEST_CASE("a zero byte ends no JSON text", "[json]") {
  for (const std::string& text : {std::string("[1]\0", 4), std::string("[1]\0[2]", 7),
                                  std::string("[1\0]", 4), std::string("\0", 1)})
    check_error(error_of([&] { (void)io::parse_json(text, "x.json"); }), ErrorId::bad_json,
                {"x.json", "is zero"});
}

TEST_CASE("an object of many keys is read and written in time that grows with it", "[json]") {
  std::string text = "{";
  for (int i = 0; i < 300'000; ++i) text += concat(i == 0 ? "" : ",", "\"key ", i, "\":[", i, ']');
  text += "}";
  // Comparing each key to all before it takes minutes.
  const io::Json json = io::parse_json(text, "x");
  CHECK(json.size() == 300'000);
  CHECK(io::json_text(json) == text);
}

TEST_CASE("JSON of too many values is refused before its memory is", "[json]") {
  const auto parse = [](std::size_t values) {
    std::string text = "[1";
    for (std::size_t i = 2; i < values; ++i) text += ",1";
    return io::parse_json(text + "]", "x").size();
  };
  CHECK(parse(io::kJsonValues) == io::kJsonValues - 1);
  check_error(error_of([&] { (void)parse(io::kJsonValues + 1); }), ErrorId::bad_json,
              {"more than 8388608 values"});
}
