// Stored index buffers of both kinds; decode() itself compares what it found with the bits.
#include "autoprune/mapping/index_buffer.hpp"

#include <cstring>

#include "autoprune/mapping/routed_index.hpp"
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
  if (head.encoding < 3) {
    const auto encoding = static_cast<mapping::IndexEncoding>(head.encoding);
    const mapping::IndexBuffer buffer(encoding, head.bits, std::move(words));
    (void)buffer.decode(head.rows, head.cols, head.granularity, head.ou_cols);
  } else {
    mapping::ArrayShape shape;
    shape.ou_rows = head.ou_rows;
    shape.ou_cols = head.ou_cols;
    const mapping::RoutedIndex index(head.ous, head.bits, std::move(words));
    (void)index.decode(head.rows, head.cols, shape);
  }
});

}  // namespace

}  // namespace autoprune::fuzz
