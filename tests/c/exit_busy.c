/* A host that returns from main while everything is in motion, without a stop: it ends, with its own exit status. */
#include "support.h"
#include <sys/wait.h>
#include <unistd.h>

static int32_t slow(sink *host, const sink_entry *change) {
  (void)host;
  nap_ms(change->value);
  return TPS_ACK_APPLIED;
}

/* The host that ends. What it leaves to its exit handlers is what a C program leaves: nothing. */
static int busy_host(int turn) {
  static const char *const modes[3] = { FAST, FAST ",\"dispatch\":{\"mode\":\"shared\"}", FAST ",\"dispatch\":{\"mode\":\"poll\"}" };
  char err[300];
  char *config = config_with(modes[turn % 3]);
  static sink *host; /* still reached as it ends: a leak checker would find it lost */
  tps_callbacks callbacks;
  tps_sync *sync = NULL;
  host = sink_new();
  callbacks = sink_callbacks(host);
  host->decide = slow;
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
  free(config);
  tps_set_log_level(sync, TPS_LOG_TRACE);
  set_office(sync, 8);
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  if (turn % 3 == 2) {
    int at;
    for (at = 0; at < turn % 7; at++) tps_dispatch(sync, 20, 1);
  } else {
    nap_ms(turn % 10 * 12); /* from the first connection to well after the first decisions */
  }
  if (turn % 4 == 1) tps_stop(sync, 0); /* with a stop begun and not waited for */
  return check_end() == 0 ? 40 + turn % 5 : 1;
}

int main(int argc, char **argv) {
  int turn, turns = rounds(50);
  if (argc > 1) return busy_host(atoi(argv[1]));
  control("all_presences", "{\"availability\":\"DoNotDisturb\",\"activity\":\"Presenting\"}");
  for (turn = 0; turn < turns; turn++) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
      char number[16];
      sprintf(number, "%d", turn);
      alarm(20);
      execl("/proc/self/exe", argv[0], number, (char *)NULL);
      _exit(99);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 40 + turn % 5)
      check_fail(__FILE__, __LINE__, "turn %d: %s %d", turn, WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  }
  fprintf(stderr, "%d hosts ended while busy\n", turn);
  return check_end();
}
