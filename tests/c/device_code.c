/* A person signs in by a code: from the event to the first callback; declined, run out, a new code, signed out, and the next start. */
#include "phone.h"

static struct phone phone;
static void (*record)(void *user_data, const tps_event *event); /* the sink's */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char shown[1200]; /* the JSON of the last SIGN_IN_REQUIRED */

static void on_event(void *user_data, const tps_event *event) {
  if (event->code == TPS_EVENT_SIGN_IN_REQUIRED) {
    pthread_mutex_lock(&lock);
    snprintf(shown, sizeof shown, "%s", event->json);
    pthread_mutex_unlock(&lock);
    CHECK(strstr(event->message, "must sign in") != NULL && event->severity == TPS_SEVERITY_WARNING);
    /* Called from here as a host's button might be: the same code, told again. */
    EXPECT(tps_sign_in(phone.sync, "nobody"), TPS_E_NOT_FOUND);
  }
  if (event->code == TPS_EVENT_SIGN_IN_ENDED) CHECK(strstr(event->remedy, "tps_sign_in") != NULL);
  record(user_data, event);
}

/* A text member of the last event. */
static void member(const char *name, char *out, size_t room) {
  char key[64];
  const char *at, *end;
  snprintf(key, sizeof key, "\"%s\":\"", name);
  pthread_mutex_lock(&lock);
  at = strstr(shown, key);
  end = at == NULL ? NULL : strchr(at + strlen(key), '"');
  *out = '\0';
  if (end != NULL && (size_t)(end - at) < room + strlen(key)) {
    at += strlen(key);
    memcpy(out, at, (size_t)(end - at));
    out[end - at] = '\0';
  }
  pthread_mutex_unlock(&lock);
  if (*out == '\0') check_fail(__FILE__, __LINE__, "no %s in %s", name, shown);
}

/* The person types the code; `user` NULL: declines. */
static void typed(const char *user) {
  char code[80], json[200];
  member("user_code", code, sizeof code);
  if (user != NULL)
    snprintf(json, sizeof json, "{\"user_code\":\"%s\",\"user\":\"%s\"}", code, user);
  else
    snprintf(json, sizeof json, "{\"user_code\":\"%s\"}", code);
  control("device-code", json);
}

/* Whether the statistics say so. */
static int stats_say(const char *words) {
  char text[16384];
  size_t len = sizeof text;
  if (tps_stats(phone.sync, text, &len) != TPS_OK) return 0;
  return strstr(text, words) != NULL;
}

static char *public_config(void) {
  char *base = config_with(""), *config = (char *)malloc(1000), *at = strstr(base, "http://127.0.0.1:");
  int port = at == NULL ? 0 : atoi(at + strlen("http://127.0.0.1:"));
  CHECK(config != NULL && port != 0);
  snprintf(config, 1000,
           "{\"mode\":\"presence_sync\",\"tenant_id\":\"contoso.test\",\"client_id\":\"16fd2706-8baf-433b-82eb-8c7fada847da\","
           "\"auth\":{\"method\":\"device_code\"},"
           "\"endpoints\":{\"login\":\"http://127.0.0.1:%d\",\"graph\":\"http://127.0.0.1:%d\"}" FAST "}",
           port, port);
  free(base);
  return config;
}

static void asked(int times) { WAIT(EVENTS(&phone, TPS_EVENT_SIGN_IN_REQUIRED) == times, 20000); }

int main(void) {
  char text[400];
  tps_callbacks callbacks;
  control("oddities", "{\"set\":{\"device_interval_s\":1,\"presence_limit\":0}}");
  reachable("ann");
  phone.sink = sink_new();
  phone.sink->context = &phone;
  phone.since = 0;
  callbacks = sink_callbacks(phone.sink);
  record = callbacks.on_event;
  callbacks.on_event = on_event;
  phone.sync = create(public_config(), &callbacks);
  EXPECT(tps_sign_in(phone.sync, NULL), TPS_E_STATE);
  EXPECT(tps_sign_out(phone.sync, NULL), TPS_E_STATE);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);

  /* By itself at the start; complete, and in the statistics. */
  phone_start(&phone);
  asked(1);
  member("verification_uri", text, sizeof text);
  CHECK(strncmp(text, "http://127.0.0.1:", 17) == 0);
  member("message", text, sizeof text);
  CHECK(strstr(shown, "\"expires_at_ms\":1") != NULL);
  member("user_code", text, sizeof text);
  CHECK(stats_say("\"phase\":\"waiting_for_person\"") && stats_say(text));
  SAME(CHAT(&phone, "101", ANY), 0);

  /* The person signs in, and Ann's state arrives. */
  typed("presence-service@contoso.test");
  WAIT(EVENTS(&phone, TPS_EVENT_SIGNED_IN) == 1, 20000);
  WAIT(CHAT(&phone, "101", TPS_CHAT_AVAILABLE) == 1, 20000);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 20000);
  CHECK(stats_say("\"phase\":\"signed_in\"") && !stats_say(text) && stats_say("\"user_code\":null"));
  SAME(EVENTS(&phone, TPS_EVENT_PERMISSION_MISSING), 0);

  /* Another start needs nobody: the sign-in of before is kept. */
  phone_stop(&phone);
  reachable("ann");
  phone_start(&phone);
  WAIT(EVENTS(&phone, TPS_EVENT_SIGNED_IN) == 2, 20000);
  WAIT(CHAT(&phone, "101", TPS_CHAT_AVAILABLE) == 2, 20000);
  asked(1);

  /* Signed out: nobody is asked, nothing is fetched, until a code is wished for. */
  EXPECT(tps_sign_out(phone.sync, "somebody"), TPS_E_NOT_FOUND);
  EXPECT(tps_sign_out(phone.sync, ""), TPS_OK);
  WAIT(EVENTS(&phone, TPS_EVENT_SIGNED_OUT) == 1, 20000);
  CHECK(stats_say("\"phase\":\"signed_out\"") && stats_say("\"token_age_ms\":null"));
  nap_ms(300); /* a request under way ends */
  in_a_call("ann");
  HOLDS(DND_ON(&phone, "101") == 1 && EVENTS(&phone, TPS_EVENT_SIGN_IN_REQUIRED) == 1, 1500);
  EXPECT(tps_sign_in(phone.sync, NULL), TPS_OK);
  asked(2);

  /* Declined. */
  typed(NULL);
  WAIT(EVENTS(&phone, TPS_EVENT_SIGN_IN_ENDED) == 1, 20000);
  CHECK(stats_say("\"phase\":\"refused\"") && stats_say("declined"));

  /* Run out: ten seconds is the shortest life that is believed. */
  control("oddities", "{\"set\":{\"device_life_s\":2}}");
  EXPECT(tps_sign_in(phone.sync, NULL), TPS_OK);
  asked(3);
  WAIT(EVENTS(&phone, TPS_EVENT_SIGN_IN_ENDED) == 2, 20000);
  HOLDS(EVENTS(&phone, TPS_EVENT_SIGN_IN_REQUIRED) == 3, 300);
  control("oddities", "{\"set\":{\"device_life_s\":900}}");

  /* A new code works; what happened meanwhile is told. */
  EXPECT(tps_sign_in(phone.sync, ""), TPS_OK);
  asked(4);
  EXPECT(tps_sign_in(phone.sync, NULL), TPS_OK); /* right after it: the same code again */
  asked(5);
  typed("presence-service@contoso.test");
  WAIT(EVENTS(&phone, TPS_EVENT_SIGNED_IN) == 3, 20000);
  WAIT(DND_ON(&phone, "101") == 2, 20000);

  /* After a sign-out a start asks. */
  EXPECT(tps_sign_out(phone.sync, NULL), TPS_OK);
  phone_stop(&phone);
  phone_start(&phone);
  asked(6);
  phone_destroy(&phone);
  return check_end();
}
