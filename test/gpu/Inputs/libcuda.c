/* A driver without a GPU, for tests: its device memory is memory of the process.

   A "module" is a text; a kernel is there if the text has `.entry NAME(`, and does nothing unless
   the text goes on with `// NAME ADDRESS`, the address of a function of hpc_emulated_kernel's kind.
   The environment says what goes wrong: STUB_FAIL=FUNCTION:CALL:CODE has call number CALL (from 1)
   of a function and all later ones fail, STUB_FAIL_ONCE that one alone; STUB_MEMORY is how many
   bytes there are, STUB_LOG what the compiler of kernels says. STUB_CALLS=1 writes each call on
   standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long Address;
typedef void (*Kernel)(void *const *arguments, const unsigned *grid, const unsigned *block);

enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, NOT_FOUND = 500 };

struct Function {
  const char *name;
  int calls;
};

/* Bytes in front of each allocation, which keep its size. */
enum { HEAD = 256 };

static long long used;
static char *module;

static long long memoryBytes(void) {
  const char *bytes = getenv("STUB_MEMORY");
  return bytes ? atoll(bytes) : 1LL << 30;
}

/* The code that the call must fail with, or SUCCESS. */
static int plannedFailure(const struct Function *function, const char *variable, int isForGood) {
  const char *plan = getenv(variable);
  size_t length = strlen(function->name);
  int call = 0, code = 0;
  if (!plan || strncmp(plan, function->name, length) != 0 || plan[length] != ':')
    return SUCCESS;
  sscanf(plan + length, ":%d:%d", &call, &code);
  return function->calls == call || (isForGood && function->calls > call) ? code : SUCCESS;
}

static int enter(struct Function *function) {
  ++function->calls;
  if (getenv("STUB_CALLS"))
    fprintf(stderr, "%s\n", function->name);
  int code = plannedFailure(function, "STUB_FAIL", 1);
  return code ? code : plannedFailure(function, "STUB_FAIL_ONCE", 0);
}

#define ENTER(symbol)                                                                              \
  static struct Function function = {#symbol, 0};                                                  \
  int failure = enter(&function);                                                                  \
  if (failure)                                                                                     \
    return failure;

int cuInit(unsigned flags) {
  ENTER(cuInit)
  return flags == 0 ? SUCCESS : INVALID_VALUE;
}

int cuDriverGetVersion(int *version) {
  ENTER(cuDriverGetVersion)
  *version = 12040;
  return SUCCESS;
}

int cuGetErrorName(int error, const char **name) {
  static const struct {
    int code;
    const char *name;
  } names[] = {{1, "CUDA_ERROR_INVALID_VALUE"},
               {2, "CUDA_ERROR_OUT_OF_MEMORY"},
               {100, "CUDA_ERROR_NO_DEVICE"},
               {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
               {218, "CUDA_ERROR_INVALID_PTX"},
               {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"},
               {500, "CUDA_ERROR_NOT_FOUND"},
               {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
               {702, "CUDA_ERROR_LAUNCH_TIMEOUT"},
               {719, "CUDA_ERROR_LAUNCH_FAILED"},
               {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    if (names[i].code == error) {
      *name = names[i].name;
      return SUCCESS;
    }
  *name = NULL;
  return INVALID_VALUE;
}

int cuGetErrorString(int error, const char **text) {
  static char written[64];
  const char *name;
  *text = NULL;
  if (cuGetErrorName(error, &name))
    return INVALID_VALUE;
  snprintf(written, sizeof written, "the stub's error %d", error);
  *text = written;
  return SUCCESS;
}

int cuDeviceGetCount(int *count) {
  ENTER(cuDeviceGetCount)
  *count = getenv("STUB_DEVICES") ? atoi(getenv("STUB_DEVICES")) : 1;
  return SUCCESS;
}

int cuDeviceGet(int *device, int index) {
  ENTER(cuDeviceGet)
  *device = index;
  return index == 0 ? SUCCESS : NO_DEVICE;
}

int cuDeviceGetName(char *name, int capacity, int device) {
  ENTER(cuDeviceGetName)
  (void)device;
  snprintf(name, (size_t)capacity, "Stub GPU");
  return SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  ENTER(cuDeviceGetAttribute)
  (void)device;
  *value = attribute == 75 ? 8 : attribute == 76 ? 6 : 0;
  return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  ENTER(cuDeviceTotalMem_v2)
  (void)device;
  *bytes = (size_t)memoryBytes();
  return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
  ENTER(cuDevicePrimaryCtxRetain)
  (void)device;
  *context = &used;
  return SUCCESS;
}

int cuCtxSetCurrent(void *context) {
  ENTER(cuCtxSetCurrent)
  return context == &used ? SUCCESS : INVALID_VALUE;
}

int cuCtxSynchronize(void) {
  ENTER(cuCtxSynchronize)
  return SUCCESS;
}

int cuModuleLoadDataEx(void **result, const void *image, unsigned count, int *options,
                       void **values) {
  static struct Function function = {"cuModuleLoadDataEx", 0};
  int failure = enter(&function);
  const char *log = getenv("STUB_LOG");
  if (failure && log && count == 2 && options[0] == 5 && options[1] == 6)
    snprintf(values[0], (size_t)values[1], "%s\nand a second line", log);
  if (failure)
    return failure;
  module = strdup(image);
  *result = module;
  return SUCCESS;
}

int cuModuleGetFunction(void **result, void *of, const char *name) {
  ENTER(cuModuleGetFunction)
  char line[256];
  if (of != module)
    return INVALID_VALUE;
  snprintf(line, sizeof line, ".entry %s(", name);
  *result = strstr(module, line);
  return *result ? SUCCESS : NOT_FOUND;
}

int cuMemAlloc_v2(Address *address, size_t bytes) {
  ENTER(cuMemAlloc_v2)
  if (used + (long long)bytes > memoryBytes())
    return OUT_OF_MEMORY;
  char *block = malloc(bytes + HEAD);
  if (!block)
    return OUT_OF_MEMORY;
  used += (long long)bytes;
  memcpy(block, &bytes, sizeof bytes);
  memset(block + HEAD, 0xFF, bytes);
  *address = (Address)(block + HEAD);
  return SUCCESS;
}

int cuMemFree_v2(Address address) {
  ENTER(cuMemFree_v2)
  size_t bytes;
  char *block = (char *)address - HEAD;
  memcpy(&bytes, block, sizeof bytes);
  used -= (long long)bytes;
  free(block);
  return SUCCESS;
}

int cuMemcpyHtoD_v2(Address device, const void *host, size_t bytes) {
  ENTER(cuMemcpyHtoD_v2)
  memcpy((void *)device, host, bytes);
  return SUCCESS;
}

int cuMemcpyDtoH_v2(void *host, Address device, size_t bytes) {
  ENTER(cuMemcpyDtoH_v2)
  memcpy(host, (void *)device, bytes);
  return SUCCESS;
}

int cuLaunchKernel(void *kernel, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                   unsigned blockY, unsigned blockZ, unsigned sharedBytes, void *stream,
                   void **arguments, void **extra) {
  ENTER(cuLaunchKernel)
  unsigned grid[] = {gridX, gridY, gridZ}, block[] = {blockX, blockY, blockZ};
  char name[128];
  void *address;
  (void)sharedBytes, (void)stream, (void)extra;
  if (sscanf(kernel, ".entry %127[^(](", name) != 1)
    return INVALID_VALUE;
  char *place = strstr(kernel, "// ");
  for (; place; place = strstr(place + 1, "// ")) {
    size_t length = strlen(name);
    if (strncmp(place + 3, name, length) == 0 && sscanf(place + 3 + length, " %p", &address) == 1) {
      ((Kernel)address)(arguments, grid, block);
      break;
    }
  }
  return SUCCESS;
}
