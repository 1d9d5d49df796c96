/* The host's own calls (docs/dnd.md, "Your own calls"), as a host sees them: what comes back from Teams of them is not its DND. The engine's
 * own tests go through every order and delay; here each rule is seen once through the interface. */
#include "phone.h"
#include "tps_test_hooks.h"

static struct phone phone;

/* "101" is Ann, and so is "102" if asked for. */
static void begin(int twins) {
  reachable("ann");
  phone_create(&phone, config_with(",\"source\":{\"poll_interval_ms\":250}"));
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  if (twins) EXPECT(phone_put(&phone, "102", "ann", 0), TPS_OK);
  phone_start(&phone);
  WAIT(phone_count(&phone, SINK_CHAT, "101", TPS_CHAT_AVAILABLE) >= 1, 30000);
}

static void call(const char *user_id, int32_t in_call) { EXPECT(tps_report_call(phone.sync, user_id, in_call), TPS_OK); }

/* Teams shows this of "101"; the rules have looked at it when `state` says so. */
static void wait_seen(int32_t activity) { WAIT(phone_state(&phone, "101").activity == activity, 5000); }

static void advance(int minutes) { EXPECT(tps_test_advance_clock(phone.sync, (int64_t)minutes * 60000), TPS_OK); }

static int explains(const char *user_id, const char *text) {
  char buffer[8192];
  size_t len = sizeof buffer;
  EXPECT(tps_explain(phone.sync, user_id, buffer, &len), TPS_OK);
  return strstr(buffer, text) != NULL;
}

static void what_comes_back_switches_nothing(void) {
  begin(0);
  call("101", 1);
  CHECK(explains("101", "\"in_call\":true"));
  in_a_call("ann");
  wait_seen(TPS_ACTIVITY_IN_A_CALL);
  CHECK(explains("101", "\"presence_ignored\":true"));
  HOLDS(DND_ON(&phone, "101") == 0 && CHAT(&phone, "101", TPS_CHAT_DND) == 0, 300);
  advance(14); /* long, and heard of: not stale */
  HOLDS(phone_state(&phone, "101").stale == 0 && phone_state(&phone, "101").dnd_desired == TPS_DND_OFF, 300);
  call("101", 0);
  CHECK(explains("101", "\"in_call\":false"));
  advance(4); /* minutes after the end it is still shown */
  HOLDS(DND_ON(&phone, "101") == 0, 600);
  reachable("ann");
  wait_seen(TPS_ACTIVITY_AVAILABLE);
  CHECK(explains("101", "\"own_call\":null"));
  in_a_call("ann"); /* this one is Teams' own */
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  phone_destroy(&phone);
}

static void a_presence_before_its_report_is_taken_back(void) {
  begin(0);
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 5000);
  advance(2);
  call("101", 1);
  WAIT(DND_OFF(&phone, "101") == 1, 5000); /* at once: hold_off_ms is 10 s here */
  HOLDS(DND_ON(&phone, "101") == 1, 300);
  phone_destroy(&phone);
}

static void it_ends_by_time_as_well(void) {
  begin(0);
  call("101", 1);
  in_a_call("ann");
  wait_seen(TPS_ACTIVITY_IN_A_CALL);
  call("101", 0);
  call("101", 0); /* a level: said twice is said once */
  HOLDS(DND_ON(&phone, "101") == 0, 300);
  advance(5);
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  phone_destroy(&phone);

  /* A report without end. */
  begin(0);
  call("101", 1);
  advance(239);
  CHECK(explains("101", "\"in_call\":true"));
  advance(1);
  CHECK(explains("101", "\"in_call\":false"));
  phone_destroy(&phone);
}

static void one_person_with_two_users(void) {
  begin(1);
  call("101", 1);
  call("102", 1);
  in_a_call("ann");
  wait_seen(TPS_ACTIVITY_IN_A_CALL);
  call("101", 0);
  advance(10); /* "102" is still in a call, and she is the same person */
  HOLDS(DND_ON(&phone, "101") + DND_ON(&phone, "102") == 0, 600);
  CHECK(explains("101", "\"in_call\":true"));
  EXPECT(tps_remove_user(phone.sync, "102"), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  phone_destroy(&phone);
}

int main(void) {
  what_comes_back_switches_nothing();
  a_presence_before_its_report_is_taken_back();
  it_ends_by_time_as_well();
  one_person_with_two_users();
  return check_end();
}
