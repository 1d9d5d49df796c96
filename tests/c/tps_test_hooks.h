/* What a library built with the feature test-hooks exports beside teams_presence_sync.h. For tests only. */
#ifndef TPS_TEST_HOOKS_H
#define TPS_TEST_HOOKS_H
#include "teams_presence_sync.h"
#ifdef __cplusplus
extern "C" {
#endif

#define TPS_TEST_PANIC_CALLBACK 1 /* the next callback panics before it reaches the host */
#define TPS_TEST_PANIC_ENGINE 2   /* this very call panics with the engine locked: TPS_E_INTERNAL */
#define TPS_TEST_PANIC_TASK 3     /* a task on the runtime panics */
#define TPS_TEST_PANIC_START 4    /* the next tps_start panics, when callbacks may come already */
#define TPS_TEST_PANIC_RELOAD 5   /* the next tps_reload panics */

/* Moves the clock of one instance ahead by ms milliseconds. */
tps_status tps_test_advance_clock(tps_sync *sync, uint64_t ms);
/* Makes code of the library panic; TPS_TEST_PANIC_*. */
tps_status tps_test_panic(tps_sync *sync, int32_t place);
/* Makes look-ups of this host name hang (1), or lets them go on (0). */
tps_status tps_test_hang_name(const char *host, int32_t hang);
/* What the disk under state.dir does from now on. */
#define TPS_TEST_DISK_WORKS 0
#define TPS_TEST_DISK_HANGS 1 /* writes do not come back until it works again */
#define TPS_TEST_DISK_FULL 2
tps_status tps_test_disk(tps_sync *sync, int32_t weather);

#ifdef __cplusplus
}
#endif
#endif
