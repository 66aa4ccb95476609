/// @file looks_like.hpp
/// What a file of another format than the one that was asked for looks like, for messages.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "autoprune/core/text.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::io {

/// A kind of file, and what to do about it.
struct Look {
  std::string_view what, fix;
};

namespace detail {

/// Bytes that files of a kind hold at a place.
struct Signature {
  std::size_t at;
  std::string_view bytes;
  Look look;
};

inline constexpr const char* kConvert =
    "two lines of Python convert a PyTorch state_dict:\n"
    "  w = torch.load('FILE.pth', map_location='cpu')\n"
    "  safetensors.torch.save_file({k: v.contiguous() for k, v in w.items()}, 'FILE.safetensors')\n"
    "Of a data set get the binary version; images in arrays of numpy.savez are npz:FILE";
inline constexpr Look kPickle{"a Python pickle", kConvert};
inline constexpr Look kZip{"a zip archive, as torch.save and numpy.savez write", kConvert};
inline constexpr const char* kSaveArrays =
    "save weights with safetensors.numpy.save_file, images and their labels together with "
    "numpy.savez, which is npz:FILE";
inline constexpr Look kPicture{"a picture", "folders of pictures are images:DIR"};
inline constexpr Look kOtherPicture{"a GIF or WebP picture", "save it as PNG or JPEG"};
inline constexpr Look kWebPage{"a web page", "the download went wrong, get it again"};
inline constexpr const char *kJsonLook = "JSON", *kSafetensorsLook = "a safetensors file";
inline constexpr const char* kOther = "name the right file";
inline constexpr const char* kMnist = "the directory of MNIST's four files is mnist:DIR";

inline constexpr std::array kSignatures = {
    Signature{0, "\x1f\x8b", {"a gzip file", "unpack it with gunzip FILE"}},
    Signature{0, "BZh", {"a bzip2 file", "unpack it with bunzip2 FILE"}},
    Signature{0, "\3757zXZ", {"an xz file", "unpack it with unxz FILE"}},
    Signature{0, "\x28\xb5\x2f\xfd", {"a zstd file", "unpack it with unzstd FILE"}},
    Signature{257, "ustar", {"a tar archive", "unpack it with tar xf FILE"}},
    Signature{0, "PK\3\4", kZip},
    Signature{0, "\x80\2", kPickle},
    Signature{0, "\x80\3", kPickle},
    Signature{0, "\x80\4", kPickle},
    Signature{0, "\x80\5", kPickle},
    Signature{0, "\x93NUMPY", {"an array of NumPy", kSaveArrays}},
    Signature{0, "\x89HDF\r\n", {"an HDF5 file", kSaveArrays}},
    Signature{2, "\x12\x07pytorch", {"an ONNX model", "it is read as --network FILE.onnx"}},
    Signature{0, "\x89PNG", kPicture},
    Signature{0, "\xff\xd8\xff", kPicture},
    Signature{0, "GIF8", kOtherPicture},
    Signature{8, "WEBP", kOtherPicture},
    Signature{0, "<!DOCTYPE", kWebPage},
    Signature{0, "<!doctype", kWebPage},
    Signature{0, "<html", kWebPage},
    Signature{0, "version https://git-lfs", {"a pointer of Git LFS", "get it by git lfs pull"}},
    Signature{0, {"\0\0\x8\1", 4}, {"an IDX file of one dimension, as MNIST's labels", kMnist}},
    Signature{0, {"\0\0\x8\3", 4}, {"an IDX file of three dimensions, as MNIST's images", kMnist}},
    Signature{0, "APRCKPT", {"a checkpoint of a run", "it is for --resume in its directory"}},
    Signature{0, "{", {kJsonLook, kOther}},
    Signature{8, "{\"", {kSafetensorsLook, kOther}},
};

/// Whether the bytes are records of `size` bytes whose first ones are below `limits`.
template <std::size_t N>
[[nodiscard]] bool are_records(std::string_view bytes, std::size_t size,
                               const std::array<std::uint8_t, N>& limits) {
  if (bytes.empty() || bytes.size() % size != 0) return false;
  for (std::size_t at = 0; at < bytes.size(); at += size)
    for (std::size_t i = 0; i < N; ++i)
      if (static_cast<std::uint8_t>(bytes[at + i]) >= limits[i]) return false;
  return true;
}

}  // namespace detail

/// Nothing when the bytes look like no format that is known here.
[[nodiscard]] inline std::optional<Look> looks_like(std::string_view bytes) {
  if (bytes.empty()) return Look{"an empty file", "get it again"};
  for (const auto& [at, signature, look] : detail::kSignatures)
    if (bytes.size() > at && bytes.substr(at).starts_with(signature)) return look;
  if (detail::are_records(bytes, 3073, std::array<std::uint8_t, 1>{10}))
    return Look{"images of CIFAR-10", "write cifar10:DIR"};
  if (detail::are_records(bytes, 3074, std::array<std::uint8_t, 2>{20, 100}))
    return Look{"images of CIFAR-100", "write cifar100:DIR"};
  return {};
}

/// The same as the end of a message: "; it looks like a gzip file: unpack it with gunzip FILE". A
/// damaged file looks like what it is; `own`, the kind that was asked for, isn't said.
[[nodiscard]] inline std::string looks_like_text(std::string_view bytes,
                                                 std::string_view own = {}) {
  const std::optional<Look> look = looks_like(bytes);
  if (!look || look->what == own) return {};
  return concat("; it looks like ", look->what, ": ", look->fix);
}

}  // namespace autoprune::io
