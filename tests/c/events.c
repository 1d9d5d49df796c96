/* What is told beside changes: events, each complete and for programs too; log lines by level; threads; the release of user_data. */
#include "phone.h"
#include "tps_test_hooks.h"

static struct phone phone;
static void (*record)(void *user_data, const tps_event *event); /* the sink's */

/* ---- JSON, as strict as it must be: answers where the value ends, NULL if it is none ---- */

static const char *json_value(const char *at);

static const char *json_text(const char *at) {
  if (*at++ != '"') return NULL;
  for (; *at != '"'; at++) {
    if ((unsigned char)*at < 0x20) return NULL;
    if (*at != '\\') continue;
    at++;
    if (*at == 'u') {
      if (strspn(at + 1, "0123456789abcdefABCDEF") < 4) return NULL;
      at += 4;
    } else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL) {
      return NULL;
    }
  }
  return at + 1;
}

static const char *json_list(const char *at, char end, int members) {
  if (*++at == end) return at + 1;
  for (;;) {
    if (members) {
      at = json_text(at);
      if (at == NULL || *at++ != ':') return NULL;
    }
    at = json_value(at);
    if (at == NULL) return NULL;
    if (*at == end) return at + 1;
    if (*at++ != ',') return NULL;
  }
}

static const char *json_value(const char *at) {
  size_t len;
  if (*at == '{') return json_list(at, '}', 1);
  if (*at == '[') return json_list(at, ']', 0);
  if (*at == '"') return json_text(at);
  if (strncmp(at, "true", 4) == 0 || strncmp(at, "null", 4) == 0) return at + 4;
  if (strncmp(at, "false", 5) == 0) return at + 5;
  if (*at == '-') at++;
  len = strspn(at, "0123456789.eE+-");
  return len == 0 ? NULL : at + len;
}

/* ---- every event ---- */

static void on_event(void *user_data, const tps_event *event) {
  const char *end = json_value(event->json);
  char code[32];
  snprintf(code, sizeof code, "\"code\":%d", (int)event->code);
  if (event->code < 101 || event->code > 999 || event->severity < TPS_SEVERITY_INFO || event->severity > TPS_SEVERITY_ERROR ||
      strlen(event->message) < 10 || strchr(event->message, '\n') != NULL || strlen(event->remedy) < 3 || end == NULL || *end != '\0' ||
      event->json[0] != '{' || strlen(event->json) != event->json_len || strstr(event->json, code) == NULL ||
      strstr(event->json, "\"name\":\"") == NULL || event->at_ms < INT64_C(1500000000000) || strchr(event->json, '@') != NULL ||
      strchr(event->message, '@') != NULL || strstr(event->json, "quo'te") != NULL || strchr(event->message, '{') != NULL ||
      strchr(event->remedy, '{') != NULL || event->struct_size < sizeof *event)
    check_fail(__FILE__, __LINE__, "event %d, %d: %s / %s / %s", (int)event->code, (int)event->severity, event->message, event->remedy,
               event->json);
  record(user_data, event);
}

static void open_phone(const char *rest) {
  tps_callbacks callbacks;
  phone.sink = sink_new();
  phone.sink->context = &phone;
  phone.since = 0;
  callbacks = sink_callbacks(phone.sink);
  record = callbacks.on_event;
  callbacks.on_event = on_event;
  phone.sync = create(config_with(rest), &callbacks);
}

/* Waits for an event, of this severity. */
static void comes(int32_t code, int32_t severity) {
  WAIT(EVENTS(&phone, code) >= 1, 10000);
  if (EVENTS(&phone, code) == 0) check_fail(__FILE__, __LINE__, "event %d did not come", (int)code);
  SAME(phone_last(&phone, SINK_EVENT, NULL, code).reason, severity);
}

static void fault(const char *endpoint, const char *action) {
  char json[300];
  snprintf(json, sizeof json, "{\"endpoint\":\"%s\",\"action\":%s}", endpoint, action);
  control("fault", json);
}

static int32_t slow(sink *sink, const sink_entry *entry) {
  (void)sink;
  if (entry->kind == SINK_DND) nap_ms(1200);
  return TPS_ACK_APPLIED;
}

static void events_tell_what_happens(void) {
  char err[300], *config;
  tps_user users[5];
  int at, tries;
  open_phone(FAST ",\"seats\":{\"limit\":2},\"rules\":{\"sets\":{\"agents\":[]}}");
  for (at = 0; at < 5; at++) TPS_INIT(&users[at]);
  users[0].user_id = "101";
  users[0].email = "ann@contoso.test";
  users[1].user_id = "102";
  users[1].email = "nobody@contoso.test";
  users[1].rule_set = "agent";
  users[2].user_id = "103";
  users[2].email = "cleo@contoso.test";
  users[3].user_id = "104";
  users[3].email = "not an address";
  users[4].user_id = "105"; /* a door phone */
  reachable("ann");
  EXPECT(tps_set_users(phone.sync, users, 5, err, sizeof err), TPS_OK);
  phone_start(&phone);
  comes(TPS_EVENT_SIGNED_IN, TPS_SEVERITY_INFO);
  comes(TPS_EVENT_NO_STATE_DIR, TPS_SEVERITY_INFO);
  comes(TPS_EVENT_DIRECTORY_REPORT, TPS_SEVERITY_INFO);
  comes(TPS_EVENT_SEATS_EXCEEDED, TPS_SEVERITY_ERROR);
  comes(TPS_EVENT_RULE_SET_UNKNOWN, TPS_SEVERITY_WARNING);
  comes(TPS_EVENT_USER_INVALID, TPS_SEVERITY_INFO);
  CHECK(strcmp(phone_last(&phone, SINK_EVENT, NULL, TPS_EVENT_RULE_SET_UNKNOWN).user_id, "102") == 0);
  CHECK(phone_last(&phone, SINK_EVENT, NULL, TPS_EVENT_SIGNED_IN).user_id[0] == '\0');

  config = config_with(FAST);
  EXPECT(tps_reload(phone.sync, config, strlen(config), err, sizeof err), TPS_OK);
  free(config);
  comes(TPS_EVENT_RELOADED, TPS_SEVERITY_INFO);
  comes(TPS_EVENT_SEATS_RESTORED, TPS_SEVERITY_INFO);
  EXPECT(phone_put(&phone, "106", "somebody-else", 0), TPS_OK);
  comes(TPS_EVENT_USER_UNMATCHED, TPS_SEVERITY_WARNING);
  /* One by one is told one by one; a whole mapping with somebody new by a report. */
  WAIT(EVENTS(&phone, TPS_EVENT_DIRECTORY_REPORT) == 1, 5000);
  users[4].email = "somebody@contoso.test";
  EXPECT(tps_set_users(phone.sync, users, 5, err, sizeof err), TPS_OK);
  WAIT(EVENTS(&phone, TPS_EVENT_DIRECTORY_REPORT) == 2, 10000);
  SAME(EVENTS(&phone, TPS_EVENT_USER_UNMATCHED), 1);

  set_presence("ann", "Levitating", "Levitating");
  comes(TPS_EVENT_UNKNOWN_WORD, TPS_SEVERITY_WARNING);
  fault("presences", "{\"kind\":\"status\",\"status\":429,\"retry_after\":{\"seconds\":1}}");
  comes(TPS_EVENT_THROTTLED, TPS_SEVERITY_WARNING);
  control("clear_faults", "{}");
  comes(TPS_EVENT_THROTTLING_ENDED, TPS_SEVERITY_INFO);
  fault("presences", "{\"kind\":\"reset_before\"}");
  comes(TPS_EVENT_GRAPH_UNREACHABLE, TPS_SEVERITY_ERROR);
  EXPECT(tps_test_advance_clock(phone.sync, 61000), TPS_OK);
  comes(TPS_EVENT_SOURCE_QUIET, TPS_SEVERITY_WARNING);
  EXPECT(tps_test_advance_clock(phone.sync, 900000), TPS_OK);
  comes(TPS_EVENT_STALE, TPS_SEVERITY_ERROR);
  control("clear_faults", "{}");
  reachable("ann");
  EXPECT(tps_test_advance_clock(phone.sync, 120000), TPS_OK);
  comes(TPS_EVENT_GRAPH_RECOVERED, TPS_SEVERITY_INFO);
  comes(TPS_EVENT_SOURCE_RECOVERED, TPS_SEVERITY_INFO);
  EXPECT(tps_test_panic(phone.sync, TPS_TEST_PANIC_CALLBACK), TPS_OK);
  reachable("ann");
  in_a_call("ann");
  comes(TPS_EVENT_INTERNAL, TPS_SEVERITY_ERROR);
  phone.sink->decide = slow;
  reachable("ann");
  WAIT(phone_state(&phone, "101").dnd_desired == TPS_DND_OFF, 5000);
  in_a_call("ann");
  comes(TPS_EVENT_CALLBACK_SLOW, TPS_SEVERITY_WARNING);
  phone_destroy(&phone);

  /* A permission that is not there, and is given later. */
  control("app", "{\"app\":{\"client_id\":\"3f2504e0-4f89-41d3-9a0c-0305e82c3301\",\"roles\":[\"User.Read.All\"]}}");
  open_phone(FAST);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  comes(TPS_EVENT_PERMISSION_MISSING, TPS_SEVERITY_ERROR);
  control("app", "{\"app\":{\"client_id\":\"3f2504e0-4f89-41d3-9a0c-0305e82c3301\",\"roles\":[\"User.Read.All\",\"Presence.Read.All\"]}}");
  control("revoke_tokens", "{}");
  /* The event is told before the pause begins that the clock is moved over. */
  for (tries = 0; tries < 40 && EVENTS(&phone, TPS_EVENT_PERMISSION_GRANTED) == 0; tries++) {
    EXPECT(tps_test_advance_clock(phone.sync, 61000), TPS_OK);
    nap_ms(250);
  }
  comes(TPS_EVENT_PERMISSION_GRANTED, TPS_SEVERITY_INFO);
  phone_destroy(&phone);

  /* A refused credential. */
  fault("token", "{\"kind\":\"aadsts\",\"code\":7000215}");
  open_phone(FAST);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  comes(TPS_EVENT_CREDENTIAL_REFUSED, TPS_SEVERITY_ERROR);
  control("clear_faults", "{}");
  phone_destroy(&phone);
}

static void nothing_of_any_kind_comes_after_a_stop(void) {
  size_t kept;
  int turn;
  open_phone(FAST ",\"log\":{\"level\":\"trace\"}");
  reachable("ann");
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  for (turn = 0; turn < 3; turn++) {
    phone_start(&phone);
    WAIT(phone_count(&phone, SINK_CHAT, "101", ANY) >= turn + 1, 10000);
    phone_stop(&phone);
    kept = phone.sink->kept;
    in_a_call("ann");
    EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
    EXPECT(tps_report_dnd(phone.sync, "101", 1, TPS_REPORT_PERSON), TPS_OK);
    EXPECT(tps_set_log_level(phone.sync, TPS_LOG_TRACE), TPS_OK);
    EXPECT(tps_test_advance_clock(phone.sync, 60000), TPS_OK);
    nap_ms(400);
    SAME(phone.sink->kept, kept);
    reachable("ann");
    SAME(sink_count(phone.sink, SINK_THREAD_START), turn + 1);
    SAME(sink_count(phone.sink, SINK_THREAD_STOP), turn + 1);
    SAME(phone.sink->entries[kept - 1].kind, SINK_THREAD_STOP); /* the last word */
  }
  phone_destroy(&phone);
}

static void log_lines_come_by_level(void) {
  int32_t level;
  open_phone(FAST);
  reachable("ann");
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  EXPECT(tps_set_log_level(phone.sync, 0), TPS_E_INVALID_ARG);
  EXPECT(tps_set_log_level(phone.sync, 6), TPS_E_INVALID_ARG);
  phone_start(&phone);
  WAIT(phone_count(&phone, SINK_CHAT, "101", ANY) == 1, 10000);
  SAME(phone_count(&phone, SINK_LOG, NULL, TPS_LOG_DEBUG) + phone_count(&phone, SINK_LOG, NULL, TPS_LOG_TRACE), 0);
  EXPECT(tps_set_log_level(phone.sync, TPS_LOG_TRACE), TPS_OK);
  WAIT(phone_count(&phone, SINK_LOG, NULL, TPS_LOG_TRACE) >= 2, 5000);
  for (level = TPS_LOG_ERROR; level < TPS_LOG_TRACE; level++) {
    EXPECT(tps_set_log_level(phone.sync, level), TPS_OK);
    nap_ms(50); /* what was written before */
    phone_forget(&phone);
    HOLDS(phone_count(&phone, SINK_LOG, NULL, TPS_LOG_TRACE) == 0, 400);
  }
  /* Trace falls back by itself to the level before it, and says so once. */
  EXPECT(tps_set_log_level(phone.sync, TPS_LOG_WARN), TPS_OK);
  EXPECT(tps_set_log_level(phone.sync, TPS_LOG_TRACE), TPS_OK);
  WAIT(phone_count(&phone, SINK_LOG, NULL, TPS_LOG_TRACE) >= 1, 5000);
  EXPECT(tps_test_advance_clock(phone.sync, 30 * 60 * 1000 + 1), TPS_OK);
  comes(TPS_EVENT_TRACE_ENDED, TPS_SEVERITY_INFO);
  nap_ms(50);
  phone_forget(&phone);
  HOLDS(phone_count(&phone, SINK_LOG, NULL, TPS_LOG_TRACE) == 0, 400);
  phone_destroy(&phone);
}

static void callbacks_that_are_missing_are_named_once(void) {
  tps_callbacks callbacks;
  phone.sink = sink_new();
  phone.since = 0;
  callbacks = sink_callbacks(phone.sink);
  callbacks.on_dnd = NULL;
  callbacks.on_chat_state = NULL;
  callbacks.on_presence = NULL;
  callbacks.on_log = NULL;
  phone.sync = create(config_with(FAST), &callbacks);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  in_a_call("ann");
  phone_start(&phone);
  /* A change for which there is no callback counts as applied. */
  WAIT(phone_state(&phone, "101").dnd_acknowledged == TPS_DND_ON, 10000);
  if (check_failures() > 0) {
    char text[8192];
    size_t len = sizeof text;
    if (tps_explain(phone.sync, "101", text, &len) == TPS_OK) fprintf(stderr, "%s\n", text);
    len = sizeof text;
    if (tps_stats(phone.sync, text, &len) == TPS_OK) fprintf(stderr, "%s\n", text);
  }
  WAIT(EVENTS(&phone, TPS_EVENT_CALLBACK_MISSING) == 2, 5000);
  phone_stop(&phone);
  SAME(EVENTS(&phone, TPS_EVENT_CALLBACK_MISSING), 2);
  phone_destroy(&phone);
}

/* on_released: once for each tps_create whose callbacks could be read. */
static void user_data_is_released_once(void) {
  sink *sink = sink_new();
  tps_callbacks callbacks = sink_callbacks(sink);
  tps_sync *sync = NULL;
  char err[300], *config = config_with("");
  size_t len = strlen(config);
  int expected = 0;
  EXPECT(tps_create("{}", 2, &callbacks, &sync, err, sizeof err), TPS_E_CONFIG);
  CHECK(sync == NULL);
  SAME(sink_count(sink, SINK_RELEASED), ++expected);
  EXPECT(tps_create(NULL, 0, &callbacks, &sync, err, sizeof err), TPS_E_INVALID_ARG);
  SAME(sink_count(sink, SINK_RELEASED), ++expected);
  EXPECT(tps_create(config, len, &callbacks, NULL, err, sizeof err), TPS_E_INVALID_ARG);
  SAME(sink_count(sink, SINK_RELEASED), ++expected);
  callbacks.reserved = 1;
  EXPECT(tps_create(config, len, &callbacks, &sync, err, sizeof err), TPS_E_INVALID_ARG);
  SAME(sink_count(sink, SINK_RELEASED), ++expected);
  callbacks.reserved = 0;
  /* Not readable: nobody knows where on_released is. */
  EXPECT(tps_create(config, len, NULL, &sync, err, sizeof err), TPS_E_INVALID_ARG);
  callbacks.struct_size = 12;
  EXPECT(tps_create(config, len, &callbacks, &sync, err, sizeof err), TPS_E_ABI);
  callbacks.struct_size = sizeof callbacks;
  callbacks.abi_version = (9u << 16);
  EXPECT(tps_create(config, len, &callbacks, &sync, err, sizeof err), TPS_E_ABI);
  callbacks.abi_version = TPS_ABI_VERSION;
  SAME(sink_count(sink, SINK_RELEASED), expected);
  /* And inside tps_destroy, not before. */
  EXPECT(tps_create(config, len, &callbacks, &sync, err, sizeof err), TPS_OK);
  EXPECT(tps_stop(sync, 0), TPS_OK);
  SAME(sink_count(sink, SINK_RELEASED), expected);
  EXPECT(tps_destroy(sync), TPS_OK);
  SAME(sink_count(sink, SINK_RELEASED), ++expected);
  EXPECT(tps_destroy(sync), TPS_E_HANDLE);
  SAME(sink_count(sink, SINK_RELEASED), expected);
  SAME(sink_count(sink, SINK_EVENT) + sink_count(sink, SINK_LOG) + sink_count(sink, SINK_THREAD_START), 0);
  free(config);
  sink_free(sink);
}

int main(void) {
  events_tell_what_happens();
  nothing_of_any_kind_comes_after_a_stop();
  log_lines_come_by_level();
  callbacks_that_are_missing_are_named_once();
  user_data_is_released_once();
  return check_end();
}
