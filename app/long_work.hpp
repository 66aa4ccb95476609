/// @file long_work.hpp
/// The work that takes minutes or hours: it shows its progress, saves itself after every step and
/// goes on from where it was.
#pragma once

#include <autoprune/search/policy.hpp>
#include <autoprune/search/reconstruction.hpp>

#include "job.hpp"

namespace autoprune::cli {

/// Names of the checkpoints in --out.
inline constexpr const char* kSearchCheckpoint = "search.checkpoint";
inline constexpr const char* kFineTuneCheckpoint = "fine_tune.checkpoint";
inline constexpr const char* kTrainCheckpoint = "train.checkpoint";

/// Of the job's network, on its calibration images.
[[nodiscard]] search::Reconstruction reconstruction(Job& job);

struct SearchResult {
  search::Policy policy;  ///< the best one
  io::Json json;          ///< the report's "search"
  double seconds = 0.0;   ///< with those of the runs that were resumed
};

/// Throws infeasible_constraint, cannot_write, checkpoint_mismatch.
[[nodiscard]] SearchResult run_search(Job& job);

/// Masks of the policy on `network`, a copy of the job's, with batch-norm statistics that fit them.
[[nodiscard]] std::vector<PruneMask> prune_and_recalibrate(Job& job, nn::Network& network,
                                                           const search::Policy& policy);

struct TrainingResult {
  std::vector<PruneMask> masks;  ///< none after dense training
  io::Json json;                 ///< the report's "fine_tune"
  double seconds = 0.0;
};

/// Prunes `network`, a copy of the job's, to the policy while it trains; pruned weights are zero
/// afterwards.
[[nodiscard]] TrainingResult run_fine_tune(Job& job, nn::Network& network,
                                           const search::Policy& policy);

/// Trains the job's network without masks.
[[nodiscard]] TrainingResult run_training(Job& job);

/// What `prune` makes of a network.
struct PrunedNetwork {
  SearchResult found;
  nn::Network network;
  TrainingResult tuned;
};

/// Searches, fine-tunes to the best policy, and leaves policy and pruned network in --out.
[[nodiscard]] PrunedNetwork search_and_fine_tune(Job& job);

/// Throws when --out holds one of these checkpoints and --resume wasn't given.
void refuse_checkpoints(const Job& job, const std::vector<std::string>& names);

/// Removes these, and what runs that were killed while they wrote one have left.
void remove_checkpoints(const Job& job, const std::vector<std::string>& names);

/// The options' training, with their seed.
[[nodiscard]] nn::TrainConfig train_config(const Options& options);

/// Throws out_of_range or empty_data when this job can't train.
void check_training(const Job& job);

}  // namespace autoprune::cli
