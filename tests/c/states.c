/* The table of states on the header's first page: every function in every state. */
#include "support.h"

enum { NEW, RUNNING, STOPPING, STOPPED };

static int held = 0;

/* Holds the callback up, so that a stop cannot end. */
static void hold_up(sink *sink, const sink_entry *entry) {
  (void)sink;
  if (entry->kind == SINK_EVENT)
    while (__atomic_load_n(&held, __ATOMIC_SEQ_CST)) nap_ms(2);
}

/* What the mapping's functions and their like answer: refused while stopping only. */
static void mapping(tps_sync *sync, int state, const char *config) {
  char err[300];
  tps_user user = TPS_USER_INIT;
  tps_status wanted = state == STOPPING ? TPS_E_STATE : TPS_OK;
  user.user_id = "1";
  EXPECT(tps_set_users(sync, &user, 1, err, sizeof err), wanted);
  EXPECT(tps_put_user(sync, &user, err, sizeof err), wanted);
  EXPECT(tps_report_dnd(sync, "1", 1, TPS_REPORT_SEEN), wanted);
  EXPECT(tps_report_dnd(sync, "1", 0, TPS_REPORT_PERSON), wanted);
  EXPECT(tps_report_queue(sync, "1", 1, TPS_REPORT_PERSON), wanted);
  EXPECT(tps_report_queue(sync, "1", 0, TPS_REPORT_SEEN), wanted);
  EXPECT(tps_report_call(sync, "1", 1), wanted);
  EXPECT(tps_report_call(sync, "1", 0), wanted);
  EXPECT(tps_set_enabled(sync, 0), wanted);
  EXPECT(tps_set_enabled(sync, 1), wanted);
  EXPECT(tps_reload(sync, config, strlen(config), err, sizeof err), wanted);
  EXPECT(tps_remove_user(sync, "1"), wanted);
  EXPECT(tps_put_user(sync, &user, err, sizeof err), wanted);
}

static void questions(tps_sync *sync, int state, int poll_mode) {
  size_t len = 0;
  tps_state answer = TPS_STATE_INIT;
  EXPECT(tps_get_state(sync, "1", &answer), TPS_OK);
  EXPECT(tps_explain(sync, "1", NULL, &len), TPS_E_TOO_SMALL);
  len = 0;
  EXPECT(tps_explain(sync, NULL, NULL, &len), TPS_E_TOO_SMALL);
  len = 0;
  EXPECT(tps_stats(sync, NULL, &len), TPS_E_TOO_SMALL);
  EXPECT(tps_acknowledge(sync, 999999, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  EXPECT(tps_set_log_level(sync, TPS_LOG_WARN), TPS_OK);
  EXPECT(tps_refresh(sync, NULL), state == RUNNING ? TPS_OK : TPS_E_STATE);
  EXPECT(tps_refresh(sync, "1"), state == RUNNING ? TPS_OK : TPS_E_STATE);
  {
    /* Refused in every state: the mode is poll. */
    int32_t status = 1;
    len = 0;
    EXPECT(tps_deliver_notification(sync, NULL, 0, "{}", 2, &status, NULL, &len), TPS_E_STATE);
    SAME(status, 1);
  }
  /* The configuration's sign-in needs no person. */
  EXPECT(tps_sign_in(sync, NULL), TPS_E_STATE);
  EXPECT(tps_sign_out(sync, ""), TPS_E_STATE);
  if (poll_mode)
    CHECK(tps_event_fd(sync) >= 0);
  else
    EXPECT(tps_event_fd(sync), TPS_E_STATE);
  if (poll_mode && state == RUNNING)
    CHECK(tps_dispatch(sync, 0, 1) >= 0);
  else if (!poll_mode || state != STOPPING) /* there the host's thread sits in tps_dispatch: below */
    EXPECT(tps_dispatch(sync, 0, 1), TPS_E_STATE);
}

static void *dispatch_until_refused(void *sync) {
  while (tps_dispatch((tps_sync *)sync, 100, 0) >= 0) continue;
  return NULL;
}

static void walk(const char *config, int poll_mode) {
  char err[300];
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync = NULL;
  pthread_t thread;
  int turn;
  host->also = hold_up;
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
  mapping(sync, NEW, config);
  questions(sync, NEW, poll_mode);
  for (turn = 0; turn < 3; turn++) {
    sink_open(host);
    EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
    EXPECT_ERR(tps_start(sync, err, sizeof err), TPS_E_STATE, "runs already");
    EXPECT(tps_destroy(sync), TPS_E_STATE);
    mapping(sync, RUNNING, config);
    questions(sync, RUNNING, poll_mode);

    __atomic_store_n(&held, 1, __ATOMIC_SEQ_CST);
    if (poll_mode) pthread_create(&thread, NULL, dispatch_until_refused, sync);
    { /* a reload is an event, and in its callback the host hangs */
      EXPECT(tps_reload(sync, config, strlen(config), err, sizeof err), TPS_OK);
      WAIT(host->inside == 1, 5000);
    }
    EXPECT(tps_stop(sync, 0), TPS_E_TIMEOUT);
    EXPECT(tps_stop(sync, 50), TPS_E_TIMEOUT);
    EXPECT_ERR(tps_start(sync, err, sizeof err), TPS_E_STATE, "stopping");
    EXPECT(tps_destroy(sync), TPS_E_STATE);
    mapping(sync, STOPPING, config);
    questions(sync, STOPPING, poll_mode);
    __atomic_store_n(&held, 0, __ATOMIC_SEQ_CST);
    EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
    sink_close(host);
    if (poll_mode) pthread_join(thread, NULL);

    mapping(sync, STOPPED, config);
    questions(sync, STOPPED, poll_mode);
    EXPECT(tps_stop(sync, 0), TPS_OK);
  }
  nap_ms(50);
  SINK_IN_ORDER(host);
  EXPECT(tps_destroy(sync), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_E_HANDLE);
  SAME(sink_count(host, SINK_RELEASED), 1);
  sink_free(host);

  /* New: a stop makes it Stopped, a destroy ends it at once. */
  host = sink_new();
  callbacks = sink_callbacks(host);
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
  EXPECT(tps_stop(sync, 0), TPS_OK);
  mapping(sync, STOPPED, config);
  questions(sync, STOPPED, poll_mode);
  EXPECT(tps_destroy(sync), TPS_OK);
  sink_free(host);
}

int main(void) {
  walk(CONFIG, 0);
  walk(CONFIG_OF(",\"dispatch\":{\"mode\":\"shared\"}"), 0);
  walk(CONFIG_POLL, 1);
  return check_end();
}
