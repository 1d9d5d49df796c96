/* Two threads stop at the same moment, again and again: each time all that is ours is given back before either of them is told, and a
 * start right after it is a whole one. */
#include "phone.h"

static struct phone phone;
static pthread_barrier_t at_once;
static int last; /* what the host has */

static int32_t decide(sink *sink, const sink_entry *entry) {
  (void)sink;
  if (entry->kind == SINK_DND) SET(last, entry->value);
  return TPS_ACK_APPLIED;
}

/* `looks`: nobody starts it again before this has looked. */
static void *stop(void *looks) {
  pthread_barrier_wait(&at_once);
  EXPECT(tps_stop(phone.sync, 5000), TPS_OK);
  if (looks != NULL) CHECK(NOW(last) == TPS_DND_OFF);
  return NULL;
}

int main(void) {
  int round, whole = 0, all = rounds(200);
  pthread_barrier_init(&at_once, NULL, 2);
  phone_create(&phone, config_with(FAST));
  phone.sink->decide = decide;
  EXPECT(phone_put(&phone, "101", "ann", 0), TPS_OK);
  in_a_call("ann");
  for (round = 0; round < all && check_failures() == 0; round++) {
    pthread_t other;
    phone_start(&phone);
    WAIT(NOW(last) == TPS_DND_ON, 10000);
    pthread_create(&other, NULL, stop, round % 2 == 0 ? NULL : &phone);
    stop(&phone);
    /* The other stop may not have come back yet: it means the start that is over, not this one. */
    if (round % 2 == 0) phone_start(&phone);
    pthread_join(other, NULL);
    /* If it had not begun before the start, it ended that one, as it should. */
    if (round % 2 == 0 && tps_refresh(phone.sync, NULL) == TPS_OK) {
      whole++;
      WAIT(NOW(last) == TPS_DND_ON, 10000);
      phone_stop(&phone);
    }
    CHECK(NOW(last) == TPS_DND_OFF);
    sink_close(phone.sink);
  }
  CHECK(whole > 0);
  printf("%d rounds, %d starts during another's stop\n", round, whole);
  pthread_barrier_destroy(&at_once);
  phone_destroy(&phone);
  return check_end();
}
