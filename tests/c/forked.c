/* fork in a busy host: the child's inherited handle answers at once, a fresh instance works there, and the parent notices nothing. */
#include "support.h"
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void inherited(tps_sync *sync) {
  char err[300];
  int64_t began = now_ms();
  EXPECT_ERR(tps_start(sync, err, sizeof err), TPS_E_FORKED, "fork");
  every_call(sync, TPS_E_FORKED);
  CHECK(now_ms() - began < patience(10000));
  CHECK(tps_abi_version() == TPS_ABI_VERSION && tps_version() != NULL);
}

/* An instance of the child's own, from beginning to end. */
static void fresh(const char *config) {
  char err[300];
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync = NULL;
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
  set_office(sync, 1);
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_ON, 10000);
  EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
  sink_close(host);
  EXPECT(tps_destroy(sync), TPS_OK);
  SAME(sink_count(host, SINK_RELEASED), 1);
  SINK_IN_ORDER(host);
}

static int ended_well(pid_t child) {
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* In the child: checks, and with `deeper` a grandchild does the same to the child's own. */
static void be_child(tps_sync *sync, const char *config, int deeper) {
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_sync *own = NULL;
  char err[300];
  alarm((unsigned)patience(40)); /* a hang ends the child by a signal, which the parent sees */
  inherited(sync);
  fresh(config);
  inherited(sync);
  if (deeper) {
    pid_t child;
    EXPECT(tps_create(config, strlen(config), &callbacks, &own, err, sizeof err), TPS_OK);
    EXPECT(tps_start(own, err, sizeof err), TPS_OK);
    child = fork();
    if (child == 0) {
      alarm((unsigned)patience(30));
      inherited(sync);
      inherited(own);
      fresh(config);
      _exit(check_end());
    }
    CHECK(ended_well(child));
    EXPECT(tps_stop(own, patience(5000)), TPS_OK);
    EXPECT(tps_destroy(own), TPS_OK);
  }
  _exit(check_end());
}

/* A process that forks in the middle of its very first start, when whatever the library makes once is being made. */
static int cold_host(int turn) {
  char err[300];
  char *config = config_with(FAST);
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync = NULL;
  pid_t child;
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
  set_office(sync, 1);
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  if (turn > 0) {
    struct timespec nap = { 0, turn * 300000L };
    nanosleep(&nap, NULL);
  }
  child = fork();
  if (child == 0) be_child(sync, config, 0);
  CHECK(child > 0 && ended_well(child));
  EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  sink_free(host);
  free(config);
  return check_end();
}

static void cold_hosts(const char *self) {
  int turn, turns = rounds(60), bad = 0;
  for (turn = 0; turn < turns && bad < 3; turn++) {
    pid_t child = fork();
    if (child == 0) {
      char number[16];
      sprintf(number, "%d", turn);
      execl("/proc/self/exe", self, number, (char *)NULL);
      _exit(99);
    }
    if (!ended_well(child)) {
      check_fail(__FILE__, __LINE__, "the child of a fork %d us into the first start did not end well", turn * 300);
      bad++;
    }
  }
  fprintf(stderr, "%d forks in a first start\n", turn);
}

int main(int argc, char **argv) {
  char err[300];
  char *config;
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync = NULL, *idle = NULL;
  int turn, turns = rounds(20), before;
  if (argc > 1) return cold_host(atoi(argv[1]));
  config = config_with(FAST);
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
  {
    tps_callbacks none = TPS_CALLBACKS_INIT;
    EXPECT(tps_create(CONFIG_POLL, strlen(CONFIG_POLL), &none, &idle, err, sizeof err), TPS_OK);
  }
  set_presence("ann", "DoNotDisturb", "Presenting");
  set_office(sync, 8);
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_ON, 10000);
  cold_hosts(argv[0]);
  for (turn = 0; turn < turns && check_failures() == 0; turn++) {
    pid_t child;
    tps_set_log_level(sync, TPS_LOG_TRACE); /* callbacks all the time */
    control("random_presences", "{\"count\":6}");
    set_presence("ann", "DoNotDisturb", "Presenting");
    nap_ms(turn % 5 * 20);
    child = fork();
    if (child == 0) be_child(turn % 4 == 3 ? idle : sync, config, turn % 5 == 0);
    CHECK(child > 0 && ended_well(child));
  }
  fprintf(stderr, "%d children\n", turn);
  /* The parent works on. */
  before = sink_count(host, SINK_DND);
  set_presence("ann", "Available", "Available");
  WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_OFF, 10000);
  CHECK(sink_count(host, SINK_DND) > before);
  EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
  sink_close(host);
  EXPECT(tps_destroy(sync), TPS_OK);
  EXPECT(tps_destroy(idle), TPS_OK);
  SINK_IN_ORDER(host);
  sink_free(host);
  free(config);
  return check_end();
}
