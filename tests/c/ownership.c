/* Whose DND it is (docs/dnd.md), as a host sees it: what is offered, what is left alone, and why. The engine's own tests go through every
 * case; here each rule is seen once through the interface. */
#include "phone.h"
#include "tps_test_hooks.h"

static struct phone phone;

static void open_phone(const char *dnd) {
  char rest[300];
  snprintf(rest, sizeof rest, ",\"source\":{\"poll_interval_ms\":250},\"dnd\":{\"hold_off_ms\":0%s}", dnd);
  reachable("ann");
  phone_create(&phone, config_with(rest));
}

/* Starts, and waits for the first decision about "101", who is Ann. */
static void begin(int32_t host_dnd) {
  EXPECT(phone_put(&phone, "101", "ann", host_dnd), TPS_OK);
  phone_start(&phone);
  WAIT(phone_count(&phone, SINK_CHAT, "101", ANY) >= 1, 30000);
}

static void wait_desired(int32_t dnd) { WAIT(phone_state(&phone, "101").dnd_desired == dnd, 5000); }

static void strict_takes_back_only_its_own(void) {
  open_phone("");
  begin(0);
  HOLDS(DND_OFF(&phone, "101") == 0, 300); /* nothing of ours is on, so nothing is switched off */
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  SAME(phone_last(&phone, SINK_DND, "101", TPS_DND_ON).reason, TPS_REASON_RULE);
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 1000);
  reachable("ann");
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
  SAME(phone_last(&phone, SINK_DND, "101", TPS_DND_OFF).reason, TPS_REASON_RULE);
  /* What a person switched on stays, through a call and after it. */
  EXPECT(tps_test_advance_clock(phone.sync, 11000), TPS_OK); /* beyond the echo of our off */
  EXPECT(tps_report_dnd(phone.sync, "101", 1, TPS_REPORT_SEEN), TPS_OK);
  in_a_call("ann");
  wait_desired(TPS_DND_ON);
  reachable("ann");
  wait_desired(TPS_DND_OFF);
  HOLDS(DND_ON(&phone, "101") == 1 && DND_OFF(&phone, "101") == 1, 300);
  SAME(phone_state(&phone, "101").dnd_owned, 0);
  phone_stop(&phone);
  SAME(DND_OFF(&phone, "101"), 1);
  phone_destroy(&phone);
}

static void force_switches_off_whoever_switched_on(void) {
  open_phone(",\"ownership\":\"force\"");
  begin(TPS_HOST_DND_ON);
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
  SAME(phone_last(&phone, SINK_DND, "101", TPS_DND_OFF).reason, TPS_REASON_RESYNC);
  /* A manual change stands until what is desired changes next. */
  EXPECT(tps_report_dnd(phone.sync, "101", 1, TPS_REPORT_PERSON), TPS_OK);
  HOLDS(DND_OFF(&phone, "101") == 1, 300);
  in_a_call("ann");
  wait_desired(TPS_DND_ON);
  reachable("ann");
  WAIT(DND_OFF(&phone, "101") == 2, 5000);
  phone_destroy(&phone);
}

static void what_the_host_says_of_its_dnd_is_a_fact(void) {
  open_phone("");
  begin(TPS_HOST_DND_ON_OURS);
  /* Ours by the host's own mark, and Teams says off. */
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  /* Off, says the host: nothing is ours, what is desired comes again, and nobody is overridden. */
  EXPECT(phone_put(&phone, "101", "ann", TPS_HOST_DND_OFF), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 2, 5000);
  SAME(phone_last(&phone, SINK_DND, "101", TPS_DND_ON).reason, TPS_REASON_RESYNC);
  /* On: the recorded owner stays. */
  EXPECT(phone_put(&phone, "101", "ann", TPS_HOST_DND_ON), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  reachable("ann");
  WAIT(DND_OFF(&phone, "101") == 2, 5000);
  /* Without a record it is a person's. */
  EXPECT(phone_put(&phone, "101", "ann", TPS_HOST_DND_ON), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_acknowledged, TPS_DND_ON);
  SAME(phone_state(&phone, "101").dnd_owned, 0);
  HOLDS(DND_OFF(&phone, "101") == 2, 300);
  phone_destroy(&phone);
}

static void an_echo_is_no_person(void) {
  open_phone("");
  begin(0);
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 5000);
  /* The first report of the value within echo_ms is our own change, seen by the host. */
  EXPECT(tps_report_dnd(phone.sync, "101", 1, TPS_REPORT_SEEN), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  /* The second one is not. */
  EXPECT(tps_report_dnd(phone.sync, "101", 1, TPS_REPORT_SEEN), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 0);
  phone_destroy(&phone);

  open_phone(",\"echo_ms\":5000");
  begin(0);
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 5000);
  /* Nor is the first one that comes too late. */
  EXPECT(tps_test_advance_clock(phone.sync, 5001), TPS_OK);
  EXPECT(tps_report_dnd(phone.sync, "101", 1, TPS_REPORT_SEEN), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 0);
  phone_destroy(&phone);

  open_phone("");
  begin(0);
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 5000);
  /* Nor one that is certainly a person's. */
  EXPECT(tps_report_dnd(phone.sync, "101", 1, TPS_REPORT_PERSON), TPS_OK);
  SAME(phone_state(&phone, "101").dnd_owned, 0);
  reachable("ann");
  wait_desired(TPS_DND_OFF);
  HOLDS(DND_OFF(&phone, "101") == 0, 300);
  phone_destroy(&phone);
}

static void an_override_lasts_until_the_occasion_is_over(void) {
  open_phone("");
  begin(0);
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 5000);
  EXPECT(tps_report_dnd(phone.sync, "101", 0, TPS_REPORT_SEEN), TPS_OK); /* off is no echo of an on */
  SAME(phone_state(&phone, "101").dnd_owned, 0);
  HOLDS(DND_ON(&phone, "101") == 1, 300);
  /* Off for less than a minute does not end it, nor does a restart. */
  reachable("ann");
  wait_desired(TPS_DND_OFF);
  EXPECT(tps_test_advance_clock(phone.sync, 30000), TPS_OK);
  in_a_call("ann");
  wait_desired(TPS_DND_ON);
  HOLDS(DND_ON(&phone, "101") == 1, 300);
  phone_stop(&phone);
  phone_start(&phone);
  wait_desired(TPS_DND_ON);
  HOLDS(DND_ON(&phone, "101") == 1, 300);
  /* Off for a minute without a break does. */
  reachable("ann");
  wait_desired(TPS_DND_OFF);
  EXPECT(tps_test_advance_clock(phone.sync, 61000), TPS_OK);
  {
    int64_t seen = phone_state(&phone, "101").observed_at_ms;
    WAIT(phone_state(&phone, "101").observed_at_ms > seen, 5000);
  }
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 2, 5000);
  phone_destroy(&phone);
}

/* Owned DND is released and chat with it, for this reason. */
static void released_for(int32_t reason) {
  WAIT(DND_OFF(&phone, "101") == 1 && CHAT(&phone, "101", TPS_CHAT_RELEASED) == 1, 5000);
  SAME(phone_last(&phone, SINK_DND, "101", TPS_DND_OFF).reason, reason);
  SAME(phone_last(&phone, SINK_CHAT, "101", TPS_CHAT_RELEASED).reason, reason);
}

static void owned(void) {
  open_phone("");
  begin(0);
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 5000);
  phone_forget(&phone);
}

static void what_is_ours_is_given_back(void) {
  tps_state state = TPS_STATE_INIT;
  size_t len = 0;
  owned();
  phone_stop(&phone);
  released_for(TPS_REASON_STOPPING);
  phone_destroy(&phone);

  owned();
  EXPECT(tps_set_enabled(phone.sync, 0), TPS_OK);
  released_for(TPS_REASON_DISABLED);
  WAIT(EVENTS(&phone, TPS_EVENT_ALL_RELEASED) == 1, 5000);
  reachable("ann");
  in_a_call("ann");
  HOLDS(DND_ON(&phone, "101") == 0, 700);
  EXPECT(tps_set_enabled(phone.sync, 1), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  WAIT(EVENTS(&phone, TPS_EVENT_ALL_RELEASED) == 1, 5000);
  phone_destroy(&phone);

  owned();
  EXPECT(tps_remove_user(phone.sync, "101"), TPS_OK);
  released_for(TPS_REASON_REMOVED);
  EXPECT(tps_remove_user(phone.sync, "101"), TPS_E_NOT_FOUND);
  /* His release was answered: there is no such user any more, only its echo may still come. */
  WAIT(tps_get_state(phone.sync, "101", &state) == TPS_E_NOT_FOUND, 5000);
  EXPECT(tps_refresh(phone.sync, "101"), TPS_E_NOT_FOUND);
  EXPECT(tps_explain(phone.sync, "101", NULL, &len), TPS_E_NOT_FOUND);
  EXPECT(tps_report_dnd(phone.sync, "101", 0, TPS_REPORT_SEEN), TPS_OK);
  phone_destroy(&phone);

  owned();
  EXPECT(tps_set_users(phone.sync, NULL, 0, NULL, 0), TPS_OK); /* nobody is named */
  released_for(TPS_REASON_REMOVED);
  phone_destroy(&phone);

  owned();
  control("fault", "{\"endpoint\":\"presences\",\"action\":{\"kind\":\"status\",\"status\":503}}");
  EXPECT(tps_test_advance_clock(phone.sync, 901000), TPS_OK);
  released_for(TPS_REASON_STALE);
  WAIT(EVENTS(&phone, TPS_EVENT_STALE) == 1, 5000);
  control("clear_faults", "{}");
  EXPECT(tps_test_advance_clock(phone.sync, 120000), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  phone_destroy(&phone);

  /* A release that the host refuses at a stop is offered once and named. */
  owned();
  phone.sink->answer = TPS_ACK_RETRY;
  phone_stop(&phone);
  SAME(DND_OFF(&phone, "101"), 1);
  SAME(EVENTS(&phone, TPS_EVENT_RELEASE_UNDELIVERED), 1);
  phone.sink->answer = TPS_ACK_APPLIED;
  phone_destroy(&phone);

  /* on_stop hold: nothing is touched. */
  open_phone(",\"on_stop\":\"hold\"");
  begin(0);
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").dnd_owned == 1, 5000);
  phone_stop(&phone);
  SAME(DND_OFF(&phone, "101") + CHAT(&phone, "101", TPS_CHAT_RELEASED), 0);
  phone_destroy(&phone);
}

/* on_presence, then on_dnd, then on_chat_state of the same observation. */
static void presence_comes_first(void) {
  static const char *const words[4] = {"InACall", "Available", "InAConferenceCall", "Available"};
  int turn;
  open_phone("");
  begin(0);
  for (turn = 0; turn < 4; turn++) {
    size_t at;
    int presence = -1, dnd = -1, chat = -1;
    phone_forget(&phone);
    set_presence("ann", turn % 2 ? "Available" : "Busy", words[turn]);
    WAIT(phone_count(&phone, SINK_DND, "101", ANY) == 1 && phone_count(&phone, SINK_CHAT, "101", ANY) == 1, 5000);
    for (at = phone.since; at < phone.sink->kept; at++) {
      const sink_entry *entry = &phone.sink->entries[at];
      if (entry->kind == SINK_EVENT || entry->kind == SINK_LOG) continue;
      CHECK(strcmp(entry->text, words[turn]) == 0);
      if (entry->kind == SINK_PRESENCE) presence = (int)at;
      if (entry->kind == SINK_DND) dnd = (int)at;
      if (entry->kind == SINK_CHAT) chat = (int)at;
    }
    CHECK(presence >= 0 && presence < dnd && presence < chat);
  }
  phone_destroy(&phone);
}

int main(void) {
  strict_takes_back_only_its_own();
  force_switches_off_whoever_switched_on();
  what_the_host_says_of_its_dnd_is_a_fact();
  an_echo_is_no_person();
  an_override_lasts_until_the_occasion_is_over();
  what_is_ours_is_given_back();
  presence_comes_first();
  return check_end();
}
