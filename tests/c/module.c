/* A module of a telephone system, as unload.c loads it: linked with the library, nothing of the library leaves it. */
#include <stdio.h>
#include <string.h>
#include "teams_presence_sync.h"

#ifdef __cplusplus
extern "C" {
#endif
int module_touch(void);
int module_run(const char *config, const char *user_id, const char *email);
int module_changes(void);
int module_end(void);
#ifdef __cplusplus
}
#endif

static tps_sync *sync_ = NULL;
static int changes = 0;

static int32_t on_dnd(void *user_data, const tps_dnd_change *change) {
  (void)user_data;
  (void)change;
  __atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST);
  return TPS_ACK_APPLIED;
}

/* Calls that wait for locks, parse, allocate and format on the calling thread: whatever a Rust library keeps per thread is there now. */
int module_touch(void) {
  const char *config = "{\"mode\":\"presence_sync\",\"tenant_id\":\"contoso.example\",\"client_id\":\"66666666-7777-8888-9999-000000000000\","
                       "\"auth\":{\"method\":\"client_secret\",\"secret\":\"some-secret\"},\"dispatch\":{\"mode\":\"poll\"}}";
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_sync *sync = NULL;
  char err[300];
  size_t len = 0;
  if (tps_abi_version() >> 16 != TPS_ABI_VERSION >> 16) return 1;
  if (tps_create("{", 1, &callbacks, &sync, err, sizeof err) != TPS_E_CONFIG) return 2;
  if (tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err) != TPS_OK) return 3;
  if (tps_stats(sync, NULL, &len) != TPS_E_TOO_SMALL) return 4;
  if (tps_stop(sync, 10) != TPS_OK) return 5;
  return tps_destroy(sync) == TPS_OK ? 0 : 6;
}

int module_run(const char *config, const char *user_id, const char *email) {
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_user user = TPS_USER_INIT;
  char err[300];
  callbacks.on_dnd = on_dnd;
  user.user_id = user_id;
  user.email = email;
  if (tps_create(config, strlen(config), &callbacks, &sync_, err, sizeof err) != TPS_OK ||
      tps_set_users(sync_, &user, 1, err, sizeof err) != TPS_OK || tps_start(sync_, err, sizeof err) != TPS_OK) {
    fprintf(stderr, "module: %s\n", err);
    return 1;
  }
  return 0;
}

int module_changes(void) { return __atomic_load_n(&changes, __ATOMIC_SEQ_CST); }

int module_end(void) {
  int turn;
  for (turn = 0; turn < 20; turn++)
    if (tps_stop(sync_, 5000) == TPS_OK) return tps_destroy(sync_) == TPS_OK ? 0 : 2;
  return 1;
}
