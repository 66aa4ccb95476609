#include "autoprune/io/safetensors.hpp"

#include <cstdint>
#include <limits>

#include "helpers.hpp"

using namespace autoprune;
using io::Safetensors;
using io::test::check_error;
using io::test::error_of;
using io::test::TempDir;

namespace {

/// A file of this header and these bytes.
std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

template <class Stored>
std::string bytes_of(const std::vector<Stored>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Stored)};
}

Error error_in(const std::string& bytes) {
  return error_of([&] { Safetensors(bytes, "net.safetensors"); });
}

/// Tensors of random shapes, scalars and empty ones among them.
std::vector<Tensor> random_tensors(Random& random) {
  std::vector<Tensor> tensors;
  const Index count = random.below(6);
  for (Index t = 0; t < count; ++t) {
    std::vector<Index> shape;
    for (Index axis = random.below(5); axis > 0; --axis) shape.push_back(random.below(6));
    tensors.push_back(make_tensor(shape));
    for (float& value : tensors.back()) value = static_cast<float>(random.normal());
  }
  return tensors;
}

const std::string kHeader = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                            R"("b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})";
const std::string kData(12, '\0');

}  // namespace

TEST_CASE("tensors and metadata come back as they were written", "[safetensors]") {
  const TempDir dir;
  Random random(2);
  for (int round = 0; round < 50; ++round) {
    const std::vector<Tensor> tensors = random_tensors(random);
    std::vector<nn::ConstNamedTensor> named;
    for (const Tensor& tensor : tensors)
      named.push_back({concat("layer.", named.size(), ".weight"), &tensor});
    io::Metadata metadata;
    for (Index i = random.below(3); i > 0; --i) metadata[concat("key ", i)] = "\"Grüße\"\n";
    io::write_safetensors(dir / "x", named, metadata);
    const Safetensors file = Safetensors::read(dir / "x");
    CHECK(file.metadata() == metadata);
    REQUIRE(file.entries().size() == named.size());
    for (const io::TensorEntry& entry : file.entries()) {
      const auto found = std::find_if(named.begin(), named.end(),
                                      [&](const auto& one) { return one.name == entry.name; });
      REQUIRE(found != named.end());
      CHECK(entry.shape == shape_of(*found->tensor));
      CHECK((file.tensor(entry) == *found->tensor));
    }
  }
}

TEST_CASE("the header is padded so that tensors are aligned", "[safetensors]") {
  const TempDir dir;
  const Tensor tensor = make_tensor({3}, 1.0F);
  for (const std::string name : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"}) {
    io::write_safetensors(dir / "x", {{name, &tensor}});
    CHECK((io::read_file(dir / "x").size() - 12) % 8 == 0);
  }
}

TEST_CASE("float16 rounds to nearest and refuses what it can't hold", "[safetensors]") {
  const TempDir dir;
  Tensor tensor = make_tensor({4});
  const std::vector<float> values = {1.0F, 1.0F / 3.0F, 65504.0F, 1e-7F};
  std::copy(values.begin(), values.end(), tensor.begin());
  const auto write = [&] {
    io::write_safetensors(dir / "x", {{"w", &tensor}}, {}, io::FloatType::f16);
  };
  write();
  const Safetensors file = Safetensors::read(dir / "x");
  CHECK(file.entries().front().type == "F16");
  const Tensor back = file.tensor(file.entries().front());
  CHECK(back(0) == 1.0F);
  CHECK(back(1) == 0.333251953125F);
  CHECK(back(2) == 65504.0F);
  CHECK(back(3) == 0x1p-23F);  // two of the smallest steps
  tensor(2) = 70000.0F;
  check_error(error_of(write), ErrorId::not_finite, {"'w'", "element 2", "70000", "float32"});
  tensor(2) = std::numeric_limits<float>::quiet_NaN();
  check_error(error_of(write), ErrorId::not_finite, {"'w'", "element 2", "nan"});
  CHECK((Safetensors::read(dir / "x").tensor(file.entries().front()) == back));
}

TEST_CASE("every floating type widens to float32", "[safetensors]") {
  const auto read = [](const std::string& type, const std::string& data) {
    const std::string header = concat(R"({"w":{"dtype":")", type, R"(","shape":[3],)",
                                      R"("data_offsets":[0,)", data.size(), "]}}");
    const Safetensors file(file_of(header, data), "x");
    const Tensor tensor = file.tensor(file.entries().front());
    return std::vector<float>(tensor.begin(), tensor.end());
  };
  const std::vector<float> expected = {1.5F, -2.0F, 0.25F};
  using Bits = std::vector<std::uint16_t>;
  CHECK(read("F32", bytes_of(expected)) == expected);
  CHECK(read("F64", bytes_of(std::vector<double>{1.5, -2.0, 0.25})) == expected);
  CHECK(read("F16", bytes_of(Bits{0x3E00, 0xC000, 0x3400})) == expected);
  CHECK(read("BF16", bytes_of(Bits{0x3FC0, 0xC000, 0x3E80})) == expected);
  check_error(error_of([&] { read("I32", std::string(12, '\0')); }), ErrorId::unsupported_type,
              {"'w'", "I32", "F32"});
}

TEST_CASE("every cut file is an error", "[safetensors]") {
  const std::string whole = file_of(kHeader, kData);
  REQUIRE_NOTHROW(Safetensors(whole, "x"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Error error = error_in(whole.substr(0, size));
    check_error(error, ErrorId::truncated_file, {"net.safetensors", "again"});
  }
}

TEST_CASE("damaged bytes are an error or another file, never a crash", "[safetensors]") {
  Random random(3);
  const std::string whole = file_of(kHeader, kData);
  Index errors = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = whole;
    for (Index flips = 1 + random.below(4); flips > 0; --flips)
      bytes[static_cast<std::size_t>(random.below(static_cast<Index>(bytes.size())))] =
          static_cast<char>(random());
    try {
      const Safetensors file(bytes, "x");
      for (const auto& entry : file.entries()) (void)file.tensor(entry);
    } catch (const Error&) {
      ++errors;
    }
  }
  CHECK(errors > 1000);
}

TEST_CASE("a file of another format is told from a cut one", "[safetensors]") {
  check_error(error_in("PK\3\4 a zip file, as torch.save writes"), ErrorId::bad_magic,
              {"net.safetensors", "safetensors.torch.save_file"});
  check_error(error_in(std::string(8, '\0') + "x"), ErrorId::bad_magic, {});
  check_error(error_in(file_of("{\"a\": nonsense}", "")), ErrorId::bad_json, {"header", "column"});
}

TEST_CASE("a header that contradicts itself or the file names tensor and fault", "[safetensors]") {
  struct Case {
    std::string header;
    ErrorId id;
    std::vector<std::string> words;
  };
  const auto entry = [](const std::string& type, const std::string& shape,
                        const std::string& offsets) {
    return concat(R"({"dtype":")", type, R"(","shape":)", shape, R"(,"data_offsets":)", offsets,
                  '}');
  };
  const std::string a = R"({"a":)" + entry("F32", "[2]", "[0,8]");
  const std::vector<Case> cases = {
      {a + R"(,"b":)" + entry("F32", "[1]", "[4,8]") + "}",
       ErrorId::bad_header,
       {"'b'", "inside the tensor before it"}},
      {R"({"b":)" + entry("F32", "[1]", "[8,12]") + "}",
       ErrorId::bad_header,
       {"'b'", "behind a hole"}},
      {a + "}", ErrorId::bad_header, {"4 bytes behind its last tensor"}},
      {a + R"(,"b":)" + entry("F32", "[2]", "[8,16]") + "}",
       ErrorId::truncated_file,
       {"'b'", "16 of 12"}},
      {R"({"a":)" + entry("F32", "[4]", "[0,12]") + "}",
       ErrorId::bad_header,
       {"'a'", "shape 4", "16 bytes", "12"}},
      {R"({"a":)" + entry("F8", "[12]", "[0,12]") + "}",
       ErrorId::unsupported_type,
       {"'a'", "'F8'", "BF16"}},
      {R"({"a":)" + entry("F32", "[-3]", "[0,12]") + "}",
       ErrorId::bad_header,
       {"'a'", "shape[0]", "-3"}},
      {R"({"a":)" + entry("F32", "[4611686018427387904,4]", "[0,12]") + "}",
       ErrorId::bad_header,
       {"'a'", "too large"}},
      {R"({"a":)" + entry("F32", "[18446744073709551615]", "[0,12]") + "}",
       ErrorId::bad_json,
       {"'a'", "shape[0]", "an integer"}},
      {R"({"a":)" + entry("F32", "[3.0]", "[0,12]") + "}",
       ErrorId::bad_json,
       {"'a'", "3.0", "an integer"}},
      {R"({"a":)" + entry("F32", "[3]", "[12,0]") + "}",
       ErrorId::bad_header,
       {"'a'", "begin <= end"}},
      {R"({"a":)" + entry("F32", "[3]", "[12]") + "}",
       ErrorId::bad_header,
       {"'a'", "[begin, end]"}},
      {R"({"a":{"dtype":"F32","shape":[3]}})", ErrorId::bad_json, {"'a'", "'data_offsets'"}},
      {R"({"a":{"dtype":"F32","shapes":[3],"data_offsets":[0,12]}})",
       ErrorId::unknown_name,
       {"'a'", "'shapes'", "did you mean 'shape'"}},
      {a + R"(,"a":)" + entry("F32", "[1]", "[8,12]") + "}",
       ErrorId::bad_json,
       {"\"a\"", "occurs twice"}},
      {R"({"__metadata__":{"epoch":3}})", ErrorId::bad_json, {"__metadata__", "epoch", "a text"}},
      {R"({"__metadata__":[]})", ErrorId::bad_json, {"__metadata__", "object"}},
      {"{}", ErrorId::bad_header, {"12 bytes behind"}},
  };
  for (const Case& one : cases) {
    INFO(one.header);
    std::vector<std::string> words = one.words;
    words.emplace_back("net.safetensors");
    check_error(error_in(file_of(one.header, kData)), one.id, words);
  }
}

TEST_CASE("only spaces may follow the header's JSON", "[safetensors]") {
  CHECK_NOTHROW(Safetensors(file_of(kHeader + "   ", kData), "x"));
  for (const std::string& behind :
       {std::string("\0\0garbage", 9), std::string(1, '\0'), std::string("  \0 ", 4),
        std::string("x"), std::string("\n"), std::string("\0}", 2)}) {
    INFO(behind);
    check_error(error_in(file_of(kHeader + behind, kData)), ErrorId::bad_header,
                {"net.safetensors", "only spaces"});
  }
}

TEST_CASE("shapes that no strides can be computed of are refused", "[safetensors]") {
  const auto read = [](const std::string& shape) {
    const Safetensors file(
        file_of(R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,0]}})", ""), "x");
    return file.tensor(file.entries().front()).size();
  };
  CHECK(read("[0]") == 0);
  CHECK(read("[3,0,5]") == 0);
  for (const std::string shape :
       {"[0,4611686018427387904,4611686018427387904]", "[4611686018427387904,4,0]"})
    check_error(error_of([&] { (void)read(shape); }), ErrorId::bad_header, {"too large"});
  std::string axes = "[0";
  for (int i = 0; i < 64; ++i) axes += ",1";
  check_error(error_of([&] { (void)read(axes + "]"); }), ErrorId::bad_header, {"65 axes"});
}

TEST_CASE("a file of many tensors is written and read in time that grows with it",
          "[safetensors]") {
  const TempDir dir;
  const Tensor tensor = make_tensor({1}, 2.0F);
  std::vector<nn::ConstNamedTensor> named;
  for (int i = 0; i < 100'000; ++i) named.push_back({concat("layer.", i), &tensor});
  // Comparing each name to all before it takes minutes.
  io::write_safetensors(dir / "x", named);
  CHECK(Safetensors::read(dir / "x").entries().size() == named.size());
}
