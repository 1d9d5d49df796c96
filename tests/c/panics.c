/* Guarantee 5: a panic of the library is an answer or an event, never the end of the host. */
#include "support.h"
#include "tps_test_hooks.h"

static int internal_events = 0;

static void on_event(void *user_data, const tps_event *event) {
  (void)user_data;
  if (event->code == TPS_EVENT_INTERNAL) internal_events++;
}

int main(void) {
  char err[200];
  tps_sync *sync = NULL;
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_state state = TPS_STATE_INIT;
  tps_user user = TPS_USER_INIT;
  int round;
  callbacks.on_event = on_event;
  user.user_id = "1";
  EXPECT(tps_create(CONFIG_POLL, strlen(CONFIG_POLL), &callbacks, &sync, err, sizeof err), TPS_OK);
  EXPECT(tps_test_panic(sync, TPS_TEST_PANIC_TASK), TPS_E_STATE);
  EXPECT(tps_test_panic(sync, 9), TPS_E_INVALID_ARG);
  EXPECT(tps_put_user(sync, &user, err, sizeof err), TPS_OK);
  for (round = 0; round < 20; round++) {
    EXPECT(tps_test_panic(sync, TPS_TEST_PANIC_ENGINE), TPS_E_INTERNAL);
    EXPECT(tps_get_state(sync, "1", &state), TPS_OK);
  }
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  EXPECT(tps_test_panic(sync, TPS_TEST_PANIC_TASK), TPS_OK);
  EXPECT(tps_test_panic(sync, TPS_TEST_PANIC_CALLBACK), TPS_OK);
  /* the panic costs one event and is told by another; at least "no state directory" waits */
  for (round = 0; round < 100 && internal_events == 0; round++) CHECK(tps_dispatch(sync, 100, 0) >= 0);
  CHECK(internal_events == 1);
  EXPECT(tps_test_advance_clock(sync, 3600000), TPS_OK);
  /* a reload that broke changed nothing, and nobody waits for its end */
  EXPECT(tps_test_panic(sync, TPS_TEST_PANIC_RELOAD), TPS_OK);
  EXPECT(tps_reload(sync, CONFIG_POLL, strlen(CONFIG_POLL), err, sizeof err), TPS_E_INTERNAL);
  EXPECT(tps_reload(sync, CONFIG_POLL, strlen(CONFIG_POLL), err, sizeof err), TPS_OK);
  EXPECT(tps_stop(sync, 10000), TPS_OK);
  /* a start that broke half-way is ended by a stop, like any other */
  for (round = 0; round < 3; round++) {
    EXPECT(tps_test_panic(sync, TPS_TEST_PANIC_START), TPS_OK);
    EXPECT(tps_start(sync, err, sizeof err), TPS_E_INTERNAL);
    EXPECT(tps_destroy(sync), TPS_E_STATE);
    EXPECT(tps_stop(sync, 10000), TPS_OK);
  }
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  EXPECT(tps_stop(sync, 10000), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  return check_end();
}
