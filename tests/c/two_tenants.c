/* Two instances, two tenants, one process: what goes wrong for one leaves the other's callbacks untouched. */
#include "phone.h"
#include "tps_test_hooks.h"

#define OTHER "fabrikam.test"
#define OTHER_CLIENT "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

static struct phone ours, theirs;

static void other_presence(const char *availability, const char *activity) {
  char json[300];
  snprintf(json, sizeof json, "{\"tenant\":\"" OTHER "\",\"user\":\"olga@" OTHER "\",\"availability\":\"%s\",\"activity\":\"%s\"}",
           availability, activity);
  control("presence", json);
}

/* A second tenant in the simulator, with an application and one person of its own. */
static void found_the_other_tenant(void) {
  control("tenant", "{\"domains\":[\"" OTHER "\"]}");
  control("app", "{\"tenant\":\"" OTHER "\",\"app\":{\"client_id\":\"" OTHER_CLIENT "\",\"secrets\":[{\"value\":\"their~secret\"}],"
                 "\"roles\":[\"Presence.Read.All\",\"User.Read.All\"]}}");
  control("users", "{\"tenant\":\"" OTHER "\",\"users\":[{\"user_principal_name\":\"olga@" OTHER "\",\"mail\":\"olga@" OTHER "\"}]}");
}

/* The simulator's address is in the runner's configuration; tenant, client and secret are the other one's. `host` as it is to be found,
 * with its scheme: plain http is for this machine only. */
static char *other_config(const char *host, const char *mode) {
  char *base = config_with(""), *config = (char *)malloc(2000), *at = strstr(base, "http://127.0.0.1:");
  int port = at == NULL ? 0 : atoi(at + strlen("http://127.0.0.1:"));
  CHECK(config != NULL && port != 0);
  snprintf(config, 2000,
           "{\"mode\":\"presence_sync\",\"tenant_id\":\"" OTHER "\",\"client_id\":\"" OTHER_CLIENT "\",\"name\":\"theirs\","
           "\"auth\":{\"method\":\"client_secret\",\"secret\":\"their~secret\"},"
           "\"endpoints\":{\"login\":\"%s:%d\",\"graph\":\"%s:%d\"}" FAST ",\"dispatch\":{\"mode\":\"%s\"}}",
           host, port, host, port, mode);
  free(base);
  return config;
}

/* `named`: our own server is under a name that must be looked up. */
static void open_both(const char *their_host, const char *mode, int named) {
  char err[300], rest[200];
  tps_user olga = TPS_USER_INIT;
  snprintf(rest, sizeof rest, FAST ",\"dispatch\":{\"mode\":\"%s\"}", mode);
  reachable("ann");
  other_presence("Available", "Available");
  phone_create(&ours, named ? config_by_name(rest) : config_with(rest));
  phone_create(&theirs, other_config(their_host, mode));
  EXPECT(phone_put(&ours, "101", "ann", 0), TPS_OK);
  olga.user_id = "101"; /* the same id in another telephone system */
  olga.email = "olga@" OTHER;
  EXPECT(tps_put_user(theirs.sync, &olga, err, sizeof err), TPS_OK);
}

/* Ann's changes arrive promptly; no event tells of trouble. */
static void ours_goes_on(void) {
  int turn, on = DND_ON(&ours, "101"), off = DND_OFF(&ours, "101");
  int64_t slowest = 0;
  for (turn = 1; turn <= 3; turn++) {
    int64_t began = now_ms();
    in_a_call("ann");
    WAIT(DND_ON(&ours, "101") == on + turn, 6000);
    if (now_ms() - began > slowest) slowest = now_ms() - began;
    began = now_ms();
    reachable("ann");
    WAIT(DND_OFF(&ours, "101") == off + turn, 6000);
    if (now_ms() - began > slowest) slowest = now_ms() - began;
  }
  printf("slowest change %d ms\n", (int)slowest);
  CHECK(slowest < patience(6000)); /* a look-up hangs for eight seconds */
  SAME(EVENTS(&ours, TPS_EVENT_GRAPH_UNREACHABLE) + EVENTS(&ours, TPS_EVENT_ENTRA_UNREACHABLE) + EVENTS(&ours, TPS_EVENT_THROTTLED) +
           EVENTS(&ours, TPS_EVENT_CREDENTIAL_REFUSED) + EVENTS(&ours, TPS_EVENT_SOURCE_QUIET) + EVENTS(&ours, TPS_EVENT_TOKEN_REFUSED),
       0);
}

static void their_fault(const char *endpoint, const char *action) {
  char json[300];
  snprintf(json, sizeof json, "{\"tenant\":\"" OTHER "\",\"endpoint\":\"%s\",\"action\":%s}", endpoint, action);
  control("fault", json);
}

/* Their trouble comes as `event`, ours does not notice, and when it is over theirs works again. */
static void trouble(const char *endpoint, const char *action, int32_t event) {
  int on = DND_ON(&theirs, "101");
  their_fault(endpoint, action);
  if (event != 0) {
    WAIT(EVENTS(&theirs, event) >= 1, 15000);
  } else {
    nap_ms(400);
  }
  other_presence("Busy", "InACall");
  ours_goes_on();
  SAME(DND_ON(&theirs, "101"), on);
  control("clear_faults", "{}");
  EXPECT(tps_test_advance_clock(theirs.sync, 61000), TPS_OK);
  WAIT(DND_ON(&theirs, "101") == on + 1, 20000);
  other_presence("Available", "Available");
  WAIT(DND_OFF(&theirs, "101") == on + 1, 20000);
  phone_forget(&theirs);
}

static void troubles(const char *mode) {
  open_both("http://127.0.0.1", mode, 0);
  phone_start(&ours);
  phone_start(&theirs);
  WAIT(CHAT(&ours, "101", TPS_CHAT_AVAILABLE) == 1 && CHAT(&theirs, "101", TPS_CHAT_AVAILABLE) == 1, 10000);
  trouble("presences", "{\"kind\":\"status\",\"status\":503}", TPS_EVENT_GRAPH_UNREACHABLE);
  trouble("presences", "{\"kind\":\"reset_before\"}", TPS_EVENT_GRAPH_UNREACHABLE);
  trouble("presences", "{\"kind\":\"status\",\"status\":429,\"retry_after\":{\"seconds\":30}}", TPS_EVENT_THROTTLED);
  trouble("presences", "{\"kind\":\"delay\",\"ms\":3000}", 0);
  phone_destroy(&theirs);
  ours_goes_on();
  phone_destroy(&ours);
}

/* Nor does a name server that hangs for one of them: our own name, never looked up before, is found all the same. */
static void hanging_names(const char *mode) {
  int64_t began;
  /* Hangs to the end of this program, so nobody is ever asked for it. */
  EXPECT(tps_test_hang_name("login.fabrikam.invalid", 1), TPS_OK);
  open_both("https://login.fabrikam.invalid", mode, 1);
  phone_start(&theirs);
  nap_ms(200);
  phone_start(&ours);
  WAIT(CHAT(&ours, "101", TPS_CHAT_AVAILABLE) == 1, 5000);
  ours_goes_on();
  /* The library gives a look-up eight seconds. */
  WAIT(EVENTS(&theirs, TPS_EVENT_NAME_UNRESOLVED) == 1, 15000);
  ours_goes_on();
  SAME(phone_count(&theirs, SINK_PRESENCE, NULL, ANY), 0);
  /* Either stops at once. */
  began = now_ms();
  phone_stop(&theirs);
  phone_stop(&ours);
  CHECK(now_ms() - began < patience(6000));
  phone_destroy(&theirs);
  phone_destroy(&ours);
}

int main(void) {
  found_the_other_tenant();
  /* First and once: an address that was found is remembered for a while. */
  hanging_names("shared");
  troubles("thread");
  troubles("shared");
  return check_end();
}
