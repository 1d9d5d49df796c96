/* tps_refresh: a telephone is about to ring. The poll interval is an hour, so whatever is learnt here was asked for by name. */
#include "phone.h"

#define CALLERS 2
#define CALLS 50000 /* of each */

#define CONFIGURED \
  ",\"source\":{\"poll_interval_ms\":3600000,\"requests_per_30s\":240}," \
  "\"stale\":{\"after_ms\":10800000},\"dnd\":{\"hold_off_ms\":0}"

static struct phone phone;

/* A number of the simulator's counters; 0 if it is not there yet. */
static long counted(const char *name) {
  char *text = control_view("counters"), quoted[64], *at;
  long value;
  snprintf(quoted, sizeof quoted, "\"%s\":", name);
  at = strstr(text, quoted);
  value = at == NULL ? 0 : atol(at + strlen(quoted));
  free(text);
  return value;
}

static long questions(void) { return counted("presences 200"); }

static void at_once(void) {
  /* Not found yet: he is asked for when he is. */
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  EXPECT(tps_refresh(phone.sync, "101"), TPS_OK);
  EXPECT(tps_refresh(phone.sync, "nobody"), TPS_E_NOT_FOUND);
  WAIT(phone_state(&phone, "101").availability == TPS_AVAILABILITY_AVAILABLE, 30000);
  EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
  WAIT(phone_state(&phone, "102").availability == TPS_AVAILABILITY_AVAILABLE, 30000);
  in_a_call("ann");
  in_a_call("ben");
  HOLDS(DND_ON(&phone, "101") == 0, 300);
  EXPECT(tps_refresh(phone.sync, "101"), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 1, 10000);
  SAME(DND_ON(&phone, "102"), 0);
}

static void *call(void *argument) {
  int i;
  for (i = 0; i < CALLS && check_failures() == 0; i++) {
    /* A host that never rests, and now and then asks for all. */
    EXPECT(tps_refresh(phone.sync, i % 2 == 0 ? "101" : "102"), TPS_OK);
    if (i % 1000 == 0) EXPECT(tps_refresh(phone.sync, NULL), TPS_OK);
    if (i % 100 == 0) nap_ms(2);
  }
  return argument;
}

static void a_storm(void) {
  long before = questions(), asked;
  int64_t begin = now_ms(), seconds;
  pthread_t callers[CALLERS];
  int i;
  for (i = 0; i < CALLERS; i++) pthread_create(&callers[i], NULL, call, NULL);
  for (i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
  asked = questions() - before;
  seconds = (now_ms() - begin) / 1000 + 1;
  /* By name and for all: a quarter each of 240 in 30 s, after a burst of three each. */
  if (asked > 4 * seconds + 8) check_fail(__FILE__, __LINE__, "%ld requests in %ld s", asked, (long)seconds);
  CHECK(asked > 0);
  SAME(counted("throttled"), 0);
  /* Nobody has lost his turn by it. */
  WAIT(DND_ON(&phone, "102") == 1, 10000);
  reachable("ann");
  EXPECT(tps_refresh(phone.sync, "101"), TPS_OK);
  WAIT(phone_state(&phone, "101").dnd_desired == TPS_DND_OFF, 10000);
}

static void while_disabled(void) {
  long before, ids;
  EXPECT(tps_set_enabled(phone.sync, 0), TPS_OK);
  nap_ms(3000); /* what the storm left is asked by then */
  before = questions();
  ids = counted("ids_asked");
  HOLDS(questions() == before, 300);
  EXPECT(tps_refresh(phone.sync, "102"), TPS_OK);
  WAIT(questions() == before + 1, 10000);
  SAME(counted("ids_asked"), ids + 1);
  SAME(phone_state(&phone, "102").availability, TPS_AVAILABILITY_BUSY);
  HOLDS(questions() == before + 1, 300);
  EXPECT(tps_set_enabled(phone.sync, 1), TPS_OK);
}

static int reloading;

static void *reload(void *config) {
  char err[300];
  while (NOW(reloading)) EXPECT(tps_reload(phone.sync, (const char *)config, strlen((const char *)config), err, sizeof err), TPS_OK);
  return NULL;
}

/* It runs all the while, whatever another thread does to its configuration. */
static void while_another_thread_reloads(void) {
  char *config = config_with(CONFIGURED);
  pthread_t thread;
  int i;
  SET(reloading, 1);
  pthread_create(&thread, NULL, reload, config);
  for (i = 0; i < rounds(3000) && check_failures() == 0; i++) EXPECT(tps_refresh(phone.sync, i % 2 == 0 ? "101" : "102"), TPS_OK);
  SET(reloading, 0);
  pthread_join(thread, NULL);
  free(config);
}

static int asked_early;

static void ask_back(sink *sink, const sink_entry *entry) {
  struct phone *early = (struct phone *)sink->context;
  if (entry->kind != SINK_EVENT) return;
  EXPECT(tps_refresh(early->sync, NULL), TPS_OK);
  ADD(asked_early);
}

/* Events of a start may come before tps_start has returned; what they ask for is heard. */
static void in_a_callback_of_the_start(void) {
  struct phone early;
  int round;
  phone_create(&early, config_with(CONFIGURED));
  EXPECT(tps_refresh(early.sync, NULL), TPS_E_STATE);
  early.sink->also = ask_back;
  for (round = 0; round < rounds(20); round++) {
    int before = NOW(asked_early);
    phone_start(&early);
    WAIT(NOW(asked_early) > before, 10000);
    early.sink->also = NULL;
    phone_stop(&early);
    early.sink->also = ask_back;
    EXPECT(tps_refresh(early.sync, NULL), TPS_E_STATE);
  }
  early.sink->also = NULL;
  phone_destroy(&early);
}

int main(void) {
  reachable("ann");
  reachable("ben");
  phone_create(&phone, config_with(CONFIGURED));
  phone_start(&phone);
  at_once();
  a_storm();
  while_disabled();
  while_another_thread_reloads();
  in_a_callback_of_the_start();
  phone_destroy(&phone);
  return check_end();
}
