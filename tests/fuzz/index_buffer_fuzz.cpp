// Stored index buffers of all codes; decode() itself compares what it found with the bits.
#include "autoprune/mapping/index_buffer.hpp"

#include <cstring>

#include "harness.hpp"
#include "index_head.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kIndexBuffer("index_buffer", [](std::string_view bytes) {
  IndexHead head{};
  if (bytes.size() < sizeof head) return;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes.remove_prefix(sizeof head);
  std::vector<std::uint64_t> words(bytes.size() / sizeof(std::uint64_t));
  for (std::uint64_t& word : words) {
    std::memcpy(&word, bytes.data(), sizeof word);
    bytes.remove_prefix(sizeof word);
  }
  if (head.code >= mapping::kIndexCodes.size()) return;
  const mapping::IndexBuffer buffer(mapping::kIndexCodes[head.code], head.bits, std::move(words));
  (void)buffer.decode({head.rows, head.cols, head.ou_rows, head.ou_cols, head.granularity,
                       head.granularity > 0 && head.gathered % 2 == 1, 1 + head.gathered / 2});
});

}  // namespace

}  // namespace autoprune::fuzz
