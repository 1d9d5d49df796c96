/* Guarantee 6: texts out. `err` in every size, and the two calls of tps_explain and tps_stats. */
#include "support.h"

#define ROOM 400

/* Whole characters only: no lead byte without its followers. */
static int whole_characters(const char *text) {
  while (*text != '\0') {
    unsigned char lead = (unsigned char)*text;
    int more = lead < 0x80 ? 0 : lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    for (text++; more > 0; more--, text++)
      if (((unsigned char)*text & 0xc0) != 0x80) return 0;
  }
  return 1;
}

/* The text of an error that quotes characters of two, three and four bytes. */
static void err_sizes(void) {
  const char *config = CONFIG_OF(",\"dnd\":{\"ownership\":\"\xc3\xb6\xe2\x82\xac\xf0\x9f\x93\x9e\xf0\x9f\x93\x9e\xe2\x82\xac\xc3\xb6\"}");
  char whole[ROOM], err[ROOM];
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_sync *sync = NULL;
  size_t size, at, cut_short = 0;
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, whole, sizeof whole), TPS_E_CONFIG);
  CHECK(strstr(whole, "dnd.ownership") != NULL && strstr(whole, "\xf0\x9f\x93\x9e") != NULL && strlen(whole) > 30);
  for (size = 0; size <= strlen(whole) + 2; size++) {
    memset(err, '#', sizeof err);
    EXPECT(tps_create(config, strlen(config), &callbacks, &sync, err, size), TPS_E_CONFIG);
    for (at = size; at < sizeof err; at++) CHECK(err[at] == '#');
    if (size == 0) continue;
    CHECK(memchr(err, '\0', size) != NULL);
    CHECK(strncmp(err, whole, strlen(err)) == 0);
    CHECK(whole_characters(err));
    CHECK(strlen(err) + 4 >= size || strlen(err) == strlen(whole)); /* no more is cut than one character */
    cut_short += size <= strlen(whole) && strlen(err) + 1 < size;
  }
  CHECK(cut_short >= 10); /* sizes that fell inside a character: 1 + 2 + 3 + 3 + 2 + 1 */
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, NULL, 0), TPS_E_CONFIG);
  EXPECT(tps_create(config, strlen(config), &callbacks, &sync, NULL, 4096), TPS_E_CONFIG);
}

/* After a success it is empty, so that a host may print it in any case. */
static void err_after_success(tps_sync *sync) {
  char err[8];
  tps_user user = TPS_USER_INIT;
  user.user_id = "1";
  memset(err, '#', sizeof err);
  EXPECT(tps_put_user(sync, &user, err, sizeof err), TPS_OK);
  CHECK(err[0] == '\0' && err[1] == '#');
  memset(err, '#', sizeof err);
  EXPECT(tps_put_user(sync, &user, err, 1), TPS_OK);
  CHECK(err[0] == '\0');
  EXPECT(tps_put_user(sync, &user, NULL, 0), TPS_OK);
}

typedef tps_status (*ask_fn)(tps_sync *sync, char *buf, size_t *len);

static tps_status one_user(tps_sync *sync, char *buf, size_t *len) { return tps_explain(sync, "1", buf, len); }

static tps_status all_users(tps_sync *sync, char *buf, size_t *len) { return tps_explain(sync, NULL, buf, len); }

static void two_calls(tps_sync *sync, ask_fn ask) {
  size_t len = 0, need, at;
  char *text = NULL;
  int calls = 0;
  EXPECT(ask(sync, NULL, &len), TPS_E_TOO_SMALL);
  need = len;
  CHECK(need > 2);
  /* room for all but the NUL: nothing is written */
  text = (char *)malloc(need + 64);
  memset(text, '#', need + 64);
  len = need / 2;
  EXPECT(ask(sync, text, &len), TPS_E_TOO_SMALL);
  CHECK(len >= need / 2);
  for (at = 0; at < need + 64; at++) CHECK(text[at] == '#');
  /* more than enough: `len` says what was used, and nothing behind it is touched */
  len = need + 64;
  EXPECT(ask(sync, text, &len), TPS_OK);
  CHECK(len <= need + 64 && text[len - 1] == '\0' && strlen(text) == len - 1);
  CHECK(text[0] == '{' && text[len - 2] == '}');
  for (at = len; at < need + 64; at++) CHECK(text[at] == '#');
  free(text);
  /* the loop of the manual */
  len = 0;
  text = NULL;
  while (ask(sync, text, &len) == TPS_E_TOO_SMALL && calls++ < 20) text = (char *)realloc(text, len);
  CHECK(calls >= 1 && calls < 20 && text != NULL && strlen(text) + 1 == len);
  free(text);
  len = 10;
  EXPECT(ask(sync, NULL, &len), TPS_E_INVALID_ARG);
  EXPECT(ask(sync, NULL, NULL), TPS_E_INVALID_ARG);
}

/* An answer of 1,000 users grows while it is asked for. */
static void growing(tps_sync *sync) {
  char err[200], id[16];
  tps_user user = TPS_USER_INIT;
  size_t len = 0, before;
  char *text = NULL;
  int n;
  user.user_id = id;
  user.email = "nobody@contoso.test";
  EXPECT(tps_explain(sync, NULL, NULL, &len), TPS_E_TOO_SMALL);
  before = len;
  text = (char *)malloc(len);
  for (n = 0; n < 1000; n++) {
    sprintf(id, "u%d", n);
    EXPECT(tps_put_user(sync, &user, err, sizeof err), TPS_OK);
  }
  EXPECT(tps_explain(sync, NULL, text, &len), TPS_E_TOO_SMALL);
  CHECK(len > before + 1000);
  text = (char *)realloc(text, len);
  EXPECT(tps_explain(sync, NULL, text, &len), TPS_OK);
  free(text);
}

int main(void) {
  char err[200];
  tps_callbacks callbacks = TPS_CALLBACKS_INIT;
  tps_sync *sync = NULL;
  err_sizes();
  EXPECT(tps_create(CONFIG_POLL, strlen(CONFIG_POLL), &callbacks, &sync, err, sizeof err), TPS_OK);
  err_after_success(sync);
  two_calls(sync, one_user);
  two_calls(sync, all_users);
  two_calls(sync, tps_stats);
  EXPECT(tps_start(sync, err, sizeof err), TPS_OK);
  two_calls(sync, one_user);
  two_calls(sync, tps_stats);
  growing(sync);
  EXPECT(tps_stop(sync, patience(5000)), TPS_OK);
  EXPECT(tps_destroy(sync), TPS_OK);
  return check_end();
}
