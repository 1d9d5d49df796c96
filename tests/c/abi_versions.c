/* Which host may work with which library. */
#include "support.h"

static int released = 0;

static void on_released(void *user_data) {
  (void)user_data;
  released++;
}

int main(void) {
  char err[200];
  tps_sync *sync = NULL;
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  uint32_t same[] = { 0, 0x00010000u, 0x00010001u, 0x0001ffffu };
  uint32_t other[] = { 1, 0x0000ffffu, 0x00020000u, 0xffff0000u };
  int status;
  size_t at;
  callbacks.on_released = on_released;
  CHECK(callbacks.abi_version == TPS_ABI_VERSION);
  CHECK(tps_abi_version() == TPS_ABI_VERSION);
  CHECK(strlen(tps_version()) >= 5);
  for (at = 0; at < 4; at++) {
    callbacks.abi_version = same[at];
    EXPECT(tps_create(CONFIG, strlen(CONFIG), &callbacks, &sync, err, sizeof err), TPS_OK);
    EXPECT(tps_destroy(sync), TPS_OK);
    CHECK(released == (int)at + 1);
    callbacks.abi_version = other[at];
    EXPECT_ERR(tps_create(CONFIG, strlen(CONFIG), &callbacks, &sync, err, sizeof err), TPS_E_ABI, "callbacks.abi_version");
    CHECK(sync == NULL && released == (int)at + 1); /* what another major means by its struct cannot be read */
  }
  CHECK(strcmp(tps_status_name(TPS_OK), "TPS_OK") == 0);
  CHECK(strcmp(tps_status_name(TPS_E_INTERNAL), "TPS_E_INTERNAL") == 0);
  CHECK(strcmp(tps_status_name(12345), "TPS_E_?") == 0);
  for (status = -200; status < 200; status++) CHECK(tps_status_name(status) != NULL);
  return check_end();
}
