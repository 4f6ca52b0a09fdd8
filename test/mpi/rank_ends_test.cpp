//===- rank_ends_test.cpp - How programs on ranks end ---------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls the runtime as a program whose work is divided would. All ranks print `ready`, which is
// seen once; the argument says what happens then.
//===----------------------------------------------------------------------===//
#include "runtime/hpcc_rt.h"

#include <cstring>
#include <unistd.h>

static const hpc_location here = {"prog.hpc", "<module>", "x = a[10] + 1", 7, 6, 12};
static constexpr useconds_t aWhile = 200000;

static void raiseIndexError() {
  int64_t args[] = {10, 0, 5};
  hpc_raise(HPC_ERROR_IndexOutOfBounds, &here, args, 3);
}

static void waitForAll() {
  double value = 1.0;
  hpc_ranks_combine(&value, 1, HPC_F64, HPC_RANKS_ADD, nullptr);
  hpc_print_text("after\n", 6);
}

int main(int argc, char **argv) {
  hpc_start(argc, argv);
  hpc_ranks_start(nullptr);
  int64_t rank = hpc_ranks_rank(), size = hpc_ranks_size();
  auto happens = [&](const char *what) { return argc > 1 && strcmp(argv[1], what) == 0; };
  hpc_print_text("ready\n", 6);
  if (rank == 0)
    usleep(aWhile); // the others come there first
  if (happens("error"))
    raiseIndexError();
  if (happens("share")) { // on the last two ranks
    hpc_ranks_shares_begin();
    if (rank >= size - 2)
      raiseIndexError();
    hpc_ranks_shares_end(&here);
    waitForAll();
  }
  if (happens("memory")) {
    if (rank == size - 1)
      hpc_raise(HPC_ERROR_ListTooLarge, &here, nullptr, 0);
    waitForAll();
  }
  if (happens("exit"))
    hpc_exit(1);
  return hpc_finish();
}
