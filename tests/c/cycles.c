/* Hundreds of lives of one process: threads, descriptors and memory come back to where they were; a restart works like a first start. */
#include "support.h"

static long threads, descriptors, memory;

/* The pools idle out: the runtime's end runs on a thread of its own. */
static void baseline(const char *what, long allowed_kib) {
  WAIT(count_threads() <= threads, 20000);
  if (check_failures() == 0) WAIT(count_descriptors() <= descriptors, 20000);
  SAME(count_threads(), threads);
  SAME(count_descriptors(), descriptors);
  if (count_descriptors() != descriptors) show_descriptors();
  fprintf(stderr, "%s: %d threads, %d descriptors, %ld KiB (%+ld)\n", what, count_threads(), count_descriptors(), resident_kib(),
          resident_kib() - memory);
  if (patience(1) == 1) CHECK(resident_kib() - memory <= allowed_kib); /* a tool's own memory would count */
}

static void create_destroy(const char *config, int times) {
  char err[300];
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync = NULL;
  int at;
  for (at = 0; at < times && check_failures() == 0; at++) {
    EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
    set_office(sync, 8);
    EXPECT(tps_destroy(sync), TPS_OK);
  }
  SAME(sink_count(host, SINK_RELEASED), at);
  SAME(sink_count(host, SINK_EVENT) + sink_count(host, SINK_DND) + sink_count(host, SINK_THREAD_START), 0);
  sink_free(host);
}

/* What an administrator would look at. */
static void show_all(tps_sync *sync) {
  static char text[1 << 16];
  size_t len = sizeof text;
  if (tps_stats(sync, text, &len) == TPS_OK) fprintf(stderr, "%s\n", text);
  len = sizeof text;
  if (tps_explain(sync, NULL, text, &len) == TPS_OK) fprintf(stderr, "%s\n", text);
}

/* One instance, started over and over: now and then it gets to work before it is stopped. */
static void start_stop(const char *config, int times) {
  char err[300];
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync = NULL;
  int at, worked = 0;
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
  set_office(sync, 8);
  for (at = 0; at < times && check_failures() == 0; at++) {
    int before = sink_count(host, SINK_DND); /* counted before the start, which may be quicker than this thread */
    sink_open(host);
    EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
    if (at % 50 == 7) {
      /* like a first start: the first decision comes again, and the stop takes it back */
      WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_ON && sink_count(host, SINK_DND) > before, 40000); /* longer than a quota of 30 s, which 500 starts may use up */
      if (check_failures() > 0) show_all(sync);
      worked++;
    } else if (at % 3 == 0) {
      nap_ms(at % 7);
    }
    EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
    sink_close(host);
    CHECK(sink_last(host, SINK_DND, "ann") != TPS_DND_ON);
    host->kept = 0;
  }
  CHECK(worked > 0 || times < 8);
  SAME(sink_count(host, SINK_THREAD_START), sink_count(host, SINK_THREAD_STOP));
  EXPECT(tps_destroy(sync), TPS_OK);
  SINK_IN_ORDER(host);
  sink_free(host);
}

/* Whole lives, each with a start. */
static void whole_lives(const char *config, int times) {
  char err[300];
  int at;
  for (at = 0; at < times && check_failures() == 0; at++) {
    sink *host = sink_new();
    tps_callbacks callbacks = sink_callbacks(host);
    tps_sync *sync = NULL;
    EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
    set_office(sync, 2);
    EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
    if (at % 10 == 0) WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_ON, 10000);
    EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
    sink_close(host);
    EXPECT(tps_destroy(sync), TPS_OK);
    SINK_IN_ORDER(host);
    SAME(sink_count(host, SINK_RELEASED), 1);
    sink_free(host);
  }
}

int main(void) {
  char *config = config_with(FAST), *shared = config_with(FAST ",\"dispatch\":{\"mode\":\"shared\"}");
  char *poll_mode = config_with(FAST ",\"dispatch\":{\"mode\":\"poll\"}");
  set_presence("ann", "DoNotDisturb", "Presenting");
  threads = count_threads();
  descriptors = count_descriptors();
  /* What is made once and kept: the first rounds are not counted. */
  create_destroy(config, 20);
  start_stop(config, 10);
  whole_lives(shared, 10);
  WAIT(count_threads() <= threads, 20000);
  /* tests share tokio with the simulator, whose `signal` feature keeps one pair of sockets; a build of the library alone has none */
  CHECK(count_descriptors() <= descriptors + 2);
  descriptors = count_descriptors();
  memory = resident_kib();
  baseline("warm", 0);
  create_destroy(config, rounds(500));
  baseline("create/destroy", 2048);
  create_destroy(poll_mode, rounds(500));
  baseline("create/destroy, poll", 2048);
  start_stop(config, rounds(500));
  baseline("start/stop", 4096);
  start_stop(shared, rounds(100));
  baseline("start/stop, shared", 4096);
  whole_lives(config, rounds(100));
  baseline("whole lives", 4096);
  free(config);
  free(shared);
  free(poll_mode);
  return check_end();
}
