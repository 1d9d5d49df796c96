/* Two accounts sign in beside the main one: events and statistics name them, and calls are about the one that is named. */
#include "phone.h"

static struct phone phone;
static void (*record)(void *user_data, const tps_event *event); /* the sink's */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char codes[2][80];      /* newest of each account */
static int asked[2], came[2], left[2], main_events;
static int stopping;

/* 0 and 1: the account that an event names; -1: none. */
static int account_of(const tps_event *event) {
  if (strstr(event->json, "\"account\":\"north\"") != NULL) {
    CHECK(strncmp(event->message, "Account north: ", 15) == 0);
    return 0;
  }
  if (strstr(event->json, "\"account\":\"south\"") != NULL) {
    CHECK(strncmp(event->message, "Account south: ", 15) == 0);
    return 1;
  }
  CHECK(strncmp(event->message, "Account ", 8) != 0);
  return -1;
}

static void on_event(void *user_data, const tps_event *event) {
  if (event->code == TPS_EVENT_SIGN_IN_REQUIRED || event->code == TPS_EVENT_SIGNED_IN || event->code == TPS_EVENT_SIGNED_OUT) {
    int which = account_of(event);
    /* Allowed in callbacks, as everywhere; E_STATE to an event that a stop has overtaken. */
    tps_status status = tps_sign_in(phone.sync, "west");
    CHECK(status == TPS_E_NOT_FOUND || (status == TPS_E_STATE && NOW(stopping)));
    pthread_mutex_lock(&lock);
    if (which < 0) {
      main_events++;
    } else if (event->code == TPS_EVENT_SIGN_IN_REQUIRED) {
      const char *at = strstr(event->json, "\"user_code\":\"");
      size_t n = 0;
      CHECK(at != NULL);
      at += strlen("\"user_code\":\"");
      while (n + 1 < sizeof codes[0] && at[n] != '"' && at[n] != '\0') {
        codes[which][n] = at[n];
        n++;
      }
      codes[which][n] = '\0';
      asked[which]++;
    } else if (event->code == TPS_EVENT_SIGNED_IN) {
      came[which]++;
    } else {
      left[which]++;
    }
    pthread_mutex_unlock(&lock);
  }
  record(user_data, event);
}

static int count(const int *of) {
  int n;
  pthread_mutex_lock(&lock);
  n = *of;
  pthread_mutex_unlock(&lock);
  return n;
}

static void typed(int which, const char *user) {
  char json[200];
  pthread_mutex_lock(&lock);
  snprintf(json, sizeof json, "{\"user_code\":\"%s\",\"user\":\"%s\"}", codes[which], user);
  pthread_mutex_unlock(&lock);
  control("device-code", json);
}

/* Whether the statistics of this account say so. */
static int stats_say(const char *name, const char *words) {
  static char text[32768];
  char key[64];
  size_t len = sizeof text;
  const char *list, *at, *begin, *end, *found;
  if (tps_stats(phone.sync, text, &len) != TPS_OK) return 0;
  list = strstr(text, "\"accounts\":[");
  if (list == NULL) return 0;
  snprintf(key, sizeof key, "\"name\":\"%s\"", name);
  at = strstr(list, key);
  if (at == NULL) return 0;
  for (begin = at; begin > list && *begin != '{'; begin--) continue;
  end = strchr(at, '}');
  found = strstr(begin, words);
  return found != NULL && end != NULL && found < end;
}

static char *two_accounts(void) {
  char *base = config_with(""), *config = (char *)malloc(1500), *at = strstr(base, "http://127.0.0.1:");
  int port = at == NULL ? 0 : atoi(at + strlen("http://127.0.0.1:"));
  CHECK(config != NULL && port != 0);
  snprintf(config, 1500,
           "{\"mode\":\"presence_sync\",\"tenant_id\":\"contoso.test\",\"client_id\":\"16fd2706-8baf-433b-82eb-8c7fada847da\","
           "\"auth\":{\"method\":\"password\",\"username\":\"presence-service@contoso.test\",\"password\":\"first-1-first\"},"
           "\"source\":{\"mode\":\"notifications\",\"poll_interval_ms\":250,\"notifications\":{"
           "\"url\":\"http://127.0.0.1:9/notify\",\"accounts\":["
           "{\"name\":\"north\",\"auth\":{\"method\":\"device_code\"}},{\"name\":\"south\",\"auth\":{\"method\":\"device_code\"}}]}},"
           "\"dnd\":{\"hold_off_ms\":0},"
           "\"endpoints\":{\"login\":\"http://127.0.0.1:%d\",\"graph\":\"http://127.0.0.1:%d\"}}",
           port, port);
  free(base);
  return config;
}

int main(void) {
  tps_callbacks callbacks;
  control("oddities", "{\"set\":{\"device_interval_s\":1,\"presence_limit\":0}}");
  control("update-user", "{\"user\":\"presence-service@contoso.test\",\"set\":{\"password\":\"first-1-first\"}}");
  reachable("ann");
  phone.sink = sink_new();
  phone.sink->context = &phone;
  phone.since = 0;
  callbacks = sink_callbacks(phone.sink);
  record = callbacks.on_event;
  callbacks.on_event = on_event;
  phone.sync = create(two_accounts(), &callbacks);
  EXPECT(tps_sign_in(phone.sync, "north"), TPS_E_STATE);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);

  /* Each by itself, with a code of its own; the main one signs in without a person. */
  WAIT(count(&asked[0]) == 1 && count(&asked[1]) == 1, 20000);
  CHECK(strcmp(codes[0], codes[1]) != 0);
  CHECK(stats_say("north", codes[0]) && stats_say("south", codes[1]));
  CHECK(stats_say("north", "\"phase\":\"waiting_for_person\""));
  WAIT(CHAT(&phone, "101", TPS_CHAT_AVAILABLE) == 1, 20000);
  WAIT(count(&main_events) == 1, 20000);
  typed(0, "eva@contoso.test");
  WAIT(count(&came[0]) == 1 && stats_say("north", "\"phase\":\"signed_in\""), 20000);
  CHECK(stats_say("south", "\"phase\":\"waiting_for_person\""));
  typed(1, "finn@contoso.test");
  WAIT(count(&came[1]) == 1 && stats_say("south", "\"phase\":\"signed_in\""), 20000);
  SAME(EVENTS(&phone, TPS_EVENT_SAME_PERSON), 0);

  /* Names; NULL, "" and "main" are the sign-in of auth, which has a password. */
  EXPECT(tps_sign_in(phone.sync, NULL), TPS_E_STATE);
  EXPECT(tps_sign_in(phone.sync, ""), TPS_E_STATE);
  EXPECT(tps_sign_out(phone.sync, "main"), TPS_E_STATE);
  EXPECT(tps_sign_out(phone.sync, "west"), TPS_E_NOT_FOUND);
  EXPECT(tps_sign_out(phone.sync, "nor\xff"), TPS_E_INVALID_ARG);

  /* One is signed out, and is asked for again when somebody wishes. */
  EXPECT(tps_sign_out(phone.sync, "SOUTH"), TPS_OK);
  WAIT(count(&left[1]) == 1 && stats_say("south", "\"phase\":\"signed_out\""), 20000);
  CHECK(stats_say("north", "\"phase\":\"signed_in\"") && count(&left[0]) == 0);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 20000);
  SAME(count(&asked[1]), 1);
  EXPECT(tps_sign_in(phone.sync, "south"), TPS_OK);
  WAIT(count(&asked[1]) == 2, 20000);

  /* By the one who is signed in already: told, and not used. */
  typed(1, "eva@contoso.test");
  WAIT(EVENTS(&phone, TPS_EVENT_SAME_PERSON) == 1, 20000);
  CHECK(stats_say("south", "\"same_as\":\"north\"") && stats_say("north", "\"same_as\":null"));
  SAME(count(&asked[0]), 1);
  SAME(count(&main_events), 1);

  /* Both are signed in after another start. */
  SET(stopping, 1);
  phone_stop(&phone);
  SET(stopping, 0);
  phone_start(&phone);
  WAIT(count(&came[0]) == 2 && count(&came[1]) == 3, 20000);
  SAME(count(&asked[0]), 1);
  SAME(count(&asked[1]), 2);
  SET(stopping, 1);
  phone_destroy(&phone);
  return check_end();
}
