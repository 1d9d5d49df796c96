/* tps_destroy against every other call, from six threads: each answers what it would have answered, or TPS_E_HANDLE; one destroy wins. */
#include "support.h"

#define THREADS 6

typedef struct race {
  tps_sync *sync;
  const char *config;
  int go, destroyed;
  unsigned long calls[18], handles;
} race;

/* One call of each kind; tells whether its answer may be. */
static tps_status one_call(race *shared, int which) {
  char err[200];
  size_t len = 0;
  tps_sync *sync = shared->sync;
  tps_state state = TPS_STATE_INIT;
  tps_user user = TPS_USER_INIT;
  user.user_id = "2";
  user.email = "ben@contoso.test";
  switch (which) {
    case 0: return tps_start(sync, err, sizeof err);
    case 1: return tps_stop(sync, 20);
    case 2: return tps_reload(sync, shared->config, strlen(shared->config), err, sizeof err);
    case 3: return tps_set_enabled(sync, 1);
    case 4: return tps_set_users(sync, &user, 1, err, sizeof err);
    case 5: return tps_put_user(sync, &user, err, sizeof err);
    case 6: return tps_remove_user(sync, "2");
    case 7: return tps_acknowledge(sync, 7, TPS_ACK_APPLIED);
    case 8: return tps_report_dnd(sync, "2", 1, TPS_REPORT_PERSON);
    case 9: return tps_refresh(sync, NULL);
    case 10: return tps_get_state(sync, "2", &state);
    case 11: return tps_explain(sync, NULL, NULL, &len);
    case 12: return tps_stats(sync, NULL, &len);
    case 13: return tps_event_fd(sync) >= 0 ? TPS_OK : TPS_E_HANDLE;
    case 14: return tps_dispatch(sync, 1, 10) >= 0 ? TPS_OK : TPS_E_STATE;
    case 15: return tps_set_log_level(sync, TPS_LOG_DEBUG);
    case 16: return tps_refresh(sync, "2");
    default: return tps_destroy(sync);
  }
}

static int may_be(int which, tps_status status) {
  if (status == TPS_OK || status == TPS_E_HANDLE || status == TPS_E_STATE) return 1;
  if (status == TPS_E_NOT_FOUND) return which == 6 || which == 7 || which == 8 || which == 10 || which == 16;
  if (status == TPS_E_TOO_SMALL) return which == 11 || which == 12;
  return status == TPS_E_TIMEOUT && which == 1;
}

static void *caller(void *argument) {
  race *shared = (race *)argument;
  unsigned number = (unsigned)(size_t)pthread_self() ^ (unsigned)now_ms();
  while (!__atomic_load_n(&shared->go, __ATOMIC_SEQ_CST)) continue;
  while (!__atomic_load_n(&shared->destroyed, __ATOMIC_SEQ_CST)) {
    int which;
    tps_status status;
    number = number * 1103515245u + 12345u;
    which = (int)(number >> 16) % 64;
    if (which >= 17) which = which == 63 ? 17 : which % 17; /* a destroy now and then */
    status = one_call(shared, which);
    __atomic_add_fetch(&shared->calls[which], 1, __ATOMIC_RELAXED);
    if (!may_be(which, status)) check_fail(__FILE__, __LINE__, "call %d answered %s", which, tps_status_name(status));
    if (status == TPS_E_HANDLE) __atomic_add_fetch(&shared->handles, 1, __ATOMIC_RELAXED);
    if (which == 17 && status == TPS_OK) {
      if (__atomic_exchange_n(&shared->destroyed, 1, __ATOMIC_SEQ_CST)) check_fail(__FILE__, __LINE__, "destroyed twice");
    }
  }
  return NULL;
}

int main(void) {
  static const char *const modes[3] = { FAST, FAST ",\"dispatch\":{\"mode\":\"shared\"}", FAST ",\"dispatch\":{\"mode\":\"poll\"}" };
  unsigned long calls[18], handles = 0;
  int turn, at, turns = rounds(300);
  memset(calls, 0, sizeof calls);
  set_presence("ben", "DoNotDisturb", "Presenting");
  for (turn = 0; turn < turns && check_failures() == 0; turn++) {
    pthread_t threads[THREADS];
    sink *host = sink_new();
    tps_callbacks callbacks = sink_callbacks(host);
    char *config = config_with(modes[turn % 3]);
    race shared;
    memset(&shared, 0, sizeof shared);
    shared.config = config;
    shared.sync = NULL;
    {
      char err[300];
      EXPECT(tps_create(config, strlen(config), &callbacks, &shared.sync, err, sizeof err), TPS_OK);
    }
    for (at = 0; at < THREADS; at++) CHECK(pthread_create(&threads[at], NULL, caller, &shared) == 0);
    __atomic_store_n(&shared.go, 1, __ATOMIC_SEQ_CST);
    for (at = 0; at < THREADS; at++) pthread_join(threads[at], NULL);
    sink_close(host);
    EXPECT(tps_destroy(shared.sync), TPS_E_HANDLE);
    SAME(sink_count(host, SINK_RELEASED), 1);
    SINK_IN_ORDER(host);
    for (at = 0; at < 18; at++) calls[at] += shared.calls[at];
    handles += shared.handles;
    free(config);
    sink_free(host);
  }
  fprintf(stderr, "%d instances, %lu late calls;", turn, handles);
  for (at = 0; at < 18; at++) {
    fprintf(stderr, " %lu", calls[at]);
    CHECK(calls[at] > 0);
  }
  fprintf(stderr, " calls of each kind\n");
  return check_end();
}
