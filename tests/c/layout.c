/* The layout a host was compiled with: sizes and offsets on a 64-bit system, no padding on any. */
#include "support.h"

#define SIZE(type, expected) CHECK(sizeof(type) == (expected))
#define AT(type, field, expected) CHECK(offsetof(type, field) == (expected))

int main(void) {
  CHECK(sizeof(tps_status) == 4);
  CHECK(sizeof(tps_user) == 5 * sizeof(void *) + 16);
  CHECK(sizeof(tps_presence) == 6 * sizeof(void *) + 24);
  CHECK(sizeof(tps_dnd_change) == 4 * sizeof(void *) + 32);
  CHECK(sizeof(tps_chat_change) == 4 * sizeof(void *) + 32);
  CHECK(sizeof(tps_event) == 6 * sizeof(void *) + 16);
  CHECK(sizeof(tps_state) == sizeof(size_t) + 112);
  CHECK(sizeof(tps_callbacks) == 11 * sizeof(void *) + 8);
  if (sizeof(void *) == 8) {
    SIZE(tps_user, 56);
    AT(tps_user, user_id, 8);
    AT(tps_user, rule_set, 32);
    AT(tps_user, host_dnd, 40);
    AT(tps_user, host_queue_dnd, 48);
    SIZE(tps_presence, 72);
    AT(tps_presence, activity_text, 40);
    AT(tps_presence, source, 60);
    AT(tps_presence, observed_at_ms, 64);
    SIZE(tps_dnd_change, 64);
    AT(tps_dnd_change, change_id, 8);
    AT(tps_dnd_change, presence, 32);
    AT(tps_dnd_change, dnd, 48);
    AT(tps_dnd_change, attempt, 56);
    SIZE(tps_chat_change, 64);
    AT(tps_chat_change, chat_state, 48);
    SIZE(tps_event, 64);
    AT(tps_event, json_len, 40);
    AT(tps_event, code, 56);
    SIZE(tps_state, 120);
    AT(tps_state, dnd_desired, 28);
    AT(tps_state, observed_at_ms, 48);
    AT(tps_state, entra_object_id, 64);
    AT(tps_state, queue_desired, 104);
    AT(tps_state, queue_owned, 112);
    SIZE(tps_callbacks, 96);
    AT(tps_callbacks, user_data, 16);
    AT(tps_callbacks, on_dnd, 24);
    AT(tps_callbacks, on_released, 80);
    AT(tps_callbacks, on_queue_dnd, 88);
  }
  return check_end();
}
