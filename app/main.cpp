// The program `autoprune`. Exit status: 0, 1 for an error, 2 for a command line that makes no
// sense.
#include <autoprune/core/error.hpp>
#include <autoprune/mnsim/zoo.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <new>
#include <optional>

#include "commands.hpp"
#include "components.hpp"
#include "device.hpp"

namespace {

using autoprune::Error, autoprune::ErrorId;

/// What stopped the program, as an error with an id.
Error reason(const std::exception_ptr& stopped) {
  try {
    std::rethrow_exception(stopped);
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return {ErrorId::out_of_memory, "out of memory; take a smaller --batch or fewer images"};
  } catch (const std::length_error&) {
    return {ErrorId::out_of_memory, "more memory than can be; take a smaller --batch or network"};
  } catch (const std::filesystem::filesystem_error& error) {
    return {ErrorId::cannot_open, error.what()};
  } catch (const std::exception& error) {
    return {ErrorId::unexpected,
            autoprune::concat("unexpected: ", error.what(),
                              "; this is a fault of autoprune: report it with the command line")};
  } catch (...) {
    return {ErrorId::unexpected, "unexpected; this is a fault of autoprune: report it"};
  }
}

/// Of the processes that mpirun starts, one prints.
void silence() {
  std::cout.rdbuf(nullptr);
  std::cerr.rdbuf(nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  std::unique_ptr<autoprune::search::Team> team;  // to the end: it waits for the others
  std::optional<autoprune::cli::Options> options;
  try {
    team = autoprune::cli::join_cluster();
    if (!autoprune::search::leads(team.get())) silence();
    autoprune::mnsim::register_networks();
    autoprune::cli::register_formats();
    options = autoprune::cli::read_options(argc, argv);
    if (options) {
      options->backend = autoprune::cli::backend_on(options->device);
      if (team) team->set_time_limit(options->rank_timeout);
      options->team = team.get();
      // One writes; the cells of `reproduce` alone are in directories of their own.
      if (!autoprune::search::leads(options->team) && options->command != "reproduce")
        options->out.clear();
      autoprune::cli::run_command(*options);
    }
    return 0;
  } catch (...) {
    const Error error = reason(std::current_exception());
    if (!autoprune::search::leads(team.get())) {
      team->give_up(error);
      return 0;  // the leader says it
    }
    std::cerr << error.what() << (options ? options->named_in(error.what()) : "") << '\n';
    return static_cast<int>(error.id()) < 200 ? 2 : 1;
  }
}
