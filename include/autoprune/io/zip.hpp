/// @file zip.hpp
/// Members of a zip archive in memory (PKWARE's APPNOTE.TXT, 4.3): what numpy.savez and
/// numpy.savez_compressed write.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/io/file.hpp"
#include "autoprune/io/inflate.hpp"
#include "autoprune/io/looks_like.hpp"

namespace autoprune::io {

namespace detail {

/// CRC-32 of zip and gzip.
[[nodiscard]] inline std::uint32_t crc32(std::string_view bytes) {
  constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      table[i] = i;
      for (int bit = 0; bit < 8; ++bit)
        table[i] = (table[i] & 1u) != 0 ? 0xEDB88320u ^ (table[i] >> 1) : table[i] >> 1;
    }
    return table;
  }();
  std::uint32_t sum = ~0u;
  for (const char byte : bytes)
    sum = kTable[(sum ^ static_cast<std::uint8_t>(byte)) & 0xFFu] ^ (sum >> 8);
  return ~sum;
}

}  // namespace detail

class Zip {
 public:
  struct Member {
    std::string name;
    Index flags, method, checksum, packed, size, header;
  };

  /// Takes the bytes of a file, which `origin` names in messages. Throws bad_magic, truncated_file,
  /// bad_header or unsupported_type.
  Zip(std::string bytes, std::string origin)
      : bytes_(std::move(bytes)), origin_(std::move(origin)) {
    constexpr Index kEnd = 22;  // bytes of the record at the end, which a comment may follow
    const std::size_t end = bytes_.rfind("PK\5\6");
    if (!bytes_.starts_with("PK"))
      fail(ErrorId::bad_magic, origin_, " is no zip archive", looks_like_text(bytes_));
    if (end == bytes_.npos || bytes_.size() - end < kEnd)
      fail(ErrorId::truncated_file, origin_, " ends before the list of its members; get it again");
    const auto record = static_cast<Index>(end);
    const Index count = number<2>(record + 10);
    Index at = number<4>(record + 16);
    if (count == 0xFFFF || at == 0xFFFFFFFF)
      fail(ErrorId::unsupported_type, origin_,
           " has more members or bytes than are read; split it");
    for (Index i = 0; i < count; ++i) {
      expect("PK\1\2", at);
      const Index name = number<2>(at + 28);
      members_.push_back({std::string(part(at + 46, name)), number<2>(at + 8), number<2>(at + 10),
                          number<4>(at + 16), number<4>(at + 20), number<4>(at + 24),
                          number<4>(at + 42)});
      at += 46 + name + number<2>(at + 30) + number<2>(at + 32);
    }
  }

  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }
  /// The member of that name, or null.
  [[nodiscard]] const Member* find(std::string_view name) const {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const Member& member) { return member.name == name; });
    return found == members_.end() ? nullptr : &*found;
  }

  /// Throws bad_header for damaged bytes, unsupported_type, and what inflate() throws.
  [[nodiscard]] std::string read(const Member& member) const {
    constexpr Index kStored = 0, kDeflated = 8;
    const std::string place = concat("'", member.name, "' in ", origin_);
    if ((member.flags & 1) != 0 || (member.method != kStored && member.method != kDeflated))
      fail(ErrorId::unsupported_type, place, " is encrypted or packed in an unusual way (",
           member.method, "); save it by numpy.savez or numpy.savez_compressed");
    expect("PK\3\4", member.header);
    const std::string_view packed =
        part(member.header + 30 + number<2>(member.header + 26) + number<2>(member.header + 28),
             member.packed);
    std::string bytes = member.method == kStored ? std::string(packed)
                                                 : inflate(packed, Wrapping::none, kMaxFile, place);
    if (std::ssize(bytes) != member.size || detail::crc32(bytes) != member.checksum)
      fail(ErrorId::bad_header, place, " is damaged: its checksum differs; get it again");
    return bytes;
  }

 private:
  [[nodiscard]] std::string_view part(Index at, Index size) const {
    if (at + size > std::ssize(bytes_))
      fail(ErrorId::bad_header, origin_, " is damaged: a member ends behind it; get it again");
    return std::string_view(bytes_).substr(static_cast<std::size_t>(at),
                                           static_cast<std::size_t>(size));
  }
  template <Index Bytes>
  [[nodiscard]] Index number(Index at) const {
    Index value = 0;
    for (const char byte : part(at, Bytes))
      value = value / 256 + (Index{static_cast<std::uint8_t>(byte)} << (8 * (Bytes - 1)));
    return value;
  }
  void expect(std::string_view signature, Index at) const {
    if (part(at, 4) != signature)
      fail(ErrorId::bad_header, origin_, " is damaged: no member where one should be");
  }

  std::string bytes_, origin_;
  std::vector<Member> members_;
};

}  // namespace autoprune::io
