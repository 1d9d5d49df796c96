/* Guarantee 7: what struct_size may be, in and out. */
#include "support.h"

static tps_sync *sync_ = NULL;
static char err[200];

/* A tps_user as a later version might know it. */
typedef struct later_user {
  tps_user known;
  uint64_t unknown[4];
} later_user;

typedef struct later_state {
  tps_state known;
  unsigned char unknown[64];
} later_state;

static void users(void) {
  size_t wrong[] = { 0, 1, 8, offsetof(tps_user, host_queue_dnd) - 8, sizeof(tps_user) - 1, sizeof(tps_user) + 1, sizeof(tps_user) + 4, 4104, (size_t)-1 };
  size_t index;
  tps_user user = TPS_USER_INIT;
  later_user later[3];
  user.user_id = "1";
  for (index = 0; index < sizeof wrong / sizeof *wrong; index++) {
    user.struct_size = wrong[index];
    EXPECT_ERR(tps_put_user(sync_, &user, err, sizeof err), TPS_E_ABI, "user.struct_size");
    EXPECT_ERR(tps_set_users(sync_, &user, 1, err, sizeof err), TPS_E_ABI, "users[0].struct_size");
  }

  /* longer: accepted where the unknown tail is zero; elements lie as far apart as the first says */
  memset(later, 0, sizeof later);
  later[0].known.struct_size = later[1].known.struct_size = later[2].known.struct_size = sizeof(later_user);
  later[0].known.user_id = "10";
  later[1].known.user_id = "11";
  later[2].known.user_id = "12";
  EXPECT(tps_set_users(sync_, &later[0].known, 3, err, sizeof err), TPS_OK);
  {
    tps_state state = TPS_STATE_INIT;
    EXPECT(tps_get_state(sync_, "12", &state), TPS_OK);
    EXPECT(tps_get_state(sync_, "1", &state), TPS_E_NOT_FOUND);
  }
  later[2].unknown[3] = 1;
  EXPECT_ERR(tps_set_users(sync_, &later[0].known, 3, err, sizeof err), TPS_E_ABI, "users[2]: something is set at byte 80");
  later[2].unknown[3] = 0;
  later[1].known.struct_size = sizeof(tps_user);
  EXPECT_ERR(tps_set_users(sync_, &later[0].known, 3, err, sizeof err), TPS_E_ABI, "users[1].struct_size: 56, but users[0] has 88");

  /* shorter: the rest is zero, whatever lies behind it */
  user.struct_size = offsetof(tps_user, host_queue_dnd);
  user.host_queue_dnd = 77;
  EXPECT(tps_put_user(sync_, &user, err, sizeof err), TPS_OK);
  user.struct_size = sizeof user;
  EXPECT_ERR(tps_put_user(sync_, &user, err, sizeof err), TPS_E_INVALID_ARG, "user.host_queue_dnd: 77");
  user.host_queue_dnd = 0;
  user.reserved_queue = 1;
  EXPECT_ERR(tps_put_user(sync_, &user, err, sizeof err), TPS_E_INVALID_ARG, "user.reserved_queue");
}

static void states(void) {
  size_t wrong[] = { 0, 8, offsetof(tps_state, queue_desired) - 8, sizeof(tps_state) + 4, 5000 };
  size_t index;
  tps_state state;
  later_state later;
  tps_user user = TPS_USER_INIT;
  user.user_id = "1";
  EXPECT(tps_put_user(sync_, &user, err, sizeof err), TPS_OK);
  for (index = 0; index < sizeof wrong / sizeof *wrong; index++) {
    memset(&state, 0x55, sizeof state);
    state.struct_size = wrong[index];
    EXPECT(tps_get_state(sync_, "1", &state), TPS_E_ABI);
    CHECK(state.matched == 0x55555555 && state.struct_size == wrong[index]);
  }
  /* out: a shorter one is filled as far as it goes */
  memset(&state, 0x55, sizeof state);
  state.struct_size = offsetof(tps_state, queue_desired);
  EXPECT(tps_get_state(sync_, "1", &state), TPS_OK);
  CHECK(state.matched == 0 && state.queue_desired == 0x55555555 && state.queue_owned == 0x55555555);
  /* out: that many bytes are zeroed, then filled */
  memset(&later, 0x55, sizeof later);
  later.known.struct_size = sizeof(tps_state) + 32;
  EXPECT(tps_get_state(sync_, "1", &later.known), TPS_OK);
  CHECK(later.known.struct_size == sizeof(tps_state) + 32 && later.known.matched == 0);
  for (index = 0; index < sizeof later.unknown; index++) CHECK(later.unknown[index] == (index < 32 ? 0 : 0x55));
}

static int released = 0;

static void on_released(void *user_data) {
  (void)user_data;
  released++;
}

static void callbacks_(void) {
  struct {
    tps_callbacks known;
    uint64_t unknown[2];
  } later;
  tps_sync *sync = NULL;
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  callbacks.on_released = on_released;
  callbacks.struct_size = offsetof(tps_callbacks, on_released);
  EXPECT_ERR(tps_create(CONFIG, strlen(CONFIG), &callbacks, &sync, err, sizeof err), TPS_E_ABI, "callbacks.struct_size");
  CHECK(sync == NULL && released == 0); /* it could not be read */
  memset(&later, 0, sizeof later);
  later.known = callbacks;
  later.known.struct_size = sizeof later;
  later.unknown[1] = 1;
  EXPECT_ERR(tps_create(CONFIG, strlen(CONFIG), &later.known, &sync, err, sizeof err), TPS_E_ABI, "callbacks: something is set");
  CHECK(sync == NULL && released == 0);
  later.unknown[1] = 0;
  EXPECT(tps_create(CONFIG, strlen(CONFIG), &later.known, &sync, err, sizeof err), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  CHECK(released == 1);
  callbacks.struct_size = offsetof(tps_callbacks, on_queue_dnd); /* the first version's */
  EXPECT(tps_create(CONFIG, strlen(CONFIG), &callbacks, &sync, err, sizeof err), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  CHECK(released == 2);
  TPS_INIT(&callbacks);
  callbacks.on_released = on_released;
  callbacks.reserved = 1;
  EXPECT_ERR(tps_create(CONFIG, strlen(CONFIG), &callbacks, &sync, err, sizeof err), TPS_E_INVALID_ARG, "callbacks.reserved");
  CHECK(released == 3);
}

int main(void) {
  tps_callbacks callbacks;
  TPS_INIT(&callbacks);
  EXPECT(tps_create(CONFIG, strlen(CONFIG), &callbacks, &sync_, err, sizeof err), TPS_OK);
  users();
  states();
  EXPECT(tps_destroy(sync_), TPS_OK);
  callbacks_();
  return check_end();
}
