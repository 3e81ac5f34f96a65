/* A stand-in for NVIDIA's libraries and the Vulkan loader; the environment says how it behaves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int env(const char *name, int otherwise) {
    const char *value = getenv(name);
    return value ? atoi(value) : otherwise;
}

/* `FAKE_AT` names the call that `FAKE_DO` (a result code, "hang", "crash" or "chatter") befalls. */
static int befall(const char *call) {
    const char *at = getenv("FAKE_AT"), *what = getenv("FAKE_DO");
    if (!at || !what || strcmp(at, call) != 0) return 0;
    if (strcmp(what, "hang") == 0) for (;;) sleep(1);
    if (strcmp(what, "crash") == 0) *(volatile int *)8 = 0;
    if (strcmp(what, "exit") == 0) _exit(3);
    if (strcmp(what, "chatter") == 0) {
        for (int i = 0; i < 200000; i++) puts("driver: something nobody asked for");
        fflush(stdout);
        return 0;
    }
    return atoi(what);
}

#ifdef CUDA
int cuDriverGetVersion(int *v) { *v = env("FAKE_VERSION", 12080); return befall("cuDriverGetVersion"); }
#ifndef STUB
int cuInit(unsigned flags) { (void)flags; return befall("cuInit"); }
#endif
int cuDeviceGetCount(int *n) { *n = env("FAKE_COUNT", 2); return befall("cuDeviceGetCount"); }
int cuDeviceGet(int *d, int i) { *d = i; return befall("cuDeviceGet"); }
int cuDeviceGetName(char *s, int n, int d) {
    snprintf(s, n, "Fake %d", d);
    return befall("cuDeviceGetName");
}
int cuDeviceTotalMem_v2(size_t *n, int d) { (void)d; *n = 1 << 30; return befall("cuDeviceTotalMem"); }
int cuDeviceGetAttribute(int *v, int a, int d) {
    if (a == 75) *v = d == 0 ? env("FAKE_MAJOR", 9) : 8;
    else if (a == 76) *v = 0;
    else if (a == 20) *v = d == 0 ? env("FAKE_MODE", 0) : env("FAKE_MODE_1", 0);
    else return 1;
    return befall("cuDeviceGetAttribute");
}
int cuDeviceGetPCIBusId(char *s, int n, int d) {
    snprintf(s, n, "0000:0%d:00.0", d);
    return befall("cuDeviceGetPCIBusId");
}
#endif

#ifdef NVML
struct memory { unsigned long long total, free, used; };
int nvmlInit_v2(void) { return befall("nvmlInit_v2"); }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *s, unsigned n) { snprintf(s, n, "570.86.15"); return 0; }
int nvmlDeviceGetHandleByPciBusId_v2(const char *id, void **d) {
    *d = (void *)(size_t)(id[6] - '0' + 1);
    return befall("nvmlDeviceGetHandle");
}
int nvmlDeviceGetMemoryInfo(void *d, struct memory *m) {
    m->total = 1 << 30;
    m->free = (size_t)d == 1 ? 1000 : 2000;
    return befall("nvmlDeviceGetMemoryInfo");
}
#endif

#ifdef VULKAN
int vkEnumerateInstanceVersion(unsigned *v) { *v = (1u << 22) | (3u << 12); return 0; }
#endif
