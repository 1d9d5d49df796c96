/* What every C test uses: checks that say where, a configuration, a host that records, the simulator's control, /proc/self.
 * Nothing here starts a thread or an instance. */
#ifndef SUPPORT_H
#define SUPPORT_H
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "teams_presence_sync.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- checks: they count and go on, so that one run shows everything; any thread may check ---- */

void check_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* 0 or 1, for main to return; tells how many checks failed. */
int check_end(void);
/* How many failed so far: loops end early by it. */
int check_failures(void);

#define CHECK(condition) \
  do { \
    if (!(condition)) check_fail(__FILE__, __LINE__, "%s", #condition); \
  } while (0)

/* Two whole numbers that must be the same; shows both. */
#define SAME(left, right) \
  do { \
    long long check_left = (long long)(left), check_right = (long long)(right); \
    if (check_left != check_right) \
      check_fail(__FILE__, __LINE__, "%s is %lld, %s is %lld", #left, check_left, #right, check_right); \
  } while (0)

/* The status of a call, by name. */
#define EXPECT(call, expected) \
  do { \
    tps_status check_status = (call); \
    if (check_status != (expected)) \
      check_fail(__FILE__, __LINE__, "%s answered %s, not %s", #call, tps_status_name(check_status), tps_status_name(expected)); \
  } while (0)

/* The same, with the words that `err` must hold. */
#define EXPECT_ERR(call, expected, words) \
  do { \
    memset(err, 'x', sizeof err); \
    EXPECT(call, expected); \
    if (strstr(err, words) == NULL) check_fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", err, words); \
  } while (0)

/* Looks every 2 ms, for `ms` at most (longer under a slow tool), until the condition holds. */
#define WAIT(condition, ms) \
  do { \
    int64_t check_end_ms = now_ms() + patience(ms); \
    while (!(condition)) { \
      if (now_ms() > check_end_ms) { \
        check_fail(__FILE__, __LINE__, "not within %d ms: %s", (int)(ms), #condition); \
        break; \
      } \
      nap_ms(2); \
    } \
  } while (0)

/* ---- time and amount ---- */

/* Monotonic. */
int64_t now_ms(void);
void nap_ms(int ms);
/* `ms` times TPS_TEST_PATIENCE, which says how slow the tool is that this runs under. */
int patience(int ms);
/* `full`, or that share of it that TPS_TEST_SHARE (percent) asks for; at least 3. */
int rounds(int full);

/* ---- configurations ---- */

/* Complete, without the network: nobody listens there, and nothing is sent before tps_start. */
#define CONFIG_OF(rest) \
  "{\"mode\":\"presence_sync\",\"tenant_id\":\"11111111-2222-3333-4444-555555555555\"," \
  "\"client_id\":\"66666666-7777-8888-9999-000000000000\"," \
  "\"auth\":{\"method\":\"client_secret\",\"secret\":\"a~secret.of-some_length\"}," \
  "\"endpoints\":{\"login\":\"http://127.0.0.1:9\",\"graph\":\"http://127.0.0.1:9\"}" rest "}"
#define CONFIG CONFIG_OF("")
#define CONFIG_POLL CONFIG_OF(",\"dispatch\":{\"mode\":\"poll\"}")

/* For the simulator that the runner started: mode, tenant, client, secret and endpoints, then `rest`, for instance
 * FAST ",\"dispatch\":{\"mode\":\"poll\"}". The caller frees it. */
char *config_with(const char *rest);
/* Polls four times a second and holds nothing back. */
#define FAST ",\"source\":{\"poll_interval_ms\":250},\"dnd\":{\"hold_off_ms\":0}"

/* ---- the simulator's control API; a failure ends the program ---- */

/* POST /_control/<action> with a JSON object. */
void control(const char *action, const char *json);
/* GET /_control/<view>. The caller frees it. */
char *control_view(const char *view);
/* What the Teams client of `user`@contoso.test reports; "ann", "ben", "cleo", "dev", "eva", "finn", "gina", "hugo" exist. */
void set_presence(const char *user, const char *availability, const char *activity);

/* ---- this process ---- */

int count_threads(void);
int count_descriptors(void);
/* Tells on standard error what each one is. */
void show_descriptors(void);
long resident_kib(void);
/* Calls `look` for each thread with its name and its /proc/self/task/<id>/status text. */
void each_thread(void (*look)(void *context, int id, const char *name, const char *status), void *context);
/* Threads whose name begins so. */
int count_threads_named(const char *prefix);
/* A whole file; the caller frees it. Ends the program if it cannot be read. */
char *read_whole(const char *path, size_t *len);

/* ---- a host that records every callback ---- */

enum { SINK_DND = 1, SINK_CHAT, SINK_PRESENCE, SINK_EVENT, SINK_LOG, SINK_THREAD_START, SINK_THREAD_STOP, SINK_RELEASED, SINK_QUEUE };

typedef struct sink_entry {
  int kind;          /* SINK_* */
  int32_t value;     /* dnd, chat_state, availability, code or level */
  int32_t reason;    /* of a change; severity of an event; source of a presence */
  uint32_t attempt;  /* of a change */
  uint64_t change_id;
  int64_t at_ms;     /* now_ms() as it began */
  pthread_t thread;  /* that it came on */
  char user_id[32];
  char text[96];     /* activity, message, line or thread name, cut */
} sink_entry;

#define SINK_KEEPS 4096

typedef struct sink {
  pthread_mutex_t lock;
  int counts[10];            /* by SINK_* */
  int codes[1000];           /* events by code */
  int inside, most_inside;   /* callbacks running now, and the most there ever were: 1 unless they overlap */
  int closed, late;          /* after sink_close every callback but on_released is late */
  size_t kept;               /* entries; the ones after SINK_KEEPS are only counted */
  sink_entry entries[SINK_KEEPS];
  int32_t answer;            /* to changes, unless `decide` is set */
  /* Called without the lock for each change; its answer is the callback's. */
  int32_t (*decide)(struct sink *sink, const sink_entry *change);
  /* Called without the lock for everything else. */
  void (*also)(struct sink *sink, const sink_entry *entry);
  void *context;             /* for both */
} sink;

/* On the heap: a sink is large. Answers TPS_ACK_APPLIED. */
sink *sink_new(void);
void sink_free(sink *sink);
/* All callbacks set to this sink. */
tps_callbacks sink_callbacks(sink *sink);
int sink_count(sink *sink, int kind);
/* Events of a code. */
int sink_events(sink *sink, int32_t code);
/* The newest value told for a user, 0 if none: TPS_DND_* for SINK_DND and SINK_QUEUE, TPS_CHAT_* for SINK_CHAT. */
int32_t sink_last(sink *sink, int kind, const char *user_id);
/* A copy of the newest entry of a kind, of a user unless NULL. Answers 0 if there is none. */
int sink_find(sink *sink, int kind, const char *user_id, sink_entry *out);
/* From now on every callback is late (a stop answered TPS_OK); sink_open lets them come again. */
void sink_close(sink *sink);
void sink_open(sink *sink);
/* That none came late or overlapped. */
#define SINK_IN_ORDER(sink) \
  do { \
    SAME((sink)->late, 0); \
    CHECK((sink)->most_inside <= 1); \
  } while (0)

/* ---- short cuts ---- */

/* tps_create that must succeed; `config` is freed. */
tps_sync *create(char *config, const tps_callbacks *callbacks);
/* Users "ann", "ben", ... with their addresses at contoso.test: the first `count` of the eight. */
void set_office(tps_sync *sync, int count);
/* Every function that takes a handle, with one that is none: each answers so. */
void every_call(tps_sync *sync, tps_status answer);

#ifdef __cplusplus
}
#endif
#endif
