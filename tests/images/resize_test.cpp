// Scaling and cropping: as Pillow and torchvision do it.
#include "autoprune/images/resize.hpp"

#include "files.hpp"

using namespace autoprune;
using namespace autoprune::images;
using namespace autoprune::images::test;

namespace {

/// The brightness of a point under a triangle as wide as `reach` each side, in real numbers.
double weighed(const std::vector<double>& line, double centre, double reach) {
  double sum = 0.0, weights = 0.0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const double weight =
        std::max(0.0, 1.0 - std::abs(static_cast<double>(i) + 0.5 - centre) / reach);
    sum += weight * line[i];
    weights += weight;
  }
  return sum / weights;
}

}  // namespace

TEST_CASE("pictures are scaled to the bytes that Pillow gives") {
  Picture picture(5, 7, 1);
  for (Index r = 0; r < 5; ++r)
    for (Index c = 0; c < 7; ++c)
      picture.row(r)[c] = static_cast<std::uint8_t>(37 * r * r + 11 * c * c + 91 * r * c + 7);
  const auto check = [&](Index height, Index width, const std::vector<int>& expected) {
    const Picture scaled = resized(picture, height, width);
    CHECK(std::vector<int>(scaled.bytes.begin(), scaled.bytes.end()) == expected);
  };
  // numpy.array(PIL.Image.fromarray(a).resize((width, height), PIL.Image.BILINEAR)), Pillow 9.4
  check(2, 3, {69, 88, 94, 118, 143, 113});
  check(3, 7, {23, 73, 35,  129, 135, 17,  177, 115, 108, 67, 105,
               51, 76, 123, 86,  166, 121, 245, 135, 157, 91});
  check(5, 4, {14, 60, 130, 97,  86,  81,  83,  120, 123, 54,
               39, 83, 100, 172, 141, 121, 138, 160, 193, 122});
  check(9, 2, {50, 106, 63, 102, 84, 94, 85, 77, 81, 58, 112, 103, 138, 141, 151, 151, 158, 157});
  CHECK(resized(picture, 5, 7).bytes == picture.bytes);
}

TEST_CASE("scaling weighs neighbours by a triangle, antialiased") {
  Random random(1);
  for (const auto& [in, out] :
       {std::pair<Index, Index>{30, 7}, {7, 30}, {12, 11}, {64, 1}, {1, 5}}) {
    const Picture line = random_picture(1, in, 3, 2), column = random_picture(in, 1, 3, 2);
    const Picture wide = resized(line, 1, out), high = resized(column, out, 1);
    const double scale = static_cast<double>(in) / static_cast<double>(out);
    for (Index i = 0; i < out; ++i)
      for (Index c = 0; c < 3; ++c) {
        std::vector<double> values;
        for (Index k = 0; k < in; ++k) values.push_back(line.row(0)[3 * k + c]);
        const double expected =
            weighed(values, (static_cast<double>(i) + 0.5) * scale, std::max(scale, 1.0));
        CHECK(wide.row(0)[3 * i + c] == Approx(expected).margin(0.51));
        CHECK(high.row(i)[c] == wide.row(0)[3 * i + c]);
      }
  }
}

TEST_CASE("pictures are fitted as ImageNet's for evaluation") {
  // The shorter side becomes 256, the middle 224x224 of that is taken.
  for (const auto& [height, width, rows, columns] : {std::array<Index, 4>{300, 400, 256, 341},
                                                     {400, 300, 341, 256},
                                                     {256, 256, 256, 256},
                                                     {100, 1000, 256, 2560},
                                                     {256, 257, 256, 257}}) {
    INFO(height << 'x' << width);
    const Picture picture = random_picture(height, width, 3, 3);
    const Picture scaled = resized(picture, rows, columns);
    const Picture middle = fitted(picture, 224, 224);
    const auto half = [](Index over) { return over / 2 + (over % 4 == 3 ? 1 : 0); };  // to even
    const Index top = half(rows - 224), left = half(columns - 224);
    bool same = true;
    for (Index h = 0; h < 224; ++h)
      same = same &&
             std::equal(middle.row(h), middle.row(h) + 3 * 224, scaled.row(top + h) + 3 * left);
    CHECK(same);
  }
  const Picture small = fitted(random_picture(40, 50, 1, 4), 32, 24);
  CHECK(small.height == 32);
  CHECK(small.width == 24);
}
