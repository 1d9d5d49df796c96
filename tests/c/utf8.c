/* Texts in: UTF-8 or refused with the name of the argument, bounded, and nothing half done. */
#include "support.h"

int main(void) {
  char err[200];
  char cut[9];
  size_t at;
  tps_sync *sync = NULL;
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_state state = TPS_STATE_INIT;
  tps_user users[20];
  const char *bad[] = { "\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80" };
  char *longest = (char *)malloc(65537);

  EXPECT_ERR(tps_create("{\"mode\":\"\xff\"}", 12, &callbacks, &sync, err, sizeof err), TPS_E_INVALID_ARG,
             "config_json: not UTF-8 at byte 9");
  EXPECT(tps_create(CONFIG, strlen(CONFIG), &callbacks, &sync, err, sizeof err), TPS_OK);
  EXPECT_ERR(tps_reload(sync, "\xff", 1, err, sizeof err), TPS_E_INVALID_ARG, "config_json: not UTF-8 at byte 0");

  for (at = 0; at < 20; at++) {
    static char ids[20][8];
    TPS_INIT(&users[at]);
    sprintf(ids[at], "%u", (unsigned)at);
    users[at].user_id = ids[at];
  }
  users[3].user_id = "J\xc3\xb6rg \xf0\x9f\x93\x9e";
  EXPECT(tps_set_users(sync, users, 20, err, sizeof err), TPS_OK);
  EXPECT(tps_get_state(sync, "J\xc3\xb6rg \xf0\x9f\x93\x9e", &state), TPS_OK);

  for (at = 0; at < sizeof bad / sizeof *bad; at++) {
    users[17].email = bad[at];
    EXPECT_ERR(tps_set_users(sync, users, 18, err, sizeof err), TPS_E_INVALID_ARG, "users[17].email: not UTF-8");
    users[17].email = NULL;
    users[16].user_id = bad[at];
    EXPECT_ERR(tps_set_users(sync, users, 18, err, sizeof err), TPS_E_INVALID_ARG, "users[16].user_id: not UTF-8");
    users[16].user_id = "16";
    users[15].rule_set = bad[at];
    EXPECT_ERR(tps_set_users(sync, users, 18, err, sizeof err), TPS_E_INVALID_ARG, "users[15].rule_set: not UTF-8");
    users[15].rule_set = NULL;
    users[14].entra_object_id = bad[at];
    EXPECT_ERR(tps_set_users(sync, users, 18, err, sizeof err), TPS_E_INVALID_ARG, "users[14].entra_object_id: not UTF-8");
    users[14].entra_object_id = NULL;
    EXPECT(tps_remove_user(sync, bad[at]), TPS_E_INVALID_ARG);
    EXPECT(tps_report_dnd(sync, bad[at], 1, TPS_REPORT_SEEN), TPS_E_INVALID_ARG);
    EXPECT(tps_report_queue(sync, bad[at], 1, TPS_REPORT_SEEN), TPS_E_INVALID_ARG);
    EXPECT(tps_report_call(sync, bad[at], 1), TPS_E_INVALID_ARG);
    EXPECT(tps_refresh(sync, bad[at]), TPS_E_INVALID_ARG);
    EXPECT(tps_sign_in(sync, bad[at]), TPS_E_INVALID_ARG);
    EXPECT(tps_sign_out(sync, bad[at]), TPS_E_INVALID_ARG);
    EXPECT(tps_get_state(sync, bad[at], &state), TPS_E_INVALID_ARG);
  }
  /* nothing of the refused calls was taken: the 19th is still there */
  EXPECT(tps_get_state(sync, "19", &state), TPS_OK);

  /* the explanation is cut at a character and ended */
  users[0].email = "\xff";
  memset(cut, 'x', sizeof cut);
  EXPECT(tps_set_users(sync, users, 1, cut, sizeof cut - 1), TPS_E_INVALID_ARG);
  CHECK(strcmp(cut, "users[0") == 0 && cut[8] == 'x');
  users[0].email = NULL;

  memset(longest, 'a', 65536);
  longest[65536] = 0;
  users[0].user_id = longest;
  EXPECT_ERR(tps_put_user(sync, users, err, sizeof err), TPS_E_INVALID_ARG, "user.user_id: longer than");
  longest[65535] = 0;
  EXPECT(tps_put_user(sync, users, err, sizeof err), TPS_OK);
  EXPECT(tps_get_state(sync, longest, &state), TPS_OK);
  free(longest);
  EXPECT(tps_destroy(sync), TPS_OK);
  return check_end();
}
