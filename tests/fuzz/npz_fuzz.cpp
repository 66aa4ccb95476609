// An archive of a data set's arrays, as a network of 3x4x4 takes it and as none does.
#include "autoprune/io/npz.hpp"

#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kNpz("npz", [](std::string_view bytes) {
  const io::Zip archive(std::string(bytes), "any");
  for (const io::Zip::Member& member : archive.members())
    (void)succeeds([&] { (void)archive.read(member); });
  (void)succeeds([&] { (void)io::Npz::read(archive, {.shape = nn::Shape3{3, 4, 4}}); });
  const io::Datasets data = io::Npz::read(archive, {});
  ThreadPool pool(1);
  nn::Batch batch;
  for (const nn::ImageSource* part : {&data.train, &data.test}) {
    require(part->label(part->size() - 1) < part->classes, "a label");
    part->load(nn::range(0, 1), nullptr, batch, pool);
  }
});

}  // namespace

}  // namespace autoprune::fuzz
