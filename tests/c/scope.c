/* For whom the library acts, and whether it does: the opt-out list and the dry run, switched by tps_reload. */
#include "phone.h"
#include "tps_test_hooks.h"

static struct phone phone;

static void reload(const char *rest) {
  char all[400], err[300], *config;
  snprintf(all, sizeof all, FAST "%s", rest);
  config = config_with(all);
  EXPECT(tps_reload(phone.sync, config, strlen(config), err, sizeof err), TPS_OK);
  free(config);
}

/* What tps_explain says of a user holds these words. */
static int explained(const char *user_id, const char *words) {
  static char text[16384];
  size_t len = sizeof text;
  EXPECT(tps_explain(phone.sync, user_id, text, &len), TPS_OK);
  return strstr(text, words) != NULL;
}

/* Some request since the counters were cleared names this. */
static int asked(const char *words) {
  char *requests = control_view("requests?limit=1000");
  int found = strstr(requests, words) != NULL;
  free(requests);
  return found;
}

static int presence_requests(void) {
  char *requests = control_view("requests?limit=1000"), *at = requests;
  int count = 0;
  while ((at = strstr(at, "getPresencesByUserId")) != NULL) {
    count++;
    at++;
  }
  free(requests);
  return count;
}

/* Ann in a call, Ben reachable; both known, DND and chat delivered. */
static void open_office(const char *rest) {
  char all[400];
  in_a_call("ann");
  reachable("ben");
  snprintf(all, sizeof all, FAST "%s", rest);
  phone_create(&phone, config_with(all));
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
  phone_start(&phone);
  WAIT(phone_count(&phone, SINK_CHAT, "102", ANY) >= 1, 30000);
}

static void opted_out_and_back(void) {
  char object_id[40];
  int32_t presences;
  open_office("");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 30000);
  memcpy(object_id, phone_state(&phone, "101").entra_object_id, sizeof object_id);
  SAME(strlen(object_id), 36);
  CHECK(asked(object_id));

  reload(",\"opt_out\":[\"ANN@Contoso.Test\"]");
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
  SAME(phone_last(&phone, SINK_DND, "101", TPS_DND_OFF).reason, TPS_REASON_OPTED_OUT);
  WAIT(CHAT(&phone, "101", TPS_CHAT_RELEASED) == 1, 5000);
  SAME(phone_state(&phone, "101").matched, 0);
  SAME(phone_state(&phone, "101").availability, TPS_AVAILABILITY_UNKNOWN);
  CHECK(phone_state(&phone, "101").entra_object_id[0] == '\0');
  CHECK(explained("101", "\"matching\":\"opted_out\"") && explained("101", "\"because\":\"opted_out\""));
  CHECK(explained("101", "\"presence\":null") && explained(NULL, "\"opted_out\":1"));

  /* A request that was under way may still land; from then on nobody asks for him, also not by hand. */
  nap_ms(500);
  control("clear_counters", "{}");
  presences = phone_count(&phone, SINK_PRESENCE, "101", ANY);
  EXPECT(tps_refresh(phone.sync, NULL), TPS_OK);
  EXPECT(tps_refresh(phone.sync, "101"), TPS_OK);
  EXPECT(phone_put(&phone, "101", "Ann", 0), TPS_OK);
  reachable("ann");
  in_a_call("ann");
  WAIT(presence_requests() >= 4, 10000);
  CHECK(!asked(object_id) && !asked("ann@contoso.test") && !asked("ann%40contoso.test") && !asked("Ann%40contoso.test"));
  CHECK(asked("ben"));
  SAME(phone_count(&phone, SINK_PRESENCE, "101", ANY), presences);
  SAME(DND_ON(&phone, "101"), 1);

  reload("");
  WAIT(DND_ON(&phone, "101") == 2, 30000);
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 5000);
  phone_destroy(&phone);
}

static void entered_and_left(void) {
  int chats;
  open_office("");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 30000);
  reload(",\"dry_run\":true");
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
  SAME(phone_last(&phone, SINK_DND, "101", TPS_DND_OFF).reason, TPS_REASON_DRY_RUN);
  WAIT(CHAT(&phone, "101", TPS_CHAT_RELEASED) == 1 && CHAT(&phone, "102", TPS_CHAT_RELEASED) == 1, 5000);
  WAIT(EVENTS(&phone, TPS_EVENT_DRY_RUN) == 1, 5000);
  CHECK(explained("101", "\"dry_run\":true"));
  chats = phone_count(&phone, SINK_CHAT, NULL, ANY);

  /* First decisions are summed up, a change is told singly; presence still comes. */
  EXPECT(tps_test_advance_clock(phone.sync, 10001), TPS_OK);
  WAIT(EVENTS(&phone, TPS_EVENT_DRY_RUN_SUMMARY) == 1, 5000);
  in_a_call("ben");
  WAIT(EVENTS(&phone, TPS_EVENT_DRY_RUN_DECISION) == 1, 10000);
  CHECK(strcmp(phone_last(&phone, SINK_EVENT, NULL, TPS_EVENT_DRY_RUN_DECISION).user_id, "102") == 0);
  CHECK(strstr(phone_last(&phone, SINK_EVENT, NULL, TPS_EVENT_DRY_RUN_DECISION).text, "DND on, chat dnd (rule)") != NULL);
  WAIT(strcmp(phone_last(&phone, SINK_PRESENCE, "102", ANY).text, "InACall") == 0, 5000);
  WAIT(explained("102", "\"if_enabled_now\":{\"chat\":\"dnd\",\"dnd\":\"on\""), 5000);
  HOLDS(DND_ON(&phone, "102") == 0 && phone_count(&phone, SINK_CHAT, NULL, ANY) == chats, 500);

  /* Left: everybody as after a start. */
  reload("");
  WAIT(DND_ON(&phone, "101") == 2 && DND_ON(&phone, "102") == 1, 10000);
  SAME(phone_last(&phone, SINK_DND, "101", TPS_DND_ON).reason, TPS_REASON_RESYNC);
  WAIT(EVENTS(&phone, TPS_EVENT_DRY_RUN_ENDED) == 1, 5000);
  phone_destroy(&phone);
}

/* From the start: not one change reaches the host, and a stop has nothing to take back. */
static void from_the_start(void) {
  in_a_call("ann");
  phone_create(&phone, config_with(FAST ",\"dry_run\":true"));
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  WAIT(phone_count(&phone, SINK_PRESENCE, "101", ANY) >= 1, 30000);
  WAIT(phone_state(&phone, "101").dnd_desired == TPS_DND_ON, 5000);
  HOLDS(sink_count(phone.sink, SINK_DND) == 0 && sink_count(phone.sink, SINK_CHAT) == 0, 500);
  phone_stop(&phone);
  SAME(sink_count(phone.sink, SINK_DND) + sink_count(phone.sink, SINK_CHAT), 0);
  phone_destroy(&phone);
}

int main(void) {
  opted_out_and_back();
  entered_and_left();
  from_the_start();
  return check_end();
}
