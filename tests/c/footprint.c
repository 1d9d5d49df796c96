/* What an instance leaves alone in its host's process, and how little it takes: signals, environment, locale, umask, atexit, threads. */
#include "support.h"
#include <dlfcn.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* Every registration to run at exit comes by here: this definition is found before the C library's. */
static int at_exits = 0;

#ifdef __cplusplus
extern "C"
#endif
int __cxa_atexit(void (*function)(void *), void *argument, void *module);

int __cxa_atexit(void (*function)(void *), void *argument, void *module) {
  (void)function;
  (void)argument;
  (void)module;
  __atomic_add_fetch(&at_exits, 1, __ATOMIC_SEQ_CST);
  return 0;
}

static void on_usr1(int signal_) { (void)signal_; }

typedef struct snapshot {
  struct sigaction actions[65];
  sigset_t mask;
  char *locale_;
  mode_t mask_of_files;
  char *environment;
  char directory[1024];
  int at_exits;
} snapshot;

static char *copy_of(const char *text) {
  char *copy = (char *)malloc(strlen(text) + 1);
  strcpy(copy, text);
  return copy;
}

static snapshot look(void) {
  snapshot seen;
  size_t len = 1, at;
  int number;
  memset(&seen, 0, sizeof seen);
  for (number = 1; number <= 64; number++) sigaction(number, NULL, &seen.actions[number]);
  pthread_sigmask(SIG_BLOCK, NULL, &seen.mask);
  seen.locale_ = copy_of(setlocale(LC_ALL, NULL));
  seen.mask_of_files = umask(0);
  umask(seen.mask_of_files);
  for (at = 0; environ[at] != NULL; at++) len += strlen(environ[at]) + 1;
  seen.environment = (char *)calloc(1, len);
  for (at = 0; environ[at] != NULL; at++) strcat(strcat(seen.environment, environ[at]), "\n");
  if (getcwd(seen.directory, sizeof seen.directory) == NULL) CHECK(!"no working directory");
  seen.at_exits = __atomic_load_n(&at_exits, __ATOMIC_SEQ_CST);
  return seen;
}

static void same(const snapshot *before, const snapshot *after, const char *when) {
  int number;
  for (number = 1; number <= 64; number++) {
    const struct sigaction *left = &before->actions[number], *right = &after->actions[number];
    if (left->sa_handler != right->sa_handler || left->sa_flags != right->sa_flags)
      check_fail(__FILE__, __LINE__, "%s: the disposition of signal %d changed", when, number);
    if (sigismember(&before->mask, number) != sigismember(&after->mask, number))
      check_fail(__FILE__, __LINE__, "%s: the host thread's mask of signal %d changed", when, number);
  }
  CHECK(strcmp(before->locale_, after->locale_) == 0);
  CHECK(before->mask_of_files == after->mask_of_files);
  CHECK(strcmp(before->environment, after->environment) == 0);
  CHECK(strcmp(before->directory, after->directory) == 0);
  SAME(before->at_exits, after->at_exits);
}

static void forget(snapshot *seen) {
  free(seen->locale_);
  free(seen->environment);
}

typedef struct threads_seen {
  int ours, others, worker, dispatcher;
} threads_seen;

/* Since when a thread's mask has been wrong. The C library blocks every signal while a thread begins and ends, so one look is no proof. */
typedef struct wrong_mask {
  int id, round, number;
  int64_t since_ms;
} wrong_mask;

static wrong_mask wrong[64];
static int round_ = 0;

/* The first signal that is blocked and must not be, or the other way round; 0 if none. */
static int wrong_signal(unsigned long long blocked) {
  int number;
  for (number = 1; number <= 64; number++) {
    int open_ = number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGTRAP || number == SIGABRT ||
                number == SIGSYS;
    int never = number == SIGKILL || number == SIGSTOP || number == 32 || number == 33; /* the kernel's and the C library's */
    if (!never && (int)(blocked >> (number - 1) & 1) == open_) return number;
  }
  return 0;
}

/* Wrong in every look of half a second is wrong. */
static void note_mask(int id, const char *name, int number) {
  wrong_mask *at = wrong;
  while (at < wrong + 63 && at->id != id && at->id != 0) at++;
  if (at->id != id || at->round < round_ - 1) {
    at->id = id;
    at->since_ms = now_ms();
  } else if (now_ms() - at->since_ms > patience(500)) {
    check_fail(__FILE__, __LINE__, "thread %s: the mask of signal %d is wrong", name, number);
    at->since_ms = now_ms() + patience(60000); /* said once */
  }
  at->round = round_;
}

static void look_at_thread(void *context, int id, const char *name, const char *status) {
  threads_seen *seen = (threads_seen *)context;
  const char *line = strstr(status, "SigBlk:\t");
  int number = wrong_signal(line == NULL ? 0 : strtoull(line + 8, NULL, 16));
  if (id == (int)getpid() || strncmp(name, "tps-", 4) != 0) {
    seen->others++;
    return;
  }
  seen->ours++;
  seen->worker += strcmp(name, "tps-worker") == 0;
  seen->dispatcher += strncmp(name, "tps-dispatch", 12) == 0;
  if (number != 0) note_mask(id, name, number);
}

static threads_seen look_at_threads(void) {
  threads_seen seen;
  memset(&seen, 0, sizeof seen);
  round_++;
  each_thread(look_at_thread, &seen);
  return seen;
}

static threads_seen last_seen;

static int settled(int ours) {
  last_seen = look_at_threads();
  return last_seen.ours == ours;
}

static void mode(const char *rest, int dispatchers) {
  char err[300];
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  snapshot before = look(), after;
  char *config = config_with(rest);
  tps_sync *sync = NULL;
  int looks, others = look_at_threads().others;
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err), TPS_OK);
  SAME(look_at_threads().ours, 0);
  set_office(sync, 3);
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  after = look();
  same(&before, &after, "running");
  forget(&after);
  if (dispatchers == 0) {
    int64_t end = now_ms() + patience(10000);
    while (sink_last(host, SINK_DND, "ann") != TPS_DND_ON && now_ms() < end) CHECK(tps_dispatch(sync, 100, 0) >= 0);
  }
  WAIT(sink_last(host, SINK_DND, "ann") == TPS_DND_ON, 10000);
  CHECK(kill(getpid(), SIGUSR1) == 0); /* goes to the host's handler on the host's thread */
  /* Idle: one worker, and one dispatcher unless the host dispatches. Blocking threads end when they have nothing to do. */
  WAIT(settled(1 + dispatchers), 20000);
  for (looks = 0; looks < 300; looks++) { /* long enough for a lasting wrong mask to be told from a passing one */
    nap_ms(2);
    look_at_threads();
  }
  fprintf(stderr, "%s: %d worker, %d dispatcher, %d in all\n", rest, last_seen.worker, last_seen.dispatcher, last_seen.ours);
  SAME(last_seen.ours, 1 + dispatchers);
  SAME(last_seen.worker, 1);
  SAME(last_seen.others, others);
  EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  WAIT(settled(0), 20000);
  after = look();
  same(&before, &after, "afterwards");
  forget(&after);
  forget(&before);
  free(config);
  sink_free(host);
}

/* The thread of the store ends when there is nothing to write. Its files do not follow the host's umask, which lets a group read. */
static void with_state(void) {
  char directory[] = "/tmp/tps-footprint-XXXXXX", rest[200], path[100], command[100];
  struct stat file;
  if (mkdtemp(directory) == NULL) exit(3);
  snprintf(rest, sizeof rest, FAST ",\"state\":{\"dir\":\"%s/new\"}", directory);
  mode(rest, 1);
  snprintf(path, sizeof path, "%s/new/main.redb", directory);
  CHECK(stat(path, &file) == 0 && (file.st_mode & 0777) == 0600);
  snprintf(path, sizeof path, "%s/new", directory);
  CHECK(stat(path, &file) == 0 && (file.st_mode & 0777) == 0700);
  snprintf(command, sizeof command, "rm -r %s", directory);
  if (system(command) != 0) exit(3);
}

int main(void) {
  struct sigaction action;
  sigset_t blocked;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_usr1;
  sigaction(SIGUSR1, &action, NULL);
  action.sa_handler = SIG_DFL;
  sigaction(SIGPIPE, &action, NULL);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGWINCH);
  pthread_sigmask(SIG_BLOCK, &blocked, NULL);
  umask(027);
  set_presence("ann", "DoNotDisturb", "Presenting");
  mode(FAST, 1);
  mode(FAST ",\"dispatch\":{\"mode\":\"shared\"}", 1);
  mode(FAST ",\"dispatch\":{\"mode\":\"poll\"}", 0);
  with_state();
  return check_end();
}
