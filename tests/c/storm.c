/* The stop storm (guarantees 1 to 5): calls of every kind from six threads, stops from two, callbacks that call back and try to stop,
 * faults of the library's own - and after each round nothing late and nothing lost.
 */
#include "phone.h"
#include "tps_test_hooks.h"

#define CALLERS 6
#define STOPPERS 2
#define PEOPLE 6
#define MOST_FAULTS 24 /* a round; each costs its victim a pause */
#define CYCLES 4 /* stop and start again, within a round */

static const char *const names[PEOPLE] = {"ann", "ben", "cleo", "dev", "eva", "finn"};
static const char *const ids[PEOPLE] = {"101", "102", "103", "104", "105", "106"};

static struct phone phone;
static const char *mode;

/* What the host has, as its callbacks were told. */
static int32_t dnd_at_host[PEOPLE], chat_at_host[PEOPLE];
static int ended;         /* the round's callers come to an end */
static uint64_t pending;  /* a change whose answer is owed */
static int faults;        /* asked for in this round */
static unsigned long calls, callbacks_run, stops_ok, stops_late, reentrant, panics;

static int person_of(const char *user_id) {
  int i;
  for (i = 0; i < PEOPLE; i++)
    if (strcmp(ids[i], user_id) == 0) return i;
  return -1;
}

/* No status but these may come out of a storm. */
static void allowed(const char *call, tps_status status) {
  if (status == TPS_OK || status == TPS_E_STATE || status == TPS_E_NOT_FOUND || status == TPS_E_TOO_SMALL) return;
  check_fail(__FILE__, __LINE__, "%s answered %s", call, tps_status_name(status));
}

/* Inside every callback: stop, destroy and dispatch are refused, the rest goes through. */
static void inside(sink *sink, const sink_entry *note) {
  unsigned long turn;
  if (note->kind == SINK_RELEASED) return; /* the handle is gone by then */
  turn = ADD(callbacks_run);
  EXPECT(tps_stop(phone.sync, 5), TPS_E_REENTRANT);
  ADD(reentrant);
  if (turn % 7 == 0) {
    EXPECT(tps_destroy(phone.sync), TPS_E_REENTRANT);
    CHECK(tps_dispatch(phone.sync, 0, 0) == TPS_E_REENTRANT);
  }
  /* Work that makes work must come to an end, or no stop would: only every third callback asks for more. */
  if (note->kind == SINK_LOG || turn % 3 != 0) return;
  allowed("put inside", phone_put(&phone, ids[turn % PEOPLE], names[turn % PEOPLE], 0));
  /* A second report of the same value is a person's act by contract; at the end there shall be none. */
  if (NOW(ended) == 0) allowed("report inside", tps_report_dnd(phone.sync, ids[turn % PEOPLE], dnd_at_host[turn % PEOPLE] == TPS_DND_ON, 0));
  allowed("refresh inside", tps_refresh(phone.sync, ids[turn % PEOPLE]));
  (void)sink;
}

static int32_t decide(sink *sink, const sink_entry *note) {
  int who = person_of(note->user_id);
  inside(sink, note);
  if (note->change_id % 5 == 0 && NOW(ended) == 0) return TPS_ACK_RETRY;
  /* Callbacks never overlap, so plain memory will do; the check at the end reads it after a stop. */
  if (who >= 0 && note->kind == SINK_DND) dnd_at_host[who] = note->value;
  if (who >= 0 && note->kind == SINK_CHAT) chat_at_host[who] = note->value;
  if (note->change_id % 7 == 0 && NOW(ended) == 0) {
    SET(pending, note->change_id);
    return TPS_ACK_PENDING;
  }
  return TPS_ACK_APPLIED;
}

/* A number of tps_stats. */
static long figure(const char *name) {
  char text[16384], *at;
  size_t len = sizeof text;
  EXPECT(tps_stats(phone.sync, text, &len), TPS_OK);
  at = strstr(text, name);
  CHECK(at != NULL);
  return at == NULL ? -1 : atol(at + strlen(name));
}

static void put_everybody(void) {
  tps_user users[PEOPLE];
  char emails[PEOPLE][64];
  int i;
  for (i = 0; i < PEOPLE; i++) {
    TPS_INIT(&users[i]);
    snprintf(emails[i], sizeof emails[i], "%s@contoso.test", names[i]);
    users[i].user_id = ids[i];
    users[i].email = emails[i];
  }
  allowed("set_users", tps_set_users(phone.sync, users, PEOPLE, NULL, 0));
}

static void *call_in(void *argument) {
  unsigned seed = (unsigned)(size_t)argument;
  char rest[128], buffer[16384], *config;
  snprintf(rest, sizeof rest, FAST ",\"dispatch\":{\"mode\":\"%s\",\"ack_timeout_ms\":100}", mode);
  while (!NOW(ended)) {
    unsigned turn, who;
    size_t len = sizeof buffer;
    tps_state state = TPS_STATE_INIT;
    seed = seed * 1103515245u + 12345u;
    turn = (seed >> 16) % 14;
    who = (seed >> 8) % PEOPLE;
    ADD(calls);
    switch (turn) {
      case 0: put_everybody(); break;
      case 1: allowed("put", phone_put(&phone, ids[who], names[who], 0)); break;
      case 2: allowed("remove", tps_remove_user(phone.sync, ids[who])); break;
      case 3: allowed("report", tps_report_dnd(phone.sync, ids[who], (int32_t)(seed >> 20) & 1, TPS_REPORT_PERSON)); break;
      case 4: allowed("refresh", tps_refresh(phone.sync, NULL)); break;
      case 5: allowed("get_state", tps_get_state(phone.sync, ids[who], &state)); break;
      case 6: allowed("explain", tps_explain(phone.sync, turn & 1 ? ids[who] : NULL, buffer, &len)); break;
      case 7: allowed("stats", tps_stats(phone.sync, buffer, &len)); break;
      case 8: allowed("acknowledge", tps_acknowledge(phone.sync, NOW(pending), TPS_ACK_APPLIED)); break;
      case 9:
        config = config_with(rest);
        allowed("reload", tps_reload(phone.sync, config, strlen(config), NULL, 0));
        free(config);
        break;
      case 10: allowed("set_enabled", tps_set_enabled(phone.sync, (seed >> 20) % 3 != 0)); break;
      case 11: allowed("log level", tps_set_log_level(phone.sync, 1 + (int32_t)((seed >> 20) % 5))); break;
      case 12: {
        tps_status status;
        if (ADD(faults) >= MOST_FAULTS) break;
        status = tps_test_panic(phone.sync, 1 + (int32_t)((seed >> 20) % 3));
        if (status != TPS_E_INTERNAL) allowed("panic", status);
        ADD(panics);
        break;
      }
      default: nap_ms(1);
    }
  }
  return NULL;
}

/* In poll mode the host's own loop. */
static void *dispatch(void *unused) {
  (void)unused;
  while (!NOW(ended)) {
    int32_t ran = tps_dispatch(phone.sync, 5, 16);
    if (ran == TPS_E_STATE) nap_ms(1);
    else if (ran < 0) allowed("dispatch", ran);
  }
  return NULL;
}

static pthread_barrier_t lap;

/* Both stop in slices of 5 ms until it is done; then nothing may come until one of them starts it again. */
static void *stop_and_start(void *argument) {
  int first = argument == NULL, cycle;
  for (cycle = 0; cycle < CYCLES; cycle++) {
    tps_status status;
    nap_ms(10 + cycle * 17);
    while ((status = tps_stop(phone.sync, 5)) == TPS_E_TIMEOUT) ADD(stops_late);
    EXPECT(status, TPS_OK);
    ADD(stops_ok);
    /* From here on no callback, whatever the other stopper and the callers do. */
    sink_close(phone.sink);
    pthread_barrier_wait(&lap);
    if (first) {
      nap_ms(5);
      CHECK(phone_inside(&phone) == 0);
      phone_start(&phone);
    }
    pthread_barrier_wait(&lap);
  }
  return NULL;
}

/* Everybody is as people_are(1) says. */
static int opposite_desired(void) {
  int i;
  for (i = 0; i < PEOPLE; i++)
    if (phone_state(&phone, ids[i]).dnd_desired != (i % 2 != 0 ? TPS_DND_ON : TPS_DND_OFF)) return 0;
  return 1;
}

/* Of those who are to be in a call. */
static int nobody_overrides(void) {
  int i;
  for (i = 0; i < PEOPLE; i += 2) {
    char text[4096];
    size_t len = sizeof text;
    EXPECT(tps_explain(phone.sync, ids[i], text, &len), TPS_OK);
    if (strstr(text, "\"overridden\":true") != NULL) return 0;
  }
  return 1;
}

static int settled(void) {
  int i;
  for (i = 0; i < PEOPLE; i++) {
    int in_call = i % 2 == 0;
    if (dnd_at_host[i] != (in_call ? TPS_DND_ON : TPS_DND_OFF) || chat_at_host[i] != (in_call ? TPS_CHAT_DND : TPS_CHAT_AVAILABLE))
      return 0;
    /* What was handed over beside a callback that changed it was an older fact, and is offered once more. */
    if (phone_state(&phone, ids[i]).dnd_owned != in_call) return 0;
  }
  return 1;
}

static void tell_lost(unsigned number, const char *what) {
  int i;
  for (i = 0; i < PEOPLE; i++) {
    char text[4096];
    size_t len = sizeof text;
    tps_explain(phone.sync, ids[i], text, &len);
    fprintf(stderr, "%s: DND %d, chat %d\n%s\n", ids[i], (int)dnd_at_host[i], (int)chat_at_host[i], text);
  }
  check_fail(__FILE__, __LINE__, "round %u, %s: %s", number, mode, what);
}

/* Every second one is in a call, from the first or from the second on. */
static void people_are(int from) {
  int i;
  for (i = 0; i < PEOPLE; i++) {
    int in_call = i % 2 == from;
    set_presence(names[i], in_call ? "Busy" : "Available", in_call ? "InACall" : "Available");
  }
}

static void await(int (*done)(void)) {
  int64_t until = now_ms() + 20000;
  while (!done() && now_ms() < until) {
    if (strcmp(mode, "poll") == 0) CHECK(tps_dispatch(phone.sync, 20, 0) >= 0);
    else nap_ms(5);
  }
}

static void round_of(unsigned number) {
  char rest[128];
  pthread_t callers[CALLERS], stoppers[STOPPERS], loop;
  int i;
  mode = number % 3 == 0 ? "thread" : number % 3 == 1 ? "shared" : "poll";
  snprintf(rest, sizeof rest, FAST ",\"dispatch\":{\"mode\":\"%s\",\"ack_timeout_ms\":100}", mode);
  SET(ended, 0);
  SET(faults, 0);
  for (i = 0; i < PEOPLE; i++) {
    set_presence(names[i], (i + (int)number) % 2 ? "Busy" : "Available", (i + (int)number) % 2 ? "InACall" : "Available");
    dnd_at_host[i] = TPS_DND_OFF;
    chat_at_host[i] = TPS_CHAT_RELEASED;
  }
  phone_create(&phone, config_with(rest));
  phone.sink->decide = decide;
  phone.sink->also = inside;
  put_everybody();
  phone_start(&phone);
  for (i = 0; i < CALLERS; i++) pthread_create(&callers[i], NULL, call_in, (void *)(size_t)(number * 100 + (unsigned)i));
  if (strcmp(mode, "poll") == 0) pthread_create(&loop, NULL, dispatch, NULL);
  for (i = 0; i < STOPPERS; i++) pthread_create(&stoppers[i], NULL, stop_and_start, i == 0 ? NULL : &stoppers[i]);
  for (i = 0; i < STOPPERS; i++) pthread_join(stoppers[i], NULL);
  SET(ended, 1);
  for (i = 0; i < CALLERS; i++) pthread_join(callers[i], NULL);
  if (strcmp(mode, "poll") == 0) pthread_join(loop, NULL);

  /* Nothing lost: the round ends with a start. What the host has must become what Teams says of everybody. Whoever is to be in a
   * call is out of it for a minute before, which ends the overrides of the storm, and the host tells how its DND stands, so that none is a
   * person's. */
  phone_stop(&phone);
  people_are(1);
  EXPECT(tps_set_enabled(phone.sync, 1), TPS_OK);
  phone_start(&phone);
  put_everybody();
  EXPECT(tps_refresh(phone.sync, NULL), TPS_OK);
  await(opposite_desired);
  if (!opposite_desired()) tell_lost(number, "not seen");
  EXPECT(tps_test_advance_clock(phone.sync, 61000), TPS_OK);
  await(nobody_overrides);
  if (!nobody_overrides()) tell_lost(number, "overridden");
  people_are(0);
  for (i = 0; i < PEOPLE; i++)
    EXPECT(phone_put(&phone, ids[i], names[i], dnd_at_host[i] == TPS_DND_ON ? TPS_HOST_DND_ON_OURS : TPS_HOST_DND_OFF), TPS_OK);
  EXPECT(tps_refresh(phone.sync, NULL), TPS_OK);
  await(settled);
  if (!settled()) tell_lost(number, "not settled");
  /* The last stop gives back what is ours. A fault of the library may still be waiting for its callback: not in the way of a release. */
  phone_stop(&phone);
  for (i = 0; i < PEOPLE; i++) {
    if (dnd_at_host[i] != TPS_DND_OFF) {
      tell_lost(number, "not released");
      break;
    }
  }
  /* Exact counts: what the library says it called is what came, and each start had its thread. */
  SAME(figure("\"on_dnd\":"), sink_count(phone.sink, SINK_DND));
  SAME(figure("\"on_chat_state\":"), sink_count(phone.sink, SINK_CHAT));
  SAME(figure("\"on_presence\":"), sink_count(phone.sink, SINK_PRESENCE));
  SAME(figure("\"on_event\":"), sink_count(phone.sink, SINK_EVENT));
  SAME(figure("\"on_log\":"), sink_count(phone.sink, SINK_LOG));
  SAME(sink_count(phone.sink, SINK_THREAD_START), strcmp(mode, "poll") == 0 ? 0 : CYCLES + 2);
  SAME(sink_count(phone.sink, SINK_THREAD_STOP), sink_count(phone.sink, SINK_THREAD_START));
  phone_destroy(&phone);
}

int main(void) {
  unsigned number, all = (unsigned)rounds(12);
  pthread_barrier_init(&lap, NULL, STOPPERS);
  for (number = 0; number < all && check_failures() == 0; number++) round_of(number);
  pthread_barrier_destroy(&lap);
  printf("%u rounds: %lu calls, %lu callbacks, %lu stops done, %lu slices too short, %lu stops refused inside, %lu panics asked for\n",
         number, calls, callbacks_run, stops_ok, stops_late, reentrant, panics);
  SAME(stops_ok, number * CYCLES * STOPPERS);
  SAME(reentrant, callbacks_run);
  return check_end();
}
