// The program `autoprune`. Exit status: 0, 1 for an error, 2 for a command line that makes no
// sense.
#include <autoprune/core/error.hpp>
#include <iostream>
#include <new>

#include "commands.hpp"

int main(int argc, char** argv) {
  using autoprune::Error;
  try {
    if (const auto options = autoprune::cli::read_options(argc, argv))
      autoprune::cli::run_command(*options);
    return 0;
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return static_cast<int>(error.id()) < 200 ? 2 : 1;
  } catch (const std::bad_alloc&) {
    std::cerr << "[autoprune] out of memory; take a smaller --batch or fewer images\n";
  } catch (const std::exception& error) {
    std::cerr << "[autoprune] " << error.what() << '\n';
  }
  return 1;
}
