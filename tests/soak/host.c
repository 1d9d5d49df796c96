/* The telephone system of the soak: two tenants, two instances, and people at the phones. The driver (driver.rs) kills it again and again.
 *
 * What it has of DND stands in a file that both map or read, so it survives the kill, and says more than the library is told: whose each
 * DND is. The layout is `table.rs`'s. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "teams_presence_sync.h"

#define TENANTS 2
#define HEAD 64
#define ROW 64
#define KEPT 28
/* `dispatch.ack_timeout_ms`, as driver.rs sets it. */
#define ACK_MS 5000

/* Whose DND is on. PRESSED: a person switched on a moment ago, and the library may not have written down yet that it knows. */
enum { OFF = 0, OURS = 1, PRESSED = 2, PERSONS = 3 };
/* Places in the head; table.rs has the same. */
enum {
  H_COMMAND, H_USERS, H_STARTS, H_STOPS, H_ON, H_OFF, H_CHAT, H_RETRY, H_PENDING, H_NEVER, H_GONE, H_PRESSES, H_RELEASES, H_CHECKED, H_REMOVED,
  H_REPORTED, H_LATE, H_SET_ASIDE, H_UNAVAILABLE, H_WRONG, H_WRONG_USER, H_WRONG_WHAT, H_OURS_LEFT, H_READY, H_QUIET, H_STALE,
  H_ASK, H_STOP_MS, H_CROSSED
};
enum { RUN = 0, CALM = 1, END = 2 };
/* Places in a user's row. */
enum { U_STATE, U_GONE, U_NEXT, U_OWES_UNTIL, U_CROSSED, U_HISTORY = 8 };
/* What a history says; table.rs has the words. */
enum {
  DID_START = 1, DID_ON, DID_ON_ALREADY, DID_OFF, DID_OFF_ALREADY, DID_RETRY, DID_PENDING, DID_NEVER, DID_GONE, DID_PRESS_ON, DID_PRESS_OFF, DID_SURE,
  DID_REMOVE, DID_PUT, DID_ACK, DID_ACK_LATE, DID_STOP
};
/* What went wrong; table.rs has the words. */
enum { WRONG_OFF = 1, WRONG_FORGOTTEN, WRONG_TAKEN, WRONG_CALL };

static int *table;
static int users;
static tps_sync *instances[TENANTS];
/* The second host reports every change of its DND, and cannot tell who did it. */
static const int names_persons[TENANTS] = { 1, 0 };

typedef struct job {
  int64_t due;
  uint64_t change_id;
  int value, kind; /* kind: 0 nothing, 1 do and acknowledge, 2 do and never say */
} job;
static job *jobs;
static int64_t *back_at; /* a user who is gone or removed is put again then */
static pthread_mutex_t jobs_lock = PTHREAD_MUTEX_INITIALIZER;
/* A DND changes and is reported under its lock, so that reports come in the order of the changes, as the header asks. */
#define LOCKS 64
static pthread_mutex_t telephones[LOCKS];
#define TELEPHONE(user) (&telephones[(user) % LOCKS])
/* Changes of a user that this process was asked for. */
static int *asked;
/* Callbacks that have returned, and how many had when a person pressed: an OFF that was under way has come by the next. */
static int returned[TENANTS], *pressed_after;

#define HEAD_ADD(place) __atomic_fetch_add(&table[place], 1, __ATOMIC_SEQ_CST)
#define HEAD_GET(place) __atomic_load_n(&table[place], __ATOMIC_SEQ_CST)
#define CELL(user, place) table[HEAD + (user) * ROW + (place)]
#define STATE(user) __atomic_load_n(&CELL(user, U_STATE), __ATOMIC_SEQ_CST)
#define PUT(user, value) __atomic_store_n(&CELL(user, U_STATE), value, __ATOMIC_SEQ_CST)

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void nap_ms(int ms) {
  struct timespec nap;
  nap.tv_sec = ms / 1000;
  nap.tv_nsec = (long)(ms % 1000) * 1000000;
  nanosleep(&nap, NULL);
}

static unsigned below(unsigned n) {
  static __thread unsigned long long seed;
  if (seed == 0) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seed = 88172645463325252ull ^ (unsigned long long)now.tv_nsec << 20 ^ (unsigned long long)getpid() ^ (unsigned long long)(size_t)&seed;
  }
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (unsigned)(seed % n);
}

static void note(int user, int what) {
  int at = __atomic_fetch_add(&CELL(user, U_NEXT), 1, __ATOMIC_SEQ_CST) % KEPT;
  CELL(user, U_HISTORY + 2 * at) = (int)(now_ms() & 0x7fffffff);
  CELL(user, U_HISTORY + 2 * at + 1) = what;
}

/* Until then this host owes the library an answer, or has just refused one: the time that a DND may last begins anew. */
static void owes(int user, int for_ms) { CELL(user, U_OWES_UNTIL) = (int)((now_ms() + for_ms) & 0x7fffffff) | 1; }

static void wrong(int user, int what) {
  note(user, 100 + what);
  if (HEAD_ADD(H_WRONG) == 0) {
    table[H_WRONG_USER] = user;
    table[H_WRONG_WHAT] = what;
  }
}

static int turn(int user, int from, int to) {
  return __atomic_compare_exchange_n(&CELL(user, U_STATE), &from, to, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static int tenant_of(int user) { return user >= users / TENANTS; }

static void name_of(int user, char *name) { sprintf(name, "user%d", user % (users / TENANTS) + 1); }

static int place_of(int tenant, const char *name) {
  int number = atoi(name + 4);
  return number < 1 || number > users / TENANTS ? -1 : tenant * (users / TENANTS) + number - 1;
}

static void report(int user, int on, int32_t origin) {
  char name[24];
  name_of(user, name);
  HEAD_ADD(H_REPORTED);
  /* A user who was removed is not known, which is no failure. */
  tps_report_dnd(instances[tenant_of(user)], name, on, origin);
}

/* An ON of the library is out, and somebody presses ON: of the two reports that follow the first reads as the echo and the second as a
 * person's, whichever was whose (docs/dnd.md). A host that names persons is not concerned. */
static void cross(int user) {
  pthread_mutex_lock(&jobs_lock);
  if (jobs[user].kind != 0 && jobs[user].value == TPS_DND_ON && !names_persons[tenant_of(user)]) {
    CELL(user, U_CROSSED) = 1;
    HEAD_ADD(H_CROSSED);
  }
  pthread_mutex_unlock(&jobs_lock);
}

/* Does it, as the telephone system's database would: in one step. Answers APPLIED or ALREADY. */
static int32_t perform(int user, int value) {
  int changed;
  pthread_mutex_lock(TELEPHONE(user));
  if (value == TPS_DND_ON) {
    changed = turn(user, OFF, OURS);
    note(user, changed ? DID_ON : DID_ON_ALREADY);
  } else {
    changed = turn(user, OURS, OFF) || turn(user, PRESSED, OFF);
    note(user, changed ? DID_OFF : DID_OFF_ALREADY);
  }
  if (changed && !names_persons[tenant_of(user)]) report(user, value == TPS_DND_ON, TPS_REPORT_SEEN);
  pthread_mutex_unlock(TELEPHONE(user));
  return changed ? TPS_ACK_APPLIED : TPS_ACK_ALREADY;
}

static int32_t on_dnd_of(void *data, const tps_dnd_change *change) {
  int tenant = (int)(size_t)data, user = place_of(tenant, change->user_id), state;
  unsigned luck = HEAD_GET(H_COMMAND) == RUN ? below(100) : 99;
  job *mine;
  if (user < 0) return TPS_ACK_GONE;
  __atomic_fetch_add(&asked[user], 1, __ATOMIC_SEQ_CST);
  state = STATE(user);
  HEAD_ADD(change->dnd == TPS_DND_ON ? H_ON : H_OFF);
  if (change->dnd == TPS_DND_ON && state == OFF) CELL(user, U_CROSSED) = 0;
  if (change->dnd == TPS_DND_OFF && state == PERSONS) wrong(user, WRONG_OFF);
  mine = &jobs[user];
  pthread_mutex_lock(&jobs_lock);
  mine->kind = 0;
  if (luck >= 6 && luck < 16) {
    mine->change_id = change->change_id;
    mine->value = change->dnd;
    /* Some are never acknowledged; of those some are done all the same. */
    mine->kind = luck < 12 ? 1 : 2;
    mine->due = now_ms() + (int)below(1500);
    HEAD_ADD(luck < 12 ? H_PENDING : H_NEVER);
    note(user, luck < 12 ? DID_PENDING : DID_NEVER);
    owes(user, ACK_MS);
    if (luck == 15) mine->kind = 0;
  }
  pthread_mutex_unlock(&jobs_lock);
  if (luck < 6) {
    HEAD_ADD(H_RETRY);
    note(user, DID_RETRY);
    owes(user, 0);
    return TPS_ACK_RETRY;
  }
  if (luck < 16) return TPS_ACK_PENDING;
  if (luck == 16 && below(5) == 0) {
    HEAD_ADD(H_GONE);
    note(user, DID_GONE);
    CELL(user, U_GONE) = 1;
    PUT(user, OFF);
    __atomic_store_n(&back_at[user], now_ms() + 2000, __ATOMIC_SEQ_CST);
    return TPS_ACK_GONE;
  }
  return perform(user, change->dnd);
}

static int32_t on_dnd(void *data, const tps_dnd_change *change) {
  int32_t answer = on_dnd_of(data, change);
  __atomic_fetch_add(&returned[(size_t)data], 1, __ATOMIC_SEQ_CST);
  return answer;
}

static int32_t on_chat_state(void *data, const tps_chat_change *change) {
  (void)change;
  HEAD_ADD(H_CHAT);
  __atomic_fetch_add(&returned[(size_t)data], 1, __ATOMIC_SEQ_CST);
  return HEAD_GET(H_COMMAND) == RUN && below(50) == 0 ? TPS_ACK_RETRY : TPS_ACK_APPLIED;
}

static void on_event(void *data, const tps_event *event) {
  (void)data;
  if (event->code == TPS_EVENT_STATE_SET_ASIDE) HEAD_ADD(H_SET_ASIDE);
  if (event->code == TPS_EVENT_STATE_UNAVAILABLE) HEAD_ADD(H_UNAVAILABLE);
  if (event->code == TPS_EVENT_SOURCE_QUIET) HEAD_ADD(H_QUIET);
  if (event->code == TPS_EVENT_STALE) HEAD_ADD(H_STALE);
}

static void must(tps_status status, const char *what, const char *err) {
  if (status == TPS_OK) return;
  fprintf(stderr, "%s: %s %s\n", what, tps_status_name(status), err);
  HEAD_ADD(H_WRONG);
  table[H_WRONG_WHAT] = WRONG_CALL;
  exit(4);
}

static void describe(int user, tps_user *out, char *name, char *address) {
  static const char *const domains[TENANTS] = { "contoso.test", "fabrikam.test" };
  TPS_INIT(out);
  name_of(user, name);
  sprintf(address, "%s@%s", name, domains[tenant_of(user)]);
  out->user_id = name;
  out->email = address;
  out->host_dnd = STATE(user) == OFF ? TPS_HOST_DND_OFF : TPS_HOST_DND_ON;
}

static void hand_over(int tenant) {
  int each = users / TENANTS, at;
  char err[300] = "";
  tps_user *list = (tps_user *)calloc((size_t)each, sizeof *list);
  char(*names)[24] = calloc((size_t)each, sizeof *names), (*addresses)[48] = calloc((size_t)each, sizeof *addresses);
  if (list == NULL || names == NULL || addresses == NULL) exit(3);
  for (at = 0; at < each; at++) {
    int user = tenant * each + at;
    CELL(user, U_GONE) = 0;
    back_at[user] = 0;
    describe(user, &list[at], names[at], addresses[at]);
  }
  must(tps_set_users(instances[tenant], list, (size_t)each, err, sizeof err), "tps_set_users", err);
  free(list);
  free(names);
  free(addresses);
}

static int known(int user, tps_state *state) {
  char name[24];
  name_of(user, name);
  TPS_INIT(state);
  return tps_get_state(instances[tenant_of(user)], name, state) == TPS_OK;
}

/* Right after a start: what was on by us is ours, and a person's is not. Who has been asked for since is not looked at. */
static void check_owners(int tenant, const int *before, const int *asked_before) {
  int each = users / TENANTS, user;
  for (user = tenant * each; user < (tenant + 1) * each; user++) {
    tps_state state;
    if (!known(user, &state) || STATE(user) != before[user]) continue;
    if (__atomic_load_n(&asked[user], __ATOMIC_SEQ_CST) != asked_before[user]) continue;
    HEAD_ADD(H_CHECKED);
    if (before[user] == OURS && !state.dnd_owned && !CELL(user, U_CROSSED)) wrong(user, WRONG_FORGOTTEN);
    if (before[user] == PERSONS && state.dnd_owned) wrong(user, WRONG_TAKEN);
  }
}

static void start(int tenant) {
  char err[300] = "";
  int *before = (int *)calloc((size_t)users, sizeof *before), *were = (int *)calloc((size_t)users, sizeof *were), user;
  if (before == NULL || were == NULL) exit(3);
  for (user = 0; user < users; user++) {
    before[user] = STATE(user);
    were[user] = __atomic_load_n(&asked[user], __ATOMIC_SEQ_CST);
  }
  hand_over(tenant);
  must(tps_start(instances[tenant], err, sizeof err), "tps_start", err);
  HEAD_ADD(H_STARTS);
  check_owners(tenant, before, were);
  free(before);
  free(were);
}

/* Everything that the library was told is on disk. */
static int all_written(int tenant) {
  char text[16384];
  size_t len = sizeof text;
  const char *at;
  if (tps_stats(instances[tenant], text, &len) != TPS_OK) return 0;
  at = strstr(text, "\"state_file\":");
  at = at == NULL ? NULL : strstr(at, "\"waiting\":");
  return at != NULL && atoi(at + strlen("\"waiting\":")) == 0;
}

/* A press counts as a person's once the library knows of it and has written down all that it knows. */
static void settle_presses(int tenant) {
  int each = users / TENANTS, user, some = 0;
  int *before = (int *)calloc((size_t)each, sizeof *before);
  if (before == NULL) exit(3);
  for (user = 0; user < each; user++) {
    tps_state state;
    int at = tenant * each + user;
    before[user] = STATE(at) == PRESSED && __atomic_load_n(&returned[tenant], __ATOMIC_SEQ_CST) > pressed_after[at] && known(at, &state) && !state.dnd_owned && state.dnd_acknowledged == TPS_DND_ON;
    some |= before[user];
  }
  if (some && all_written(tenant))
    for (user = 0; user < each; user++) {
      tps_state state;
      int at = tenant * each + user;
      if (before[user] && known(at, &state) && !state.dnd_owned && turn(at, PRESSED, PERSONS)) note(at, DID_SURE);
    }
  free(before);
}

static void press_key(int user) {
  int was = STATE(user), origin = names_persons[tenant_of(user)] ? TPS_REPORT_PERSON : TPS_REPORT_SEEN;
  if (CELL(user, U_GONE)) return;
  if (was == OFF || (was == OURS && below(4) == 0 && origin == TPS_REPORT_PERSON)) {
    if (!turn(user, was, PRESSED)) return;
    cross(user);
    note(user, DID_PRESS_ON);
    HEAD_ADD(H_PRESSES);
    report(user, 1, origin);
    pressed_after[user] = __atomic_load_n(&returned[tenant_of(user)], __ATOMIC_SEQ_CST);
  } else {
    if (!turn(user, was, OFF)) return;
    note(user, DID_PRESS_OFF);
    HEAD_ADD(H_RELEASES);
    report(user, 0, origin);
  }
}

/* A person at the phone. */
static void press(int user) {
  pthread_mutex_lock(TELEPHONE(user));
  press_key(user);
  pthread_mutex_unlock(TELEPHONE(user));
}

static void put_again(int user) {
  char name[24], address[48], err[300] = "";
  tps_user out;
  CELL(user, U_GONE) = 0;
  describe(user, &out, name, address);
  note(user, DID_PUT);
  must(tps_put_user(instances[tenant_of(user)], &out, err, sizeof err), "tps_put_user", err);
}

static void remove_one(int user) {
  char name[24];
  name_of(user, name);
  if (CELL(user, U_GONE) || tps_remove_user(instances[tenant_of(user)], name) != TPS_OK) return;
  HEAD_ADD(H_REMOVED);
  note(user, DID_REMOVE);
  CELL(user, U_GONE) = 1;
  __atomic_store_n(&back_at[user], now_ms() + (int)below(1500), __ATOMIC_SEQ_CST);
}

static void do_jobs(void) {
  int user;
  for (user = 0; user < users; user++) {
    job mine;
    int64_t now = now_ms(), back = __atomic_load_n(&back_at[user], __ATOMIC_SEQ_CST);
    if (back != 0 && back <= now) {
      back_at[user] = 0;
      put_again(user);
    }
    pthread_mutex_lock(&jobs_lock);
    mine = jobs[user];
    if (mine.kind != 0 && mine.due <= now) {
      /* A person's ON is newer than an OFF that was not done yet. */
      int outdated = mine.value == TPS_DND_OFF && STATE(user) != OURS;
      int32_t answer = outdated ? TPS_ACK_ALREADY : perform(user, mine.value);
      jobs[user].kind = 0;
      pthread_mutex_unlock(&jobs_lock);
      if (mine.kind == 1) {
        int took = tps_acknowledge(instances[tenant_of(user)], mine.change_id, answer) == TPS_OK;
        note(user, took ? DID_ACK : DID_ACK_LATE);
        if (!took) HEAD_ADD(H_LATE);
      }
    } else {
      pthread_mutex_unlock(&jobs_lock);
    }
  }
}

static void restart(int tenant) {
  int each = users / TENANTS, user;
  int64_t began = now_ms();
  /* Nobody acknowledges meanwhile: what is owed ends in its own time, dispatch.ack_timeout_ms. */
  table[H_READY] = 0;
  must(tps_stop(instances[tenant], 8000), "tps_stop", "");
  HEAD_ADD(H_STOPS);
  if (now_ms() - began > table[H_STOP_MS]) table[H_STOP_MS] = (int)(now_ms() - began);
  /* Nobody would hear of what is still to be done. */
  pthread_mutex_lock(&jobs_lock);
  for (user = tenant * each; user < (tenant + 1) * each; user++) jobs[user].kind = 0;
  pthread_mutex_unlock(&jobs_lock);
  start(tenant);
  table[H_READY] = 1;
}

/* What the library still holds at the end. */
static int left(int tenant) {
  int each = users / TENANTS, user, count = 0;
  for (user = tenant * each; user < (tenant + 1) * each; user++) {
    tps_state state;
    count += known(user, &state) && state.dnd_owned;
  }
  return count;
}

/* What the library says of a user whom the driver asks about. */
static void explain(void) {
  static char text[65536];
  char name[24];
  size_t len = sizeof text;
  int user = __atomic_exchange_n(&table[H_ASK], 0, __ATOMIC_SEQ_CST) - 1;
  if (user < 0) return;
  name_of(user, name);
  if (tps_explain(instances[tenant_of(user)], name, text, &len) == TPS_OK) fprintf(stderr, "%s\n", text);
  len = sizeof text;
  if (tps_stats(instances[tenant_of(user)], text, &len) == TPS_OK) fprintf(stderr, "%s\n", text);
}

static char *read_whole(const char *path) {
  char *text = (char *)calloc(1, 65536);
  FILE *file = fopen(path, "r");
  if (text == NULL || file == NULL || fread(text, 1, 65535, file) == 0) exit(3);
  fclose(file);
  return text;
}

static void map_table(const char *path, int count) {
  int file = open(path, O_RDWR);
  size_t size = sizeof(int) * (size_t)(HEAD + count * ROW);
  void *at = file < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (at == MAP_FAILED) exit(3);
  close(file);
  table = (int *)at;
}

/* host <table> <users> <configuration> <configuration> */
int main(int argc, char **argv) {
  int tenant, turns;
  if (argc != 5) return 2;
  users = atoi(argv[2]);
  map_table(argv[1], users);
  jobs = (job *)calloc((size_t)users, sizeof *jobs);
  back_at = (int64_t *)calloc((size_t)users, sizeof *back_at);
  asked = (int *)calloc((size_t)users, sizeof *asked);
  pressed_after = (int *)calloc((size_t)users, sizeof *pressed_after);
  if (jobs == NULL || back_at == NULL || asked == NULL || pressed_after == NULL) return 3;
  for (turns = 0; turns < LOCKS; turns++) pthread_mutex_init(&telephones[turns], NULL);
  for (tenant = 0; tenant < TENANTS; tenant++) {
    tps_callbacks callbacks = TPS_CALLBACKS_INIT;
    char err[300] = "", *config = read_whole(argv[3 + tenant]);
    callbacks.user_data = (void *)(size_t)tenant;
    callbacks.on_dnd = on_dnd;
    callbacks.on_chat_state = on_chat_state;
    callbacks.on_event = on_event;
    must(tps_create(config, strlen(config), &callbacks, &instances[tenant], err, sizeof err), "tps_create", err);
    free(config);
    start(tenant);
  }
  table[H_READY] = 1;
  for (turns = 0; HEAD_GET(H_COMMAND) != END; turns++) {
    do_jobs();
    explain();
    if (turns % 10 == 0)
      for (tenant = 0; tenant < TENANTS; tenant++) settle_presses(tenant);
    if (HEAD_GET(H_COMMAND) == RUN) {
      int some;
      for (some = 0; some < 3; some++) press((int)below((unsigned)users));
      if (below(8) == 0) remove_one((int)below((unsigned)users));
      if (below(400) == 0) restart((int)below(TENANTS));
    }
    table[H_OURS_LEFT] = HEAD_GET(H_COMMAND) == CALM ? left(0) + left(1) : -1;
    nap_ms(20);
  }
  for (tenant = 0; tenant < TENANTS; tenant++) {
    must(tps_stop(instances[tenant], 8000), "tps_stop", "");
    must(tps_destroy(instances[tenant]), "tps_destroy", "");
  }
  return 0;
}
