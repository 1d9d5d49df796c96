/* The state directory in bad hands: damaged, full, read-only, hanging, vanished, wanted by two, held by a forked descendant. */
#include "phone.h"
#include "state_file.h"
#include "tps_test_hooks.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct phone phone;
static char directory[200];
static const char *self;

static void run(const char *format, const char *argument) {
  char command[700];
  snprintf(command, sizeof command, format, argument);
  if (system(command) != 0) {
    fprintf(stderr, "%s: failed\n", command);
    exit(3);
  }
}

static void forget_directory(void) {
  if (strncmp(directory, "/tmp/tps-state-", 15) == 0 && check_failures() == 0) run("rm -rf %s", directory);
}

static void new_directory(void) {
  forget_directory();
  snprintf(directory, sizeof directory, "/tmp/tps-state-XXXXXX");
  if (mkdtemp(directory) == NULL) exit(3);
}

static char *config_in(const char *dir, const char *more) {
  char rest[500];
  snprintf(rest, sizeof rest, FAST ",\"state\":{\"dir\":\"%s\"}%s", dir, more);
  return config_with(rest);
}

static void open_phone(void) { phone_create(&phone, config_in(directory, "")); }

/* Ann is in a call, and her DND is on and ours. */
static void with_ann_on(void) {
  open_phone();
  in_a_call("ann");
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 10000);
}

static void ann_is_released(void) {
  phone_forget(&phone);
  reachable("ann");
  WAIT(DND_OFF(&phone, "101") == 1, 10000);
  WAIT(phone_state(&phone, "101").dnd_owned == 0, 5000);
}

static int has_file(const char *beginning) {
  char command[400];
  snprintf(command, sizeof command, "ls -d %s/%s* >/dev/null 2>&1", directory, beginning);
  return system(command) == 0;
}

static char *file_path(void) {
  static char path[260];
  snprintf(path, sizeof path, "%s/main.redb", directory);
  return path;
}

/* Descriptors of this process that lead into the directory. */
static int open_files_there(void) {
  int number, count = 0;
  for (number = 0; number < 256; number++) {
    char path[64], target[300];
    ssize_t len;
    sprintf(path, "/proc/self/fd/%d", number);
    len = readlink(path, target, sizeof target - 1);
    count += len > 0 && strncmp(target, directory, strlen(directory)) == 0;
  }
  return count;
}

static void a_restart_goes_on(void) {
  char err[300];
  char *other;
  new_directory();
  with_ann_on();
  other = config_in("/tmp/elsewhere", "");
  EXPECT_ERR(tps_reload(phone.sync, other, strlen(other), err, sizeof err), TPS_E_NEEDS_RESTART, "state.dir");
  free(other);
  phone_stop(&phone); /* auto: holds, since it is remembered */
  SAME(DND_OFF(&phone, "101"), 0);
  phone_start(&phone);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  phone_stop(&phone);
  SAME(DND_OFF(&phone, "101"), 0);
  phone_destroy(&phone);
  /* Another instance, another process for all that the library knows. */
  open_phone();
  EXPECT(phone_put(&phone, "101", "ann", TPS_HOST_DND_ON), TPS_OK);
  phone_start(&phone);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  ann_is_released();
  SAME(EVENTS(&phone, TPS_EVENT_NO_STATE_DIR), 0);
  SAME(EVENTS(&phone, TPS_EVENT_STATE_SET_ASIDE), 0);
  WAIT(count_threads_named("tps-store") == 0, 20000); /* only there while there is something to write */
  phone_destroy(&phone);
  SAME(open_files_there(), 0);
}

static void who_is_not_named_again_is_released(void) {
  sink_entry off;
  new_directory();
  with_ann_on();
  phone_destroy(&phone);
  open_phone();
  EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
  phone_start(&phone);
  HOLDS(DND_OFF(&phone, "101") == 0, 300);
  EXPECT(tps_test_advance_clock(phone.sync, 60000), TPS_OK);
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
  off = phone_last(&phone, SINK_DND, "101", TPS_DND_OFF);
  SAME(off.reason, TPS_REASON_REMOVED);
  phone_destroy(&phone);
}

static void a_damaged_file_is_set_aside(void) {
  int way;
  for (way = 0; way < 4; way++) {
    new_directory();
    with_ann_on();
    phone_destroy(&phone);
    switch (way) {
      case 0: run("dd if=/dev/urandom of=%s bs=4096 count=40 conv=notrunc 2>/dev/null", file_path()); break;
      case 1: run("truncate -s 5000 %s", file_path()); break;
      case 2: run("truncate -s 0 %s", file_path()); break;
      default: run("rm %s", file_path()); run("mkdir -p %s/inside", file_path()); break;
    }
    open_phone();
    EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
    phone_start(&phone);
    WAIT(EVENTS(&phone, TPS_EVENT_STATE_SET_ASIDE) == 1, 5000);
    CHECK(has_file("main.redb.damaged-"));
    WAIT(phone_state(&phone, "101").dnd_owned == 1, 10000);
    phone_destroy(&phone);
    open_phone();
    phone_start(&phone);
    EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
    SAME(phone_state(&phone, "101").dnd_owned, 1); /* the new file works */
    ann_is_released();
    SAME(EVENTS(&phone, TPS_EVENT_STATE_SET_ASIDE), 0);
    phone_destroy(&phone);
  }
}

static void a_hanging_disk_delays_one_on(void) {
  int64_t began;
  char err[300];
  new_directory();
  open_phone();
  reachable("ann");
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  WAIT(CHAT(&phone, "101", TPS_CHAT_AVAILABLE) == 1, 10000);
  EXPECT(tps_test_disk(phone.sync, TPS_TEST_DISK_HANGS), TPS_OK);
  in_a_call("ann");
  WAIT(CHAT(&phone, "101", TPS_CHAT_DND) == 1, 5000); /* waits for nobody */
  began = phone_last(&phone, SINK_CHAT, "101", TPS_CHAT_DND).at_ms;
  WAIT(DND_ON(&phone, "101") == 1, 10000);
  CHECK(phone_last(&phone, SINK_DND, "101", TPS_DND_ON).at_ms - began >= 1500);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_UNAVAILABLE) == 1, 5000);
  began = now_ms();
  EXPECT(tps_stop(phone.sync, 300), TPS_E_TIMEOUT);
  CHECK(now_ms() - began < patience(5000));
  EXPECT(tps_start(phone.sync, err, sizeof err), TPS_E_STATE);
  EXPECT(tps_test_disk(phone.sync, TPS_TEST_DISK_WORKS), TPS_OK);
  phone_stop(&phone);
  SAME(DND_OFF(&phone, "101"), 1); /* not held where nobody could be sure to remember */
  phone_destroy(&phone);
  open_phone();
  phone_start(&phone);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 0); /* written in the end */
  phone_destroy(&phone);
}

static void a_vanished_directory_is_made_again(void) {
  new_directory();
  with_ann_on();
  run("rm -r %s", directory);
  in_a_call("ben");
  EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
  WAIT(DND_ON(&phone, "102") == 1, 10000);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_RECOVERED) == 1, 10000);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_UNAVAILABLE) == 1, 5000);
  phone_destroy(&phone);
  open_phone();
  phone_start(&phone);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  SAME(phone_state(&phone, "102").dnd_owned, 1);
  phone_destroy(&phone);
}

static void without_a_directory(void) {
  int turn;
  phone_create(&phone, config_with(FAST));
  for (turn = 1; turn <= 2; turn++) {
    phone_start(&phone);
    WAIT(EVENTS(&phone, TPS_EVENT_NO_STATE_DIR) == turn, 5000);
    phone_stop(&phone);
  }
  phone_destroy(&phone);
  forget_directory();
  snprintf(directory, sizeof directory, "/proc/no/such/place");
  with_ann_on(); /* starts, and works */
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_UNAVAILABLE) >= 1, 5000);
  phone_stop(&phone);
  SAME(DND_OFF(&phone, "101"), 1); /* not held, since nobody would remember */
  phone_destroy(&phone);
}

/* ---- other processes; each is this program anew ---- */

static pid_t start_self(const char *part, int *from) {
  int ends[2];
  pid_t child;
  if (pipe(ends) != 0) exit(3);
  child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    execl("/proc/self/exe", self, part, directory, (char *)NULL);
    _exit(99);
  }
  close(ends[1]);
  *from = ends[0];
  return child;
}

static long read_number(int from) {
  char text[32];
  size_t len = 0;
  while (len < sizeof text - 1 && read(from, text + len, 1) == 1 && text[len] != '\n') len++;
  text[len] = '\0';
  return atol(text);
}

static void tell_number(long number) {
  printf("%ld\n", number);
  fflush(stdout);
}

/* Holds the state until it is killed. */
static void be_owner(void) {
  with_ann_on();
  WAIT(state_written(phone.sync), 20000);
  tell_number(getpid());
  for (;;) pause();
}

/* Leaves a descendant behind that did not exec. */
static void be_ancestor(void) {
  pid_t child;
  with_ann_on();
  WAIT(state_written(phone.sync), 20000); /* before it is killed */
  child = fork();
  if (child == 0) {
    EXPECT(tps_stop(phone.sync, 100), TPS_E_FORKED);
    EXPECT(tps_destroy(phone.sync), TPS_E_FORKED);
    tell_number(check_failures() == 0 ? (long)getpid() : -1);
    for (;;) pause();
  }
  for (;;) pause();
}

static void refused(long who, const char *words) {
  char err[500], number[32];
  open_phone();
  snprintf(number, sizeof number, "%ld", who);
  EXPECT_ERR(tps_start(phone.sync, err, sizeof err), TPS_E_LOCKED, number);
  CHECK(strstr(err, words) != NULL);
  fprintf(stderr, "%s\n", err);
}

static void end_process(pid_t pid) { CHECK(kill(pid, SIGKILL) == 0); }

static void two_processes(void) {
  int from;
  pid_t child;
  new_directory();
  child = start_self("owner", &from);
  SAME(read_number(from), child);
  refused(child, "works with it");
  end_process(child);
  CHECK(waitpid(child, NULL, 0) == child);
  EXPECT(phone_put(&phone, "101", "ann", TPS_HOST_DND_ON), TPS_OK);
  phone_start(&phone); /* the same instance: a refused start leaves it as it was */
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  ann_is_released();
  phone_destroy(&phone);
  close(from);
}

static void a_descendant_holds_the_lock(void) {
  int from, tries;
  pid_t child;
  long grandchild;
  char err[500];
  tps_status status = TPS_E_LOCKED;
  new_directory();
  child = start_self("ancestor", &from);
  grandchild = read_number(from);
  CHECK(grandchild > 0);
  end_process(child);
  CHECK(waitpid(child, NULL, 0) == child);
  refused(grandchild, "forked descendant");
  if (grandchild > 0) end_process((pid_t)grandchild);
  /* It is init's child now: its end is seen by the lock alone. */
  for (tries = 0; tries < 500 && status == TPS_E_LOCKED; tries++) {
    nap_ms(10);
    status = tps_start(phone.sync, err, sizeof err);
  }
  SAME(status, TPS_OK);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  phone_destroy(&phone);
  close(from);
}

/* ---- a full disk: no file of this process may be longer than so much, and whoever tries gets SIGXFSZ ---- */

static void limit(rlim_t bytes) {
  struct rlimit limit_;
  CHECK(getrlimit(RLIMIT_FSIZE, &limit_) == 0);
  limit_.rlim_cur = bytes;
  CHECK(setrlimit(RLIMIT_FSIZE, &limit_) == 0);
}

static int be_full(void) {
  signal(SIGXFSZ, SIG_DFL);
  limit(2000);
  with_ann_on(); /* at the start: it works without */
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_UNAVAILABLE) == 1, 5000);
  limit(RLIM_INFINITY);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_RECOVERED) == 1, 10000); /* tried again by itself */
  limit(2000);                           /* in the middle */
  in_a_call("ben");
  EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
  WAIT(DND_ON(&phone, "102") == 1, 10000);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_UNAVAILABLE) == 2, 10000);
  limit(RLIM_INFINITY);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_RECOVERED) == 2, 20000);
  phone_destroy(&phone);
  open_phone();
  phone_start(&phone);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  SAME(phone_state(&phone, "102").dnd_owned, 1);
  SAME(EVENTS(&phone, TPS_EVENT_STATE_SET_ASIDE), 0);
  phone_destroy(&phone);
  return check_end();
}

/* On a file system of our own, in a namespace of our own: really full, then read-only. */
static int be_mounted(void) {
  run("dd if=/dev/zero of=%s/filler bs=4096 2>/dev/null; true", directory);
  with_ann_on();
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_UNAVAILABLE) == 1, 5000);
  run("rm %s/filler", directory);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_RECOVERED) == 1, 10000);
  phone_destroy(&phone);
  run("mount -o remount,ro %s", directory);
  open_phone();
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_UNAVAILABLE) == 1, 5000);
  run("mount -o remount,rw %s", directory);
  WAIT(EVENTS(&phone, TPS_EVENT_STATE_RECOVERED) == 1, 20000);
  phone_destroy(&phone);
  return check_end();
}

static void in_another_process(const char *part) {
  int from, status = -1;
  pid_t child;
  new_directory();
  child = start_self(part, &from);
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  close(from);
}

static void on_a_file_system_of_our_own(void) {
  char command[700];
  int status;
  new_directory();
  snprintf(command, sizeof command, "unshare -m sh -c 'mount -t tmpfs -o size=8m,mode=0700 tmpfs %s' 2>/dev/null", directory);
  if (system(command) != 0) {
    fprintf(stderr, "SKIPPED: a full and a read-only file system, which take the right to mount\n");
    return;
  }
  snprintf(command, sizeof command, "unshare -m sh -c 'mount -t tmpfs -o size=8m,mode=0700 tmpfs %s && exec %s mounted %s'", directory, self,
           directory);
  status = system(command);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv) {
  self = argv[0];
  if (argc > 2) {
    snprintf(directory, sizeof directory, "%s", argv[2]);
    if (strcmp(argv[1], "owner") == 0) be_owner();
    if (strcmp(argv[1], "ancestor") == 0) be_ancestor();
    if (strcmp(argv[1], "full") == 0) return be_full();
    return be_mounted();
  }
  a_restart_goes_on();
  who_is_not_named_again_is_released();
  a_damaged_file_is_set_aside();
  a_hanging_disk_delays_one_on();
  a_vanished_directory_is_made_again();
  without_a_directory();
  two_processes();
  a_descendant_holds_the_lock();
  in_another_process("full");
  on_a_file_system_of_our_own();
  forget_directory();
  return check_end();
}
