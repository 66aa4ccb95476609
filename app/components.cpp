#include "components.hpp"

#include <algorithm>
#include <cstdlib>

#ifdef AUTOPRUNE_MPI
#include <autoprune/mpi.hpp>
#endif
#ifdef AUTOPRUNE_IMAGES
#include <autoprune/images.hpp>
#endif
#ifdef AUTOPRUNE_ONNX
#include <autoprune/onnx.hpp>
#endif

namespace autoprune::cli {

namespace {

/// How many processes were started together, as Open MPI, MPICH and Slurm tell them.
Index started_together() {
  const auto number = [](const char* variable) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? 1 : std::atoi(text);
  };
  if (std::getenv("PMIX_RANK") != nullptr && std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr)
    return number("SLURM_NTASKS");
  return std::max(number("OMPI_COMM_WORLD_SIZE"), number("PMI_SIZE"));
}

}  // namespace

std::unique_ptr<search::Team> join_cluster() {
  const Index ranks = started_together();
  if (ranks < 2) return nullptr;
#ifdef AUTOPRUNE_MPI
  return std::make_unique<mpi::World>();
#else
  fail(ErrorId::missing_component, "started as ", ranks,
       " processes, but this program was built without MPI; install libopenmpi-dev and build it "
       "again, or start it without mpirun");
#endif
}

void register_formats() {
#ifdef AUTOPRUNE_IMAGES
  images::register_formats();
#endif
}

#ifdef AUTOPRUNE_ONNX

study::PrunedNetwork read_onnx(const std::filesystem::path& path, const std::string& output,
                               const std::function<nn::Shape3()>& images) {
  const onnx::Model model = onnx::read_model(path);
  onnx::ReadOptions options{.output = output};
  if (onnx::leaves_size_open(model)) options.images = images();
  return {onnx::read_network(model, options), study::pruned_as(model.metadata())};
}

void write_onnx(const std::filesystem::path& path, const nn::Network& network,
                const io::Metadata& metadata, std::span<const Index> weight_bits) {
  onnx::write_network(path, network, metadata, weight_bits);
}

#else

study::PrunedNetwork read_onnx(const std::filesystem::path& path, const std::string&,
                               const std::function<nn::Shape3()>&) {
  fail(ErrorId::missing_component, "'", path.string(),
       "': this autoprune was built without ONNX; install it (Debian: apt-get install libonnx-dev "
       "libprotobuf-dev) and build it again");
}

void write_onnx(const std::filesystem::path&, const nn::Network&, const io::Metadata&,
                std::span<const Index>) {}

#endif

}  // namespace autoprune::cli
