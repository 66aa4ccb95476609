/// @file zip_writer.hpp
/// Arrays and archives of NumPy, written by hand.
#pragma once

#include <string>
#include <vector>

#include "autoprune/core/text.hpp"
#include "autoprune/io/zip.hpp"

namespace autoprune::io::test {

/// The file of an array of those bytes.
inline std::string npy(const std::string& type, const std::vector<Index>& shape,
                       const std::string& bytes) {
  std::string extents;
  for (const Index extent : shape) extents += concat(extent, ", ");
  const std::string header =
      concat("{'descr': '", type, "', 'fortran_order': False, 'shape': (", extents, "), }\n");
  return std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size()) + '\0' + header + bytes;
}

/// The bytes of a number, the lowest first.
inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

struct Member {
  std::string name, content;
  std::string packed = {};  ///< empty: stored as it is
  std::uint64_t method = 8;
};

/// A zip archive; what is packed was packed by the caller.
inline std::string zip(const std::vector<Member>& members) {
  std::string files, list;
  for (const Member& m : members) {
    const bool stored = m.packed.empty();
    const std::string& bytes = stored ? m.content : m.packed;
    const std::string about = little_endian(stored ? 0 : m.method, 2) + std::string(4, '\0') +
                              little_endian(detail::crc32(m.content), 4) +
                              little_endian(bytes.size(), 4) + little_endian(m.content.size(), 4) +
                              little_endian(m.name.size(), 2) + std::string(2, '\0');
    list += "PK\1\2" + std::string("\24\0\24\0\0\0", 6) + about + std::string(10, '\0') +
            little_endian(files.size(), 4) + m.name;
    files += "PK\3\4" + std::string("\24\0\0\0", 4) + about + m.name + bytes;
  }
  return files + list + "PK\5\6" + std::string(4, '\0') + little_endian(members.size(), 2) +
         little_endian(members.size(), 2) + little_endian(list.size(), 4) +
         little_endian(files.size(), 4) + std::string(2, '\0');
}

}  // namespace autoprune::io::test
