/* What a host may answer to on_dnd and on_chat_state, and what follows from it (guarantee 4). */
#include "phone.h"
#include "tps_test_hooks.h"

#define ACK_TIMEOUT 400
#define REST FAST ",\"dispatch\":{\"ack_timeout_ms\":400}"

static struct phone phone;
/* The answer to DND of user 101; everything else is applied. */
static int32_t answer_101 = TPS_ACK_APPLIED;
static int ack_inside; /* 1: acknowledged APPLIED before the callback has returned, 2: the same by another thread, 3: RETRY */
static tps_status ack_status[2];

static void *acknowledge_twice(void *change) {
  uint64_t id = *(uint64_t *)change;
  ack_status[0] = tps_acknowledge(phone.sync, id, ack_inside == 3 ? TPS_ACK_RETRY : TPS_ACK_APPLIED);
  ack_status[1] = tps_acknowledge(phone.sync, id, TPS_ACK_APPLIED);
  return NULL;
}

static int32_t answer(sink *to, const sink_entry *note) {
  (void)to;
  if (note->kind != SINK_DND || strcmp(note->user_id, "101") != 0) return TPS_ACK_APPLIED;
  if (NOW(ack_inside) != 0) {
    uint64_t id = note->change_id;
    if (ack_inside == 2) {
      pthread_t thread;
      pthread_create(&thread, NULL, acknowledge_twice, &id);
      pthread_join(thread, NULL);
    } else {
      acknowledge_twice(&id);
    }
    return TPS_ACK_PENDING;
  }
  return NOW(answer_101);
}

/* 101's DND is off and acknowledged, and answers APPLIED from here on; the notes are empty. */
static void calm(void) {
  SET(answer_101, TPS_ACK_APPLIED);
  SET(ack_inside, 0);
  reachable("ann");
  tps_refresh(phone.sync, NULL);
  WAIT(phone_state(&phone, "101").dnd_desired == TPS_DND_OFF && !phone_state(&phone, "101").dnd_owned, 5000);
  phone_forget(&phone);
}

static void retries_double_and_hold_up_nobody(void) {
  sink_entry first, second;
  int i;
  calm();
  SET(answer_101, TPS_ACK_RETRY);
  in_a_call("ann");
  in_a_call("ben");
  WAIT(DND_ON(&phone, "101") == 1 && DND_ON(&phone, "102") == 1, 5000);
  /* The first wait is a second of real time. */
  WAIT(DND_ON(&phone, "101") == 2, 5000);
  phone_nth(&phone, SINK_DND, "101", TPS_DND_ON, 0, &first);
  phone_nth(&phone, SINK_DND, "101", TPS_DND_ON, 1, &second);
  CHECK(second.at_ms - first.at_ms >= 950 && second.at_ms - first.at_ms < patience(10000));
  CHECK(first.change_id != 0 && first.change_id == second.change_id);
  CHECK(first.attempt == 1 && second.attempt == 2);
  /* Each next one is twice as long, less a quarter at most. The clock is moved to either side of it. */
  for (i = 2; i < 8; i++) {
    uint64_t full = i < 7 ? (uint64_t)1000 << (i - 1) : 60000;
    if (full > 60000) full = 60000;
    CHECK(DND_ON(&phone, "101") == i);
    WAIT(EVENTS(&phone, TPS_EVENT_HOST_REFUSES) == (i >= 5), 5000); /* it follows the fifth answer */
    EXPECT(tps_test_advance_clock(phone.sync, full * 3 / 4 - 300), TPS_OK);
    HOLDS(DND_ON(&phone, "101") == i, 100);
    EXPECT(tps_test_advance_clock(phone.sync, full / 4 + 300), TPS_OK);
    WAIT(DND_ON(&phone, "101") == i + 1, 5000);
  }
  /* Another user is served meanwhile, and at once. */
  reachable("ben");
  WAIT(DND_OFF(&phone, "102") == 1, 5000);
  CHECK(DND_ON(&phone, "101") == 8);
  WAIT(EVENTS(&phone, TPS_EVENT_HOST_REFUSES) == 1, 5000);
  CHECK(EVENTS(&phone, TPS_EVENT_HOST_RECOVERED) == 0);
  CHECK(strcmp(phone_last(&phone, SINK_EVENT, NULL, TPS_EVENT_HOST_REFUSES).user_id, "101") == 0);
  /* tps_refresh and tps_put_user do not wait. */
  EXPECT(tps_refresh(phone.sync, "101"), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 9, 2000);
  SET(answer_101, TPS_ACK_APPLIED);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 10, 2000);
  WAIT(EVENTS(&phone, TPS_EVENT_HOST_RECOVERED) == 1, 2000);
  CHECK(phone_last(&phone, SINK_DND, "101", TPS_DND_ON).attempt == 10);
  CHECK(phone_state(&phone, "101").dnd_owned == 1);
}

static void the_newest_value_replaces_a_refused_one(void) {
  calm();
  SET(answer_101, TPS_ACK_RETRY);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  /* Never switched on, so there is nothing to switch off, and nothing is offered again. */
  reachable("ann");
  WAIT(phone_state(&phone, "101").dnd_desired == TPS_DND_OFF, 5000);
  EXPECT(tps_test_advance_clock(phone.sync, 5000), TPS_OK);
  HOLDS(DND_ON(&phone, "101") == 1 && DND_OFF(&phone, "101") == 0, 300);
}

static void an_unknown_answer_is_retry(void) {
  calm();
  SET(answer_101, 4711);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  CHECK(phone_state(&phone, "101").dnd_acknowledged != TPS_DND_ON);
  SET(answer_101, -1);
  WAIT(DND_ON(&phone, "101") == 2, 5000);
  /* Answered already: nobody waits for an acknowledgement. */
  EXPECT(tps_acknowledge(phone.sync, phone_last(&phone, SINK_DND, "101", TPS_DND_ON).change_id, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  SET(answer_101, TPS_ACK_APPLIED);
  EXPECT(tps_refresh(phone.sync, NULL), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 3, 5000);
  WAIT(phone_state(&phone, "101").dnd_acknowledged == TPS_DND_ON, 1000);
}

static void pending_is_answered_once(void) {
  uint64_t id;
  calm();
  SET(answer_101, TPS_ACK_PENDING);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  id = phone_last(&phone, SINK_DND, "101", TPS_DND_ON).change_id;
  CHECK(phone_state(&phone, "101").dnd_owned == 0);
  EXPECT(tps_acknowledge(phone.sync, id, TPS_ACK_PENDING), TPS_E_INVALID_ARG);
  EXPECT(tps_acknowledge(phone.sync, id + (1u << 25), TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  EXPECT(tps_acknowledge(phone.sync, 0, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  EXPECT(tps_acknowledge(phone.sync, UINT64_MAX, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  EXPECT(tps_acknowledge(phone.sync, id, TPS_ACK_APPLIED), TPS_OK);
  EXPECT(tps_acknowledge(phone.sync, id, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  CHECK(phone_state(&phone, "101").dnd_owned == 1);
  /* Answered: its time-out does not come any more. */
  HOLDS(EVENTS(&phone, TPS_EVENT_ACKNOWLEDGE_TIMED_OUT) == 0 && DND_ON(&phone, "101") == 1, ACK_TIMEOUT + 200);
}

static void pending_without_an_answer_is_retry(void) {
  uint64_t id;
  calm();
  SET(answer_101, TPS_ACK_PENDING);
  in_a_call("ann");
  WAIT(EVENTS(&phone, TPS_EVENT_ACKNOWLEDGE_TIMED_OUT) == 1, 5000);
  id = phone_last(&phone, SINK_DND, "101", TPS_DND_ON).change_id;
  CHECK(DND_ON(&phone, "101") == 1);
  WAIT(DND_ON(&phone, "101") == 2, 5000);
  CHECK(phone_last(&phone, SINK_DND, "101", TPS_DND_ON).change_id == id);
  /* The second offer times out as well. Late, but before it is offered anew, an acknowledgement is still the newest truth. */
  EXPECT(tps_test_advance_clock(phone.sync, ACK_TIMEOUT + 1), TPS_OK);
  nap_ms(50);
  EXPECT(tps_acknowledge(phone.sync, id, TPS_ACK_APPLIED), TPS_OK);
  CHECK(phone_state(&phone, "101").dnd_owned == 1);
  EXPECT(tps_test_advance_clock(phone.sync, 10000), TPS_OK);
  HOLDS(DND_ON(&phone, "101") == 2, 200);
}

static void an_on_that_timed_out_gets_its_off(void) {
  calm();
  SET(answer_101, TPS_ACK_PENDING);
  in_a_call("ann");
  WAIT(EVENTS(&phone, TPS_EVENT_ACKNOWLEDGE_TIMED_OUT) == 1, 5000);
  SET(answer_101, TPS_ACK_APPLIED);
  reachable("ann");
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
}

static void an_outdated_acknowledgement_is_refused(void) {
  uint64_t on, off;
  calm();
  SET(answer_101, TPS_ACK_PENDING);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  on = phone_last(&phone, SINK_DND, "101", TPS_DND_ON).change_id;
  /* A newer value waits for the answer of the one that is out. */
  reachable("ann");
  WAIT(phone_state(&phone, "101").dnd_desired == TPS_DND_OFF, 5000);
  CHECK(DND_OFF(&phone, "101") == 0);
  EXPECT(tps_acknowledge(phone.sync, on, TPS_ACK_APPLIED), TPS_OK);
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
  off = phone_last(&phone, SINK_DND, "101", TPS_DND_OFF).change_id;
  CHECK(on != off);
  EXPECT(tps_acknowledge(phone.sync, on, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  EXPECT(tps_acknowledge(phone.sync, off, TPS_ACK_APPLIED), TPS_OK);
  CHECK(phone_state(&phone, "101").dnd_owned == 0);
}

static void an_answer_may_come_before_the_callback_has_returned(void) {
  int way;
  for (way = 1; way <= 3; way++) {
    calm();
    SET(ack_inside, way);
    in_a_call("ann");
    WAIT(DND_ON(&phone, "101") == 1, 5000);
    WAIT(phone_inside(&phone) == 0, 1000);
    CHECK(ack_status[0] == TPS_OK);
    CHECK(ack_status[1] == TPS_E_NOT_FOUND);
    if (way == 3) {
      WAIT(DND_ON(&phone, "101") == 2, 5000);
    } else {
      WAIT(phone_state(&phone, "101").dnd_owned == 1, 1000);
      HOLDS(DND_ON(&phone, "101") == 1, ACK_TIMEOUT + 200);
    }
  }
}

static void already_is_acknowledged_but_not_ours(void) {
  calm();
  SET(answer_101, TPS_ACK_ALREADY);
  in_a_call("ann");
  WAIT(phone_state(&phone, "101").dnd_acknowledged == TPS_DND_ON, 5000);
  CHECK(phone_state(&phone, "101").dnd_owned == 0);
  reachable("ann");
  WAIT(phone_state(&phone, "101").dnd_desired == TPS_DND_OFF, 5000);
  HOLDS(DND_OFF(&phone, "101") == 0, 300);
  /* It was a person's, who switches it off by hand. */
  EXPECT(tps_report_dnd(phone.sync, "101", 0, TPS_REPORT_PERSON), TPS_OK);
}

static void gone_until_put_again(void) {
  calm();
  SET(answer_101, TPS_ACK_GONE);
  in_a_call("ann");
  WAIT(EVENTS(&phone, TPS_EVENT_USER_GONE) == 1, 5000);
  SET(answer_101, TPS_ACK_APPLIED);
  nap_ms(50);
  phone_forget(&phone);
  set_presence("ann", "Away", "Away");
  EXPECT(tps_refresh(phone.sync, NULL), TPS_OK);
  EXPECT(tps_test_advance_clock(phone.sync, 120000), TPS_OK);
  nap_ms(600);
  in_a_call("ann");
  HOLDS(phone_count(&phone, SINK_DND, "101", ANY) + phone_count(&phone, SINK_CHAT, "101", ANY) == 0, 600);
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  WAIT(DND_ON(&phone, "101") == 1 && phone_count(&phone, SINK_CHAT, "101", TPS_CHAT_DND) == 1, 5000);
}

static void an_answer_that_is_owed_does_not_hold_a_stop_up(void) {
  uint64_t id;
  calm();
  SET(answer_101, TPS_ACK_PENDING);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  id = phone_last(&phone, SINK_DND, "101", TPS_DND_ON).change_id;
  EXPECT(tps_stop(phone.sync, 600), TPS_OK);
  sink_close(phone.sink);
  /* The ON may have been applied, so its OFF went out; nobody acknowledged that either, which is told. */
  CHECK(DND_OFF(&phone, "101") == 1);
  CHECK(EVENTS(&phone, TPS_EVENT_RELEASE_UNDELIVERED) == 1);
  EXPECT(tps_acknowledge(phone.sync, id, TPS_ACK_APPLIED), TPS_E_NOT_FOUND);
  /* After the next start the DND that may stand is known: once Teams says off, it goes. */
  SET(answer_101, TPS_ACK_APPLIED);
  reachable("ann");
  phone_forget(&phone);
  phone_start(&phone);
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
}

static void a_stop_with_much_time_waits_no_longer_than_an_answer_may_take(void) {
  int64_t began;
  calm();
  SET(answer_101, TPS_ACK_PENDING);
  in_a_call("ann");
  WAIT(DND_ON(&phone, "101") == 1, 5000);
  began = now_ms();
  EXPECT(tps_stop(phone.sync, 600000), TPS_OK);
  /* ON and OFF stayed out for 400 ms each; the ten minutes of the stop are not used up. */
  CHECK(now_ms() - began < 300000);
  sink_close(phone.sink);
  CHECK(DND_OFF(&phone, "101") == 1);
  CHECK(EVENTS(&phone, TPS_EVENT_RELEASE_UNDELIVERED) == 1);
  SET(answer_101, TPS_ACK_APPLIED);
  reachable("ann");
  phone_forget(&phone);
  phone_start(&phone);
  WAIT(DND_OFF(&phone, "101") == 1, 5000);
}

int main(void) {
  phone_create(&phone, config_with(REST));
  phone.sink->decide = answer;
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  EXPECT(phone_put(&phone, "102", "ben", 0), TPS_OK);
  reachable("ann");
  reachable("ben");
  phone_start(&phone);
  WAIT(phone_count(&phone, SINK_CHAT, "102", TPS_CHAT_AVAILABLE) == 1, 10000);

  retries_double_and_hold_up_nobody();
  the_newest_value_replaces_a_refused_one();
  an_unknown_answer_is_retry();
  pending_is_answered_once();
  pending_without_an_answer_is_retry();
  an_on_that_timed_out_gets_its_off();
  an_outdated_acknowledgement_is_refused();
  an_answer_may_come_before_the_callback_has_returned();
  already_is_acknowledged_but_not_ours();
  gone_until_put_again();
  an_answer_that_is_owed_does_not_hold_a_stop_up();
  a_stop_with_much_time_waits_no_longer_than_an_answer_may_take();

  phone_destroy(&phone);
  return check_end();
}
