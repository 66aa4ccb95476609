/// @file onnx.hpp
/// The component `onnx`: networks from and to ONNX models. It needs ONNX's messages and protobuf,
/// so the umbrella leaves it out; link autoprune::onnx.
#pragma once

#include "autoprune/onnx/read.hpp"
#include "autoprune/onnx/write.hpp"
