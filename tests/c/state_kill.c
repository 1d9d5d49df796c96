/* SIGKILL at any moment, a few hundred times: the state file is whole each time, and knows whose the DND is.
 *
 * A child is the telephone system. What it has of DND stands in memory that it shares with its parent, so it survives the kill as a file
 * would, and says more than the library is told: whose each DND is. At a start the host says only whether DND is on. */
#include "state_file.h"
#include "support.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define USERS 8
/* Each user has a direct DND, and after those of all stand the queue's. */
#define DNDS (2 * USERS)
static const char *const names[USERS] = { "ann", "ben", "cleo", "dev", "eva", "finn", "gina", "hugo" };

/* The queue's is wanted in a meeting too, so that the two are not always wanted together. */
#define WORD ",\"rules\":{\"list\":[{\"when\":{\"activity\":[\"InAMeeting\",\"InACall\"]},\"queue\":\"on\"}]}"

enum { OFF = 'F', OURS = 'O', PRESSED = 'p', PERSONS = 'P' };

/* What both see. PRESSED: a person switched on a moment ago, and the library may not have written down yet that it knows. */
struct truth {
  int dnd[DNDS];
  int wrong;     /* a person's DND was switched off, or ours was not known as ours */
  int set_aside, unavailable;
  int on, off, pressed, settled, starts, checked;
};

static struct truth *truth;
static char directory[200];

#define GET(at) __atomic_load_n(&truth->dnd[at], __ATOMIC_SEQ_CST)
#define PUT(at, value) __atomic_store_n(&truth->dnd[at], value, __ATOMIC_SEQ_CST)
#define COUNT(field) __atomic_fetch_add(&truth->field, 1, __ATOMIC_SEQ_CST)

static unsigned long long seed = 88172645463325252ull;

static unsigned below(unsigned n) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (unsigned)(seed % n);
}

static int place_of(const char *name) {
  int at;
  for (at = 0; at < USERS && strcmp(names[at], name) != 0; at++) continue;
  return at;
}

static void wrong(const char *what, int at) {
  fprintf(stderr, "%s%s: %s is %c\n", names[at % USERS], at < USERS ? "" : "'s queue", what, GET(at));
  COUNT(wrong);
}

/* A DND changes and is reported under this lock, so that reports come in the order of the changes, as the header asks. */
static pthread_mutex_t telephone = PTHREAD_MUTEX_INITIALIZER;

/* Callbacks of this process: those that have returned, and how many of them brought a change of each DND. */
static int returned, changes[DNDS];
/* How many had returned when a person pressed. */
static int pressed_after[DNDS];

#define SEEN(counter) __atomic_load_n(&(counter), __ATOMIC_SEQ_CST)
#define BUMP(counter) __atomic_fetch_add(&(counter), 1, __ATOMIC_SEQ_CST)

/* From one state to the other in one step, as a telephone system's database would. */
static int turn(int at, int from, int to) {
  return __atomic_compare_exchange_n(&truth->dnd[at], &from, to, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int32_t on_dnd(struct sink *host, const sink_entry *change) {
  int at = place_of(change->user_id);
  (void)host;
  if (at == USERS) return TPS_ACK_GONE;
  if (change->kind == SINK_QUEUE) at += USERS;
  BUMP(changes[at]);
  if (change->value == TPS_DND_ON) {
    COUNT(on);
    if (below(8) == 0) return TPS_ACK_RETRY;
    return turn(at, OFF, OURS) ? TPS_ACK_APPLIED : TPS_ACK_ALREADY;
  }
  COUNT(off);
  if (GET(at) == PERSONS) wrong("OFF was asked for, whose DND", at);
  return turn(at, OURS, OFF) || turn(at, PRESSED, OFF) ? TPS_ACK_APPLIED : TPS_ACK_ALREADY;
}

static int32_t decide(struct sink *host, const sink_entry *change) {
  int32_t answer = TPS_ACK_APPLIED;
  if (change->kind == SINK_DND || change->kind == SINK_QUEUE) {
    pthread_mutex_lock(&telephone);
    answer = on_dnd(host, change);
    pthread_mutex_unlock(&telephone);
  }
  BUMP(returned);
  return answer;
}

static void also(struct sink *host, const sink_entry *entry) {
  (void)host;
  BUMP(returned);
  if (entry->kind != SINK_EVENT) return;
  if (entry->value == TPS_EVENT_STATE_SET_ASIDE || entry->value == TPS_EVENT_STATE_UNAVAILABLE) fprintf(stderr, "%s\n", entry->text);
  if (entry->value == TPS_EVENT_STATE_SET_ASIDE) COUNT(set_aside);
  if (entry->value == TPS_EVENT_STATE_UNAVAILABLE) COUNT(unavailable);
}

static void hand_over(tps_sync *sync) {
  char addresses[USERS][32], err[300];
  tps_user users[USERS];
  int at;
  for (at = 0; at < USERS; at++) {
    TPS_INIT(&users[at]);
    sprintf(addresses[at], "%s@contoso.test", names[at]);
    users[at].user_id = names[at];
    users[at].email = addresses[at];
    users[at].host_dnd = GET(at) == OFF ? TPS_HOST_DND_OFF : TPS_HOST_DND_ON;
    users[at].host_queue_dnd = GET(at + USERS) == OFF ? TPS_HOST_DND_OFF : TPS_HOST_DND_ON;
  }
  EXPECT(tps_set_users(sync, users, USERS, err, sizeof err), TPS_OK);
}

static int owned(tps_sync *sync, int at) {
  tps_state state = TPS_STATE_INIT;
  EXPECT(tps_get_state(sync, names[at % USERS], &state), TPS_OK);
  return at < USERS ? state.dnd_owned : state.queue_owned;
}

/* Right after a start: what was on by us is ours, and a person's is not. A DND that has been switched since is not looked at. */
static void check_owners(tps_sync *sync, const int *before, const int *changed) {
  int at;
  for (at = 0; at < DNDS; at++) {
    int is = owned(sync, at), untouched = GET(at) == before[at] && SEEN(changes[at]) == changed[at];
    if (before[at] == OURS && !is && untouched) wrong("not known as ours", at);
    if (before[at] == PERSONS && is) wrong("taken for ours", at);
    COUNT(checked);
  }
}

static void report(tps_sync *sync, int at, int on) {
  if (at < USERS)
    tps_report_dnd(sync, names[at], on, TPS_REPORT_PERSON);
  else
    tps_report_queue(sync, names[at - USERS], on, TPS_REPORT_PERSON);
}

/* A person presses DND, or clears it. */
static void press(tps_sync *sync, int at) {
  pthread_mutex_lock(&telephone);
  if (GET(at) != OFF) {
    PUT(at, OFF);
    report(sync, at, 0);
  } else {
    PUT(at, PRESSED);
    report(sync, at, 1);
    pressed_after[at] = SEEN(returned);
    COUNT(pressed);
  }
  pthread_mutex_unlock(&telephone);
}

/* A press counts as theirs once the library has written down all it knows, and the OFF that may have been on its way has come. */

static void settle_presses(tps_sync *sync) {
  int at, before[DNDS];
  for (at = 0; at < DNDS; at++) before[at] = GET(at);
  if (!state_written(sync)) return;
  for (at = 0; at < DNDS; at++)
    if (before[at] == PRESSED && SEEN(returned) > pressed_after[at] && !owned(sync, at) && turn(at, PRESSED, PERSONS)) COUNT(settled);
}

/* The telephone system, until it is killed, or until nothing of ours is on any more. */
static int be_host(int until_quiet) {
  char rest[600], err[300];
  char *config;
  sink *host = sink_new();
  tps_callbacks callbacks;
  tps_sync *sync;
  int at, before[DNDS], changed[DNDS];
  int64_t end = now_ms() + patience(20000);
  host->decide = decide;
  host->also = also;
  callbacks = sink_callbacks(host);
  snprintf(rest, sizeof rest, FAST WORD ",\"state\":{\"dir\":\"%s\"}", directory);
  config = config_with(rest);
  sync = create(config, &callbacks);
  for (;;) {
    for (at = 0; at < DNDS; at++) {
      before[at] = GET(at);
      changed[at] = SEEN(changes[at]);
    }
    hand_over(sync);
    EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
    COUNT(starts);
    if (check_failures() > 0) fprintf(stderr, "%s\n", err);
    check_owners(sync, before, changed);
    if (until_quiet) {
      for (at = 0; at < DNDS; at++) {
        while (GET(at) == OURS && now_ms() < end) nap_ms(5);
        if (GET(at) == OURS) wrong("not released, who", at);
      }
      EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
      EXPECT(tps_destroy(sync), TPS_OK);
      sink_free(host);
      return check_end();
    }
    while (below(150) != 0 && check_failures() == 0) {
      settle_presses(sync);
      if (below(4) == 0) press(sync, (int)below(DNDS));
      if (below(3) == 0) tps_refresh(sync, names[below(USERS)]);
      nap_ms((int)below(6));
    }
    /* Also in the middle of a stop, and of a later start. */
    EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
    if (check_failures() > 0) return check_end();
  }
}

static pid_t start_host(const char *self, const char *mode) {
  pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", self, mode, directory, (char *)NULL);
    _exit(99);
  }
  return child;
}

static void map_truth(void) {
  char path[260];
  int file;
  snprintf(path, sizeof path, "%s/truth", directory);
  file = open(path, O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof *truth) != 0) exit(3);
  truth = (struct truth *)mmap(NULL, sizeof *truth, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (truth == MAP_FAILED) exit(3);
  close(file);
}

static void let_all_be_available(const char *self) {
  int at, status = -1;
  pid_t child;
  for (at = 0; at < USERS; at++) set_presence(names[at], "Available", "Available");
  child = start_host(self, "quiet");
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv) {
  int round, turns = rounds(300), at;
  char command[300];
  if (argc > 2) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seed ^= (unsigned long long)now.tv_nsec << 20 ^ (unsigned long long)getpid();
    snprintf(directory, sizeof directory, "%s", argv[2]);
    map_truth();
    return be_host(strcmp(argv[1], "quiet") == 0);
  }
  snprintf(directory, sizeof directory, "/tmp/tps-kill-XXXXXX");
  if (mkdtemp(directory) == NULL) return 3;
  map_truth();
  for (at = 0; at < DNDS; at++) PUT(at, OFF);
  seed ^= (unsigned long long)getpid() << 32;
  for (round = 0; round < turns && truth->wrong == 0 && check_failures() == 0; round++) {
    int status = -1, for_ms = 1 + (int)(below(3) == 0 ? below(40) : below(400));
    int64_t end;
    pid_t child = start_host(argv[0], "run");
    for (end = now_ms() + for_ms; now_ms() < end; nap_ms(4)) {
      static const char *const activities[4] = { "Available", "InACall", "InAMeeting", "Available" };
      const char *activity = activities[below(4)];
      set_presence(names[below(USERS)], activity[0] == 'I' ? "Busy" : "Available", activity);
    }
    if (waitpid(child, &status, WNOHANG) == child) {
      check_fail(__FILE__, __LINE__, "the host of round %d ended by itself: %x", round, (unsigned)status);
      break;
    }
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    if (round % 25 == 24) let_all_be_available(argv[0]);
  }
  if (truth->wrong == 0 && check_failures() == 0) let_all_be_available(argv[0]);
  fprintf(stderr, "%d kills, %d starts, %d owners checked, %d ON, %d OFF, %d presses, %d of them known\n", round, truth->starts,
          truth->checked, truth->on, truth->off, truth->pressed, truth->settled);
  SAME(truth->wrong, 0);
  SAME(truth->set_aside, 0);
  SAME(truth->unavailable, 0);
  for (at = 0; at < DNDS; at++) CHECK(GET(at) != OURS);
  CHECK(truth->on > turns / 20 && truth->pressed > turns / 20 && truth->settled > turns / 40);
  snprintf(command, sizeof command, "rm -r %s", directory);
  if (check_failures() == 0 && system(command) != 0) return 3;
  return check_end();
}
