// Arrays of NumPy: what is read of files that others wrote, and which files are refused.
#include "autoprune/io/npy.hpp"

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::io::test;
using io::Npy;

namespace {

/// The file with that header and those numbers, as NumPy writes them.
template <class Number>
std::string npy_file(std::string header, const std::vector<Number>& numbers, int version = 1) {
  std::string bytes = concat("\x93NUMPY", static_cast<char>(version), '\0');
  header += '\n';
  bytes += static_cast<char>(header.size());
  bytes += std::string(version == 1 ? 1 : 3, '\0') + header;
  return bytes.append(reinterpret_cast<const char*>(numbers.data()),
                      numbers.size() * sizeof(Number));
}

std::string npy_header(const std::string& type, const std::string& shape,
                       const std::string& order = "False") {
  return concat("{'descr': '", type, "', 'fortran_order': ", order, ", 'shape': ", shape, ", }");
}

template <class Number>
void check_type(const std::string& type) {
  INFO(type);
  const std::vector<Number> numbers = {static_cast<Number>(1), static_cast<Number>(100),
                                       static_cast<Number>(-3), static_cast<Number>(7)};
  for (const int version : {1, 2, 3}) {
    const Npy array = io::parse_npy(npy_file(npy_header(type, "(2, 2)"), numbers, version), "x");
    CHECK(array.shape == std::vector<Index>{2, 2});
    std::vector<float> read(3);
    array.copy(1, std::span(read));
    for (std::size_t i = 0; i < 3; ++i) CHECK(read[i] == static_cast<float>(numbers[i + 1]));
  }
}

void check_refused(const std::string& bytes, ErrorId id, const std::vector<std::string>& words) {
  check_error(error_of([&] { (void)io::parse_npy(bytes, "file 'x.npy'"); }), id, words);
}

}  // namespace

TEST_CASE("arrays of every type of numbers are read") {
  check_type<float>("<f4");
  check_type<double>("<f8");
  check_type<std::uint8_t>("|u1");
  check_type<std::int8_t>("|i1");
  check_type<std::uint16_t>("<u2");
  check_type<std::int16_t>("<i2");
  check_type<std::uint32_t>("<u4");
  check_type<std::int32_t>("<i4");
  check_type<std::uint64_t>("<u8");
  check_type<std::int64_t>("<i8");
}

TEST_CASE("headers are read as Python writes them, and otherwise") {
  const std::vector<float> one = {1.5F};
  for (const char* header :
       {"{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
        "{\"shape\":(1,),\"descr\":\"<f4\",\"fortran_order\":False}",
        "{'fortran_order': False, 'shape': (1, 1, 1), 'descr': '<f4'}           "}) {
    const Npy array = io::parse_npy(npy_file(header, one), "x");
    CHECK(array.size() == 1);
  }
}

TEST_CASE("what is written as an array is read again") {
  TempDir folder;
  const std::vector<float> numbers = {1, -2, 3, 0.25F, 1e-30F, 6};
  for (const std::vector<Index>& shape :
       {std::vector<Index>{2, 3}, {6}, {1, 2, 3, 1}, {}, {6, 100'000'000, 0}}) {
    const auto size = static_cast<std::size_t>(shape.empty()       ? 1
                                               : shape.back() == 0 ? 0
                                                                   : numbers.size());
    const std::string bytes = io::npy_bytes(shape, std::span(numbers).first(size));
    CHECK((bytes.size() - size * 4) % 64 == 0);
    io::write_file(folder / "x.npy", bytes);
    const Npy array = io::read_npy(folder / "x.npy");
    CHECK(array.shape == shape);
    std::vector<float> read(size);
    array.copy(0, std::span(read));
    CHECK(std::equal(read.begin(), read.end(), numbers.begin()));
  }
}

TEST_CASE("damaged and other arrays are refused") {
  const std::vector<float> four = {1, 2, 3, 4};
  const std::string good = npy_file(npy_header("<f4", "(4,)"), four);
  for (std::size_t size = 0; size < good.size(); ++size) {
    INFO(size);
    const ErrorId id = error_id([&] { (void)io::parse_npy(good.substr(0, size), "x"); });
    CHECK(id == (size < 6 ? ErrorId::bad_magic : ErrorId::truncated_file));
  }
  check_refused(good + "x", ErrorId::bad_header, {"x.npy", "17", "16"});
  check_refused("PK\3\4", ErrorId::bad_magic, {"zip"});
  check_refused(std::string("\x93NUMPY\4\0\0\0\0\0", 12), ErrorId::bad_magic, {"version 4"});
  const auto refused = [&](const std::string& header, ErrorId id, const char* word) {
    check_refused(npy_file(header, four), id, {word});
  };
  refused(npy_header("<f4", "(4,)", "True"), ErrorId::unsupported_type, "ascontiguousarray");
  for (const char* type : {">f4", "<f2", "<c8", "|S4", "|O", "<U1", "<4 ", "", "=f4"})
    refused(npy_header(type, "(4,)"), ErrorId::unsupported_type, type);
  refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }",
          ErrorId::unsupported_type, "records");
  for (const char* shape : {"(-4,)", "4", "(4", "(four,)", "(4 4)", "(4,,)", "((4,))",
                            "(99999999999999999999,)", "(1,1,1,1,1,1,1,1,4)"})
    refused(npy_header("<f4", shape), ErrorId::bad_header, "header");
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
        "{'shape': (4,), 'shape': (4,), 'descr': '<f4', 'fortran_order': False}",
        "{'shape': (4,), 'descr': '<f4', 'fortran_order': False, 'other': 1}",
        "{'shape': (4,), 'descr': '<f4', 'fortran_order': Maybe}",
        "{'shape': (4,), 'descr': '<f4', 'fortran_order': False} x", "{'shape"})
    refused(header, ErrorId::bad_header, "header");
  // Counts that wrap around.
  refused(npy_header("<f4", "(4611686018427387904, 4)"), ErrorId::truncated_file, "announces");
  refused(npy_header("<f4", "(4611686018427387904, 4, 0)"), ErrorId::truncated_file, "announces");
}
