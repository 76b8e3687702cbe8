// The functions that others call: thin, of one thread, without Python.
#include "abi/abi.hpp"

#include "abi/layers.hpp"
#include "abi/network.hpp"
#include "abi/predict.hpp"
#include "abi/vectors.hpp"
#include "abi/table.hpp"

const fastnn_api* fastnn::offer(const Kernels* kernels, const char* library) {
  static fastnn_api table = {};
  in_use = kernels;
  table.version = FASTNN_ABI_VERSION;
  table.size = sizeof table;
  table.library = library;
  fill(&table);
  return &table;
}
