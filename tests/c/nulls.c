/* Every pointer NULL, every handle wrong: an answer, never a crash, and nothing changed. */
#include "support.h"

static int released = 0;

static void on_released(void *user_data) {
  (void)user_data;
  released++;
}

int main(void) {
  char err[200];
  char tiny[1] = { 'x' };
  char buf[4];
  size_t len = 0;
  tps_sync *sync = NULL;
  tps_sync *stale;
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_user user = TPS_USER_INIT;
  tps_state state = TPS_STATE_INIT;

  every_call(NULL, TPS_E_HANDLE);
  every_call((tps_sync *)&sync, TPS_E_HANDLE);

  /* create: callbacks that can be read are released, whatever else is wrong */
  callbacks.on_released = on_released;
  sync = (tps_sync *)&sync;
  EXPECT_ERR(tps_create(CONFIG, strlen(CONFIG), NULL, &sync, err, sizeof err), TPS_E_INVALID_ARG, "callbacks: NULL");
  CHECK(sync == NULL && released == 0);
  EXPECT_ERR(tps_create(NULL, 0, &callbacks, &sync, err, sizeof err), TPS_E_INVALID_ARG, "config_json: NULL");
  CHECK(sync == NULL && released == 1);
  EXPECT_ERR(tps_create(CONFIG, strlen(CONFIG), &callbacks, NULL, err, sizeof err), TPS_E_INVALID_ARG, "out: NULL");
  CHECK(released == 2);
  EXPECT(tps_create("", 0, &callbacks, &sync, err, sizeof err), TPS_E_CONFIG);
  CHECK(released == 3);
  EXPECT(tps_create("{}", 2, &callbacks, &sync, NULL, 0), TPS_E_CONFIG);
  EXPECT(tps_create("{}", 2, &callbacks, &sync, NULL, 100), TPS_E_CONFIG);
  EXPECT(tps_create("{}", 2, &callbacks, &sync, tiny, 1), TPS_E_CONFIG);
  CHECK(tiny[0] == 0 && released == 6);

  EXPECT(tps_create(CONFIG, strlen(CONFIG), &callbacks, &sync, err, sizeof err), TPS_OK);
  CHECK(sync != NULL && err[0] == 0 && released == 6);

  EXPECT_ERR(tps_reload(sync, NULL, 0, err, sizeof err), TPS_E_INVALID_ARG, "config_json: NULL");
  EXPECT_ERR(tps_set_users(sync, NULL, 1, err, sizeof err), TPS_E_INVALID_ARG, "users: NULL");
  EXPECT(tps_set_users(sync, NULL, 0, err, sizeof err), TPS_OK);
  EXPECT_ERR(tps_set_users(sync, &user, 1, err, sizeof err), TPS_E_INVALID_ARG, "users[0].user_id: NULL");
  user.user_id = "";
  EXPECT_ERR(tps_put_user(sync, &user, err, sizeof err), TPS_E_INVALID_ARG, "user.user_id: empty");
  user.user_id = "1";
  user.host_dnd = 4;
  EXPECT_ERR(tps_put_user(sync, &user, err, sizeof err), TPS_E_INVALID_ARG, "user.host_dnd: 4");
  user.host_dnd = 0;
  user.reserved = 1;
  EXPECT_ERR(tps_put_user(sync, &user, err, sizeof err), TPS_E_INVALID_ARG, "user.reserved");
  user.reserved = 0;
  EXPECT_ERR(tps_put_user(sync, NULL, err, sizeof err), TPS_E_INVALID_ARG, "user: NULL");
  user.host_queue_dnd = 4;
  EXPECT_ERR(tps_put_user(sync, &user, err, sizeof err), TPS_E_INVALID_ARG, "user.host_queue_dnd: 4");
  user.host_queue_dnd = 0;
  EXPECT(tps_put_user(sync, &user, NULL, 0), TPS_OK); /* a door phone: no address, no texts at all */
  EXPECT(tps_remove_user(sync, NULL), TPS_E_INVALID_ARG);
  EXPECT(tps_remove_user(sync, ""), TPS_E_INVALID_ARG);
  EXPECT(tps_remove_user(sync, "2"), TPS_E_NOT_FOUND);
  EXPECT(tps_report_dnd(sync, NULL, 1, TPS_REPORT_SEEN), TPS_E_INVALID_ARG);
  EXPECT(tps_report_dnd(sync, "1", 1, 7), TPS_E_INVALID_ARG);
  EXPECT(tps_report_dnd(sync, "2", 1, TPS_REPORT_PERSON), TPS_E_NOT_FOUND);
  EXPECT(tps_report_queue(sync, NULL, 1, TPS_REPORT_SEEN), TPS_E_INVALID_ARG);
  EXPECT(tps_report_queue(sync, "1", 1, 7), TPS_E_INVALID_ARG);
  EXPECT(tps_report_queue(sync, "2", 1, TPS_REPORT_PERSON), TPS_E_NOT_FOUND);
  EXPECT(tps_report_call(sync, NULL, 1), TPS_E_INVALID_ARG);
  EXPECT(tps_report_call(sync, "2", 1), TPS_E_NOT_FOUND);
  EXPECT(tps_refresh(sync, ""), TPS_E_INVALID_ARG);
  EXPECT(tps_acknowledge(sync, 1, TPS_ACK_PENDING), TPS_E_INVALID_ARG);
  EXPECT(tps_get_state(sync, NULL, &state), TPS_E_INVALID_ARG);
  EXPECT(tps_get_state(sync, "1", NULL), TPS_E_INVALID_ARG);
  EXPECT(tps_get_state(sync, "2", &state), TPS_E_NOT_FOUND);
  EXPECT(tps_get_state(sync, "1", &state), TPS_OK);
  CHECK(state.matched == 0 && state.dnd_owned == 0 && state.entra_object_id[0] == 0 && state.struct_size == sizeof state);
  EXPECT(tps_explain(sync, "1", NULL, NULL), TPS_E_INVALID_ARG);
  EXPECT(tps_explain(sync, "2", NULL, &len), TPS_E_NOT_FOUND);
  EXPECT(tps_explain(sync, NULL, NULL, &len), TPS_E_TOO_SMALL);
  CHECK(len > 2);
  EXPECT(tps_explain(sync, NULL, NULL, &len), TPS_E_INVALID_ARG);
  len = sizeof buf;
  buf[0] = 'x';
  EXPECT(tps_stats(sync, buf, &len), TPS_E_TOO_SMALL);
  CHECK(len > sizeof buf && buf[0] == 'x');
  {
    size_t room = len + 100; /* figures grow between two calls */
    char *text = (char *)malloc(room);
    len = room;
    EXPECT(tps_stats(sync, text, &len), TPS_OK);
    CHECK(len <= room && text[len - 1] == 0 && strlen(text) == len - 1 && text[0] == '{');
    free(text);
  }
  EXPECT(tps_event_fd(sync), TPS_E_STATE);
  EXPECT(tps_dispatch(sync, 0, 0), TPS_E_STATE);
  EXPECT(tps_dispatch(sync, -1, 0), TPS_E_INVALID_ARG);
  EXPECT(tps_set_log_level(sync, 0), TPS_E_INVALID_ARG);
  EXPECT(tps_set_log_level(sync, 6), TPS_E_INVALID_ARG);
  EXPECT(tps_set_log_level(sync, TPS_LOG_TRACE), TPS_OK);
  EXPECT(tps_stop(sync, -1), TPS_E_INVALID_ARG);
  EXPECT(tps_stop(sync, 0), TPS_OK);

  stale = sync;
  EXPECT(tps_destroy(sync), TPS_OK);
  CHECK(released == 7);
  every_call(stale, TPS_E_HANDLE);
  return check_end();
}
