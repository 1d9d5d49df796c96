/* The three dispatch modes: the same scenario in each, what is refused inside callbacks, and the loop and descriptor of poll mode
 * (guarantees 2 and 3). */
#include "phone.h"
#include <poll.h>

static struct phone phone;
static tps_sync *neighbour;    /* another instance, in poll mode, New */
static tps_sync *made[10];     /* inside a callback of each kind, SINK_* */
static int nap_inside_ms;      /* a callback takes so long */

static char *config_in(const char *mode) {
  char rest[200];
  snprintf(rest, sizeof rest, FAST ",\"dispatch\":{\"mode\":\"%s\"}", mode);
  return config_with(rest);
}

/* Everything that the header allows inside a callback, and the three that it does not, once in each kind of callback. */
static void call_everything(int kind) {
  char err[300], text[20000], *config;
  size_t len = sizeof text;
  tps_state state = TPS_STATE_INIT;
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  int stopping = kind == SINK_THREAD_STOP;
  EXPECT(tps_stop(phone.sync, 1000), TPS_E_REENTRANT);
  EXPECT(tps_destroy(phone.sync), TPS_E_REENTRANT);
  SAME(tps_dispatch(phone.sync, 0, 0), TPS_E_REENTRANT);
  /* Whichever instance they name. */
  EXPECT(tps_stop(neighbour, 0), TPS_E_REENTRANT);
  EXPECT(tps_destroy(neighbour), TPS_E_REENTRANT);
  SAME(tps_dispatch(neighbour, 0, 0), TPS_E_REENTRANT);
  if (made[kind] != NULL) return;
  config = config_in("poll");
  EXPECT(tps_create(config, strlen(config), &callbacks, &made[kind], err, sizeof err), TPS_OK);
  EXPECT(tps_start(made[kind], err, sizeof err), TPS_OK);
  CHECK(tps_event_fd(made[kind]) >= 0);
  free(config);

  EXPECT(tps_get_state(phone.sync, "101", &state), TPS_OK);
  EXPECT(tps_stats(phone.sync, text, &len), TPS_OK);
  len = sizeof text;
  EXPECT(tps_explain(phone.sync, "101", text, &len), TPS_OK);
  len = sizeof text;
  EXPECT(tps_explain(phone.sync, NULL, text, &len), TPS_OK);
  EXPECT(tps_set_log_level(phone.sync, TPS_LOG_TRACE), TPS_OK);
  EXPECT(tps_acknowledge(phone.sync, 1, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  CHECK(tps_abi_version() == TPS_ABI_VERSION && strlen(tps_version()) > 0);
  EXPECT(tps_start(phone.sync, err, sizeof err), TPS_E_STATE);
  /* The last callback of a thread comes while the instance is Stopping. */
  EXPECT(phone_put(&phone, "102", "ben", 0), stopping ? TPS_E_STATE : TPS_OK);
  EXPECT(tps_report_dnd(phone.sync, "102", 0, TPS_REPORT_SEEN), stopping ? TPS_E_STATE : TPS_OK);
  EXPECT(tps_report_queue(phone.sync, "102", 0, TPS_REPORT_SEEN), stopping ? TPS_E_STATE : TPS_OK);
  EXPECT(tps_remove_user(phone.sync, "102"), stopping ? TPS_E_STATE : TPS_OK);
  EXPECT(tps_refresh(phone.sync, "101"), stopping ? TPS_E_STATE : TPS_OK);
  EXPECT(tps_set_enabled(phone.sync, 1), stopping ? TPS_E_STATE : TPS_OK);
}

static void also(sink *sink, const sink_entry *entry) {
  (void)sink;
  nap_ms(nap_inside_ms);
  if (entry->kind != SINK_RELEASED) call_everything(entry->kind);
}

static int32_t decide(sink *sink, const sink_entry *entry) {
  also(sink, entry);
  return TPS_ACK_APPLIED;
}

/* The loop of a host in poll mode; ends when the instance is stopped. */
static void *loop(void *calls_with_callbacks) {
  int32_t ran;
  while ((ran = tps_dispatch(phone.sync, 1000, 3)) >= 0) {
    CHECK(ran <= 3);
    if (ran > 0 && calls_with_callbacks != NULL) ++*(int *)calls_with_callbacks;
  }
  SAME(ran, TPS_E_STATE);
  return NULL;
}

/* One user's day. */
static void scenario(const char *mode) {
  int is_poll = strcmp(mode, "poll") == 0, kind, starts;
  pthread_t looper;
  size_t at;
  memset(made, 0, sizeof made);
  reachable("ann");
  phone_create(&phone, config_in(mode));
  phone.sink->decide = decide;
  phone.sink->also = also;
  if (!is_poll) {
    SAME(tps_event_fd(phone.sync), TPS_E_STATE);
    SAME(tps_dispatch(phone.sync, 0, 0), TPS_E_STATE);
  }
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  for (starts = 0; starts < 2; starts++) {
    phone_forget(&phone);
    reachable("ann");
    phone_start(&phone);
    if (!is_poll) SAME(tps_dispatch(phone.sync, 0, 0), TPS_E_STATE);
    if (is_poll) pthread_create(&looper, NULL, loop, NULL);
    WAIT(CHAT(&phone, "101", TPS_CHAT_AVAILABLE) == 1, 10000);
    in_a_call("ann");
    WAIT(DND_ON(&phone, "101") == 1 && CHAT(&phone, "101", TPS_CHAT_DND) == 1, 10000);
    reachable("ann");
    WAIT(DND_OFF(&phone, "101") == 1 && CHAT(&phone, "101", TPS_CHAT_AVAILABLE) == 2, 10000);
    in_a_call("ann");
    WAIT(DND_ON(&phone, "101") == 2, 10000);
    phone_stop(&phone);
    if (is_poll) pthread_join(looper, NULL);
    SAME(DND_OFF(&phone, "101"), 2);
    SAME(CHAT(&phone, "101", TPS_CHAT_RELEASED), 1);
    CHECK(phone_last(&phone, SINK_DND, "101", TPS_DND_OFF).reason == TPS_REASON_STOPPING);
    SAME(phone_count(&phone, SINK_THREAD_START, NULL, ANY), is_poll ? 0 : 1);
    SAME(phone_count(&phone, SINK_THREAD_STOP, NULL, ANY), is_poll ? 0 : 1);
    /* Otherwise one thread, which is none of the host's: between its first and its last callback lies everything. */
    for (at = phone.since; !is_poll && at < phone.sink->kept; at++) {
      const sink_entry *entry = &phone.sink->entries[at];
      CHECK(pthread_equal(entry->thread, phone.sink->entries[phone.since].thread) && !pthread_equal(entry->thread, pthread_self()));
      CHECK((entry->kind == SINK_THREAD_START) == (at == phone.since));
      CHECK((entry->kind == SINK_THREAD_STOP) == (at == phone.sink->kept - 1));
    }
  }
  for (kind = SINK_DND; kind <= SINK_THREAD_STOP; kind++) {
    if (is_poll && kind >= SINK_THREAD_START) break;
    if (made[kind] == NULL) check_fail(__FILE__, __LINE__, "%s: no callback of kind %d", mode, kind);
    EXPECT(tps_stop(made[kind], 5000), TPS_OK);
    EXPECT(tps_destroy(made[kind]), TPS_OK);
  }
  phone_destroy(&phone);
}

static int readable(void) {
  struct pollfd fd;
  fd.fd = tps_event_fd(phone.sync);
  fd.events = POLLIN;
  return poll(&fd, 1, 0) == 1;
}

static void poll_phone(void) {
  reachable("ann");
  phone_create(&phone, config_in("poll"));
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
}

/* Hands out until the first decision has come and nothing waits. */
static void empty_the_queue(void) {
  int64_t until = now_ms() + 10000;
  while (CHAT(&phone, "101", TPS_CHAT_AVAILABLE) == 0 && now_ms() < until) CHECK(tps_dispatch(phone.sync, 20, 0) >= 0);
  while (tps_dispatch(phone.sync, 100, 0) > 0) continue;
}

static void the_descriptor_tells_whether_something_waits(void) {
  int fd, before, most = 0;
  int64_t began;
  poll_phone();
  fd = tps_event_fd(phone.sync);
  CHECK(fd >= 0);
  SAME(tps_dispatch(phone.sync, 0, 0), TPS_E_STATE);
  CHECK(!readable());
  phone_start(&phone);
  WAIT(readable(), 5000);
  SAME(sink_count(phone.sink, SINK_EVENT), 0); /* nothing comes by itself */
  SAME(tps_dispatch(phone.sync, -1, 0), TPS_E_INVALID_ARG);
  empty_the_queue();
  CHECK(!readable());
  HOLDS(!readable(), 600); /* presence is asked for meanwhile, and has not changed */
  /* Nothing there: not waited without a time, and for the time with one. */
  began = now_ms();
  SAME(tps_dispatch(phone.sync, 0, 0), 0);
  CHECK(now_ms() - began < patience(5000));
  began = now_ms();
  SAME(tps_dispatch(phone.sync, 150, 0), 0);
  CHECK(now_ms() - began >= 145 && now_ms() - began < patience(10000));
  /* A change: presence, DND and chat, at most as many as asked for; readable until the last was taken. */
  in_a_call("ann");
  WAIT(readable(), 5000);
  HOLDS(readable(), 50);
  before = (int)phone.sink->kept;
  while (readable() && most++ < 20) {
    CHECK(tps_dispatch(phone.sync, 0, 1) <= 1);
    CHECK((int)phone.sink->kept <= before + most);
  }
  SAME((int)phone.sink->kept - before, 3);
  SAME(tps_dispatch(phone.sync, 0, 0), 0);
  /* A call that waits is woken by news. */
  reachable("ann");
  began = now_ms();
  CHECK(tps_dispatch(phone.sync, 60000, 0) > 0);
  CHECK(now_ms() - began < 30000);
  /* The stop runs the rest here. */
  in_a_call("ann");
  WAIT(readable(), 5000);
  while (tps_dispatch(phone.sync, 100, 0) > 0) continue;
  SAME(DND_ON(&phone, "101"), 2);
  most = 0;
  while (tps_stop(phone.sync, 0) == TPS_E_TIMEOUT) CHECK(most++ < 20); /* without a time it takes one step */
  EXPECT(tps_stop(phone.sync, 0), TPS_OK);
  sink_close(phone.sink);
  SAME(DND_OFF(&phone, "101"), 2);
  CHECK(pthread_equal(phone_last(&phone, SINK_DND, "101", TPS_DND_OFF).thread, pthread_self()));
  CHECK(!readable());
  SAME(tps_dispatch(phone.sync, 0, 0), TPS_E_STATE);
  /* The same descriptor through stop and start. */
  SAME(tps_event_fd(phone.sync), fd);
  phone_start(&phone);
  SAME(tps_event_fd(phone.sync), fd);
  phone_destroy(&phone);
}

static int waits; /* the waiter is about to call; on a busy machine a moment may still pass */

static void *wait_in_dispatch(void *took_ms) {
  int64_t began = now_ms();
  __atomic_store_n(&waits, 1, __ATOMIC_SEQ_CST);
  CHECK(tps_dispatch(phone.sync, 20000, 0) >= 0); /* it may have run what the stop gives back */
  *(int64_t *)took_ms = now_ms() - began;
  SAME(tps_dispatch(phone.sync, 20000, 0), TPS_E_STATE);
  return NULL;
}

static void a_stop_ends_the_waiting(void) {
  pthread_t waiter;
  int64_t took_ms = 0, began;
  poll_phone();
  phone_start(&phone);
  empty_the_queue();
  __atomic_store_n(&waits, 0, __ATOMIC_SEQ_CST);
  pthread_create(&waiter, NULL, wait_in_dispatch, &took_ms);
  WAIT(__atomic_load_n(&waits, __ATOMIC_SEQ_CST), 10000);
  nap_ms(300);
  began = now_ms();
  EXPECT(tps_stop(phone.sync, 5000), TPS_OK);
  sink_close(phone.sink);
  CHECK(now_ms() - began < patience(4000));
  pthread_join(waiter, NULL);
  CHECK(took_ms >= 20 && took_ms < patience(15000)); /* it waited, and not for its whole 20 s */
  phone_destroy(&phone);
}

static void two_loops_take_turns(void) {
  pthread_t loops[2];
  int calls[2] = {0, 0}, change;
  poll_phone();
  memset(made, 0, sizeof made);
  nap_inside_ms = 3;
  phone.sink->also = also;
  phone.sink->decide = decide;
  EXPECT(tps_set_log_level(phone.sync, TPS_LOG_ERROR), TPS_OK);
  phone_start(&phone);
  for (change = 0; change < 2; change++) pthread_create(&loops[change], NULL, loop, &calls[change]);
  for (change = 1; change <= 6; change++) {
    in_a_call("ann");
    WAIT(DND_ON(&phone, "101") == change, 5000);
    reachable("ann");
    WAIT(DND_OFF(&phone, "101") == change, 5000);
  }
  phone_stop(&phone);
  for (change = 0; change < 2; change++) {
    pthread_join(loops[change], NULL);
    CHECK(calls[change] > 0);
  }
  for (change = 0; change < 9; change++) {
    if (made[change] == NULL) continue;
    EXPECT(tps_stop(made[change], 5000), TPS_OK);
    EXPECT(tps_destroy(made[change]), TPS_OK);
  }
  nap_inside_ms = 0;
  phone_destroy(&phone);
}

int main(void) {
  int round;
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  neighbour = create(config_in("poll"), &callbacks);
  scenario("thread");
  scenario("shared");
  scenario("poll");
  the_descriptor_tells_whether_something_waits();
  /* Often, since the waiting call and the stop both give back what is ours, whoever comes first. */
  for (round = rounds(20); round > 0; round--) a_stop_ends_the_waiting();
  two_loops_take_turns();
  EXPECT(tps_destroy(neighbour), TPS_OK);
  return check_end();
}
