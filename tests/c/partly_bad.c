/* tps_set_users with a bad element: what is wrong in the call refuses all of it, what is wrong with one user's data refuses that user. */
#include "support.h"

static void init(tps_user *user, const char *user_id, const char *email) {
  TPS_INIT(user);
  user->user_id = user_id;
  user->email = email;
}

static int known(tps_sync *sync, const char *user_id) {
  tps_state state = TPS_STATE_INIT;
  return tps_get_state(sync, user_id, &state) == TPS_OK;
}

static int matched(tps_sync *sync, const char *user_id) {
  tps_state state = TPS_STATE_INIT;
  return tps_get_state(sync, user_id, &state) == TPS_OK && state.matched;
}

/* Each slip in the middle of ten good ones: the text names it, and the old mapping stands. */
static void call_faults(tps_sync *sync) {
  char err[300];
  tps_user users[10];
  char ids[10][8];
  int at, slip;
  static const char *const texts[8] = {
    "users[7].user_id: NULL", "users[7].user_id: empty", "users[7].email: not UTF-8", "users[7].entra_object_id: not UTF-8",
    "users[7].rule_set: not UTF-8", "users[7].host_dnd", "users[7].reserved", "users[7].struct_size",
  };
  for (slip = 0; slip < 8; slip++) {
    for (at = 0; at < 10; at++) {
      sprintf(ids[at], "new%d", at);
      init(&users[at], ids[at], "ben@contoso.test");
    }
    switch (slip) {
      case 0: users[7].user_id = NULL; break;
      case 1: users[7].user_id = ""; break;
      case 2: users[7].email = "a\xff@contoso.test"; break;
      case 3: users[7].entra_object_id = "\xc3"; break;
      case 4: users[7].rule_set = "\xe2\x82"; break;
      case 5: users[7].host_dnd = -1; break;
      case 6: users[7].reserved = 1; break;
      default: users[7].struct_size += 8;
    }
    EXPECT_ERR(tps_set_users(sync, users, 10, err, sizeof err), slip == 7 ? TPS_E_ABI : TPS_E_INVALID_ARG, texts[slip]);
    CHECK(known(sync, "ann") && matched(sync, "ann"));
    CHECK(!known(sync, "new0") && !known(sync, "new9"));
  }
  EXPECT(tps_set_users(sync, users, 1000001, err, sizeof err), TPS_E_INVALID_ARG);
  CHECK(strstr(err, "count") != NULL && matched(sync, "ann"));
}

int main(void) {
  char err[300];
  sink *host = sink_new();
  tps_callbacks callbacks = sink_callbacks(host);
  tps_sync *sync = create(config_with(FAST), &callbacks);
  tps_user users[8];
  sink_entry entry;
  set_presence("cleo", "Busy", "InACall");
  set_office(sync, 2);
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  WAIT(matched(sync, "ann") && matched(sync, "ben"), 10000);
  call_faults(sync);

  /* Faults in the data: accepted, and an event says which. */
  init(&users[0], "ann", "ann@contoso.test");
  init(&users[1], "door", NULL);
  init(&users[2], "malformed", "not an address");
  init(&users[3], "guid", "ben@contoso.test");
  users[3].entra_object_id = "not-a-guid";
  init(&users[4], "rules", "dev@contoso.test");
  users[4].rule_set = "no such set";
  init(&users[5], "twice", "eva@contoso.test");
  init(&users[6], "twice", "finn@contoso.test");
  init(&users[7], "cleo", "cleo@contoso.test");
  EXPECT(tps_set_users(sync, users, 8, err, sizeof err), TPS_OK);
  WAIT(matched(sync, "ann") && matched(sync, "cleo"), 10000);
  WAIT(sink_last(host, SINK_DND, "cleo") == TPS_DND_ON, 10000);
  WAIT(sink_events(host, TPS_EVENT_USER_INVALID) == 4, 5000);
  WAIT(sink_events(host, TPS_EVENT_RULE_SET_UNKNOWN) == 1, 5000);
  CHECK(known(sync, "door") && !matched(sync, "door"));
  CHECK(!matched(sync, "malformed"));
  CHECK(!matched(sync, "guid"));
  nap_ms(300);
  SAME(sink_events(host, TPS_EVENT_USER_INVALID), 4); /* one for each cause: no_email, malformed_email, malformed_object_id, duplicate_user_id */
  CHECK(sink_find(host, SINK_EVENT, "ann", &entry) == 0 && sink_find(host, SINK_DND, "twice", &entry) == 0);
  EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
  sink_close(host);
  EXPECT(tps_destroy(sync), TPS_OK);
  SINK_IN_ORDER(host);
  sink_free(host);
  return check_end();
}
