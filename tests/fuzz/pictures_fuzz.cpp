// A PNG or JPEG picture, brought to a network's size; and deflated bytes.
#include "autoprune/images.hpp"

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kPictures("pictures", [](std::string_view bytes) {
  (void)succeeds([&] { (void)images::unpack(bytes, io::Wrapping::gzip, 1 << 26, "any"); });
  const images::Picture picture = images::read_picture(bytes, "any");
  if (picture.height * picture.width > (1 << 22)) return;  // takes long to scale
  for (const Index channels : {1, 3}) {
    const images::Picture fitted = images::fitted(images::in_channels(picture, channels), 32, 24);
    require(std::ssize(fitted.bytes) == channels * 32 * 24, "the size asked for");
  }
});

}  // namespace

}  // namespace autoprune::fuzz
