/* The queue's DND through the interface: apart from the user's own, under the same rules, and for hosts that do not know it. The engine's
 * own tests go through every case. */
#include "phone.h"
#include "tps_test_hooks.h"
#include <unistd.h>

static struct phone phone;

/* On for queues in a meeting and in a call; the direct DND by the default table. */
#define WORD ",\"rules\":{\"list\":[{\"when\":{\"activity\":[\"InAMeeting\",\"InACall\"]},\"queue\":\"on\"}]}"

#define QUEUE_ON(phone, user_id) phone_count(phone, SINK_QUEUE, user_id, TPS_DND_ON)
#define QUEUE_OFF(phone, user_id) phone_count(phone, SINK_QUEUE, user_id, TPS_DND_OFF)

static void in_a_meeting(const char *name) { set_presence(name, "Busy", "InAMeeting"); }

static void open_phone(const char *more) {
  char rest[500];
  snprintf(rest, sizeof rest, FAST WORD "%s", more);
  reachable("ann");
  phone_create(&phone, config_with(rest));
}

/* Starts, and waits for the first decision about "101", who is Ann. */
static void begin(void) {
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  WAIT(phone_count(&phone, SINK_CHAT, "101", ANY) >= 1, 30000);
}

static void wait_desired(int32_t dnd) { WAIT(phone_state(&phone, "101").queue_desired == dnd, 20000); }

static tps_status put_fact(int32_t host_queue_dnd, size_t struct_size) {
  char err[300];
  tps_user user = TPS_USER_INIT;
  user.struct_size = struct_size;
  user.user_id = "101";
  user.email = "ann@contoso.test";
  user.host_queue_dnd = host_queue_dnd;
  return tps_put_user(phone.sync, &user, err, sizeof err);
}

static int has(char *(*text)(void), const char *words) {
  char *whole = text();
  int found = strstr(whole, words) != NULL;
  free(whole);
  return found;
}

static char *explained(void) {
  size_t len = 0;
  char *text = NULL;
  while (tps_explain(phone.sync, "101", text, &len) == TPS_E_TOO_SMALL) text = (char *)realloc(text, len);
  return text;
}

static char *figures(void) {
  size_t len = 0;
  char *text = NULL;
  while (tps_stats(phone.sync, text, &len) == TPS_E_TOO_SMALL) text = (char *)realloc(text, len);
  return text;
}

static void the_two_are_apart(void) {
  tps_state state;
  open_phone("");
  begin();
  HOLDS(phone_count(&phone, SINK_QUEUE, NULL, ANY) == 0, 300); /* nothing of ours is on, so nothing is switched off */
  in_a_meeting("ann");
  WAIT(QUEUE_ON(&phone, "101") == 1, 5000);
  SAME(phone_last(&phone, SINK_QUEUE, "101", TPS_DND_ON).reason, TPS_REASON_RULE);
  WAIT(phone_state(&phone, "101").queue_owned == 1, 1000);
  state = phone_state(&phone, "101");
  SAME(state.queue_desired, TPS_DND_ON);
  SAME(state.queue_acknowledged, TPS_DND_ON);
  SAME(state.dnd_desired, TPS_DND_OFF);
  SAME(state.reserved, 0);
  CHECK(has(figures, "\"queue_owned\":1") && has(figures, "\"on_queue_dnd\":1"));
  CHECK(has(explained, "\"queue\":{"));
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  reachable("ann");
  WAIT(QUEUE_OFF(&phone, "101") == 1 && DND_OFF(&phone, "101") == 1, 5000);
  WAIT(phone_state(&phone, "101").queue_owned == 0, 1000);
  SAME(QUEUE_ON(&phone, "101"), 1);
  phone_destroy(&phone);
}

/* The host's loop in poll mode; ends with the stop. */
static void *loop(void *sync) {
  while (tps_dispatch((tps_sync *)sync, 200, 1) >= 0) continue;
  return NULL;
}

/* on_presence, then on_dnd, then on_queue_dnd, then on_chat_state of the same observation; ids are those of their own changes. */
static void in_order(const char *mode) {
  static const char *const words[4] = {"InACall", "Available", "InACall", "Available"};
  char more[100];
  int turn, is_poll = strcmp(mode, "poll") == 0;
  pthread_t looping;
  snprintf(more, sizeof more, ",\"dispatch\":{\"mode\":\"%s\"}", mode);
  open_phone(more);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  if (is_poll) pthread_create(&looping, NULL, loop, phone.sync);
  WAIT(phone_count(&phone, SINK_CHAT, "101", ANY) >= 1, 30000);
  for (turn = 0; turn < 4; turn++) {
    size_t at;
    int places[10];
    for (at = 0; at < 10; at++) places[at] = -1;
    phone_forget(&phone);
    set_presence("ann", turn % 2 ? "Available" : "Busy", words[turn]);
    WAIT(phone_count(&phone, SINK_DND, "101", ANY) == 1 && phone_count(&phone, SINK_QUEUE, "101", ANY) == 1 &&
             phone_count(&phone, SINK_CHAT, "101", ANY) == 1,
         5000);
    for (at = phone.since; at < phone.sink->kept; at++) {
      const sink_entry *entry = &phone.sink->entries[at];
      places[entry->kind] = (int)at;
      if (entry->kind == SINK_DND || entry->kind == SINK_QUEUE) CHECK(strcmp(entry->text, words[turn]) == 0);
    }
    CHECK(places[SINK_PRESENCE] >= 0 && places[SINK_PRESENCE] < places[SINK_DND]);
    CHECK(places[SINK_DND] < places[SINK_QUEUE] && places[SINK_QUEUE] < places[SINK_CHAT]);
    CHECK(phone_last(&phone, SINK_DND, "101", ANY).change_id != phone_last(&phone, SINK_QUEUE, "101", ANY).change_id);
  }
  phone_stop(&phone);
  if (is_poll) pthread_join(looping, NULL);
  phone_destroy(&phone);
}

static int32_t queue_answer = TPS_ACK_APPLIED;

static int32_t decide(sink *sink, const sink_entry *change) {
  (void)sink;
  return change->kind == SINK_QUEUE ? NOW(queue_answer) : TPS_ACK_APPLIED;
}

static void answers(void) {
  sink_entry change;
  /* ALREADY: a person's. */
  open_phone("");
  phone.sink->decide = decide;
  queue_answer = TPS_ACK_ALREADY;
  begin();
  in_a_call("ann");
  WAIT(QUEUE_ON(&phone, "101") == 1 && phone_state(&phone, "101").dnd_owned == 1, 5000);
  WAIT(phone_state(&phone, "101").queue_acknowledged == TPS_DND_ON, 1000);
  SAME(phone_state(&phone, "101").queue_owned, 0);
  reachable("ann");
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
  HOLDS(QUEUE_OFF(&phone, "101") == 0, 300);
  phone_stop(&phone);
  SAME(QUEUE_OFF(&phone, "101"), 0);
  phone_destroy(&phone);

  /* RETRY holds up nobody else; PENDING is acknowledged by its own id. */
  open_phone("");
  phone.sink->decide = decide;
  SET(queue_answer, TPS_ACK_RETRY);
  begin();
  in_a_call("ann");
  WAIT(QUEUE_ON(&phone, "101") >= 2, 10000);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  SAME(phone_state(&phone, "101").queue_owned, 0);
  SET(queue_answer, TPS_ACK_PENDING);
  EXPECT(tps_refresh(phone.sync, "101"), TPS_OK);
  WAIT(has(figures, "\"pending\":1"), 70000);
  change = phone_last(&phone, SINK_QUEUE, "101", TPS_DND_ON);
  CHECK(change.attempt >= 3);
  EXPECT(tps_acknowledge(phone.sync, change.change_id, TPS_ACK_APPLIED), TPS_OK);
  SAME(phone_state(&phone, "101").queue_owned, 1);
  EXPECT(tps_acknowledge(phone.sync, change.change_id, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  SET(queue_answer, TPS_ACK_APPLIED);
  phone_destroy(&phone);
}

static void reports(void) {
  open_phone("");
  begin();
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").queue_owned == 1 && phone_state(&phone, "101").dnd_owned == 1, 5000);
  /* The first report is the echo of our own change, and none of the other DND's. */
  EXPECT(tps_report_queue(phone.sync, "101", 1, TPS_REPORT_SEEN), TPS_OK);
  SAME(phone_state(&phone, "101").queue_owned, 1);
  /* A person takes himself back into the queue: left alone, and the direct one stays. */
  EXPECT(tps_report_queue(phone.sync, "101", 0, TPS_REPORT_SEEN), TPS_OK);
  SAME(phone_state(&phone, "101").queue_owned, 0);
  SAME(phone_state(&phone, "101").dnd_owned, 1);
  HOLDS(QUEUE_ON(&phone, "101") == 1, 300);
  CHECK(has(explained, "\"overridden\":true"));
  reachable("ann");
  wait_desired(TPS_DND_OFF);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 2, 5000);
  HOLDS(QUEUE_ON(&phone, "101") == 1, 300);
  /* Off for a minute without a break ends it. */
  reachable("ann");
  wait_desired(TPS_DND_OFF);
  EXPECT(tps_test_advance_clock(phone.sync, 61000), TPS_OK);
  {
    int64_t seen = phone_state(&phone, "101").observed_at_ms;
    WAIT(phone_state(&phone, "101").observed_at_ms > seen, 5000);
  }
  in_a_call("ann");
  WAIT(QUEUE_ON(&phone, "101") == 2, 5000);
  /* The second ON is a person's: theirs now. */
  EXPECT(tps_report_queue(phone.sync, "101", 1, TPS_REPORT_PERSON), TPS_OK);
  reachable("ann");
  wait_desired(TPS_DND_OFF);
  HOLDS(QUEUE_OFF(&phone, "101") == 0, 300);
  EXPECT(tps_report_queue(phone.sync, "nobody", 1, TPS_REPORT_PERSON), TPS_E_NOT_FOUND);
  phone_destroy(&phone);
}

static void facts(void) {
  open_phone("");
  begin();
  EXPECT(put_fact(TPS_HOST_DND_ON_OURS, sizeof(tps_user)), TPS_OK);
  WAIT(QUEUE_OFF(&phone, "101") == 1, 5000);
  in_a_meeting("ann");
  WAIT(QUEUE_ON(&phone, "101") == 1, 5000);
  EXPECT(put_fact(TPS_HOST_DND_OFF, sizeof(tps_user)), TPS_OK);
  WAIT(QUEUE_ON(&phone, "101") == 2, 5000);
  SAME(phone_last(&phone, SINK_QUEUE, "101", TPS_DND_ON).reason, TPS_REASON_RESYNC);
  /* A host of the first version says nothing of it, whatever lies behind its struct. */
  EXPECT(put_fact(TPS_HOST_DND_OFF, offsetof(tps_user, host_queue_dnd)), TPS_OK);
  HOLDS(QUEUE_ON(&phone, "101") == 2, 300);
  SAME(phone_state(&phone, "101").queue_owned, 1);
  SAME(DND_ON(&phone, "101") + DND_OFF(&phone, "101"), 0);
  phone_destroy(&phone);
}

static void given_back(void) {
  open_phone("");
  begin();
  in_a_meeting("ann");
  WAIT(phone_state(&phone, "101").queue_owned == 1, 5000);
  EXPECT(tps_set_enabled(phone.sync, 0), TPS_OK);
  WAIT(QUEUE_OFF(&phone, "101") == 1 && CHAT(&phone, "101", TPS_CHAT_RELEASED) == 1, 5000);
  SAME(phone_last(&phone, SINK_QUEUE, "101", TPS_DND_OFF).reason, TPS_REASON_DISABLED);
  WAIT(EVENTS(&phone, TPS_EVENT_ALL_RELEASED) == 1, 5000);
  EXPECT(tps_set_enabled(phone.sync, 1), TPS_OK);
  WAIT(QUEUE_ON(&phone, "101") == 2, 5000);
  /* A reload without the word: nobody would ever say off. */
  {
    char err[300], *without = config_with(FAST), *with = config_with(FAST WORD);
    EXPECT(tps_reload(phone.sync, without, strlen(without), err, sizeof err), TPS_OK);
    WAIT(QUEUE_OFF(&phone, "101") == 2, 5000);
    SAME(phone_last(&phone, SINK_QUEUE, "101", TPS_DND_OFF).reason, TPS_REASON_RULE);
    EXPECT(tps_reload(phone.sync, with, strlen(with), err, sizeof err), TPS_OK);
    WAIT(QUEUE_ON(&phone, "101") == 3, 5000);
    free(without);
    free(with);
  }
  WAIT(phone_state(&phone, "101").queue_owned == 1, 5000);
  phone_stop(&phone);
  SAME(QUEUE_OFF(&phone, "101"), 3);
  SAME(phone_last(&phone, SINK_QUEUE, "101", TPS_DND_OFF).reason, TPS_REASON_STOPPING);
  phone_destroy(&phone);
}

/* A panic on the way costs an attempt. */
static void a_panic_is_survived(void) {
  open_phone("");
  begin();
  WAIT(phone_count(&phone, SINK_PRESENCE, "101", ANY) == 1, 5000);
  in_a_meeting("ann");
  WAIT(phone_state(&phone, "101").queue_owned == 1, 5000);
  EXPECT(tps_test_panic(phone.sync, TPS_TEST_PANIC_CALLBACK), TPS_OK);
  EXPECT(tps_remove_user(phone.sync, "101"), TPS_OK); /* the next thing handed out is its OFF */
  WAIT(QUEUE_OFF(&phone, "101") == 1, 10000);
  WAIT(EVENTS(&phone, TPS_EVENT_INTERNAL) == 1, 5000);
  phone_destroy(&phone);
}

static void what_the_disk_knows(void) {
  char directory[] = "/tmp/tps-queue-XXXXXX", more[200], command[100];
  if (mkdtemp(directory) == NULL) exit(3);
  snprintf(more, sizeof more, ",\"state\":{\"dir\":\"%s\"}", directory);
  open_phone(more);
  begin();
  in_a_meeting("ann");
  WAIT(phone_state(&phone, "101").queue_owned == 1, 5000);
  phone_destroy(&phone); /* on_stop auto: held */
  open_phone(more);
  in_a_meeting("ann");
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  phone_start(&phone);
  CHECK(has(explained, "\"on_disk\":[\"owned\"]"));
  reachable("ann");
  WAIT(QUEUE_OFF(&phone, "101") == 1, 30000);
  SAME(DND_OFF(&phone, "101"), 0);
  phone_destroy(&phone);
  snprintf(command, sizeof command, "rm -rf %s", directory);
  if (check_failures() == 0 && system(command) != 0) exit(3);
}

/* Whether the missing callback was told, by name. */
static int missing_told(void) {
  int nth, told = 0;
  sink_entry entry;
  for (nth = 0; nth < EVENTS(&phone, TPS_EVENT_CALLBACK_MISSING); nth++) {
    phone_nth(&phone, SINK_EVENT, NULL, TPS_EVENT_CALLBACK_MISSING, nth, &entry);
    told += strstr(entry.text, "on_queue_dnd") != NULL;
  }
  return told;
}

static void create_without(size_t struct_size, char *config) {
  tps_callbacks callbacks;
  phone.sink = sink_new();
  phone.sink->context = &phone;
  phone.since = 0;
  callbacks = sink_callbacks(phone.sink);
  if (struct_size == sizeof callbacks) callbacks.on_queue_dnd = NULL;
  callbacks.struct_size = struct_size; /* a shorter one ends before the callback, which is set all the same */
  phone.sync = create(config, &callbacks);
}

static void hosts_that_do_not_know_it(void) {
  size_t sizes[2] = {sizeof(tps_callbacks), offsetof(tps_callbacks, on_queue_dnd)};
  int at;
  for (at = 0; at < 2; at++) {
    reachable("ann");
    create_without(sizes[at], config_with(FAST WORD));
    begin();
    WAIT(missing_told() == 1, 5000);
    EXPECT(tps_report_queue(phone.sync, "101", 1, TPS_REPORT_PERSON), TPS_OK);
    EXPECT(put_fact(TPS_HOST_DND_ON_OURS, sizeof(tps_user)), TPS_OK);
    in_a_call("ann");
    WAIT(DND_ON(&phone, "101") == 1, 5000);
    reachable("ann");
    WAIT(DND_OFF(&phone, "101") == 1, 5000);
    SAME(phone_count(&phone, SINK_QUEUE, NULL, ANY), 0);
    SAME(phone_state(&phone, "101").queue_desired, 0);
    SAME(phone_state(&phone, "101").queue_owned, 0);
    CHECK(has(explained, "\"queue\":null"));
    SAME(missing_told(), 1);
    phone_destroy(&phone);
  }
  /* No rule speaks of it: nothing is missing, until a reload brings one. */
  reachable("ann");
  create_without(sizeof(tps_callbacks), config_with(FAST));
  begin();
  HOLDS(missing_told() == 0, 300);
  {
    char err[300], *with = config_with(FAST WORD);
    EXPECT(tps_reload(phone.sync, with, strlen(with), err, sizeof err), TPS_OK);
    EXPECT(tps_reload(phone.sync, with, strlen(with), err, sizeof err), TPS_OK);
    free(with);
  }
  WAIT(missing_told() == 1, 5000);
  phone_destroy(&phone);
}

int main(void) {
  the_two_are_apart();
  in_order("thread");
  in_order("shared");
  in_order("poll");
  answers();
  reports();
  facts();
  given_back();
  a_panic_is_survived();
  what_the_disk_knows();
  hosts_that_do_not_know_it();
  return check_end();
}
