/* A telephone system for tests: one instance and the sink that records what it was told, under one roof. */
#ifndef PHONE_H
#define PHONE_H
#include "support.h"

struct phone {
  tps_sync *sync;
  struct sink *sink;
  size_t since; /* entries before this one are forgotten */
};

/* Shared between threads of a test. */
#define NOW(field) __atomic_load_n(&(field), __ATOMIC_SEQ_CST)
#define SET(field, value) __atomic_store_n(&(field), value, __ATOMIC_SEQ_CST)
#define ADD(field) __atomic_fetch_add(&(field), 1, __ATOMIC_SEQ_CST)

/* Checks that the condition stays true for `ms`. */
#define HOLDS(condition, ms) \
  do { \
    int64_t hold_until = now_ms() + (ms); \
    while ((condition) && now_ms() < hold_until) nap_ms(2); \
    CHECK(condition); \
  } while (0)

/* Any value, in the questions below. */
#define ANY 0

/* Creates the instance; the sink's context is the phone. `config` is freed. */
static inline void phone_create(struct phone *phone, char *config) {
  tps_callbacks callbacks;
  phone->sink = sink_new();
  phone->sink->context = phone;
  phone->since = 0;
  callbacks = sink_callbacks(phone->sink);
  phone->sync = create(config, &callbacks);
}

static inline void phone_start(struct phone *phone) {
  char err[300];
  sink_open(phone->sink);
  EXPECT(tps_start(phone->sync, err, sizeof err), TPS_OK);
}

/* Stops as the header says: again until it is done. From then on every callback is late. */
static inline void phone_stop(struct phone *phone) {
  tps_status status;
  do status = tps_stop(phone->sync, 5000);
  while (status == TPS_E_TIMEOUT);
  sink_close(phone->sink);
  EXPECT(status, TPS_OK);
}

static inline void phone_destroy(struct phone *phone) {
  phone_stop(phone);
  EXPECT(tps_destroy(phone->sync), TPS_OK);
  SAME(sink_count(phone->sink, SINK_RELEASED), 1);
  SINK_IN_ORDER(phone->sink);
  sink_free(phone->sink);
}

/* Hands over one user: "ann" is ann@contoso.test. */
static inline tps_status phone_put(struct phone *phone, const char *user_id, const char *name, int32_t host_dnd) {
  char email[64], err[300];
  tps_user user = TPS_USER_INIT;
  snprintf(email, sizeof email, "%s@contoso.test", name);
  user.user_id = user_id;
  user.email = email;
  user.host_dnd = host_dnd;
  return tps_put_user(phone->sync, &user, err, sizeof err);
}

static inline tps_state phone_state(struct phone *phone, const char *user_id) {
  tps_state state = TPS_STATE_INIT;
  EXPECT(tps_get_state(phone->sync, user_id, &state), TPS_OK);
  return state;
}

/* The nth such entry since the last phone_forget, from 0; `user_id` NULL and `value` ANY match all. Answers how many there are in all;
 * `out` may be NULL and is all zero if there are fewer. */
static inline int phone_nth(struct phone *phone, int kind, const char *user_id, int32_t value, int nth, sink_entry *out) {
  size_t at;
  int found = 0;
  if (out != NULL) memset(out, 0, sizeof *out);
  pthread_mutex_lock(&phone->sink->lock);
  for (at = phone->since; at < phone->sink->kept; at++) {
    const sink_entry *entry = &phone->sink->entries[at];
    if (entry->kind != kind || (user_id != NULL && strcmp(entry->user_id, user_id) != 0)) continue;
    if (value != ANY && entry->value != value) continue;
    if (found++ == nth && out != NULL) *out = *entry;
  }
  pthread_mutex_unlock(&phone->sink->lock);
  return found;
}

static inline int phone_count(struct phone *phone, int kind, const char *user_id, int32_t value) {
  return phone_nth(phone, kind, user_id, value, 0, NULL);
}

static inline sink_entry phone_last(struct phone *phone, int kind, const char *user_id, int32_t value) {
  sink_entry entry;
  phone_nth(phone, kind, user_id, value, phone_count(phone, kind, user_id, value) - 1, &entry);
  return entry;
}

static inline void phone_forget(struct phone *phone) {
  pthread_mutex_lock(&phone->sink->lock);
  phone->since = phone->sink->kept;
  pthread_mutex_unlock(&phone->sink->lock);
}

static inline int phone_inside(struct phone *phone) {
  int inside;
  pthread_mutex_lock(&phone->sink->lock);
  inside = phone->sink->inside;
  pthread_mutex_unlock(&phone->sink->lock);
  return inside;
}

/* How often the DND of a user was asked to be switched on, off; his chat set to a value; an event told. */
#define DND_ON(phone, user_id) phone_count(phone, SINK_DND, user_id, TPS_DND_ON)
#define DND_OFF(phone, user_id) phone_count(phone, SINK_DND, user_id, TPS_DND_OFF)
#define CHAT(phone, user_id, value) phone_count(phone, SINK_CHAT, user_id, value)
#define EVENTS(phone, code) phone_count(phone, SINK_EVENT, NULL, code)

/* config_with, with the simulator under a name that must be looked up. */
static inline char *config_by_name(const char *rest) {
  char *config = config_with(rest), *at = config, *named = (char *)malloc(strlen(config) + 64), *to = named;
  while (*at != '\0') {
    if (strncmp(at, "127.0.0.1", 9) == 0) {
      to += sprintf(to, "localhost");
      at += 9;
    } else {
      *to++ = *at++;
    }
  }
  *to = '\0';
  free(config);
  return named;
}

/* What Teams says of "ann": in a call, which means DND, or reachable. */
static inline void in_a_call(const char *name) { set_presence(name, "Busy", "InACall"); }
static inline void reachable(const char *name) { set_presence(name, "Available", "Available"); }
#endif
