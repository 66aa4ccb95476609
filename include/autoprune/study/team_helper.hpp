/// @file team_helper.hpp
/// A training whose steps a team shares: what its helpers do.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/study/team_backend.hpp"

namespace autoprune::study {

/// A helper's: follows what a leader's TeamBackend orders.
class TeamHelper {
 public:
  /// Of a network of the leader's form, which is copied, with the leader's teacher.
  TeamHelper(TeamTraining training, const nn::Network& network, const nn::Network& teacher,
             ThreadPool& pool)
      : training_(std::move(training)), network_(network), teacher_(teacher), pool_(pool) {}

  void follow(std::string_view order) {
    search::ArchiveReader in(order);
    std::uint64_t kind = 0;
    in("order", kind);
    try {
      switch (static_cast<detail::TeamOrder>(kind)) {
        case detail::TeamOrder::begin:
          return begin(in);
        case detail::TeamOrder::masks:
          return nn::together(*peers_, [&] {
            std::vector<PruneMask> masks;
            io::detail::visit_masks(in, network_, masks);
            backend_->set_masks(std::move(masks));
          });
        case detail::TeamOrder::codes:
          return nn::together(*peers_, [&] {
            std::vector<nn::LayerCodes> codes;
            detail::visit_codes(in, codes);
            backend_->set_codes(codes);
          });
        case detail::TeamOrder::weights:
          return nn::together(*peers_, [&] { shared().take_weights(); });
        case detail::TeamOrder::step:
          return nn::together(*peers_, [&] { step(in); });
        case detail::TeamOrder::evaluate:
          return nn::together(*peers_, [&] { evaluate(in); });
        case detail::TeamOrder::compare:
          return nn::together(*peers_, [&] { shared().compare(); });
      }
    } catch (...) {
      // The leader knows, and says what is next.
    }
  }

 private:
  [[nodiscard]] detail::SharedTraining shared() { return {*peers_, *backend_}; }

  void begin(search::ArchiveReader& in) {
    std::uint64_t count = 0, inputs = 0, taught = 0;
    in("members", count);
    in("inputs", inputs);
    in("taught", taught);
    backend_.reset();
    peers_ = training_.team.peers(static_cast<Index>(count));
    nn::together(*peers_, [&] {
      if (inputs != training_.inputs)
        fail(ErrorId::checkpoint_mismatch,
             "the first process trains with other weights, images or options than another one; ",
             "give all of them the same");
      backend_ = training_.make(network_, pool_);
      if (!backend_->share(*peers_)) fail(ErrorId::wrong_order, "a backend that can't share");
      backend_->begin_training(training_.images, training_.config,
                               taught != 0 ? &teacher_ : nullptr);
    });
  }
  void step(search::ArchiveReader& in) {
    detail::OrderedStep ordered;
    ordered.visit(in);
    (void)backend_->train_step({ordered.images,
                                ordered.augmented != 0 ? &ordered.augmentation : nullptr,
                                ordered.learning_rate, ordered.number, ordered.next});
  }
  void evaluate(search::ArchiveReader& in) {
    std::vector<Index> sizes;
    std::vector<nn::Label> labels;
    detail::visit_numbers(in, "sizes", sizes);
    detail::visit_numbers(in, "labels", labels);
    (void)shared().evaluate({}, sizes, labels);
  }

  TeamTraining training_;
  nn::Network network_, teacher_;
  ThreadPool& pool_;
  std::unique_ptr<nn::Peers> peers_;
  std::unique_ptr<nn::Backend> backend_;
};

}  // namespace autoprune::study
