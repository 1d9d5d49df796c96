/* Made, told its users, ended: what the linker and the header have to do with each other. */
#include <stdio.h>
#include <string.h>
#include <teams_presence_sync.h>

static void on_released(void *user_data) { *(int *)user_data += 1; }

int main(void) {
  const char *config = "{\"mode\":\"presence_sync\",\"tenant_id\":\"11111111-2222-3333-4444-555555555555\","
                       "\"client_id\":\"66666666-7777-8888-9999-000000000000\","
                       "\"auth\":{\"method\":\"client_secret\",\"secret\":\"a~secret.of-some_length\"}}";
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_user user = TPS_USER_INIT;
  tps_sync *sync;
  char err[512] = "";
  int released = 0;
  callbacks.user_data = &released;
  callbacks.on_released = on_released;
  user.user_id = "101";
  user.email = "ann@contoso.test";
  if (tps_create(config, strlen(config), &callbacks, &sync, err, sizeof err) != TPS_OK) return puts(err), 1;
  if (tps_set_users(sync, &user, 1, err, sizeof err) != TPS_OK) return puts(err), 1;
  if (tps_stop(sync, 5000) != TPS_OK || tps_destroy(sync) != TPS_OK || released != 1) return 1;
  printf("version %s, interface %u.%u\n", tps_version(), tps_abi_version() >> 16, tps_abi_version() & 0xffffu);
  return 0;
}
