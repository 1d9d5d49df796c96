/* Stops while something hangs: a callback of the host, a look-up, the other side (guarantee 1). */
#include "phone.h"
#include "tps_test_hooks.h"

static struct phone stuck, other;
static int hold;    /* the callback of `stuck` for DND on does not return while this is 1 */
static int holding; /* it is in there */

static int32_t hang_while_held(sink *sink, const sink_entry *note) {
  (void)sink;
  if (note->kind == SINK_DND && note->value == TPS_DND_ON) {
    SET(holding, NOW(hold));
    while (NOW(hold)) nap_ms(1);
    SET(holding, 0);
  }
  return TPS_ACK_APPLIED;
}

static int64_t took(int64_t began) { return now_ms() - began; }

struct stopper {
  pthread_t thread;
  int32_t timeout_ms;
  tps_status status;
  int64_t took_ms;
};

static void *stop_stuck(void *argument) {
  struct stopper *stopper = (struct stopper *)argument;
  int64_t began = now_ms();
  stopper->status = tps_stop(stuck.sync, stopper->timeout_ms);
  stopper->took_ms = took(began);
  return NULL;
}

/* The callback of one instance hangs. `is_shared`: the other instance's callbacks come from the same thread, so they wait; nothing else
 * of it does. */
static void a_callback_hangs(const char *mode, int is_shared) {
  char rest[256];
  struct stopper stoppers[2] = {{0, 2000, 0, 0}, {0, 2000, 0, 0}};
  int64_t began;
  int i;
  snprintf(rest, sizeof rest, FAST ",\"dispatch\":{\"mode\":\"%s\"}", mode);
  set_presence("ann", "Busy", "InACall");
  set_presence("ben", "Available", "Available");
  phone_create(&stuck, config_with(rest));
  phone_create(&other, config_with(rest));
  stuck.sink->decide = hang_while_held;
  SET(hold, 1);
  EXPECT(phone_put(&stuck, "101", "ann", 0), TPS_OK);
  EXPECT(phone_put(&other, "102", "ben", 0), TPS_OK);
  phone_start(&other);
  WAIT(phone_count(&other, SINK_CHAT, "102", TPS_CHAT_AVAILABLE) == 1, 10000);
  phone_start(&stuck);
  WAIT(NOW(holding), 10000);

  began = now_ms();
  EXPECT(tps_stop(stuck.sync, 50), TPS_E_TIMEOUT);
  CHECK(took(began) >= 45 && took(began) < 1000);
  began = now_ms();
  EXPECT(tps_stop(stuck.sync, 0), TPS_E_TIMEOUT);
  CHECK(took(began) < 1000);
  /* Still Stopping: nothing may be changed, everything may be asked. */
  EXPECT(tps_destroy(stuck.sync), TPS_E_STATE);
  EXPECT(tps_start(stuck.sync, NULL, 0), TPS_E_STATE);
  EXPECT(phone_put(&stuck, "103", "cleo", 0), TPS_E_STATE);
  EXPECT(tps_remove_user(stuck.sync, "101"), TPS_E_STATE);
  EXPECT(tps_set_enabled(stuck.sync, 0), TPS_E_STATE);
  EXPECT(tps_report_dnd(stuck.sync, "101", 1, TPS_REPORT_SEEN), TPS_E_STATE);
  EXPECT(tps_refresh(stuck.sync, NULL), TPS_E_STATE);
  EXPECT(tps_set_log_level(stuck.sync, TPS_LOG_WARN), TPS_OK);
  {
    size_t len = 0;
    tps_state state = TPS_STATE_INIT;
    EXPECT(tps_get_state(stuck.sync, "101", &state), TPS_OK);
    EXPECT(tps_stats(stuck.sync, NULL, &len), TPS_E_TOO_SMALL);
    len = 0;
    EXPECT(tps_explain(stuck.sync, NULL, NULL, &len), TPS_E_TOO_SMALL);
    EXPECT(tps_acknowledge(stuck.sync, 1, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  }

  /* The other instance: its state goes on, and its callbacks too unless they share the thread. */
  set_presence("ben", "Busy", "InACall");
  {
    tps_state state = TPS_STATE_INIT;
    WAIT(tps_get_state(other.sync, "102", &state) == TPS_OK && state.dnd_desired == TPS_DND_ON, 5000);
  }
  if (is_shared) {
    HOLDS(DND_ON(&other, "102") == 0, 200);
    /* It has an on_thread_stop to run on a thread that hangs elsewhere, and says so in time. */
    began = now_ms();
    EXPECT(tps_stop(other.sync, 50), TPS_E_TIMEOUT);
    CHECK(took(began) < 1000);
  } else {
    WAIT(DND_ON(&other, "102") == 1, 5000);
    began = now_ms();
    phone_destroy(&other);
    CHECK(took(began) < 1000);
  }

  /* Two wait for the same stop, and both learn when it is done. */
  for (i = 0; i < 2; i++) pthread_create(&stoppers[i].thread, NULL, stop_stuck, &stoppers[i]);
  nap_ms(100);
  CHECK(NOW(holding));
  SET(hold, 0);
  for (i = 0; i < 2; i++) {
    pthread_join(stoppers[i].thread, NULL);
    EXPECT(stoppers[i].status, TPS_OK);
    CHECK(stoppers[i].took_ms >= 90 && stoppers[i].took_ms < 1500);
  }
  sink_close(stuck.sink);
  /* The ON that hung was applied in the end, so it was released; its change was not repeated. */
  CHECK(DND_ON(&stuck, "101") == 1);
  CHECK(DND_OFF(&stuck, "101") == 1);
  CHECK(phone_last(&stuck, SINK_DND, "101", TPS_DND_OFF).reason == TPS_REASON_STOPPING);
  phone_destroy(&stuck);
  if (is_shared) phone_destroy(&other);
}

/* A callback hangs inside tps_dispatch, and another thread stops. */
static void *dispatch_stuck(void *unused) {
  (void)unused;
  while (tps_dispatch(stuck.sync, 100, 0) >= 0) continue;
  return NULL;
}

static void a_callback_hangs_in_dispatch(void) {
  pthread_t loop;
  int64_t began;
  set_presence("ann", "Busy", "InACall");
  phone_create(&stuck, config_with(FAST ",\"dispatch\":{\"mode\":\"poll\"}"));
  stuck.sink->decide = hang_while_held;
  SET(hold, 1);
  EXPECT(phone_put(&stuck, "101", "ann", 0), TPS_OK);
  phone_start(&stuck);
  pthread_create(&loop, NULL, dispatch_stuck, NULL);
  WAIT(NOW(holding), 10000);
  /* A second loop does not overtake the callback that hangs. */
  began = now_ms();
  CHECK(tps_dispatch(stuck.sync, 50, 0) == 0);
  CHECK(took(began) >= 45 && took(began) < 1000);
  began = now_ms();
  EXPECT(tps_stop(stuck.sync, 50), TPS_E_TIMEOUT);
  CHECK(took(began) < 1000);
  EXPECT(tps_destroy(stuck.sync), TPS_E_STATE);
  CHECK(tps_dispatch(stuck.sync, 0, 0) == TPS_E_STATE);
  SET(hold, 0);
  EXPECT(tps_stop(stuck.sync, 2000), TPS_OK);
  sink_close(stuck.sink);
  pthread_join(loop, NULL);
  CHECK(DND_ON(&stuck, "101") == 1 && DND_OFF(&stuck, "101") == 1);
  phone_destroy(&stuck);
}

/* Stops within `limit_ms` although the network gives no answer. */
static void stops_soon(const char *what) {
  int64_t began = now_ms();
  EXPECT(tps_stop(stuck.sync, 5000), TPS_OK);
  if (took(began) >= 500) {
    check_fail(__FILE__, __LINE__, "%s: the stop took %ld ms", what, (long)took(began));
  }
  sink_close(stuck.sink);
}

static void the_name_server_hangs(void) {
  EXPECT(tps_test_hang_name("localhost", 1), TPS_OK);
  phone_create(&stuck, config_by_name(FAST));
  EXPECT(phone_put(&stuck, "101", "ann", 0), TPS_OK);
  phone_start(&stuck);
  nap_ms(300);
  CHECK(phone_count(&stuck, SINK_PRESENCE, NULL, ANY) == 0);
  stops_soon("a look-up hangs");
  /* It hangs on; a start does not mind, nor does the stop after it. */
  phone_start(&stuck);
  nap_ms(100);
  stops_soon("a look-up still hangs");
  phone_start(&stuck);
  EXPECT(tps_test_hang_name("localhost", 0), TPS_OK);
  WAIT(phone_count(&stuck, SINK_PRESENCE, "101", ANY) > 0, 20000);
  phone_destroy(&stuck);
}

static int fault_has_struck(void) {
  char *faults = control_view("faults");
  int struck = strstr(faults, "\"struck\":0") == NULL;
  free(faults);
  return struck;
}

static void the_other_side_hangs(void) {
  static const char *const endpoints[3] = {"token", "users", "presences"};
  int i;
  for (i = 0; i < 3; i++) {
    char fault[100];
    snprintf(fault, sizeof fault, "{\"endpoint\":\"%s\",\"action\":{\"kind\":\"hang\"}}", endpoints[i]);
    control("fault", fault);
    phone_create(&stuck, config_with(FAST));
    EXPECT(phone_put(&stuck, "101", "ann", 0), TPS_OK);
    phone_start(&stuck);
    WAIT(fault_has_struck(), 10000);
    CHECK(phone_count(&stuck, SINK_PRESENCE, NULL, ANY) == 0);
    stops_soon(endpoints[i]);
    control("clear_faults", "{}");
    phone_start(&stuck);
    WAIT(phone_count(&stuck, SINK_PRESENCE, "101", ANY) > 0, 10000);
    phone_destroy(&stuck);
  }
}

int main(void) {
  a_callback_hangs("thread", 0);
  a_callback_hangs("shared", 1);
  a_callback_hangs_in_dispatch();
  the_name_server_hangs();
  the_other_side_hangs();
  return check_end();
}
