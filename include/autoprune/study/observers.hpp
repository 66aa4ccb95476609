/// @file observers.hpp
/// Who is told what a study does. An observer is any type with some of these members; a reference
/// to it is handed to auto_prune():
///
///     void on_begin(const Study&);
///     Flow on_episode(const search::Search<>&);   // a policy was measured
///     void on_policy(const Record&);              // it is decided
///     void on_step(const TrainingPoint&);         // some images were learned from
///     Flow on_epoch(const TrainingPoint&);
///     void on_trained(const Record&);             // network and masks are what they will be
///     void on_end(const Record&);
///
/// Those that answer Flow may answer nothing instead. Flow::stop ends the study well: what was
/// found so far is measured and recorded, and the checkpoints stay.
#pragma once

#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "autoprune/io/report_data.hpp"
#include "autoprune/search/search.hpp"
#include "autoprune/study/study.hpp"

namespace autoprune::study {

enum class Flow { go_on, stop };

/// Where a training is.
struct TrainingPoint {
  Index epochs = 0;   ///< that it has
  double done = 0.0;  ///< of them
  std::span<const io::EpochFigures> history;
};

struct Record;

/// The observers of a study, their types forgotten. Stages are templates on who watches, so that
/// only programs that call them compile them, and auto_prune() gives them this type, so that those
/// compile them once.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void begin(const Study&) {}
  virtual Flow episode(const search::Search<>&) { return Flow::go_on; }
  virtual void policy(const Record&) {}
  virtual void step(const TrainingPoint&) {}
  virtual Flow epoch(const TrainingPoint&) { return Flow::go_on; }
  virtual void trained(const Record&) {}
  virtual void end(const Record&) {}
};

template <class... Observer>
class Observers final : public Watcher {
 public:
  explicit Observers(Observer&... observers) : all_(observers...) {}

  void begin(const Study& study) override {
    each([&](auto& o) {
      if constexpr (requires { o.on_begin(study); }) o.on_begin(study);
    });
  }
  Flow episode(const search::Search<>& search) override {
    return ask([&](auto& o) {
      if constexpr (requires { o.on_episode(search); }) return o.on_episode(search);
    });
  }
  void policy(const Record& record) override {
    each([&](auto& o) {
      if constexpr (requires { o.on_policy(record); }) o.on_policy(record);
    });
  }
  void step(const TrainingPoint& point) override {
    each([&](auto& o) {
      if constexpr (requires { o.on_step(point); }) o.on_step(point);
    });
  }
  Flow epoch(const TrainingPoint& point) override {
    return ask([&](auto& o) {
      if constexpr (requires { o.on_epoch(point); }) return o.on_epoch(point);
    });
  }
  void trained(const Record& record) override {
    each([&](auto& o) {
      if constexpr (requires { o.on_trained(record); }) o.on_trained(record);
    });
  }
  void end(const Record& record) override {
    each([&](auto& o) {
      if constexpr (requires { o.on_end(record); }) o.on_end(record);
    });
  }

 private:
  template <class Tell>
  void each(const Tell& tell) {
    std::apply([&](auto&... o) { (tell(o), ...); }, all_);
  }
  /// All are told, whoever of them stops it.
  template <class Ask>
  Flow ask(const Ask& tell) {
    Flow flow = Flow::go_on;
    each([&](auto& o) {
      if constexpr (std::is_void_v<decltype(tell(o))>)
        tell(o);
      else if (tell(o) == Flow::stop)
        flow = Flow::stop;
    });
    return flow;
  }

  std::tuple<Observer&...> all_;
};

}  // namespace autoprune::study
