/// @file searcher.hpp
/// What proposes policies and learns from their outcomes, and knows nothing of how they are
/// measured.
#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/search/archive.hpp"
#include "autoprune/search/proposal.hpp"

namespace autoprune::search {

/// ask(n) proposes up to n policies, which may be measured at once; none only when nothing is left
/// to propose. They are moved into the constraints (but for probes) and measured; tell() hands
/// their outcomes back, in the order asked, before ask() is called again. describe() hands
/// everything that decides the future to an ArchiveWriter or an ArchiveReader, so that a searcher
/// that was made alike goes on to the same bits.
template <class S>
concept Searcher = std::move_constructible<S> &&
    requires(S searcher, Index n, std::span<const Outcome> outcomes, ArchiveWriter& out,
             ArchiveReader& in) {
  { searcher.ask(n) } -> std::same_as<std::vector<Proposal>>;
  searcher.tell(outcomes);
  searcher.describe(out);
  searcher.describe(in);
};

/// Any searcher, and its name in reports.
class AnySearcher {
 public:
  template <Searcher S>
  AnySearcher(std::string name, S searcher)
      : name_(std::move(name)), searcher_(std::make_unique<Holder<S>>(std::move(searcher))) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::vector<Proposal> ask(Index n) { return searcher_->ask(n); }
  void tell(std::span<const Outcome> outcomes) { searcher_->tell(outcomes); }
  template <class Archive>
  void describe(Archive& archive) {
    searcher_->describe(archive);
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual std::vector<Proposal> ask(Index n) = 0;
    virtual void tell(std::span<const Outcome> outcomes) = 0;
    virtual void describe(ArchiveWriter& out) = 0;
    virtual void describe(ArchiveReader& in) = 0;
  };
  template <class S>
  struct Holder final : Base {
    explicit Holder(S s) : searcher(std::move(s)) {}
    std::vector<Proposal> ask(Index n) override { return searcher.ask(n); }
    void tell(std::span<const Outcome> outcomes) override { searcher.tell(outcomes); }
    void describe(ArchiveWriter& out) override { searcher.describe(out); }
    void describe(ArchiveReader& in) override { searcher.describe(in); }
    S searcher;
  };

  std::string name_;
  std::unique_ptr<Base> searcher_;
};

}  // namespace autoprune::search
