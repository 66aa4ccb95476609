// A data set of one's own: images that are made when they are asked for, and never all in memory.
#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;

// [extending]
/// A noisy cross; which of ten places it stands at is the class. Image i is a function of i alone.
struct Crosses : nn::ByteImages {
  Index images;
  explicit Crosses(Index count) : images(count) {
    name = "crosses", stored = {1, 32, 32}, classes = 10, mirrors = false;
    mean = {0.3F}, stddev = {0.3F};
  }
  Index size() const override { return images; }
  nn::Label label(Index i) const override { return static_cast<nn::Label>(i % classes); }
  const std::uint8_t* bytes(Index i, std::span<std::uint8_t> room) const override {
    Random random(/*seed=*/1, static_cast<std::uint64_t>(i));
    const Index row = label(i) / 4 * 8 + 4, column = label(i) % 4 * 8 + 4;
    for (Index h = 0, at = 0; h < 32; ++h)
      for (Index w = 0; w < 32; ++w, ++at) {
        const bool on = std::abs(h - row) + std::abs(w - column) < 6 && (h == row || w == column);
        room[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(random.below(90) + 150 * on);
      }
    return room.data();
  }
};
// [extending]

int main() {
  const Crosses crosses(1280);
  const nn::Split images = nn::split(crosses, /*held_out=*/256);
  nn::Network lenet5 = nn::lenet5();
  lenet5.initialise(/*seed=*/1);
  ThreadPool pool;
  nn::TrainConfig config;
  config.epochs = 4;
  config.batch = 32;
  nn::Trainer trainer(lenet5, crosses, images.train, config, pool);
  while (!trainer.done()) trainer.run_epoch();
  const nn::Accuracy accuracy = nn::evaluate(trainer.backend(), crosses, images.held_out);
  std::cout << crosses.size() << " images of " << crosses.classes
            << " classes: " << (accuracy.top1 > 90.0 ? "learned" : "not learned") << '\n';
}
