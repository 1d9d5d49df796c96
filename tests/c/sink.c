/* A host that records every callback, and short cuts to one. */
#include "support.h"

sink *sink_new(void) {
  sink *made = (sink *)calloc(1, sizeof(sink));
  if (made == NULL) exit(3);
  pthread_mutex_init(&made->lock, NULL);
  made->answer = TPS_ACK_APPLIED;
  return made;
}

void sink_free(sink *sink) {
  pthread_mutex_destroy(&sink->lock);
  free(sink);
}

static sink_entry entry_of(int kind, const char *user_id, const char *text) {
  sink_entry entry;
  memset(&entry, 0, sizeof entry);
  entry.kind = kind;
  entry.at_ms = now_ms();
  entry.thread = pthread_self();
  if (user_id != NULL) snprintf(entry.user_id, sizeof entry.user_id, "%s", user_id);
  if (text != NULL) snprintf(entry.text, sizeof entry.text, "%s", text);
  return entry;
}

static void enter(sink *sink, const sink_entry *entry) {
  pthread_mutex_lock(&sink->lock);
  sink->counts[entry->kind]++;
  if (entry->kind == SINK_EVENT && entry->value >= 0 && entry->value < 1000) sink->codes[entry->value]++;
  sink->inside++;
  if (sink->inside > sink->most_inside) sink->most_inside = sink->inside;
  if (sink->closed && entry->kind != SINK_RELEASED) sink->late++;
  if (sink->kept < SINK_KEEPS) sink->entries[sink->kept++] = *entry;
  pthread_mutex_unlock(&sink->lock);
}

static void leave(sink *sink) {
  pthread_mutex_lock(&sink->lock);
  sink->inside--;
  if (sink->closed && sink->counts[SINK_RELEASED] == 0) sink->late++;
  pthread_mutex_unlock(&sink->lock);
}

static int32_t change(sink *sink, const sink_entry *entry) {
  int32_t answer;
  enter(sink, entry);
  answer = sink->decide != NULL ? sink->decide(sink, entry) : sink->answer;
  leave(sink);
  return answer;
}

static void tell(sink *sink, const sink_entry *entry) {
  enter(sink, entry);
  if (sink->also != NULL) sink->also(sink, entry);
  leave(sink);
}

static int32_t switched(int kind, void *user_data, const tps_dnd_change *offered) {
  sink_entry entry = entry_of(kind, offered->user_id, offered->presence == NULL ? NULL : offered->presence->activity_text);
  CHECK(offered->struct_size >= sizeof(tps_dnd_change) && offered->change_id != 0 && offered->attempt >= 1);
  entry.value = offered->dnd;
  entry.reason = offered->reason;
  entry.attempt = offered->attempt;
  entry.change_id = offered->change_id;
  return change((sink *)user_data, &entry);
}

static int32_t on_dnd(void *user_data, const tps_dnd_change *offered) { return switched(SINK_DND, user_data, offered); }

static int32_t on_queue_dnd(void *user_data, const tps_dnd_change *offered) { return switched(SINK_QUEUE, user_data, offered); }

static int32_t on_chat_state(void *user_data, const tps_chat_change *offered) {
  sink_entry entry = entry_of(SINK_CHAT, offered->user_id, offered->presence == NULL ? NULL : offered->presence->activity_text);
  CHECK(offered->struct_size >= sizeof(tps_chat_change) && offered->change_id != 0 && offered->attempt >= 1);
  entry.value = offered->chat_state;
  entry.reason = offered->reason;
  entry.attempt = offered->attempt;
  entry.change_id = offered->change_id;
  return change((sink *)user_data, &entry);
}

static void on_presence(void *user_data, const tps_presence *seen) {
  sink_entry entry = entry_of(SINK_PRESENCE, seen->user_id, seen->activity_text);
  CHECK(seen->struct_size >= sizeof(tps_presence) && seen->entra_object_id != NULL && seen->availability_text != NULL);
  entry.value = seen->availability;
  entry.reason = seen->source;
  tell((sink *)user_data, &entry);
}

static void on_event(void *user_data, const tps_event *event) {
  sink_entry entry = entry_of(SINK_EVENT, event->user_id, event->message);
  CHECK(event->struct_size >= sizeof(tps_event) && event->remedy != NULL && strlen(event->json) == event->json_len);
  entry.value = event->code;
  entry.reason = event->severity;
  tell((sink *)user_data, &entry);
}

static void on_log(void *user_data, int32_t level, const char *target, const char *message, size_t len) {
  sink_entry entry = entry_of(SINK_LOG, NULL, message);
  CHECK(target != NULL && strlen(message) == len && strchr(message, '\n') == NULL);
  entry.value = level;
  tell((sink *)user_data, &entry);
}

static void on_thread_start(void *user_data, const char *name) {
  sink_entry entry = entry_of(SINK_THREAD_START, NULL, name);
  tell((sink *)user_data, &entry);
}

static void on_thread_stop(void *user_data, const char *name) {
  sink_entry entry = entry_of(SINK_THREAD_STOP, NULL, name);
  tell((sink *)user_data, &entry);
}

static void on_released(void *user_data) {
  sink_entry entry = entry_of(SINK_RELEASED, NULL, NULL);
  tell((sink *)user_data, &entry);
}

tps_callbacks sink_callbacks(sink *sink) {
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  callbacks.user_data = sink;
  callbacks.on_dnd = on_dnd;
  callbacks.on_queue_dnd = on_queue_dnd;
  callbacks.on_chat_state = on_chat_state;
  callbacks.on_presence = on_presence;
  callbacks.on_event = on_event;
  callbacks.on_log = on_log;
  callbacks.on_thread_start = on_thread_start;
  callbacks.on_thread_stop = on_thread_stop;
  callbacks.on_released = on_released;
  return callbacks;
}

int sink_count(sink *sink, int kind) {
  int count;
  pthread_mutex_lock(&sink->lock);
  count = sink->counts[kind];
  pthread_mutex_unlock(&sink->lock);
  return count;
}

int sink_events(sink *sink, int32_t code) {
  int count;
  pthread_mutex_lock(&sink->lock);
  count = sink->codes[code];
  pthread_mutex_unlock(&sink->lock);
  return count;
}

int sink_find(sink *sink, int kind, const char *user_id, sink_entry *out) {
  size_t at;
  int found = 0;
  pthread_mutex_lock(&sink->lock);
  for (at = sink->kept; at > 0 && !found; at--) {
    const sink_entry *entry = &sink->entries[at - 1];
    found = entry->kind == kind && (user_id == NULL || strcmp(entry->user_id, user_id) == 0);
    if (found) *out = *entry;
  }
  pthread_mutex_unlock(&sink->lock);
  return found;
}

int32_t sink_last(sink *sink, int kind, const char *user_id) {
  sink_entry entry;
  return sink_find(sink, kind, user_id, &entry) ? entry.value : 0;
}

void sink_close(sink *sink) {
  pthread_mutex_lock(&sink->lock);
  sink->closed = 1;
  if (sink->inside > 0) sink->late++; /* it is still running */
  pthread_mutex_unlock(&sink->lock);
}

void sink_open(sink *sink) {
  pthread_mutex_lock(&sink->lock);
  sink->closed = 0;
  pthread_mutex_unlock(&sink->lock);
}

tps_sync *create(char *config, const tps_callbacks *callbacks) {
  tps_sync *sync = NULL;
  char err[500];
  if (tps_create(config, strlen(config), callbacks, &sync, err, sizeof err) != TPS_OK) {
    fprintf(stderr, "tps_create: %s\n", err);
    exit(3);
  }
  free(config);
  return sync;
}

void set_office(tps_sync *sync, int count) {
  static const char *const names[8] = { "ann", "ben", "cleo", "dev", "eva", "finn", "gina", "hugo" };
  char addresses[8][32], err[300];
  tps_user users[8];
  int at;
  for (at = 0; at < count; at++) {
    TPS_INIT(&users[at]);
    sprintf(addresses[at], "%s@contoso.test", names[at]);
    users[at].user_id = names[at];
    users[at].email = addresses[at];
  }
  EXPECT(tps_set_users(sync, users, (size_t)count, err, sizeof err), TPS_OK);
}

void every_call(tps_sync *sync, tps_status answer) {
  char err[300] = "";
  size_t len = 0;
  tps_state state = TPS_STATE_INIT;
  tps_user user = TPS_USER_INIT;
  user.user_id = "1";
  EXPECT(tps_start(sync, err, sizeof err), answer);
  CHECK(err[0] != '\0' && strlen(err) < sizeof err);
  EXPECT(tps_reload(sync, CONFIG, strlen(CONFIG), err, sizeof err), answer);
  EXPECT(tps_set_enabled(sync, 1), answer);
  EXPECT(tps_stop(sync, 5000), answer);
  EXPECT(tps_destroy(sync), answer);
  EXPECT(tps_set_users(sync, &user, 1, err, sizeof err), answer);
  EXPECT(tps_put_user(sync, &user, err, sizeof err), answer);
  EXPECT(tps_remove_user(sync, "1"), answer);
  EXPECT(tps_acknowledge(sync, 1, TPS_ACK_APPLIED), answer);
  EXPECT(tps_report_dnd(sync, "1", 1, TPS_REPORT_SEEN), answer);
  EXPECT(tps_report_queue(sync, "1", 1, TPS_REPORT_SEEN), answer);
  EXPECT(tps_refresh(sync, NULL), answer);
  EXPECT(tps_sign_in(sync, NULL), answer);
  EXPECT(tps_sign_out(sync, NULL), answer);
  EXPECT(tps_get_state(sync, "1", &state), answer);
  EXPECT(tps_explain(sync, NULL, NULL, &len), answer);
  EXPECT(tps_stats(sync, NULL, &len), answer);
  EXPECT(tps_event_fd(sync), answer);
  EXPECT(tps_dispatch(sync, 5000, 0), answer);
  EXPECT(tps_set_log_level(sync, TPS_LOG_INFO), answer);
}
