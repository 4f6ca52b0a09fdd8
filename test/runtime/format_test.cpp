//===- format_test.cpp - The formatting library behind a pipe -------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads requests from standard input and writes each answer followed by a zero byte; format/*.py
// sends them and compares with Python and NumPy. A request is six i64: kind (a letter), dtype,
// dims, first, sizeCount, byteCount; then sizeCount i64 and byteCount bytes.
//===----------------------------------------------------------------------===//
#include "runtime/format.h"

#include <cstdio>
#include <cstring>
#include <vector>

using namespace hpcc::format;

namespace {
struct Request {
  int64_t kind;
  int64_t dtype;
  int64_t dims;
  int64_t first; ///< byte offset of element (0, .., 0); the number of an error; places to round to
  std::vector<int64_t> sizes;
  std::vector<char> bytes;
};
} // namespace

static bool readRequest(Request &request) {
  int64_t head[6];
  if (fread(head, sizeof(head), 1, stdin) != 1)
    return false;
  request = {head[0], head[1], head[2], head[3], {}, {}};
  request.sizes.resize(static_cast<size_t>(head[4]));
  request.bytes.resize(static_cast<size_t>(head[5]));
  return fread(request.sizes.data(), sizeof(int64_t), request.sizes.size(), stdin) ==
             request.sizes.size() &&
         fread(request.bytes.data(), 1, request.bytes.size(), stdin) == request.bytes.size();
}

/// Shape and strides lie one after the other in `sizes`.
static ArrayView viewRequest(const Request &request) {
  return {request.bytes.data() + request.first, static_cast<hpc_dtype>(request.dtype),
          static_cast<int32_t>(request.dims), request.sizes.data(),
          request.sizes.data() + request.dims};
}

static void appendStrides(std::string &text, const int64_t *stride, int64_t dims) {
  for (int64_t axis = 0; axis < dims; ++axis) {
    appendInteger(text, stride[axis]);
    text += ' ';
  }
}

/// `sizes`: the shape of the result, then for each operand its dims, its shape and its strides.
static void answerLayout(std::string &text, const Request &request) {
  std::vector<const int64_t *> shapes;
  std::vector<const int64_t *> strides;
  std::vector<int32_t> dims;
  for (size_t at = static_cast<size_t>(request.dims); at < request.sizes.size();) {
    auto own = static_cast<size_t>(request.sizes[at]);
    dims.push_back(static_cast<int32_t>(own));
    shapes.push_back(request.sizes.data() + at + 1);
    strides.push_back(request.sizes.data() + at + 1 + own);
    at += 1 + 2 * own;
  }
  int64_t stride[HPC_MAX_DIMS];
  hpc_layout_like(static_cast<int32_t>(request.dims), request.sizes.data(), shapes.data(),
                  strides.data(), dims.data(), static_cast<int32_t>(dims.size()), stride);
  appendStrides(text, stride, request.dims);
}

/// The text of an error; an argument -1 followed by a length stands for the bytes sent.
static void answerError(std::string &text, Request &request) {
  for (size_t i = 0; i + 1 < request.sizes.size(); ++i)
    if (!request.bytes.empty() && request.sizes[i] == -1)
      request.sizes[i] = static_cast<int64_t>(reinterpret_cast<intptr_t>(request.bytes.data()));
  auto errorId = static_cast<int32_t>(request.first);
  text += hpc_error_class(errorId);
  text += ": ";
  appendError(text, errorId, request.sizes);
}

static std::string answer(Request &request) {
  std::string text;
  int64_t stride[HPC_MAX_DIMS];
  double value;
  switch (request.kind) {
  case 'a':
    appendArray(text, viewRequest(request));
    break;
  case 'l':
    appendList(text, viewRequest(request), /*numpyScalars=*/false);
    break;
  case 'n':
    appendList(text, viewRequest(request), /*numpyScalars=*/true);
    break;
  case 's':
    appendScalar(text, static_cast<hpc_dtype>(request.dtype), request.bytes.data());
    break;
  case 'k':
    answerLayout(text, request);
    break;
  case 'c':
    hpc_layout_copy(static_cast<int32_t>(request.dims), request.sizes.data(),
                    request.sizes.data() + request.dims, stride);
    appendStrides(text, stride, request.dims);
    break;
  case 'r':
    memcpy(&value, request.bytes.data(), sizeof(value));
    appendFloat64(text, hpc_round_f64(value, request.first));
    break;
  case 'e':
    answerError(text, request);
    break;
  default:
    text = "unknown request";
  }
  return text;
}

int main() {
  Request request;
  while (readRequest(request)) {
    std::string text = answer(request);
    fwrite(text.c_str(), 1, text.size() + 1, stdout);
  }
  return 0;
}
